import { describe, expect, it } from "@jest/globals";
import { inboxItems } from "./inbox";
import { mockScheduledNotification } from "../testing/mockNotifications";

describe("inboxItems", () => {
  it("shows delivered notifications only", () => {
    const sent = { ...mockScheduledNotification({ delivered: true }), receivedAt: new Date(2) };
    const waiting = { ...mockScheduledNotification(), receivedAt: new Date(1) };

    expect(inboxItems([waiting, sent])).toEqual([sent]);
  });
});
