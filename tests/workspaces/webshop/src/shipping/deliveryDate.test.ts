import { describe, expect, it } from "vitest";
import { estimateDeliveryDate } from "./deliveryDate.js";
import { anAddress } from "../testing/builders.js";

describe("estimateDeliveryDate", () => {
  it("takes two working days inside Germany", () => {
    const ordered = new Date("2024-05-06T09:00:00Z");

    const arrival = estimateDeliveryDate(ordered, anAddress({ country: "DE" }));

    expect(arrival.toISOString()).toBe("2024-05-08T09:00:00.000Z");
  });

  it("adds a day after the cut-off hour", () => {
    const ordered = new Date("2024-05-06T14:00:00Z");

    const arrival = estimateDeliveryDate(ordered, anAddress({ country: "DE" }));

    expect(arrival.toISOString()).toBe("2024-05-09T14:00:00.000Z");
  });

  it.each([
    ["AT", "2024-05-09T09:00:00.000Z"],
    ["CH", "2024-05-11T09:00:00.000Z"],
  ])("knows the transit time to %s", (country, expected) => {
    const arrival = estimateDeliveryDate(new Date("2024-05-06T09:00:00Z"), anAddress({ country }));

    expect(arrival.toISOString()).toBe(expected);
  });
});
