/** Installing the server at the user's click, with progress that can be stopped. */

import * as vscode from "vscode";
import { environmentsOf, type FirsthandClient } from "./client";
import { install, pinnedPackage } from "./install";
import { openSettings } from "./messages";
import { pathOutside } from "./server_path";
import { clientSettings } from "./settings";

/** Installs the server into an environment of its own and starts it. */
export async function installServer(
  context: vscode.ExtensionContext,
  client: FirsthandClient,
  log: vscode.LogOutputChannel,
): Promise<void> {
  const settings = clientSettings(vscode.workspace.getConfiguration("firsthand"));
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: "Installing Firsthand's server",
    cancellable: true,
  };
  const { version } = context.extension.packageJSON as { readonly version: string };
  const packageName = settings.serverPackage || pinnedPackage(version);
  const folders = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
  log.info(`Installing ${packageName}.`);
  const program = await vscode.window.withProgress(options, async (progress, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => {
      stop.abort();
    });
    try {
      return await install({
        home: environmentsOf(context),
        packageName,
        searchPath: pathOutside(folders, process.env["PATH"] ?? ""),
        platform: process.platform,
        signal: stop.signal,
        onStep: (step) => {
          progress.report({ message: step });
        },
        onLine: (line) => {
          log.info(line);
        },
      });
    } catch (error) {
      if (stop.signal.aborted) {
        log.info("The installation was stopped; nothing is left of it.");
        return undefined;
      }
      throw error;
    }
  });
  if (program === undefined) {
    return;
  }
  log.info(`Installed ${program}.`);
  await client.restart();
  if (settings.serverPath && client.program?.path !== program) {
    await settingWins();
  }
}

async function settingWins(): Promise<void> {
  const button = "Open Setting";
  const message =
    "The server is installed, but the setting firsthand.server.path names another one: clear it to use this one.";
  if ((await vscode.window.showWarningMessage(message, button)) === button) {
    await openSettings("server.path");
  }
}
