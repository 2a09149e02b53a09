// @vitest-environment jsdom

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Turn } from "../../../src/sidebar/conversation";
import type { WebviewMessage } from "../../../src/sidebar/messages";
import { EVERYWHERE, type SidebarEvent, type SidebarState } from "../../../src/sidebar/state";
import { SidebarView } from "../../../webview/sidebar_view";
import { answer, budget, citation, conversation, excerpt, state, turn } from "../sidebar/samples";

class NoObserver {
  observe = vi.fn();
  unobserve = vi.fn();
  disconnect = vi.fn();
}

let said: WebviewMessage[] = [];
let view: SidebarView;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("ResizeObserver", NoObserver);
  HTMLDialogElement.prototype.showModal = function (): void {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function (): void {
    this.open = false;
  };
  document.body.replaceChildren();
  said = [];
  view = new SidebarView(
    document.body,
    (message) => {
      said.push(message);
    },
    undefined,
    vi.fn(),
    (work) => {
      work();
    },
  );
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function given(turns: readonly Turn[] = [], changes: Partial<SidebarState> = {}): void {
  view.receive({ type: "state", state: state(turns, changes), now: Date.now() });
}

function happens(...events: readonly SidebarEvent[]): void {
  for (const event of events) {
    view.receive({ type: "event", event });
  }
}

function find(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (found === null) {
    throw new Error(`There is no ${selector}.`);
  }
  return found;
}

function button(name: string): HTMLButtonElement {
  const found = [...document.querySelectorAll("button")].find(
    (each) => (each.getAttribute("aria-label") ?? each.textContent) === name,
  );
  if (found === undefined) {
    throw new Error(`There is no button ${name}.`);
  }
  return found;
}

function box(): HTMLTextAreaElement {
  return document.querySelector("textarea") ?? document.createElement("textarea");
}

function press(key: string, options: KeyboardEventInit = {}): void {
  box().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options }));
}

const { text: _text, ...read } = excerpt();
const context = { excerpts: [read], cut: [{ ...read, reason: "no room" }], budget };
const update = (seq: number, fields: object): SidebarEvent =>
  ({ type: "turnUpdated", update: { streamId: "t1", seq, ...fields } }) as SidebarEvent;

test("before the first question there are suggestions, and one asks", () => {
  given();

  document.querySelector<HTMLElement>("[data-suggestion]")?.click();

  expect(said).toEqual([{ type: "ask", question: find("[data-suggestion]").textContent }]);
});

test("Enter asks, Shift+Enter and an empty box do not", () => {
  given();
  press("Enter");
  box().value = " How? ";
  press("Enter", { shiftKey: true });
  press("Enter", { isComposing: true });
  expect(said).toEqual([]);

  press("Enter");

  expect(said).toEqual([{ type: "ask", question: "How?" }]);
  expect(box().value).toBe("");
});

test("Up brings back what was asked, Down the draft", () => {
  given([turn({ id: "t0", phase: "done", question: "One?" }), turn({ phase: "done", question: "Two?" })]);
  box().value = "draft";
  box().setSelectionRange(0, 0);

  press("ArrowUp");
  press("ArrowUp");
  press("ArrowUp");
  expect(box().value).toBe("One?");
  box().setSelectionRange(4, 4);
  press("ArrowDown");
  press("ArrowDown");

  expect(box().value).toBe("draft");
});

test("while an answer is made, Stop stands where Ask was, and Escape stops, too", () => {
  given([turn()]);
  expect([button("Ask").hidden, button("Stop").hidden]).toEqual([true, false]);
  box().value = "Another?";
  press("Enter");

  button("Stop").click();
  press("Escape");

  expect(said).toEqual([{ type: "stop" }, { type: "stop" }]);
});

test("what was read is there and open before the first word, and steps back when it comes", () => {
  given([turn()]);

  happens(update(0, { kind: "stage", stage: "reading" }), update(1, { kind: "context", ...context }));

  const list = find("[data-part=context]") as HTMLDetailsElement;
  expect(list.open).toBe(true);
  expect(find("summary").textContent).toBe("Read 1 excerpt, cut 11.2k of 8.2k tokens");
  expect(find("[data-excerpt]").textContent).toBe("src/auth.py:3-90.90refreshmeaning");
  expect(find("[data-cut]").textContent).toBe("src/auth.py:3-9no room");
  expect(find("[data-part=stage]").textContent).toContain("Reading 1 excerpt…");
  expect(find("[data-part=answer]").hidden).toBe(true);

  happens(update(2, { kind: "delta", text: "Tokens" }));

  expect(list.open).toBe(false);
  expect(find("[data-part=answer]").textContent).toBe("Tokens");
});

