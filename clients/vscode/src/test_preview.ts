/** A generated test as a diff: the user reads it, then applies or discards it. */

import * as vscode from "vscode";
import type { WorkspaceEdit } from "./protocol";
import { applied, proposedFiles, type ProposedFile } from "./proposed_text";
import { proposalScheme, type VirtualDocuments } from "./virtual_documents";

const applyButton = "Apply";
const discardButton = "Discard";
const againButton = "Generate Again";

interface Preview {
  readonly uri: vscode.Uri;
  readonly file: ProposedFile;
  /** The text that the edit was made for; empty for a new file. */
  readonly before: string;
  readonly after: string;
  /** True when the document changed while the edit was made. */
  readonly isStale: boolean;
}

/** What is proposed now; a newer proposal takes the place of the older one. */
export class TestPreview implements vscode.Disposable {
  private previews: readonly Preview[] = [];
  private generateAgain: () => Promise<void> = () => Promise.resolve();
  private readonly closed: vscode.Disposable;

  constructor(private readonly documents: VirtualDocuments) {
    this.closed = vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
      if (closed.some((tab) => this.shows(tab)) && this.openTabs().length === 0) {
        this.forget();
      }
    });
  }

  /** Shows an edit and offers to apply it; `generateAgain` makes another one when this one is outdated. */
  async show(edit: WorkspaceEdit, generateAgain: () => Promise<void>): Promise<void> {
    await this.discard();
    this.generateAgain = generateAgain;
    this.previews = await Promise.all(proposedFiles(edit).map((file) => preview(file)));
    setProposal(true);
    const { previews } = this;
    for (const shown of previews) {
      await this.openDiff(shown);
    }
    const names = previews.map(({ uri }) => vscode.workspace.asRelativePath(uri)).join(", ");
    const chosen = await vscode.window.showInformationMessage(
      `A test is proposed for ${names}.`,
      applyButton,
      discardButton,
    );
    // Another proposal may be shown by now, or this one may be settled by the buttons of the editor.
    if (this.previews !== previews) {
      return;
    }
    if (chosen === applyButton) {
      await this.apply();
    } else if (chosen === discardButton) {
      await this.discard();
    }
  }

  /** Applies what is proposed, unless a file changed meanwhile. */
  async apply(): Promise<void> {
    const { previews } = this;
    if (previews.length === 0) {
      return;
    }
    const outdated = await firstOutdated(previews);
    if (outdated !== undefined) {
      await this.refuse(outdated);
      return;
    }
    if (!(await vscode.workspace.applyEdit(editOf(previews)))) {
      void vscode.window.showErrorMessage("The editor did not apply the test; the file may be read-only.");
      return;
    }
    await this.discard();
    await showApplied(previews);
  }

  /** Puts the proposal away. */
  async discard(): Promise<void> {
    const tabs = this.openTabs();
    this.forget();
    await vscode.window.tabGroups.close(tabs);
  }

  dispose(): void {
    this.closed.dispose();
  }

  private async refuse(outdated: Preview): Promise<void> {
    const name = vscode.workspace.asRelativePath(outdated.uri);
    const chosen = await vscode.window.showWarningMessage(
      `${name} changed after the test was written, so nothing was applied.`,
      againButton,
      discardButton,
    );
    if (chosen !== undefined) {
      await this.discard();
    }
    if (chosen === againButton) {
      await this.generateAgain();
    }
  }

  private async openDiff({ uri, file, before, after }: Preview): Promise<void> {
    const right = proposed(uri);
    const left = file.isNew ? right.with({ query: "before" }) : uri;
    this.documents.set(right, after);
    if (file.isNew) {
      this.documents.set(left, before);
    }
    const title = `${vscode.workspace.asRelativePath(uri)} (${file.isNew ? "new test" : "with the new test"})`;
    await vscode.commands.executeCommand("vscode.diff", left, right, title, { preview: false });
  }

  private openTabs(): vscode.Tab[] {
    return vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter((tab) => this.shows(tab));
  }

  private shows(tab: vscode.Tab): boolean {
    return tab.input instanceof vscode.TabInputTextDiff && tab.input.modified.scheme === proposalScheme;
  }

  private forget(): void {
    this.previews = [];
    setProposal(false);
  }
}

async function preview(file: ProposedFile): Promise<Preview> {
  const uri = vscode.Uri.parse(file.uri, true);
  if (vscode.workspace.getWorkspaceFolder(uri) === undefined) {
    throw new Error(
      `The test would go to ${uri.fsPath}, which is outside of the open folders; nothing was changed.`,
    );
  }
  if (file.isNew) {
    return { uri, file, before: "", after: applied("", file.edits), isStale: false };
  }
  const document = await vscode.workspace.openTextDocument(uri);
  const before = document.getText();
  const isStale = file.version !== null && document.version !== file.version;
  return { uri, file, before, after: applied(before, file.edits), isStale };
}

function proposed(uri: vscode.Uri): vscode.Uri {
  return uri.with({ scheme: proposalScheme });
}

async function firstOutdated(previews: readonly Preview[]): Promise<Preview | undefined> {
  for (const shown of previews) {
    if (await isOutdated(shown)) {
      return shown;
    }
  }
  return undefined;
}

async function isOutdated({ uri, file, before, isStale }: Preview): Promise<boolean> {
  if (isStale) {
    return true;
  }
  if (file.isNew) {
    return exists(uri);
  }
  try {
    return (await vscode.workspace.openTextDocument(uri)).getText() !== before;
  } catch {
    return true;
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}

function editOf(previews: readonly Preview[]): vscode.WorkspaceEdit {
  const edit = new vscode.WorkspaceEdit();
  for (const { uri, file, after } of previews) {
    if (file.isNew) {
      edit.createFile(uri, { contents: new TextEncoder().encode(after), overwrite: false });
    } else {
      edit.set(
        uri,
        file.edits.map(({ range: { start, end }, newText }) =>
          vscode.TextEdit.replace(
            new vscode.Range(start.line, start.character, end.line, end.character),
            newText,
          ),
        ),
      );
    }
  }
  return edit;
}

async function showApplied(previews: readonly Preview[]): Promise<void> {
  const [first] = previews;
  if (first !== undefined) {
    const line = first.file.edits[0]?.range.start.line ?? 0;
    const selection = new vscode.Range(line, 0, line, 0);
    await vscode.window.showTextDocument(first.uri, { preview: false, selection });
  }
}

function setProposal(isShown: boolean): void {
  void vscode.commands.executeCommand("setContext", "firsthand.proposal", isShown);
}
