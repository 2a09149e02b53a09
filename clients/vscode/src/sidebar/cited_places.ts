/** Opens what an answer rests on: the lines are selected and stand out until the next edit or selection. */

import * as vscode from "vscode";
import { label } from "../inert_text";
import { findLines, type FoundLines, type LineRange } from "./cited_lines";

/** Lines of a file; without a hash, nobody knows what they were. */
export interface CitedPlace extends LineRange {
  readonly uri: string;
  readonly path: string;
  readonly hash?: string | undefined;
}

const ASK_AGAIN = "Ask Again";

/** Shows places in the editor. */
export class CitedPlaces implements vscode.Disposable {
  private readonly highlight = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
    borderColor: new vscode.ThemeColor("editor.rangeHighlightBorder"),
    overviewRulerColor: new vscode.ThemeColor("editorOverviewRuler.rangeHighlightForeground"),
    overviewRulerLane: vscode.OverviewRulerLane.Full,
  });
  private highlighted:
    { readonly editor: vscode.TextEditor; readonly selection: vscode.Selection } | undefined;
  private readonly subscriptions: vscode.Disposable;

  constructor() {
    this.subscriptions = vscode.Disposable.from(
      this.highlight,
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && document === this.highlighted?.editor.document) {
          this.clear();
        }
      }),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor, selections }) => {
        const shown = this.highlighted;
        if (textEditor === shown?.editor && selections[0]?.isEqual(shown.selection) !== true) {
          this.clear();
        }
      }),
    );
  }

  /** Opens a place; true when the user wants to ask again because the lines are others now. */
  async open(place: CitedPlace): Promise<boolean> {
    const document = await openDocument(place);
    if (document === undefined) {
      return false;
    }
    const found = lookedUp(document, place);
    await this.show(document, found);
    return tell(place, found);
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private async show(document: vscode.TextDocument, lines: LineRange): Promise<void> {
    this.clear();
    const range = document.validateRange(
      new vscode.Range(lines.startLine - 1, 0, lines.endLine - 1, Number.MAX_SAFE_INTEGER),
    );
    const editor = await vscode.window.showTextDocument(document, { selection: range, preview: true });
    editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    editor.setDecorations(this.highlight, [range]);
    this.highlighted = { editor, selection: new vscode.Selection(range.start, range.end) };
  }

  private clear(): void {
    this.highlighted?.editor.setDecorations(this.highlight, []);
    this.highlighted = undefined;
  }
}

async function openDocument(place: CitedPlace): Promise<vscode.TextDocument | undefined> {
  try {
    const uri = vscode.Uri.parse(place.uri, true);
    if (vscode.workspace.getWorkspaceFolder(uri) !== undefined) {
      return await vscode.workspace.openTextDocument(uri);
    }
  } catch {
    // Told below, in words: the editor's own reason speaks of schemes and providers.
  }
  void vscode.window.showWarningMessage(
    `${label(place.path)} cannot be opened: it is gone, or in no open folder.`,
  );
  return undefined;
}

function lookedUp(document: vscode.TextDocument, place: CitedPlace): FoundLines {
  const { startLine, endLine, hash } = place;
  if (hash === undefined) {
    return { state: "same", startLine, endLine };
  }
  const lines = Array.from({ length: document.lineCount }, (_, line) => document.lineAt(line).text);
  return findLines(lines, { startLine, endLine, hash });
}

async function tell(place: CitedPlace, found: FoundLines): Promise<boolean> {
  const path = label(place.path);
  if (found.state === "moved") {
    vscode.window.setStatusBarMessage(
      `${path}: the cited lines moved from ${place.startLine} to ${found.startLine}`,
      8000,
    );
    return false;
  }
  if (found.state === "same") {
    return false;
  }
  const chosen = await vscode.window.showWarningMessage(
    `${path} changed since this answer: lines ${place.startLine} to ${place.endLine} are not what it rests on any more.`,
    ASK_AGAIN,
  );
  return chosen === ASK_AGAIN;
}