test("places are opened by their numbers, never by an address", () => {
  given([turn({ phase: "done", text: answer().text, citations: answer().citations, context })]);

  find("[data-excerpt]").click();
  find("[data-cut]").click();
  find("[data-citation]").click();
  find("[data-source]").click();

  expect(said).toEqual([
    { type: "openExcerpt", turn: "t1", id: 1 },
    { type: "openCut", turn: "t1", index: 0 },
    { type: "openCitation", turn: "t1", id: 1 },
    { type: "openCitation", turn: "t1", id: 1 },
  ]);
});

test("a second context clears what was streamed", () => {
  given([turn()]);

  happens(
    update(0, { kind: "context", ...context }),
    update(1, { kind: "delta", text: "Wrong" }),
    update(2, { kind: "context", ...context }),
  );

  expect(find("[data-part=answer]").textContent).toBe("");
});

test("the answer replaces the stream and can be copied, inserted, opened", () => {
  given([turn({ text: "Tok" })]);

  happens({ type: "turnAnswered", id: "t1", answer: answer(), at: Date.now() });

  expect(find("[data-turn]").dataset).toMatchObject({ phase: "done", status: "complete" });
  expect(find("[data-part=answer]").textContent).toBe("Tokens are refreshed in refresh.1");
  expect(find("[data-part=stage]").textContent).toMatch(/^Answered in .* · fake-model$/u);
  const names = ["Copy answer", "Insert answer at cursor", "Open answer as document", "Show context"];
  names.forEach((name) => {
    button(name).click();
  });
  expect(said).toEqual(
    ["copy", "insert", "open", "showContext"].map((action) => ({ type: "answerAction", turn: "t1", action })),
  );
});

test("doubts are told in words, too", () => {
  const ungrounded = [{ name: "gone", spans: [{ start: 0, end: 4 }], nearest: ["here"] }];
  given([turn({ phase: "done", text: "gone. Maybe.", unsupported: [{ start: 6, end: 12 }], ungrounded })]);

  expect(find("[data-part=checks]").textContent).toBe(
    "? 1 statement that no excerpt supports, underlined with dots.Names not found in this workspace:gone nearest: here",
  );
});

test("an answer that is longer than any answer says how much is missing", () => {
  given([turn({ phase: "done", text: "x", droppedCharacters: 1234 })]);

  expect(find("[data-part=dropped]").textContent).toContain("1,234 more characters");
});

test("without a model there is a way to one", () => {
  const index = {
    health: "warning",
    message: "no model",
    offers: [{ model: "m", message: "Pull m?" }],
    notices: [],
    trusted: true,
  } as const;
  given([turn({ phase: "done", status: "noModel", text: "Places." })], { index });

  button("Pull m").click();
  happens({ type: "indexChanged", index: { ...index, offers: [] } });
  button("Get a chat model…").click();

  expect(said).toEqual([
    { type: "remedy", remedy: "pullModel", model: "m" },
    { type: "remedy", remedy: "pullModel", model: undefined },
  ]);
});

test("in a folder that is not trusted the way to a model is trust", () => {
  const index = { health: "ok", message: "3 files", offers: [], notices: [], trusted: false } as const;
  given([turn({ phase: "done", status: "noModel", text: "Places." })], { index });

  button("Manage trust…").click();

  expect(find("[data-part=way-forward]").textContent).toContain("This folder is not trusted");
  expect(said).toEqual([{ type: "remedy", remedy: "manageTrust" }]);
});

test("a failure says why and can be tried again", () => {
  given([turn()]);

  happens({ type: "turnFailed", id: "t1", message: "Ollama is gone; start it.", at: Date.now() });
  button("Retry").click();

  expect(find("[data-part=failure]").textContent).toBe("Ollama is gone; start it.");
  expect(said).toEqual([{ type: "answerAction", turn: "t1", action: "retry" }]);
});

