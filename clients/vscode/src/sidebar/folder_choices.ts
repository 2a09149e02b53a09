/** The folders among which a user chooses where to look. */

import * as vscode from "vscode";
import type { AnswerFolder } from "./conversation";

/** A folder to look in. */
export interface FolderChoice {
  readonly label: string;
  /** The URI of the open folder that holds it. */
  readonly root: string;
  /** The path in it; absent for the whole. */
  readonly path?: string | undefined;
}

// Deeper folders are reached by asking about a file of theirs.
const DEEPEST = 3;
// A longer list is no choice.
const MOST_FOLDERS = 500;

/** Returns the open folder that holds a file or folder, if there are several. */
export function folderAmongSeveral(uri: string): AnswerFolder | undefined {
  const holding =
    (vscode.workspace.workspaceFolders ?? []).length > 1
      ? vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(uri))
      : undefined;
  return holding && { name: holding.name, uri: holding.uri.toString() };
}

/** Returns the open folders, if there are several, and the folders in them, the outer ones first. */
export async function foldersBelow(
  roots: readonly vscode.WorkspaceFolder[],
): Promise<readonly FolderChoice[]> {
  const named = roots.length > 1;
  const choices: FolderChoice[] = named
    ? roots.map(({ name, uri }) => ({ label: name, root: uri.toString() }))
    : [];
  let level = roots.map((root) => ({ root, path: "" }));
  for (let depth = 0; depth < DEEPEST && choices.length < MOST_FOLDERS; depth += 1) {
    const next = await Promise.all(level.map(({ root, path }) => childrenOf(root, path)));
    level = next.flat();
    choices.push(
      ...level.map(({ root, path }) => ({
        label: named ? `${root.name}/${path}` : path,
        root: root.uri.toString(),
        path,
      })),
    );
  }
  return choices.slice(0, MOST_FOLDERS);
}

async function childrenOf(
  root: vscode.WorkspaceFolder,
  path: string,
): Promise<{ readonly root: vscode.WorkspaceFolder; readonly path: string }[]> {
  let entries: [string, vscode.FileType][];
  try {
    entries = await vscode.workspace.fs.readDirectory(vscode.Uri.joinPath(root.uri, path));
  } catch {
    // A folder that cannot be read is no place to look.
    return [];
  }
  return entries
    .filter(([name, type]) => type === vscode.FileType.Directory && !name.startsWith("."))
    .map(([name]) => ({ root, path: path === "" ? name : `${path}/${name}` }))
    .sort((one, other) => one.path.localeCompare(other.path));
}
