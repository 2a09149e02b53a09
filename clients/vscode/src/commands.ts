/** The commands of the extension, one function each. */

import * as vscode from "vscode";
import type { FirsthandClient } from "./client";
import { openSettings, showError } from "./messages";
import { pullModel } from "./models";
import { type PlaceArguments, type PlaceParams, type Range, serverCommands, statusRequest } from "./protocol";
import { search } from "./search";
import { installServer } from "./server_install";
import type { Sidebar } from "./sidebar/sidebar";
import { statusDocument } from "./status_document";
import { showStatusMenu } from "./status_menu";
import type { TestPreview } from "./test_preview";
import type { VirtualDocuments } from "./virtual_documents";

/** What the commands work with. */
export interface Parts {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly client: FirsthandClient;
  readonly sidebar: Sidebar;
  readonly documents: VirtualDocuments;
  readonly preview: TestPreview;
}

/** The command behind the item in the status bar. */
export const menuCommand = "firsthand.editor.showMenu";

/** Registers every command; what one of them throws is shown to the user. */
export function registerCommands(parts: Parts): vscode.Disposable {
  const { log } = parts;
  const registered = Object.entries(commandsOf(parts)).map(([name, command]) =>
    vscode.commands.registerCommand(`firsthand.editor.${name}`, async (...args: unknown[]) => {
      try {
        await command(...args);
      } catch (error) {
        void showError(error, log);
      }
    }),
  );
  return vscode.Disposable.from(...registered);
}

/** Does what a code action of the server stands for, where this editor has a better place for it than a document. */
export function interceptor(parts: () => Parts): (command: string, argument: unknown) => boolean {
  return (command, argument) => {
    const { sidebar, client, log } = parts();
    const place = argument as PlaceArguments;
    const work = {
      [serverCommands.ask]: () => sidebar.ask(place),
      [serverCommands.explain]: () => sidebar.explain(place),
      [serverCommands.generateTest]: () => generateTest(parts(), place),
      [serverCommands.search]: () => search(client, (argument as { query?: string } | undefined)?.query),
      [serverCommands.status]: () => showStatus(parts()),
    }[command];
    work?.().catch((error: unknown) => showError(error, log));
    return work !== undefined;
  };
}

function commandsOf(parts: Parts): Record<string, (...args: unknown[]) => unknown> {
  const { context, log, client, sidebar, preview } = parts;
  const run = (name: string, argument: object = {}): Promise<unknown> =>
    client.executeCommand(name, argument);
  return {
    ask: () => sidebar.ask(selected()),
    explain: () => sidebar.explain(activePlace()),
    generateTest: () => generateTest(parts, activePlace()),
    document: () => run(serverCommands.document, activePlace()),
    search: () => search(client, selectedText()),
    reindex: () => run(serverCommands.reindex),
    pause: () => run(serverCommands.pause),
    resume: () => run(serverCommands.resume),
    showStatus: () => showStatus(parts),
    showContext: () => sidebar.showContextOfLastAnswer(),
    stop: () => stop(parts),
    newConversation: () => {
      sidebar.newConversation();
    },
    showLogs: () => {
      log.show();
    },
    restartServer: () => client.restart(),
    copyAnswer: () => sidebar.copyLastAnswer(),
    insertAnswer: () => sidebar.insertLastAnswer(),
    openAnswer: () => sidebar.openLastAnswer(),
    installServer: () => installServer(context, client, log),
    pullModel: () => pullModel(client),
    applyTest: () => preview.apply(),
    discardTest: () => preview.discard(),
    openSettings: () => openSettings(),
    showMenu: () => showStatusMenu(client),
  };
}

async function generateTest(parts: Parts, place: PlaceParams): Promise<void> {
  const result = await parts.sidebar.generateTest(place);
  if (result?.edit !== undefined) {
    await parts.preview.show(result.edit, () => generateTest(parts, place));
  }
}

async function stop({ client, sidebar }: Parts): Promise<void> {
  sidebar.stop();
  await client.executeCommand(serverCommands.cancel, {});
}

async function showStatus({ client, documents }: Parts): Promise<void> {
  const status = await client.request(statusRequest, { details: true });
  const program = client.program;
  const server = program === undefined ? "not known" : `${program.path} (${program.version})`;
  await documents.show("Firsthand status.md", statusDocument(status, server));
}

function activePlace(): PlaceParams {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme !== "file") {
    throw new Error("Open a file of your folder and put the cursor into the code that is meant.");
  }
  const { document, selection } = editor;
  const place = selection.isEmpty ? { position: plain(selection.active) } : { range: plainRange(selection) };
  return { uri: document.uri.toString(), ...place };
}

function selected(): { uri: string; range: Range } | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme !== "file" || editor.selection.isEmpty) {
    return undefined;
  }
  return { uri: editor.document.uri.toString(), range: plainRange(editor.selection) };
}

function selectedText(): string {
  const editor = vscode.window.activeTextEditor;
  const text = editor?.document.getText(editor.selection) ?? "";
  return text.includes("\n") ? "" : text;
}

function plainRange({ start, end }: vscode.Range): Range {
  return { start: plain(start), end: plain(end) };
}

function plain({ line, character }: vscode.Position): { line: number; character: number } {
  return { line, character };
}
