/** What the tests do with the editor's interface, and wait for. */

import * as assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import * as vscode from "vscode";

const millisecondsBetweenLooks = 50;

/** A place in a file. */
export interface Place {
  readonly uri: vscode.Uri;
  readonly position: vscode.Position;
}

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

/** Returns the text of the hovers at a place once it satisfies `isEnough`; the index may still be made. */
export function hoverWhen(place: Place, isEnough: (text: string) => boolean): Promise<string> {
  return eventually(async () => {
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      "vscode.executeHoverProvider",
      place.uri,
      place.position,
    );
    const text = hovers.map(markdown).join("\n");
    return isEnough(text) ? text : undefined;
  });
}

/** Returns the place of the first occurrence of `at` in a file of the folder. */
export async function placeOf(name: string, at: string): Promise<Place> {
  const document = await vscode.workspace.openTextDocument(fileUri(name));
  const offset = document.getText().indexOf(at);
  assert.ok(offset >= 0, `${name} does not contain ${at}`);
  return { uri: document.uri, position: document.positionAt(offset) };
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

function markdown(hover: vscode.Hover): string {
  return (hover.contents as vscode.MarkdownString[]).map(({ value }) => value).join("\n");
}
