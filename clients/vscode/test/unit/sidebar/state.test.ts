import { describe, expect, test } from "vitest";
import type { AnswerUpdate } from "../../../src/protocol";
import {
  EVERYWHERE,
  LONGEST_ANSWER,
  reduce,
  runningTurn,
  type SidebarEvent,
} from "../../../src/sidebar/state";
import { answer, budget, citation, excerpt, state, turn } from "./samples";

type Fields = AnswerUpdate extends infer U
  ? U extends AnswerUpdate
    ? Omit<U, "streamId" | "seq">
    : never
  : never;

/** Returns the turn after updates that are numbered as the server numbers them. */
function after(...updates: readonly object[]): ReturnType<typeof turn> {
  const events = updates.map(
    (update, seq) => ({ type: "turnUpdated", update: { streamId: "t1", seq, ...update } }) as SidebarEvent,
  );
  return events.reduce(reduce, state([turn()])).conversation.turns[0] ?? turn();
}

const delta = (text: string): Extract<Fields, { kind: "delta" }> => ({ kind: "delta", text });
const context = { kind: "context", excerpts: [excerpt()], cut: [], budget };

describe("a turn", () => {
  test("grows by the pieces of the stream", () => {
    const grown = after({ kind: "stage", stage: "generating" }, context, delta("Tokens "), delta("are."));

    expect(grown).toMatchObject({ stage: "generating", text: "Tokens are.", phase: "running" });
    expect(grown.context?.excerpts).toHaveLength(1);
  });

  test("begins its text anew with a second context, whatever was lost before", () => {
    const again = after(
      context,
      delta("Wrong"),
      { ...delta("lost"), seq: 7 },
      { ...context, seq: 8 },
      {
        ...delta("Right"),
        seq: 9,
      },
    );

    expect(again).toMatchObject({ text: "Right", citations: [], hasGap: false });
  });

  test("takes no more text after a piece was lost, and all of it from the response", () => {
    const broken = after(delta("one "), { ...delta("three"), seq: 2 }, { ...delta(" four"), seq: 3 });

    expect(broken).toMatchObject({ text: "one ", hasGap: true });
    const whole = reduce(state([broken]), { type: "turnAnswered", id: "t1", answer: answer(), at: 5 });
    expect(whole.conversation.turns[0]?.text).toBe(answer().text);
  });

  test("replaces a citation that got more spans", () => {
    const spans = [{ start: 0, end: 3 }];

    const cited = after(
      { kind: "citation", citation: citation() },
      { kind: "citation", citation: citation({ spans }) },
    );

    expect(cited.citations).toEqual([citation({ spans })]);
  });

  test("keeps what a broken model writes without end within bounds, and counts the rest", () => {
    const long = after(delta("x".repeat(LONGEST_ANSWER - 1)), delta("yz"));

    expect(long.text).toHaveLength(LONGEST_ANSWER);
    expect(long.droppedCharacters).toBe(1);
  });

  test.each<[SidebarEvent, object]>([
    [
      { type: "turnAnswered", id: "t1", answer: answer({ status: "noModel" }), at: 9 },
      { phase: "done", status: "noModel", endedAt: 9, stage: "" },
    ],
    [
      { type: "turnAnswered", id: "t1", answer: answer({ status: "cancelled" }), at: 9 },
      { phase: "cancelled", endedAt: 9 },
    ],
    [
      { type: "turnFailed", id: "t1", message: "Ollama is gone.", at: 9 },
      { phase: "failed", failure: "Ollama is gone." },
    ],
    [
      { type: "turnCancelled", id: "t1", at: 9 },
      { phase: "cancelled", stage: "" },
    ],
    [
      { type: "turnStopping", id: "t1" },
      { phase: "running", stage: "stopping" },
    ],
  ])("ends as the event says: %o", (event, expected) => {
    expect(reduce(state([turn()]), event).conversation.turns[0]).toMatchObject(expected);
  });

  test("says that it is stopping until it has stopped", () => {
    const stopping = reduce(state([turn()]), { type: "turnStopping", id: "t1" });

    const later = reduce(stopping, {
      type: "turnUpdated",
      update: { streamId: "t1", seq: 0, kind: "stage", stage: "generating" },
    });

    expect(later.conversation.turns[0]?.stage).toBe("stopping");
  });

  test("is not changed by what comes after its end", () => {
    const ended = state([turn({ phase: "cancelled" })]);

    expect(reduce(ended, { type: "turnAnswered", id: "t1", answer: answer(), at: 9 })).toBe(ended);
    expect(runningTurn(ended)).toBeUndefined();
  });
});

describe("the sidebar", () => {
  test("leaves untouched what an event does not concern", () => {
    const before = state([turn({ id: "t0", phase: "done" }), turn()]);

    const later = reduce(before, { type: "turnUpdated", update: { streamId: "t1", seq: 0, ...delta("x") } });

    expect(later.conversation.turns[0]).toBe(before.conversation.turns[0]);
    expect(later.scope).toBe(EVERYWHERE);
  });

  test("adds and removes turns, and opens another conversation", () => {
    const asked = reduce(state(), { type: "turnStarted", turn: turn() });
    const removed = reduce(asked, { type: "turnRemoved", id: "t1" });
    const other = { id: "c2", turns: [], changedAt: 7 };
    const opened = reduce(asked, { type: "conversationOpened", conversation: other });

    expect(asked.conversation.turns).toEqual([turn()]);
    expect(removed.conversation.turns).toEqual([]);
    expect(opened.conversation).toBe(other);
  });
});
