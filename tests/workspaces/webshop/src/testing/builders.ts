import type { Address } from "../shipping/shippingCost.js";
import type { CartItem } from "../orders/orderRepository.js";

/** Builders for tests: say what matters in a test, the rest has a value. */
export function anAddress(overrides: Partial<Address> = {}): Address {
  return { country: "DE", postalCode: "10115", ...overrides };
}

export function aCartItem(overrides: Partial<CartItem> = {}): CartItem {
  return { sku: "MUG-01", quantity: 1, priceCents: 1_250, weightGrams: 400, ...overrides };
}
