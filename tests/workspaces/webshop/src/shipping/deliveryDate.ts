import type { Address } from "./shippingCost.js";

const TRANSIT_DAYS: Record<string, number> = { DE: 2, AT: 3, CH: 5 };
const CUT_OFF_HOUR = 14;

/** The day on which a parcel arrives: orders after two o'clock leave a day later, and nothing moves on Sundays. */
export function estimateDeliveryDate(ordered: Date, address: Address): Date {
  const date = new Date(ordered);
  let remaining = (TRANSIT_DAYS[address.country] ?? 7) + (ordered.getUTCHours() >= CUT_OFF_HOUR ? 1 : 0);
  while (remaining > 0) {
    date.setUTCDate(date.getUTCDate() + 1);
    if (date.getUTCDay() !== 0) {
      remaining -= 1;
    }
  }
  return date;
}
