export interface CartItem {
  sku: string;
  quantity: number;
  priceCents: number;
  weightGrams: number;
}

export interface Order {
  id: string;
  customerId: string;
  items: CartItem[];
  totalCents: number;
  chargeId: string;
  createdAt: Date;
  refundedAt?: Date;
}

export interface OrderRepository {
  create(order: Omit<Order, "id" | "createdAt">): Promise<Order>;
  get(id: string): Promise<Order>;
  markRefunded(id: string): Promise<void>;
}
