import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type * as vscode from "vscode";
import type { Answer, AnswerUpdate, AskParams, StatusResult } from "../../../src/protocol";
import type { Server, ServerState } from "../../../src/server";
import type { HostMessage, WebviewMessage } from "../../../src/sidebar/messages";
import { isHostMessage } from "../../../src/sidebar/messages";
import { Sidebar } from "../../../src/sidebar/sidebar";
import { reduce, type SidebarState } from "../../../src/sidebar/state";
import * as editor from "./fake_editor";
import { answer, budget, excerpt } from "./samples";

vi.mock("vscode", () => import("./fake_editor"));

interface Asked {
  readonly method: string;
  readonly params: AskParams;
  readonly finish: (answer: Answer) => void;
  readonly fail: (error: Error) => void;
}

/** A server whose answers a test gives. */
class FakeServer {
  state: ServerState = "running";
  status: StatusResult | undefined;
  readonly asked: Asked[] = [];
  readonly commands: unknown[][] = [];
  readonly updates = new editor.EventEmitter<AnswerUpdate>();
  readonly states = new editor.EventEmitter<ServerState>();
  readonly statuses = new editor.EventEmitter<StatusResult>();
  readonly onAnswerUpdate = this.updates.event;
  readonly onDidChangeState = this.states.event;
  readonly onDidChangeStatus = this.statuses.event;

  request(type: { method: string }, params: AskParams, token: vscode.CancellationToken): Promise<unknown> {
    return new Promise((finish, fail) => {
      this.asked.push({ method: type.method, params, finish, fail });
      token.onCancellationRequested(() => {
        fail(new Error("cancelled"));
      });
    });
  }

  executeCommand(...command: unknown[]): Promise<undefined> {
    this.commands.push(command);
    return Promise.resolve(undefined);
  }
}

class FakeMemory {
  private readonly values = new Map<string, string>();

  get(key: string): unknown {
    const value = this.values.get(key);
    return value === undefined ? undefined : JSON.parse(value);
  }

  update(key: string, value: unknown): Promise<void> {
    this.values.set(key, JSON.stringify(value));
    return Promise.resolve();
  }
}

let server: FakeServer;
let memory: FakeMemory;
let view: editor.FakeView;
let sidebar: Sidebar;
let logged: string[];

function open(): void {
  sidebar = new Sidebar(
    {
      workspaceState: memory,
      extensionUri: new editor.Uri("ext"),
    } as unknown as vscode.ExtensionContext,
    server as unknown as Server,
    { warn: (text: string) => logged.push(text), error: vi.fn() } as unknown as vscode.LogOutputChannel,
    { show: vi.fn() },
  );
  view = new editor.FakeView();
  editor.provider.current?.resolveWebviewView(view);
}

beforeEach(() => {
  server = new FakeServer();
  memory = new FakeMemory();
  logged = [];
  editor.executed.length = 0;
  editor.copied.length = 0;
  editor.window.activeTextEditor = undefined;
  editor.workspace.workspaceFolders = [editor.SHOP];
  open();
});

afterEach(() => {
  sidebar.dispose();
});

function pageSays(message: WebviewMessage | object): void {
  view.received.fire(message);
}

/** Returns what a page that heard everything would show. */
function shown(): SidebarState {
  const messages = view.posted as HostMessage[];
  expect(messages.filter((message) => !isHostMessage(JSON.parse(JSON.stringify(message))))).toEqual([]);
  const states = messages.reduce<SidebarState | undefined>(
    (state, message) =>
      message.type === "state"
        ? message.state
        : message.type === "event" && state
          ? reduce(state, message.event)
          : state,
    undefined,
  );
  if (states === undefined) {
    throw new Error("The page was told no state.");
  }
  return states;
}

