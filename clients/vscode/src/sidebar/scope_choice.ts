/** Where to look, as the user chose it, and what that means on the wire. */

import * as vscode from "vscode";
import { label } from "../inert_text";
import { statusRequest, type Range, type ScopeParams } from "../protocol";
import type { Server } from "../server";
import { foldersBelow, type FolderChoice } from "./folder_choices";
import type { ScopeChange } from "./messages";
import { EVERYWHERE, type EditorPlace, type Scope } from "./state";

/** Code that a question is about. */
export interface CodePlace {
  readonly uri: string;
  readonly range: Range;
}

/** The scope of one question. */
export interface ChosenScope {
  readonly uri?: string | undefined;
  readonly range?: Range | undefined;
  readonly scope?: ScopeParams | undefined;
  /** The same in words. */
  readonly words: readonly string[];
}

/** What the user chose. */
export class ScopeChoice {
  private scope = EVERYWHERE;
  private folders: readonly FolderChoice[] = [];
  private pinned: CodePlace | undefined;

  constructor(private readonly server: Server) {}

  /** Returns what the sidebar shows. */
  get shown(): Scope {
    return this.scope;
  }

  /** Makes a question be about a place. */
  pin(place: CodePlace): void {
    this.setFolders(inRootOf(place, this.folders));
    this.pinned = place;
    const name = vscode.Uri.parse(place.uri).path.split("/").at(-1) ?? "";
    this.scope = { ...this.scope, selection: false, pinned: { label: `${name}, ${linesOf(place.range)}` } };
  }

  /** Changes the scope; a picker may ask the user first. */
  async change(change: ScopeChange): Promise<void> {
    switch (change.set) {
      case "thisFile":
        this.scope = { ...this.scope, thisFile: change.on };
        if (change.on) {
          this.setFolders([]);
        }
        break;
      case "selection":
        this.setSelection(change.on);
        break;
      case "tests":
        this.scope = { ...this.scope, tests: change.tests };
        break;
      case "addFolder":
        await this.addFolder();
        break;
      case "removeFolder":
        this.setFolders(this.folders.filter((folder) => folder.label !== change.name));
        break;
      case "addLanguage":
        await this.addLanguage();
        break;
      case "removeLanguage":
        this.scope = {
          ...this.scope,
          languages: this.scope.languages.filter((language) => language !== change.name),
        };
        break;
      case "unpin":
        this.unpin();
        break;
    }
  }

  /** Returns the scope of a question that is asked now. A marked place serves one question. */
  take(): ChosenScope {
    const chosen = this.chosen();
    this.unpin();
    this.scope = { ...this.scope, selection: false };
    return chosen;
  }

  private chosen(): ChosenScope {
    const { tests, languages } = this.scope;
    const editor = workspaceEditor();
    const file = this.scope.thisFile ? editor?.document.uri : undefined;
    const marked = this.pinned ?? (this.scope.selection ? selectionOf(editor) : undefined);
    const folders = file !== undefined ? [] : marked ? inRootOf(marked, this.folders) : this.folders;
    const paths = file === undefined ? folders.flatMap(({ path }) => path ?? []) : [pathOf(file)];
    const words = [
      ...(this.scope.pinned === undefined ? [] : [this.scope.pinned.label]),
      ...(this.pinned === undefined && marked !== undefined ? [`selection, ${linesOf(marked.range)}`] : []),
      ...(file === undefined ? folders.map((folder) => folder.label) : [pathOf(file)]),
      ...languages,
      ...(tests === "in" ? [] : [tests === "out" ? "without tests" : "only tests"]),
    ];
    return {
      uri: marked?.uri ?? file?.toString() ?? folders[0]?.root,
      range: marked?.range,
      scope: {
        ...(paths.length > 0 ? { paths: paths.map(exactly) } : {}),
        ...(languages.length > 0 ? { languages } : {}),
        ...(tests === "in" ? {} : { tests: tests === "only" }),
      },
      words,
    };
  }

  private unpin(): void {
    this.pinned = undefined;
    this.scope = { ...this.scope, pinned: undefined };
  }

