/** What went wrong, as a message with the buttons that help. */

import * as vscode from "vscode";
import type { FirsthandClient } from "./client";
import { InstallError } from "./install";
import { ServerNotFoundError } from "./server_path";

/** Opens the settings at one of ours, or at all of them. */
export async function openSettings(key = ""): Promise<void> {
  const query = key ? `firsthand.${key}` : "@ext:firsthand.firsthand";
  await vscode.commands.executeCommand("workbench.action.openSettings", query);
}

/** Says why something failed; a request that the user stopped is not worth a word. */
export async function showError(error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  if (error instanceof vscode.CancellationError) {
    return;
  }
  if (error instanceof ServerNotFoundError) {
    await offerServer(error);
    return;
  }
  const showLogs = "Show Logs";
  const openSetting = "Open Setting";
  log.error(error instanceof Error ? error : String(error));
  const message = error instanceof Error ? error.message : String(error);
  const buttons = error instanceof InstallError && error.setting ? [openSetting, showLogs] : [showLogs];
  const chosen = await vscode.window.showErrorMessage(message, ...buttons);
  if (chosen === showLogs) {
    log.show();
  } else if (chosen === openSetting) {
    await openSettings("server.package");
  }
}

/** Says once, for every time that no server is found, what can be done. */
export function watchForMissingServer(client: FirsthandClient): vscode.Disposable {
  return client.onDidChangeState((state) => {
    if (state === "failed" && client.problem instanceof ServerNotFoundError) {
      void offerServer(client.problem);
    }
  });
}

async function offerServer(error: ServerNotFoundError): Promise<void> {
  const install = "Install";
  const settings = "Open Setting";
  const buttons = error.setting ? [settings, install] : [install, settings];
  const chosen = await vscode.window.showErrorMessage(error.message, ...buttons);
  if (chosen === install) {
    await vscode.commands.executeCommand("firsthand.editor.installServer");
  } else if (chosen === settings) {
    await openSettings("server.path");
  }
}
