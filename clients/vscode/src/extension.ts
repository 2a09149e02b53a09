/** Builds the parts of the extension and puts them together. */

import * as vscode from "vscode";
import { FirsthandClient } from "./client";
import { interceptor, menuCommand, type Parts, registerCommands } from "./commands";
import { watchForMissingServer } from "./messages";
import { createNotices } from "./notices";
import { Sidebar } from "./sidebar/sidebar";
import { createStatusBar } from "./status_bar";
import { TestPreview } from "./test_preview";
import { VirtualDocuments } from "./virtual_documents";

let running: FirsthandClient | undefined;

/** Called by VS Code when the window has started; the server starts afterwards. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Firsthand", { log: true });
  try {
    const parts = build(context, log);
    running = parts.client;
    startWhenThereIsAFolder(parts.client);
  } catch (error) {
    // VS Code would keep the reason to itself.
    log.error(error instanceof Error ? error : String(error));
    void vscode.window.showErrorMessage(`Firsthand could not start: ${String(error)}`);
    throw error;
  }
}

/** Called by VS Code when the window closes. */
export async function deactivate(): Promise<void> {
  await running?.stop();
}

function build(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): Parts {
  const client = new FirsthandClient(
    context,
    log,
    interceptor(() => parts),
  );
  const documents = new VirtualDocuments();
  const preview = new TestPreview(documents);
  const sidebar = new Sidebar(context, client, log, documents);
  const parts: Parts = { context, log, client, sidebar, documents, preview };
  context.subscriptions.push(
    log,
    client,
    documents,
    preview,
    sidebar,
    registerCommands(parts),
    createStatusBar(client, menuCommand),
    createNotices(context, client, log),
    watchForMissingServer(client),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void client.restart()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("firsthand.server.path")) {
        void client.restart();
      }
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(() => {
      startWhenThereIsAFolder(client);
    }),
  );
  return parts;
}

function startWhenThereIsAFolder(client: FirsthandClient): void {
  if (client.state === "stopped" && (vscode.workspace.workspaceFolders ?? []).length > 0) {
    void client.restart();
  }
}