  private async addFolder(): Promise<void> {
    const picked = await vscode.window.showQuickPick(folderItems(), {
      title: "Ask about one folder",
      placeHolder: "Which folder?",
    });
    if (picked !== undefined) {
      // A question goes to one of the open folders, so what was chosen in another one gives way.
      const { folder } = picked;
      this.leavePlacesOutside(folder.root);
      this.scope = { ...this.scope, thisFile: false };
      const others = this.folders.filter(
        ({ root, label: name }) => root === folder.root && name !== folder.label,
      );
      this.setFolders([...others, folder]);
    }
  }

  private setSelection(on: boolean): void {
    this.scope = { ...this.scope, selection: on };
    const place = on ? selectionOf(workspaceEditor()) : undefined;
    if (place !== undefined) {
      this.setFolders(inRootOf(place, this.folders));
    }
  }

  /** Forgets places that are not in an open folder. */
  private leavePlacesOutside(root: string): void {
    if (this.pinned !== undefined && rootOf(this.pinned.uri) !== root) {
      this.unpin();
    }
    const place = selectionOf(workspaceEditor());
    if (place !== undefined && rootOf(place.uri) !== root) {
      this.scope = { ...this.scope, selection: false };
    }
  }

  private setFolders(folders: readonly FolderChoice[]): void {
    this.folders = folders;
    this.scope = { ...this.scope, folders: folders.map((folder) => folder.label) };
  }

  private async addLanguage(): Promise<void> {
    const picked = await vscode.window.showQuickPick(this.languages(), {
      title: "Ask about one language",
      placeHolder: "Which language?",
    });
    if (picked !== undefined && !this.scope.languages.includes(picked)) {
      this.scope = { ...this.scope, languages: [...this.scope.languages, picked] };
    }
  }

  private async languages(): Promise<string[]> {
    const status = await this.server.request(statusRequest, { details: true });
    return [...new Set(status.folders.flatMap((folder) => folder.languages ?? []))];
  }
}

async function folderItems(): Promise<(vscode.QuickPickItem & { readonly folder: FolderChoice })[]> {
  const folders = await foldersBelow(vscode.workspace.workspaceFolders ?? []);
  return folders.map((folder) => ({ label: label(folder.label), folder }));
}

/** Returns what the active editor offers to a question. */
export function editorPlace(): EditorPlace | undefined {
  const editor = workspaceEditor();
  if (editor === undefined) {
    return undefined;
  }
  const marked = selectionOf(editor);
  return {
    file: pathOf(editor.document.uri),
    ...(marked === undefined ? {} : { selection: linesOf(marked.range) }),
  };
}

function workspaceEditor(): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor !== undefined && vscode.workspace.getWorkspaceFolder(editor.document.uri) !== undefined
    ? editor
    : undefined;
}

function selectionOf(editor: vscode.TextEditor | undefined): CodePlace | undefined {
  if (editor === undefined || editor.selection.isEmpty) {
    return undefined;
  }
  const { start, end } = editor.selection;
  return {
    uri: editor.document.uri.toString(),
    range: {
      start: { line: start.line, character: start.character },
      end: { line: end.line, character: end.character },
    },
  };
}

/** Returns those of the folders that lie in the same open folder as a place. */
function inRootOf({ uri }: CodePlace, folders: readonly FolderChoice[]): readonly FolderChoice[] {
  return folders.filter(({ root }) => root === rootOf(uri));
}

/** Returns the URI of the open folder that holds a file. */
function rootOf(file: string): string | undefined {
  return vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(file))?.uri.toString();
}

/** Writes a path so that no character of it is a wildcard to the server. */
function exactly(path: string): string {
  return path.replace(/[\\*?]/gu, "\\$&");
}

function pathOf(uri: vscode.Uri): string {
  return vscode.workspace.asRelativePath(uri, false);
}

function linesOf({ start, end }: Range): string {
  const last = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
  return last > start.line + 1 ? `lines ${start.line + 1} to ${last}` : `line ${start.line + 1}`;
}
