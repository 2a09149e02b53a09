/** Search as you type: hits with their reasons, each shown in the editor while it is chosen. */

import * as vscode from "vscode";
import { type Hit, searchRequest } from "./protocol";
import { searchItems, type SearchItem } from "./search_items";
import type { Server } from "./server";

type Picker = vscode.QuickPick<SearchPickItem> & {
  /** Not in the published interface, but there: without it, what looks like the query goes before what answers it. */
  sortByLabel?: boolean;
};
type SearchPickItem = vscode.QuickPickItem & Partial<Pick<SearchItem, "hit">>;

// Long enough not to search for half a word, short enough to feel live.
const millisecondsOfRest = 150;
const mostHits = 30;
const everywhere = "Search the code by meaning, words and names";
const beside: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("split-horizontal"),
  tooltip: "Open to the Side",
};

/** Lets the user search; resolves when the list is closed. */
export function search(server: Server, query = ""): Promise<void> {
  return new Promise((resolve) => {
    const list = new SearchList(server, () => {
      resolve();
    });
    list.show(query);
  });
}

class SearchList {
  private readonly picker: Picker = vscode.window.createQuickPick<SearchPickItem>();
  private readonly before = vscode.window.activeTextEditor;
  private readonly visibleBefore = this.before?.visibleRanges[0];
  private timer: NodeJS.Timeout | undefined;
  private running: vscode.CancellationTokenSource | undefined;
  private isAccepted = false;
  private hasPreviewed = false;

  constructor(
    private readonly server: Server,
    private readonly onClosed: () => void,
  ) {}

  show(query: string): void {
    const { picker } = this;
    picker.title = everywhere;
    picker.placeholder = "What are you looking for?";
    picker.matchOnDescription = false;
    picker.matchOnDetail = false;
    picker.sortByLabel = false;
    picker.onDidChangeValue((value) => {
      this.schedule(value);
    });
    picker.onDidChangeActive(([item]) => {
      if (item?.hit !== undefined) {
        this.hasPreviewed = true;
        void open(item.hit, { preserveFocus: true, preview: true });
      }
    });
    picker.onDidAccept(() => void this.accept(picker.activeItems[0]?.hit));
    picker.onDidTriggerItemButton(({ item }) => void this.accept(item.hit, vscode.ViewColumn.Beside));
    picker.onDidHide(() => void this.close());
    picker.value = query;
    picker.show();
    if (query) {
      this.schedule(query);
    }
  }

  private schedule(query: string): void {
    clearTimeout(this.timer);
    this.cancel();
    if (query.trim() === "") {
      this.picker.busy = false;
      this.picker.items = [];
      return;
    }
    this.picker.busy = true;
    this.timer = setTimeout(() => void this.find(query), millisecondsOfRest);
  }

  private async find(query: string): Promise<void> {
    const source = new vscode.CancellationTokenSource();
    this.running = source;
    const uri = this.before?.document.uri;
    const params = { query, limit: mostHits, uri: uri?.scheme === "file" ? uri.toString() : undefined };
    try {
      const { hits, filters, notice } = await this.server.request(searchRequest, params, source.token);
      if (this.running === source) {
        const where = filters.length > 0 ? `Search only in: ${filters.join("; ")}` : everywhere;
        this.picker.title = notice === undefined ? where : `${where} (${notice})`;
        this.picker.items = hits.length > 0 ? pickItems(hits) : [message("Nothing was found.")];
      }
    } catch (error) {
      if (this.running === source) {
        this.picker.items = [message(error instanceof Error ? error.message : String(error))];
      }
    } finally {
      if (this.running === source) {
        this.picker.busy = false;
        this.running = undefined;
      }
      source.dispose();
    }
  }

  private cancel(): void {
    this.running?.cancel();
    this.running = undefined;
  }

  private async accept(hit: Hit | undefined, column?: vscode.ViewColumn): Promise<void> {
    if (hit !== undefined) {
      this.isAccepted = true;
      this.picker.hide();
      await open(hit, { preview: false, ...(column === undefined ? {} : { viewColumn: column }) });
    }
  }

  private async close(): Promise<void> {
    clearTimeout(this.timer);
    this.cancel();
    this.picker.dispose();
    if (!this.isAccepted) {
      await this.goBack();
    }
    this.onClosed();
  }

  private async goBack(): Promise<void> {
    if (this.before === undefined) {
      const shown = vscode.window.tabGroups.activeTabGroup.activeTab;
      if (shown?.isPreview === true && this.hasPreviewed) {
        await vscode.window.tabGroups.close(shown);
      }
    } else {
      const { document, selection, viewColumn } = this.before;
      const editor = await vscode.window.showTextDocument(document, {
        selection,
        ...(viewColumn === undefined ? {} : { viewColumn }),
      });
      if (this.visibleBefore !== undefined) {
        editor.revealRange(this.visibleBefore, vscode.TextEditorRevealType.AtTop);
      }
    }
  }
}

function pickItems(hits: readonly Hit[]): SearchPickItem[] {
  return searchItems(hits).map((item) => ({ ...item, alwaysShow: true, buttons: [beside] }));
}

function message(text: string): SearchPickItem {
  return { label: text, alwaysShow: true };
}

async function open(hit: Hit, options: vscode.TextDocumentShowOptions): Promise<void> {
  const { start, end } = hit.range;
  const selection = new vscode.Range(start.line, start.character, end.line, end.character);
  try {
    await vscode.window.showTextDocument(vscode.Uri.parse(hit.uri, true), { ...options, selection });
  } catch (error) {
    void vscode.window.showErrorMessage(`${hit.path} cannot be opened: ${String(error)}`);
  }
}