function lastAsked(): Asked {
  const asked = server.asked.at(-1);
  if (asked === undefined) {
    throw new Error("Nothing was asked.");
  }
  return asked;
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("the page", () => {
  test("may run our script and nothing else, and load from nowhere else", () => {
    const { html, options } = view.webview;
    const nonce = /script-src 'nonce-([^']+)'/u.exec(html)?.[1] ?? "missing";

    expect(html).toContain("default-src 'none'");
    expect(html).toContain("style-src https://page.example;");
    expect(html).not.toContain("unsafe");
    expect(html.match(/<script/gu)).toHaveLength(1);
    expect(html).toContain(`<script nonce="${nonce}" src="https://page.example/ext/dist/webview.js">`);
    expect(options).toMatchObject({ enableScripts: true, localResourceRoots: [new editor.Uri("ext/dist")] });
  });

  test("is told nothing before it is ready, and everything when it comes back", async () => {
    const asking = sidebar.ask({ question: "How?" });
    await settled();
    expect(view.posted).toEqual([]);

    pageSays({ type: "ready" });

    expect(shown().conversation.turns).toMatchObject([{ question: "How?", phase: "running" }]);
    lastAsked().finish(answer());
    await asking;
    expect(shown().conversation.turns).toMatchObject([{ phase: "done", text: answer().text }]);
  });

  test("cannot say what nobody expects", async () => {
    pageSays({ type: "openCitation", turn: "t", id: "file:///etc/passwd" });
    pageSays({ type: "execute", command: "workbench.action.quit" });
    await settled();

    expect(logged).toHaveLength(2);
    expect([editor.executed, server.asked]).toEqual([[], []]);
  });
});

describe("a question", () => {
  test("is streamed into its turn, without the texts of what was read", async () => {
    pageSays({ type: "ready" });
    pageSays({ type: "ask", question: "How?" });
    await settled();
    const streamId = lastAsked().params.streamId ?? "";

    server.updates.fire({ streamId, seq: 0, kind: "context", hits: [excerpt()], cut: [], budget });
    server.updates.fire({ streamId: "other", seq: 0, kind: "delta", text: "not mine" });
    server.updates.fire({ streamId, seq: 1, kind: "delta", text: "Tokens" });

    expect(shown().conversation.turns[0]).toMatchObject({ text: "Tokens" });
    expect(JSON.stringify(view.posted)).not.toContain(excerpt().text);
  });

  test("takes along what was said before, and not what failed", async () => {
    const first = sidebar.ask({ question: "One?" });
    await settled();
    lastAsked().finish(answer({ text: "First." }));
    await first;
    const second = sidebar.ask({ question: "Two?" });
    await settled();
    lastAsked().fail(new Error("Ollama is gone."));
    await second;

    void sidebar.ask({ question: "Three?" });
    await settled();

    expect(lastAsked().params.turns).toEqual([{ question: "One?", answer: "First." }]);
    expect(new Set(server.asked.map(({ params }) => params.conversationId)).size).toBe(1);
  });

  test("goes on after a restart of the editor, with its history", async () => {
    const asking = sidebar.ask({ question: "One?" });
    await settled();
    lastAsked().finish(answer({ text: "First." }));
    await asking;
    sidebar.dispose();

    open();
    pageSays({ type: "ready" });
    expect(shown().conversation.turns).toMatchObject([{ question: "One?", text: "First." }]);
    pageSays({ type: "ask", question: "Two?" });
    await settled();

    expect(lastAsked().params.turns).toEqual([{ question: "One?", answer: "First." }]);
  });

  test("is stopped by cancelling its request", async () => {
    pageSays({ type: "ready" });
    const asking = sidebar.ask({ question: "How?" });
    await settled();

    pageSays({ type: "stop" });
    await asking;

    expect(shown().conversation.turns).toMatchObject([{ phase: "cancelled" }]);
  });

  test("of the page waits for its turn; one from elsewhere takes the place of what runs", async () => {
    pageSays({ type: "ready" });
    pageSays({ type: "ask", question: "One?" });
    await settled();
    pageSays({ type: "ask", question: "Two?" });
    await settled();
    expect(server.asked).toHaveLength(1);

    void sidebar.explain({ uri: "file:///shop/src/auth.py", position: { line: 4, character: 2 } });
    await settled();

    expect(lastAsked()).toMatchObject({
      method: "firsthand/explain",
      params: { uri: "file:///shop/src/auth.py", position: { line: 4, character: 2 } },
    });
    expect(shown().conversation.turns).toMatchObject([
      { phase: "cancelled" },
      { phase: "running", question: "Explain src/auth.py:5" },
    ]);
  });

  test("that failed is asked again in its place", async () => {
    pageSays({ type: "ready" });
    pageSays({ type: "ask", question: "How?" });
    await settled();
    lastAsked().fail(new Error("Ollama is gone; start it."));
    await settled();
    const failed = shown().conversation.turns[0];
    expect(failed).toMatchObject({ phase: "failed", failure: "Ollama is gone; start it." });

    pageSays({ type: "answerAction", turn: failed?.id, action: "retry" });
    await settled();

    expect(shown().conversation.turns).toMatchObject([{ phase: "running", question: "How?" }]);
  });
});

