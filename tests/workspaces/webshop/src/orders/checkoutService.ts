import type { Charge, PaymentGateway } from "../payments/paymentGateway.js";
import { calculateShippingCost, type Address } from "../shipping/shippingCost.js";
import type { CartItem, OrderRepository, Order } from "./orderRepository.js";

export interface CheckoutRequest {
  customerId: string;
  items: CartItem[];
  address: Address;
  cardToken: string;
}

/** Turns a cart into a paid order. */
export class CheckoutService {
  constructor(
    private readonly orders: OrderRepository,
    private readonly payments: PaymentGateway,
  ) {}

  /** The card is charged only after the order is stored; a failed store releases nothing, because nothing was taken. */
  async checkout(request: CheckoutRequest): Promise<Order> {
    const goods = request.items.reduce((sum, item) => sum + item.priceCents * item.quantity, 0);
    const weight = request.items.reduce((sum, item) => sum + item.weightGrams * item.quantity, 0);
    const shipping = calculateShippingCost({ weightGrams: weight, address: request.address, goodsCents: goods });
    const charge: Charge = await this.payments.authorize(goods + shipping, "EUR", request.cardToken);
    const order = await this.orders.create({
      customerId: request.customerId,
      items: request.items,
      totalCents: goods + shipping,
      chargeId: charge.id,
    });
    await this.payments.capture(charge.id);
    return order;
  }
}
