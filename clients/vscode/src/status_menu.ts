/** What a click on the status bar offers. */

import * as vscode from "vscode";
import type { FirsthandClient } from "./client";
import { menuItems } from "./menu_items";

/** Shows the menu and runs what is chosen. */
export async function showStatusMenu(client: FirsthandClient): Promise<void> {
  const message = client.problem?.message ?? client.status?.message ?? "The server is starting.";
  const chosen = await vscode.window.showQuickPick(menuItems(client.state, client.status), {
    title: "Firsthand",
    placeHolder: message,
  });
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(chosen.command, ...chosen.args);
  }
}
