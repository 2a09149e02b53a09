import { Injectable } from "@nestjs/common";
import type { Money } from "./money";
import * as audit from "../audit";

export const TAX_RATE = 0.19;

/** What a customer wants. */
export interface Order extends Timestamped {
  id: string;
  lines: OrderLine[];
}

export type OrderState = "open" | "paid" | "shipped";

export enum Priority {
  Low,
  High,
}

@Injectable()
export class OrderService extends BaseService<Order> implements Disposable {
  private readonly gateway: PaymentGateway;

  constructor(gateway: PaymentGateway, private readonly repository: OrderRepository) {
    super(repository);
    this.gateway = gateway;
  }

  /**
   * Charges the customer and marks the order as paid.
   */
  @Transactional()
  async pay(order: Order): Promise<OrderState> {
    const total = calculateTotal(order, TAX_RATE);
    await this.gateway.charge(order.id, total);
    audit.record("paid", order);
    return "paid";
  }

  dispose = async (): Promise<void> => {
    await this.gateway.close();
    await this.repository.flush();
  };
}

// Sums the lines of an order.
export const calculateTotal = (order: Order, rate: number): Money =>
  order.lines.reduce((sum, line) => sum.plus(line.price), Money.zero()).times(1 + rate);

export default function createService(gateway: PaymentGateway): OrderService {
  return new OrderService(gateway, new OrderRepository());
}
