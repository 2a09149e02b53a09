import { beforeEach, expect, test, vi } from "vitest";
import type * as vscode from "vscode";
import type { FirsthandClient, ServerCommand } from "../../src/client";
import { createNotices } from "../../src/notices";
import type { ModelOffer, StatusResult } from "../../src/protocol";
import { EventEmitter, executed } from "./sidebar/fake_editor";

const { asked } = vi.hoisted(() => ({
  asked: [] as { message: string; choose: (title?: string) => void }[],
}));

vi.mock("vscode", async () => {
  const editor = await import("./sidebar/fake_editor");
  const ask = (message: string): Promise<string | undefined> =>
    new Promise((choose) => asked.push({ message, choose }));
  return {
    ...editor,
    window: { ...editor.window, showInformationMessage: ask, showErrorMessage: ask },
  };
});

const HIDE = ["notifications.hideToasts"];
const CODER = { role: "chat", model: "coder", message: "Pull coder?" };
const NOMIC = { role: "embedding", model: "nomic", message: "Pull nomic?" };

const statuses = new EventEmitter<StatusResult>();
const commands = new EventEmitter<ServerCommand>();
const sent: ServerCommand[] = [];

beforeEach(() => {
  asked.length = 0;
  executed.length = 0;
  sent.length = 0;
  const client = {
    onDidChangeStatus: statuses.event,
    onDidBeginCommand: commands.event,
    executeCommand: (name: string, argument: object) => {
      sent.push({ name, argument });
      commands.fire({ name, argument });
      return Promise.resolve();
    },
  } as unknown as FirsthandClient;
  const memory = { get: (_: string, none: unknown) => none } as unknown as vscode.Memento;
  const context = { globalState: memory } as unknown as vscode.ExtensionContext;
  const notices = createNotices(context, client, {} as unknown as vscode.LogOutputChannel);
  return () => {
    notices.dispose();
  };
});

function offered(...offers: readonly ModelOffer[]): void {
  const models = { provider: "ollama", embedder: "e", notices: [], offers };
  statuses.fire({ folders: [{ health: "warning", models }] } as unknown as StatusResult);
}

function pull(model: string): void {
  commands.fire({ name: "firsthand.pullModel", argument: { model } });
}

test("a model is offered once, and pulled when the user says so", async () => {
  offered(CODER);
  offered(CODER, NOMIC);
  expect(asked.map(({ message }) => message)).toEqual(["Pull coder?", "Pull nomic?"]);

  asked[0]?.choose("Pull coder");
  await vi.waitFor(() => {
    expect(sent).toEqual([{ name: "firsthand.pullModel", argument: { model: "coder" } }]);
  });
});

test("an offer that waits is hidden when a pull begins elsewhere", () => {
  offered(CODER);

  pull("coder");

  expect(executed).toEqual([HIDE]);
});

test("what is being pulled is not offered, and nothing is hidden when no offer waits", async () => {
  pull("coder");
  offered(CODER, NOMIC);
  expect(asked.map(({ message }) => message)).toEqual(["Pull nomic?"]);
  asked[0]?.choose();
  await Promise.resolve();
  await Promise.resolve();

  pull("other");
  commands.fire({ name: "firsthand.reindex", argument: {} });

  expect(executed).toEqual([]);
});
