export interface Address {
  country: string;
  postalCode: string;
}

export interface Shipment {
  weightGrams: number;
  address: Address;
  goodsCents: number;
}

const FREE_SHIPPING_FROM_CENTS = 5_000;
const BASE_CENTS: Record<string, number> = { DE: 490, AT: 890, CH: 1_490 };
const CENTS_PER_STARTED_KILOGRAM = 120;
const MAX_WEIGHT_GRAMS = 31_500;

/** The cost of sending a shipment, in cents. Domestic orders from 50 euros travel free. */
export function calculateShippingCost(shipment: Shipment): number {
  const base = BASE_CENTS[shipment.address.country];
  if (base === undefined) {
    throw new RangeError(`We do not ship to ${shipment.address.country}`);
  }
  if (shipment.weightGrams <= 0 || shipment.weightGrams > MAX_WEIGHT_GRAMS) {
    throw new RangeError(`A parcel weighs between 1 and ${MAX_WEIGHT_GRAMS} grams`);
  }
  if (shipment.address.country === "DE" && shipment.goodsCents >= FREE_SHIPPING_FROM_CENTS) {
    return 0;
  }
  const startedKilograms = Math.ceil(shipment.weightGrams / 1_000);
  return base + (startedKilograms - 1) * CENTS_PER_STARTED_KILOGRAM;
}