test("a server that stopped can be started again, and nothing can be asked before", () => {
  given([], { server: "failed" });
  expect(button("Ask").disabled).toBe(true);

  button("Restart server").click();
  happens({ type: "serverChanged", server: "running" });

  expect(said).toEqual([{ type: "remedy", remedy: "restartServer" }]);
  expect(find("[data-part=server]").hidden).toBe(true);
  expect(button("Ask").disabled).toBe(false);
});

test("previous conversations can be opened and deleted", () => {
  const history = [{ id: "c2", title: "Where are retries?", changedAt: Date.now() - 3_700_000, turns: 2 }];
  given([], { history });

  button("History").click();
  expect(find("[data-conversation=c2]").textContent).toBe("Where are retries?1 h ago · 2 questions");
  button("Delete conversation Where are retries?").click();
  find("[data-conversation=c2]").click();

  expect(said).toEqual([
    { type: "deleteConversation", id: "c2" },
    { type: "openConversation", id: "c2" },
  ]);
  expect((find("dialog") as HTMLDialogElement).open).toBe(false);
});

test("another conversation replaces what is shown", () => {
  given([turn({ phase: "done" })]);

  happens({ type: "conversationOpened", conversation: conversation([], { id: "c2" }) });

  expect(document.querySelectorAll("[data-turn]")).toHaveLength(0);
  expect(find("[data-part=welcome]").isConnected).toBe(true);
});

test("the scope is shown and changed by its buttons", () => {
  const scope = {
    thisFile: true,
    selection: false,
    tests: "out",
    folders: ["src"],
    languages: ["python"],
  } as const;
  given([], { scope, editor: { file: "src/auth.py" } });

  expect(button("This file").getAttribute("aria-pressed")).toBe("true");
  expect(button("Selection").disabled).toBe(true);
  for (const name of ["This file", "Tests: out", "Remove src", "Folder…", "Remove python", "Language…"]) {
    button(name).click();
  }

  expect(said.map((message) => message.type === "changeScope" && message.change)).toEqual([
    { set: "thisFile", on: false },
    { set: "tests", tests: "only" },
    { set: "removeFolder", name: "src" },
    { set: "addFolder" },
    { set: "removeLanguage", name: "python" },
    { set: "addLanguage" },
  ]);
});

test("of several folders, an answer says which it is about, and the picker where a follow-up goes", () => {
  const folder = { name: "bank", uri: "file:///bank" };
  given([turn({ scope: ["without tests"] })]);
  expect(button("Folder…")).toBeDefined();

  happens({ type: "turnLocated", id: "t1", folder });

  expect(find("[aria-label='Looked in']").textContent).toBe("bankwithout tests");
  button("In bank…").click();
  expect(said).toEqual([{ type: "changeScope", change: { set: "addFolder" } }]);

  given([turn({ id: "t2", scope: ["bank/src"], folder })], { scope: { ...EVERYWHERE, folders: ["shop"] } });
  expect(find("[aria-label='Looked in']").textContent).toBe("bank/src");
  expect(button("Folder…")).toBeDefined();
});

test("screen readers hear stages and the finished answer, not each word", () => {
  given([turn()]);
  const live = find("[aria-live=polite]");

  happens(
    update(0, { kind: "stage", stage: "generating" }),
    update(1, { kind: "delta", text: "Tokens " }),
    update(2, { kind: "delta", text: "are refreshed" }),
  );
  const whileStreaming = live.textContent;
  happens({ type: "turnAnswered", id: "t1", answer: answer({ citations: [citation()] }), at: Date.now() });

  expect(whileStreaming).toBe("Generating…");
  expect(live.textContent).toBe("Answered, 1 source. Tokens are refreshed in refresh.");
  expect(find("[role=log]").getAttribute("aria-live")).toBe("off");
});

test("every button and field has a name", () => {
  const { citations, text } = answer();
  given([turn({ phase: "done", text: `${text}\n\n\`\`\`\nx\n\`\`\``, citations, context, answerId: "a" })], {
    history: [{ id: "c2", title: "T", changedAt: 0, turns: 1 }],
  });

  const nameless = [...document.querySelectorAll("button, textarea, [role=region], dialog")].filter(
    (each) => (each.getAttribute("aria-label") ?? each.textContent).trim() === "",
  );

  expect(nameless).toEqual([]);
});