describe("the scope", () => {
  test("limits the question, and a selection serves one question", async () => {
    pageSays({ type: "ready" });
    editor.mark("file:///shop/src/auth.py", 9, 20);
    pageSays({ type: "changeScope", change: { set: "thisFile", on: true } });
    pageSays({ type: "changeScope", change: { set: "selection", on: true } });
    pageSays({ type: "changeScope", change: { set: "tests", tests: "out" } });
    await settled();
    expect(shown().editor).toEqual({ file: "src/auth.py", selection: "lines 10 to 20" });

    pageSays({ type: "ask", question: "How?" });
    await settled();

    expect(lastAsked().params).toMatchObject({
      uri: "file:///shop/src/auth.py",
      range: { start: { line: 9, character: 0 }, end: { line: 20, character: 0 } },
      scope: { paths: ["src/auth.py"], tests: false },
    });
    expect(shown().conversation.turns[0]?.scope).toEqual([
      "selection, lines 10 to 20",
      "src/auth.py",
      "without tests",
    ]);
    expect(shown().scope).toMatchObject({ thisFile: true, selection: false, tests: "out" });
  });

  test.each([
    ["src/[id].ts", "src/[id].ts"],
    ["src/a*b?.py", "src/a\\*b\\?.py"],
    ["src/back\\slash.py", "src/back\\\\slash.py"],
  ])("means the file %s and nothing that looks like it", async (file, path) => {
    pageSays({ type: "ready" });
    editor.mark(`file:///shop/${file}`, 1, 1);
    pageSays({ type: "changeScope", change: { set: "thisFile", on: true } });

    pageSays({ type: "ask", question: "How?" });
    await settled();

    expect(lastAsked().params.scope?.paths).toEqual([path]);
    expect(shown().conversation.turns[0]?.scope).toEqual([file]);
  });

  test("is a marked place when a command brings one", async () => {
    pageSays({ type: "ready" });
    const range = { start: { line: 1, character: 0 }, end: { line: 1, character: 9 } };

    await sidebar.ask({ uri: "file:///shop/src/auth.py", range });

    expect(shown().scope.pinned).toEqual({ label: "auth.py, line 2" });
    expect(view.posted).toContainEqual({ type: "focusQuestion" });
    pageSays({ type: "ask", question: "Why?" });
    await settled();
    expect(lastAsked().params).toMatchObject({ uri: "file:///shop/src/auth.py", range });
  });
});

