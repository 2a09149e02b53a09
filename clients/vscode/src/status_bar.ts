/** The item in the status bar, and the context keys that say which commands make sense. */

import * as vscode from "vscode";
import type { FirsthandClient } from "./client";
import { isPaused, statusText } from "./status_text";

/** Shows how the server is doing, for as long as the extension lives. */
export function createStatusBar(client: FirsthandClient, menuCommand: string): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("firsthand.status", vscode.StatusBarAlignment.Right, 90);
  item.name = "Firsthand";
  item.command = menuCommand;
  const show = (): void => {
    const shown = statusText(client.state, client.status, client.problem?.message);
    item.text = shown.text;
    item.tooltip = new vscode.MarkdownString(shown.tooltip, false);
    item.accessibilityInformation = { label: shown.spoken };
    item.backgroundColor =
      shown.health === "error" ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    setContext("firsthand.running", client.state === "running");
    setContext("firsthand.paused", isPaused(client.status));
    setContext("firsthand.serverMissing", client.state === "failed" && client.program === undefined);
  };
  show();
  item.show();
  return vscode.Disposable.from(item, client.onDidChangeState(show), client.onDidChangeStatus(show));
}

const shownContext = new Map<string, boolean>();

function setContext(key: string, value: boolean): void {
  if (shownContext.get(key) !== value) {
    shownContext.set(key, value);
    void vscode.commands.executeCommand("setContext", key, value);
  }
}
