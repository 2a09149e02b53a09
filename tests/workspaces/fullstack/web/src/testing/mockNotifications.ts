/** Test utilities: notifications that are scheduled, sent, delivered or failed, with quiet hours and channels. */
export interface MockNotification {
  userId: string;
  subject: string;
  channel: "email" | "push";
  scheduledFor: Date;
  delivered: boolean;
}

export function mockScheduledNotification(overrides: Partial<MockNotification> = {}): MockNotification {
  return {
    userId: "u-1",
    subject: "Hello",
    channel: "email",
    scheduledFor: new Date("2024-05-01T07:00:00Z"),
    delivered: false,
    ...overrides,
  };
}

/** A notification inside the quiet hours, as the scheduler would hold it back. */
export function mockQuietHoursNotification(): MockNotification {
  return mockScheduledNotification({ scheduledFor: new Date("2024-05-01T23:00:00Z") });
}

/** A sender that fails on the first channel and delivers on the second. */
export function mockFailingSender(): (notification: MockNotification) => MockNotification {
  return (notification) => ({ ...notification, channel: "push", delivered: true });
}
