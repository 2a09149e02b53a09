/** Documents that exist only in the editor and cannot be written: status, context, proposals. */

import * as vscode from "vscode";

/** The scheme of documents that are only read. */
export const documentScheme = "firsthand-document";
/** The scheme of what a file would be after a proposal was accepted. */
export const proposalScheme = "firsthand-proposal";

/** Holds the texts of documents by their URIs. */
export class VirtualDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly registrations: vscode.Disposable;

  readonly onDidChange = this.changed.event;

  constructor() {
    this.registrations = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(documentScheme, this),
      vscode.workspace.registerTextDocumentContentProvider(proposalScheme, this),
      vscode.workspace.onDidCloseTextDocument((document) => this.texts.delete(document.uri.toString())),
      this.changed,
    );
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  /** Gives a document its text; an open one changes. */
  set(uri: vscode.Uri, text: string): void {
    this.texts.set(uri.toString(), text);
    this.changed.fire(uri);
  }

  /** Shows a text under a name. */
  async show(name: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: documentScheme, path: `/${name}` });
    this.set(uri, text);
    await vscode.window.showTextDocument(uri, { preview: true });
  }

  dispose(): void {
    this.registrations.dispose();
  }
}
