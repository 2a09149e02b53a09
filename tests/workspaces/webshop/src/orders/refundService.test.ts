import { beforeEach, describe, expect, it, vi } from "vitest";
import type { PaymentGateway } from "../payments/paymentGateway.js";
import { aCartItem } from "../testing/builders.js";
import type { OrderRepository } from "./orderRepository.js";
import { RefundService } from "./refundService.js";

describe("RefundService", () => {
  const orders = { create: vi.fn(), get: vi.fn(), markRefunded: vi.fn() };
  const payments = { refund: vi.fn() };
  let service: RefundService;

  beforeEach(() => {
    vi.resetAllMocks();
    orders.get.mockResolvedValue({
      id: "o-1",
      customerId: "c-1",
      items: [aCartItem()],
      totalCents: 1_740,
      chargeId: "ch-1",
      createdAt: new Date("2024-05-01T00:00:00Z"),
    });
    service = new RefundService(
      orders as OrderRepository,
      payments as unknown as PaymentGateway,
      () => new Date("2024-05-20T00:00:00Z"),
    );
  });

  it("pays the whole order back", async () => {
    await service.refundOrder("o-1");

    expect(payments.refund).toHaveBeenCalledWith("ch-1", 1_740);
    expect(orders.markRefunded).toHaveBeenCalledWith("o-1");
  });
});
