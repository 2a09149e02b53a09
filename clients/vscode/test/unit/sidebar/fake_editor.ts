/** The part of the editor's interface that the sidebar's host uses, honest and small. */

type Listener<T> = (value: T) => void;

/** Fires to its listeners. */
export class EventEmitter<T> {
  private readonly listeners = new Set<Listener<T>>();

  readonly event = (listener: Listener<T>): Disposable => {
    this.listeners.add(listener);
    return new Disposable(() => this.listeners.delete(listener));
  };

  fire(value: T): void {
    for (const listener of this.listeners) {
      listener(value);
    }
  }
}

/** Undoes something. */
export class Disposable {
  static from(...parts: readonly { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      parts.forEach((part) => part.dispose());
    });
  }

  constructor(readonly dispose: () => unknown) {}
}

/** Tells that something is to stop. */
export class CancellationTokenSource {
  private readonly cancelled = new EventEmitter<undefined>();
  private isCancelled = false;

  get token(): {
    isCancellationRequested: boolean;
    onCancellationRequested: EventEmitter<undefined>["event"];
  } {
    return { isCancellationRequested: this.isCancelled, onCancellationRequested: this.cancelled.event };
  }

  cancel(): void {
    this.isCancelled = true;
    this.cancelled.fire(undefined);
  }

  dispose(): void {
    // Nothing is held.
  }
}

/** An address. */
export class Uri {
  static parse(value: string): Uri {
    return new Uri(value);
  }

  static joinPath(base: Uri, ...parts: readonly string[]): Uri {
    return new Uri([base.value, ...parts].join("/"));
  }

  constructor(private readonly value: string) {}

  get path(): string {
    return this.value.replace(/^[a-z]+:\/\//u, "");
  }

  toString(): string {
    return this.value;
  }
}

/** A view as the editor gives it, with a page that is only a list of messages. */
export class FakeView {
  readonly posted: unknown[] = [];
  readonly received = new EventEmitter<unknown>();
  readonly visibility = new EventEmitter<undefined>();
  readonly disposed = new EventEmitter<undefined>();
  visible = true;
  readonly onDidChangeVisibility = this.visibility.event;
  readonly onDidDispose = this.disposed.event;
  readonly webview = {
    html: "",
    options: {},
    cspSource: "https://page.example",
    asWebviewUri: (uri: Uri): string => `https://page.example/${uri.toString()}`,
    onDidReceiveMessage: this.received.event,
    postMessage: (message: unknown): Promise<boolean> => {
      this.posted.push(message);
      return Promise.resolve(true);
    },
  };
}

export const executed: unknown[][] = [];
export const copied: string[] = [];
export const provider: { current?: { resolveWebviewView(view: unknown): void } | undefined } = {};
const selectionChanged = new EventEmitter<unknown>();
const editorChanged = new EventEmitter<unknown>();
const textChanged = new EventEmitter<unknown>();

export const choice: { current: string } = { current: "" };

interface Folder {
  readonly name: string;
  readonly uri: Uri;
}

export const SHOP: Folder = { name: "shop", uri: new Uri("file:///shop") };
export const BANK: Folder = { name: "bank", uri: new Uri("file:///bank") };

export const window = {
  activeTextEditor: undefined as unknown,
  registerWebviewViewProvider: (_id: string, given: typeof provider.current): Disposable => {
    provider.current = given;
    return new Disposable(() => undefined);
  },
  createTextEditorDecorationType: (): Disposable => new Disposable(() => undefined),
  onDidChangeActiveTextEditor: editorChanged.event,
  onDidChangeTextEditorSelection: selectionChanged.event,
  showInformationMessage: (): Promise<undefined> => Promise.resolve(undefined),
  showWarningMessage: (): Promise<undefined> => Promise.resolve(undefined),
  showErrorMessage: (): Promise<undefined> => Promise.resolve(undefined),
  /** Chooses the item whose label is `choice.current`. */
  showQuickPick: async (items: Promise<{ label: string }[]>): Promise<{ label: string } | undefined> =>
    (await items).find(({ label }) => label === choice.current),
};

export const workspace = {
  workspaceFolders: [SHOP],
  onDidChangeTextDocument: textChanged.event,
  getWorkspaceFolder: (uri: Uri): Folder | undefined =>
    workspace.workspaceFolders.find((folder) => `${uri.toString()}/`.startsWith(`${folder.uri.toString()}/`)),
  asRelativePath: (uri: Uri): string => uri.toString().replace(/^file:\/\/\/[^/]+\//u, ""),
  fs: { readDirectory: (): Promise<never> => Promise.reject(new Error("There is none.")) },
};

export const commands = {
  executeCommand: (...command: unknown[]): Promise<void> => {
    executed.push(command);
    return Promise.resolve();
  },
};

export const env = {
  clipboard: {
    writeText: (text: string): Promise<void> => {
      copied.push(text);
      return Promise.resolve();
    },
  },
};

export class ThemeColor {
  constructor(readonly id: string) {}
}

export const OverviewRulerLane = { Full: 7 };

/** Moves the cursor of the active editor to a file, with some lines marked. */
export function mark(uri: string, startLine: number, endLine: number): void {
  const isEmpty = startLine === endLine;
  const textEditor = {
    document: { uri: new Uri(uri) },
    selection: {
      isEmpty,
      start: { line: startLine, character: 0 },
      end: { line: endLine, character: 0 },
    },
  };
  window.activeTextEditor = textEditor;
  selectionChanged.fire({ textEditor, selections: [textEditor.selection] });
}
