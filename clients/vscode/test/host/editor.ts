/** What the tests do with the editor's interface, and wait for. */

import * as assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import * as vscode from "vscode";
import { serverCommands, type StatusResult } from "../../src/protocol";

const millisecondsBetweenLooks = 50;

/** Returns what `look` sees as soon as it sees something; the time limit of the test ends the wait. */
export async function eventually<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined) {
      return seen;
    }
    await pause(millisecondsBetweenLooks);
  }
}

/** Returns the first status of the server that satisfies `isSo`. */
export function statusWhen(isSo: (status: StatusResult) => boolean): Promise<StatusResult> {
  return eventually(async () => {
    const registered = await vscode.commands.getCommands(true);
    if (!registered.includes(serverCommands.status)) {
      return undefined;
    }
    const status = await vscode.commands.executeCommand<StatusResult>(serverCommands.status, {});
    return isSo(status) ? status : undefined;
  });
}

/** Opens a file of the folder with the caret before the first occurrence of `at`. */
export async function openFile(name: string, at: string): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument(fileUri(name));
  const offset = document.getText().indexOf(at);
  assert.ok(offset >= 0, `${name} does not contain ${at}`);
  const place = document.positionAt(offset);
  return vscode.window.showTextDocument(document, { selection: new vscode.Range(place, place) });
}

/** The address of a file of the folder. */
export function fileUri(name: string): vscode.Uri {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(folder);
  return vscode.Uri.joinPath(folder.uri, name);
}

/** A file's text on disk. */
export async function textOnDisk(name: string): Promise<string> {
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(fileUri(name)));
}
