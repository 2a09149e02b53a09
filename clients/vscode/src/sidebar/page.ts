/** The sidebar's page: our own script and style, and nothing from anywhere else. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { HostMessage } from "./messages";
import type { SidebarEvent, SidebarState } from "./state";

/**
 * The page as the host knows it. The editor throws it away while it is hidden: it says when it is there again, and is
 * told everything anew.
 */
export class Page {
  private webview: vscode.Webview | undefined;
  private isReady = false;
  private wantsFocus = false;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly received: (message: unknown) => Promise<void>,
  ) {}

  /** Fills the view. */
  show(view: vscode.WebviewView): void {
    const { webview } = view;
    webview.options = { enableScripts: true, localResourceRoots: [pageRoot(this.extension)] };
    webview.onDidReceiveMessage((message: unknown) => void this.received(message));
    view.onDidChangeVisibility(() => {
      this.isReady &&= view.visible;
    });
    view.onDidDispose(() => {
      this.webview = undefined;
      this.isReady = false;
    });
    this.webview = webview;
    webview.html = pageHtml(webview, this.extension);
  }

  /** Tells a page that is ready where things stand. */
  begin(state: SidebarState): void {
    this.isReady = true;
    this.post({ type: "state", state, now: Date.now() });
    if (this.wantsFocus) {
      this.focusQuestion();
    }
  }

  /** Tells what happened; a page that is not ready hears of it in its state. */
  tell(event: SidebarEvent): void {
    if (this.isReady) {
      this.post({ type: "event", event });
    }
  }

  /** Puts the caret where the question is written, as soon as the page is ready. */
  focusQuestion(): void {
    this.wantsFocus = !this.isReady;
    if (this.isReady) {
      this.post({ type: "focusQuestion" });
    }
  }

  private post(message: HostMessage): void {
    void this.webview?.postMessage(message);
  }
}

/** The only folder that the page may load from. */
function pageRoot(extension: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extension, "dist");
}

function pageHtml(webview: vscode.Webview, extension: vscode.Uri): string {
  const nonce = randomBytes(18).toString("base64");
  const source = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(pageRoot(extension), name)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    "img-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${source("webview.css")}">
<title>Firsthand</title>
</head>
<body>
<script nonce="${nonce}" src="${source("webview.js")}"></script>
</body>
</html>`;
}
