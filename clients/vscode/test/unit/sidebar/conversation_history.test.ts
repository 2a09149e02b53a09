import { describe, expect, test } from "vitest";
import { ConversationHistory, type Memory } from "../../../src/sidebar/conversation_history";
import { conversation, turn } from "./samples";

class FakeMemory implements Memory {
  stored = new Map<string, string>();

  get(key: string): unknown {
    const value = this.stored.get(key);
    return value === undefined ? undefined : JSON.parse(value);
  }

  update(key: string, value: unknown): Promise<void> {
    this.stored.set(key, JSON.stringify(value));
    return Promise.resolve();
  }
}

const done = turn({ phase: "done", text: "So." });

describe("the history", () => {
  test("is there again after a restart, the newest first, with the conversation that was open", async () => {
    const memory = new FakeMemory();
    const history = new ConversationHistory(memory);
    await history.save(conversation([done], { id: "old", changedAt: 1 }));
    await history.save(conversation([done], { id: "new", changedAt: 2 }));
    await history.open("old");

    const again = new ConversationHistory(memory);

    expect(again.summaries().map(({ id }) => id)).toEqual(["new", "old"]);
    expect(again.lastOpen()?.turns).toEqual([done]);
  });

  test("ends what was being answered when the editor closed", async () => {
    const memory = new FakeMemory();
    await new ConversationHistory(memory).save(conversation([turn({ text: "Half" })]));

    const kept = new ConversationHistory(memory).find("c1")?.turns[0];

    expect(kept).toMatchObject({ phase: "cancelled", stage: "", text: "Half" });
  });

  test("keeps no conversation in which nothing was asked", async () => {
    const history = new ConversationHistory(new FakeMemory());

    await history.save(conversation([]));

    expect(history.summaries()).toEqual([]);
  });

  test("is bounded in number and in size, and always keeps the newest", async () => {
    const history = new ConversationHistory(new FakeMemory());
    for (let number = 0; number < 40; number += 1) {
      await history.save(conversation([done], { id: `c${number}`, changedAt: number }));
    }
    expect(history.summaries()).toHaveLength(30);
    const huge = turn({ phase: "done", text: "x".repeat(2_500_000) });

    await history.save(conversation([huge], { id: "huge", changedAt: 99 }));

    expect(history.summaries().map(({ id }) => id)).toEqual(["huge"]);
  });

  test("forgets what is deleted, and hands it out to be kept after all", async () => {
    const memory = new FakeMemory();
    const history = new ConversationHistory(memory);
    await history.save(conversation([done]));

    const removed = await history.remove("c1");

    expect(removed).toMatchObject({ id: "c1" });
    expect(new ConversationHistory(memory).summaries()).toEqual([]);
  });

  test.each(["text", 7, null, { conversations: "x" }, { current: 1, conversations: [{ id: "c" }, null] }])(
    "begins anew from what it does not understand: %o",
    (value) => {
      const memory = { get: (): unknown => value, update: (): Promise<void> => Promise.resolve() };

      expect(new ConversationHistory(memory).summaries()).toEqual([]);
    },
  );
});
