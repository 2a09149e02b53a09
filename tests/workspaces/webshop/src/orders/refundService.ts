import type { PaymentGateway } from "../payments/paymentGateway.js";
import type { OrderRepository } from "./orderRepository.js";

const REFUND_DAYS = 30;

export class RefundService {
  constructor(
    private readonly orders: OrderRepository,
    private readonly payments: PaymentGateway,
    private readonly now: () => Date = () => new Date(),
  ) {}

  /** Pays an order back in full, within thirty days of the purchase. */
  async refundOrder(orderId: string): Promise<void> {
    const order = await this.orders.get(orderId);
    const ageDays = (this.now().getTime() - order.createdAt.getTime()) / 86_400_000;
    if (ageDays > REFUND_DAYS) {
      throw new Error(`Orders can be refunded within ${REFUND_DAYS} days`);
    }
    await this.payments.refund(order.chargeId, order.totalCents);
    await this.orders.markRefunded(orderId);
  }
}
