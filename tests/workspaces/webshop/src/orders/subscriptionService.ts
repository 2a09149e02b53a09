import { PaymentDeclinedError, type PaymentGateway } from "../payments/paymentGateway.js";

export interface Subscription {
  id: string;
  customerId: string;
  priceCents: number;
  cardToken: string;
  failures: number;
}

const MAX_FAILURES = 3;

/** Charges subscriptions once a month; after three declined payments a subscription ends. */
export class SubscriptionService {
  constructor(private readonly gateway: PaymentGateway) {}

  async renew(subscription: Subscription): Promise<Subscription | null> {
    try {
      const charge = await this.gateway.authorize(subscription.priceCents, "EUR", subscription.cardToken);
      await this.gateway.capture(charge.id);
      return { ...subscription, failures: 0 };
    } catch (error) {
      if (!(error instanceof PaymentDeclinedError)) {
        throw error;
      }
      const failures = subscription.failures + 1;
      return failures >= MAX_FAILURES ? null : { ...subscription, failures };
    }
  }
}
