import type { MockNotification } from "../testing/mockNotifications";

export type InboxItem = Pick<MockNotification, "subject" | "delivered"> & { receivedAt: Date };

/** Newest first; what was not delivered is not shown. */
export function inboxItems(items: InboxItem[]): InboxItem[] {
  return items
    .filter((item) => item.delivered)
    .sort((a, b) => b.receivedAt.getTime() - a.receivedAt.getTime());
}
