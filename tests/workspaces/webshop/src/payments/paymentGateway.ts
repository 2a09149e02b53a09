import { randomUUID } from "node:crypto";

export interface Charge {
  id: string;
  amountCents: number;
  currency: string;
  status: "authorized" | "captured" | "refunded";
}

export class PaymentDeclinedError extends Error {
  constructor(readonly reason: string) {
    super(`The payment was declined: ${reason}`);
  }
}

export interface HttpClient {
  post(path: string, body: unknown, headers: Record<string, string>): Promise<{ status: number; body: any }>;
}

/** Talks to the payment provider. Every call carries an idempotency key, so a repeated call charges nobody twice. */
export class PaymentGateway {
  constructor(
    private readonly http: HttpClient,
    private readonly apiKey: string,
  ) {}

  async authorize(amountCents: number, currency: string, cardToken: string): Promise<Charge> {
    return this.call("/charges", { amountCents, currency, cardToken, capture: false });
  }

  async capture(chargeId: string): Promise<Charge> {
    return this.call(`/charges/${encodeURIComponent(chargeId)}/capture`, {});
  }

  async refund(chargeId: string, amountCents: number): Promise<Charge> {
    return this.call(`/charges/${encodeURIComponent(chargeId)}/refund`, { amountCents });
  }

  private async call(path: string, body: unknown): Promise<Charge> {
    const response = await this.http.post(path, body, {
      authorization: `Bearer ${this.apiKey}`,
      "idempotency-key": randomUUID(),
    });
    if (response.status === 402) {
      throw new PaymentDeclinedError(response.body.reason);
    }
    if (response.status >= 400) {
      throw new Error(`The payment provider answered with status ${response.status}`);
    }
    return response.body as Charge;
  }
}