describe("of two folders", () => {
  const inShop = excerpt({ uri: "file:///shop/src/auth.py" });
  const inBank = excerpt({ uri: "file:///bank/src/rates.py" });

  beforeEach(() => {
    editor.workspace.workspaceFolders = [editor.SHOP, editor.BANK];
    pageSays({ type: "ready" });
  });

  async function ask(question: string): Promise<Asked> {
    pageSays({ type: "ask", question });
    await settled();
    return lastAsked();
  }

  async function answerFrom(hit: typeof inShop): Promise<void> {
    const { params, finish } = lastAsked();
    const streamId = params.streamId ?? "";
    server.updates.fire({ streamId, seq: 0, kind: "context", hits: [hit], cut: [], budget });
    finish(answer());
    await settled();
  }

  test("the one that was looked into is told, and a follow-up stays there", async () => {
    const first = await ask("How?");
    expect(first.params.uri).toBeUndefined();
    await answerFrom(inBank);
    expect(shown().conversation.turns[0]?.folder).toEqual({ name: "bank", uri: "file:///bank" });

    const second = await ask("And then?");

    expect(second.params.uri).toBe("file:///bank");
    expect(shown().conversation.turns[1]?.folder?.name).toBe("bank");
  });

  test("a follow-up goes to the one that the user chooses, with what was said before", async () => {
    await ask("How?");
    await answerFrom(inBank);
    editor.choice.current = "shop";
    pageSays({ type: "changeScope", change: { set: "addFolder" } });
    await settled();

    const turned = await ask("And here?");

    expect(turned.params).toMatchObject({ uri: "file:///shop", turns: [{ question: "How?" }] });
    expect(shown().conversation.turns[1]).toMatchObject({ folder: { name: "shop" }, scope: ["shop"] });
    await answerFrom(inShop);
    pageSays({ type: "changeScope", change: { set: "removeFolder", name: "shop" } });
    expect((await ask("Still here?")).params.uri).toBe("file:///shop");
  });

  test("the one chosen last wins against a place in the other", async () => {
    editor.mark("file:///bank/src/rates.py", 1, 4);
    pageSays({ type: "changeScope", change: { set: "selection", on: true } });
    pageSays({ type: "changeScope", change: { set: "thisFile", on: true } });
    editor.choice.current = "shop";
    pageSays({ type: "changeScope", change: { set: "addFolder" } });
    await settled();
    expect(shown().scope).toMatchObject({ folders: ["shop"], selection: false, thisFile: false });

    pageSays({ type: "changeScope", change: { set: "selection", on: true } });
    await settled();

    expect(shown().scope).toMatchObject({ folders: [], selection: true });
    expect((await ask("Why?")).params).toMatchObject({ uri: "file:///bank/src/rates.py", scope: {} });
  });

  test("asking again asks the same one", async () => {
    await ask("How?");
    await answerFrom(inBank);
    const [turn] = shown().conversation.turns;

    pageSays({ type: "answerAction", turn: turn?.id, action: "retry" });
    await settled();

    expect(lastAsked().params.uri).toBe("file:///bank");
  });
});

describe("commands and remedies", () => {
  test("copy the last answer", async () => {
    const asking = sidebar.ask({ question: "How?" });
    await settled();
    lastAsked().finish(answer());
    await asking;

    await sidebar.copyLastAnswer();

    expect(editor.copied).toEqual([answer().text]);
  });

  test("a model is pulled at once only when the server offered it", async () => {
    pageSays({ type: "ready" });
    const offers = [{ role: "chat", model: "offered", message: "Pull it?" }];
    const models = { provider: "ollama", embedder: "e", notices: [], offers };
    const files = { done: 1, total: 1, skipped: 0, failed: 0 };
    const indexing = { stage: "idle", done: 0, total: 0, message: "" };
    server.statuses.fire({
      health: "warning",
      message: "no model",
      folders: [
        {
          uri: "file:///work",
          name: "w",
          health: "warning",
          message: "",
          files,
          chunks: 1,
          embedded: 1,
          indexing,
          models,
        },
      ],
    });

    pageSays({ type: "remedy", remedy: "pullModel", model: "offered" });
    pageSays({ type: "remedy", remedy: "pullModel", model: "other" });
    await settled();

    expect(server.commands).toEqual([["firsthand.pullModel", { model: "offered" }]]);
    expect(editor.executed).toEqual([["firsthand.editor.pullModel"]]);
  });

  test("a generated test comes back to be previewed; a stopped one does not", async () => {
    const place = { uri: "file:///shop/src/auth.py", position: { line: 1, character: 0 } };
    const generating = sidebar.generateTest(place);
    await settled();
    const edit = { documentChanges: [] };
    lastAsked().finish({ ...answer(), edit } as Answer);
    expect(await generating).toMatchObject({ edit });
    const stopped = sidebar.generateTest(place);
    await settled();

    sidebar.stop();

    expect(await stopped).toBeUndefined();
  });

  test("a deleted conversation is gone, and a new one is begun", async () => {
    pageSays({ type: "ready" });
    const asking = sidebar.ask({ question: "How?" });
    await settled();
    lastAsked().finish(answer());
    await asking;
    const { id } = shown().conversation;
    expect(shown().history).toMatchObject([{ id, title: "How?", turns: 1 }]);

    pageSays({ type: "deleteConversation", id });
    await settled();

    expect(shown()).toMatchObject({ history: [], conversation: { turns: [] } });
  });
});
