import { describe, expect, test } from "vitest";
import { isHostMessage, isWebviewMessage, LONGEST_QUESTION } from "../../../src/sidebar/messages";
import { answer, budget, citation, excerpt, state, turn } from "./samples";

describe("messages of the page", () => {
  test.each([
    { type: "ready" },
    { type: "ask", question: "How?" },
    { type: "openCitation", turn: "t1", id: 1 },
    { type: "answerAction", turn: "t1", action: "copy" },
    { type: "changeScope", change: { set: "tests", tests: "only" } },
    { type: "changeScope", change: { set: "removeFolder", name: "src" } },
    { type: "remedy", remedy: "pullModel", model: "m" },
    { type: "remedy", remedy: "showLogs" },
  ])("are known: %o", (message) => {
    expect(isWebviewMessage(message)).toBe(true);
  });

  test.each([
    undefined,
    null,
    "ready",
    [],
    {},
    { type: "toString" },
    { type: "__proto__" },
    { type: "run", command: "workbench.action.quit" },
    { type: "ask" },
    { type: "ask", question: 7 },
    { type: "ask", question: "x".repeat(LONGEST_QUESTION + 1) },
    { type: "openCitation", turn: "t1", id: -1 },
    { type: "openCitation", turn: "t1", id: "file:///etc/passwd" },
    { type: "answerAction", turn: "t1", action: "run" },
    { type: "changeScope", change: { set: "tests", tests: true } },
    { type: "remedy", remedy: "workbench.action.quit" },
    Object.create({ type: "ready" }),
  ])("are not believed: %o", (message) => {
    expect(isWebviewMessage(message)).toBe(false);
  });
});

describe("messages of the host", () => {
  const { text, ...readExcerpt } = excerpt();
  const context = { excerpts: [readExcerpt], cut: [], budget };
  const whole = turn({ citations: [citation()], context, status: "complete", timings: { reading: 2 } });

  test.each([
    { type: "state", state: state([whole]), now: 5 },
    { type: "focusQuestion" },
    { type: "event", event: { type: "turnStarted", turn: turn() } },
    { type: "event", event: { type: "turnAnswered", id: "t1", answer: answer(), at: 5 } },
    {
      type: "event",
      event: { type: "turnUpdated", update: { streamId: "t", seq: 0, kind: "context", ...context } },
    },
    { type: "event", event: { type: "editorChanged" } },
  ])("are known: %o", (message) => {
    expect(isHostMessage(JSON.parse(JSON.stringify(message)))).toBe(true);
  });

  test.each([
    { type: "state", state: { ...state(), server: "odd" }, now: 5 },
    { type: "state", state: state([{ ...turn(), text: undefined as unknown as string }]), now: 5 },
    { type: "event", event: { type: "turnUpdated", update: { streamId: "t", seq: 0, kind: "delta" } } },
    { type: "event", event: { type: "turnUpdated", update: { streamId: "t", seq: 0, kind: "context" } } },
    { type: "event", event: { type: "unknown" } },
    { type: "event" },
  ])("are not believed: %o", (message) => {
    expect(isHostMessage(message)).toBe(false);
  });
});
