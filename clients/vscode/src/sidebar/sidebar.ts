/** The sidebar's host: owns the conversation, talks to the server, and tells the page what to show. */

import * as vscode from "vscode";
import {
  askRequest,
  explainRequest,
  generateTestRequest,
  serverCommands,
  type GeneratedTestResult,
  type PlaceParams,
  type Range,
  type ScopeParams,
} from "../protocol";
import type { Server } from "../server";
import * as actions from "./answer_actions";
import { Answering } from "./answering";
import { CitedPlaces } from "./cited_places";
import { folderOf, type Conversation, type Turn, type TurnKind } from "./conversation";
import { ConversationHistory } from "./conversation_history";
import { folderAmongSeveral } from "./folder_choices";
import { indexStatus } from "./index_status";
import { isWebviewMessage, type Remedy, type WebviewMessage } from "./messages";
import { Page } from "./page";
import { editorPlace, ScopeChoice, type ChosenScope } from "./scope_choice";
import { initialState, reduce, runningTurn, type SidebarEvent, type SidebarState } from "./state";
import {
  emptyConversation,
  newTurn,
  placeIn,
  placeOf,
  requestOf,
  saidBefore,
  type OpenMessage,
} from "./turns";

/** What to ask; without a question, the user writes it. */
export interface AskRequest {
  readonly question?: string | undefined;
  readonly uri?: string | undefined;
  readonly range?: Range | undefined;
  readonly scope?: ScopeParams | undefined;
}

const REMEDY_COMMANDS: Readonly<Record<Remedy, string>> = {
  restartServer: "firsthand.editor.restartServer",
  showLogs: "firsthand.editor.showLogs",
  showStatus: "firsthand.editor.showMenu",
  installServer: "firsthand.editor.installServer",
  pullModel: "firsthand.editor.pullModel",
  manageTrust: "workbench.trust.manage",
};

/** The sidebar. */
export class Sidebar implements vscode.WebviewViewProvider, vscode.Disposable {
  static readonly viewId = "firsthand.sidebar";

  private state: SidebarState;
  private readonly page: Page;
  private readonly history: ConversationHistory;
  private readonly answering: Answering;
  private readonly scope: ScopeChoice;
  private readonly places = new CitedPlaces();
  private readonly subscriptions: vscode.Disposable;

  constructor(
    context: vscode.ExtensionContext,
    private readonly server: Server,
    private readonly log: vscode.LogOutputChannel,
    private readonly documents: actions.Documents,
  ) {
    this.page = new Page(context.extensionUri, (message) => this.received(message));
    this.history = new ConversationHistory(context.workspaceState);
    this.scope = new ScopeChoice(server);
    this.state = {
      ...initialState(this.history.lastOpen() ?? emptyConversation(), server.state),
      history: this.history.summaries(),
      index: server.status && indexStatus(server.status, vscode.workspace.isTrusted),
      editor: editorPlace(),
    };
    this.answering = new Answering(server, (event) => {
      this.emit(event);
      this.locate(event);
    });
    this.subscriptions = vscode.Disposable.from(
      vscode.window.registerWebviewViewProvider(Sidebar.viewId, this),
      this.answering,
      this.places,
      server.onDidChangeState((state) => {
        this.emit({ type: "serverChanged", server: state });
      }),
      server.onDidChangeStatus((status) => {
        this.emit({ type: "indexChanged", index: indexStatus(status, vscode.workspace.isTrusted) });
      }),
      vscode.window.onDidChangeActiveTextEditor(() => {
        this.editorChanged();
      }),
      vscode.window.onDidChangeTextEditorSelection(() => {
        this.editorChanged();
      }),
    );
  }

  /** Called by the editor when the view is to be shown. */
  resolveWebviewView(view: vscode.WebviewView): void {
    this.page.show(view);
  }

  /** Asks a question; without one, puts the caret where it is written. */
  async ask(request: AskRequest = {}): Promise<void> {
    await this.reveal();
    const { question, uri, range, scope } = request;
    const place = uri !== undefined && range !== undefined ? { uri, range } : undefined;
    if (place !== undefined) {
      this.scope.pin(place);
    }
    if (question === undefined || question.trim() === "") {
      this.emit({ type: "scopeChanged", scope: this.scope.shown });
      this.page.focusQuestion();
      return;
    }
    const chosen = this.takeScope();
    await this.askQuestion(question, scope === undefined ? chosen : { ...chosen, scope });
  }

  /** Explains the code at a place. */
  async explain(place: PlaceParams): Promise<void> {
    await this.reveal();
    await this.runExplanation(aboutPlace("explain", `Explain ${placeWords(place)}`, place));
  }

  /** Writes a test for the code at a place; undefined when it failed or was stopped. */
  async generateTest(place: PlaceParams): Promise<GeneratedTestResult | undefined> {
    await this.reveal();
    return this.runTest(aboutPlace("generateTest", `Write a test for ${placeWords(place)}`, place));
  }

  /** Begins a conversation without turns. */
  newConversation(): void {
    this.open(emptyConversation());
    this.page.focusQuestion();
  }

  /** Stops the answer that is being made. */
  stop(): void {
    this.answering.stop();
  }

  /** Copies the last answer. */
  copyLastAnswer(): Promise<void> {
    return this.withLastAnswer((turn) => actions.copy(turn.text));
  }

  /** Puts the last answer at the cursor. */
  insertLastAnswer(): Promise<void> {
    return this.withLastAnswer((turn) => actions.insert(turn.text));
  }

  /** Shows the last answer as a document. */
  openLastAnswer(): Promise<void> {
    return this.withLastAnswer((turn) => actions.open(turn, this.documents));
  }

  /** Shows what went into the prompt of the last answer. */
  showContextOfLastAnswer(): Promise<void> {
    return this.withLastAnswer((turn) => actions.showContext(turn, this.server, this.documents));
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private async reveal(): Promise<void> {
    await vscode.commands.executeCommand(`${Sidebar.viewId}.focus`);
  }

  private async received(message: unknown): Promise<void> {
    if (!isWebviewMessage(message)) {
      this.log.warn("The sidebar's page sent a message that is not known; it was dropped.");
      return;
    }
    try {
      await this.handle(message);
    } catch (error) {
      this.log.error(error instanceof Error ? error : String(error));
      void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
    }
  }

  private async handle(message: WebviewMessage): Promise<void> {
    switch (message.type) {
      case "ready":
        this.page.begin(this.state);
        break;
      case "ask":
        if (runningTurn(this.state) === undefined) {
          await this.askQuestion(message.question, this.takeScope());
        }
        break;
      case "stop":
        this.stop();
        break;
      case "openCitation":
      case "openExcerpt":
      case "openCut":
        await this.openPlace(message);
        break;
      case "answerAction":
        await this.act(message);
        break;
      case "copyCode":
        await actions.copy(message.code);
        break;
      case "insertCode":
        await actions.insert(message.code);
        break;
      case "openConversation":
        this.open(this.history.find(message.id));
        break;
      case "deleteConversation":
        await this.deleteConversation(message.id);
        break;
      case "changeScope":
        await this.scope.change(message.change);
        this.emit({ type: "scopeChanged", scope: this.scope.shown });
        break;
      case "remedy":
        await this.remedy(message);
        break;
      case "scriptFailed":
        this.log.error(`The sidebar's page failed: ${message.message}`);
        break;
    }
  }

  private takeScope(): ChosenScope {
    const chosen = this.scope.take();
    this.emit({ type: "scopeChanged", scope: this.scope.shown });
    return chosen;
  }

  private async askQuestion(question: string, chosen: ChosenScope): Promise<void> {
    const { range, scope, words } = chosen;
    const uri = chosen.uri ?? this.followedFolder();
    const folder = uri === undefined ? undefined : folderAmongSeveral(uri);
    await this.runQuestion(newTurn("ask", question, { question, uri, range, scope }, words, folder));
  }

  /** Returns the folder that a follow-up question stays in, if it is still open. */
  private followedFolder(): string | undefined {
    const folder = folderOf(this.state.conversation);
    return folder && folderAmongSeveral(folder.uri)?.uri;
  }

  /** Notes which of several folders the server looked into. */
  private locate(event: SidebarEvent): void {
    if (event.type === "turnUpdated" && event.update.kind === "context") {
      const read = event.update.excerpts[0] ?? event.update.cut[0];
      const folder = read && folderAmongSeveral(read.uri);
      if (folder !== undefined) {
        this.emit({ type: "turnLocated", id: event.update.streamId, folder });
      }
    }
  }

  private async runQuestion(turn: Turn): Promise<void> {
    const { id, turns } = this.state.conversation;
    const params = {
      ...turn.request,
      question: turn.question,
      streamId: turn.id,
      conversationId: id,
      turns: saidBefore(turns),
    };
    await this.answering.run(turn, (token) => this.server.request(askRequest, params, token));
  }

  private async runExplanation(turn: Turn): Promise<void> {
    const params = { ...placeOf(turn.request), streamId: turn.id };
    await this.answering.run(turn, (token) => this.server.request(explainRequest, params, token));
  }

  private runTest(turn: Turn): Promise<GeneratedTestResult | undefined> {
    const params = { ...placeOf(turn.request), streamId: turn.id };
    return this.answering.run(turn, (token) => this.server.request(generateTestRequest, params, token));
  }

  private async openPlace(message: OpenMessage): Promise<void> {
    const turn = this.turn(message.turn);
    const place = turn && placeIn(turn, message);
    if (turn !== undefined && place !== undefined && (await this.places.open(place))) {
      await this.retry(turn);
    }
  }

  private async act({ turn: id, action }: Extract<WebviewMessage, { type: "answerAction" }>): Promise<void> {
    const turn = this.turn(id);
    if (turn === undefined) {
      return;
    }
    switch (action) {
      case "copy":
        await actions.copy(turn.text);
        break;
      case "insert":
        await actions.insert(turn.text);
        break;
      case "open":
        await actions.open(turn, this.documents);
        break;
      case "showContext":
        await actions.showContext(turn, this.server, this.documents);
        break;
      case "retry":
        await this.retry(turn);
        break;
    }
  }

  /** Asks again in the same words; an answer without words is no loss and makes room. */
  private async retry(turn: Turn): Promise<void> {
    if (turn.text === "") {
      this.emit({ type: "turnRemoved", id: turn.id });
    }
    const request = { ...turn.request, uri: turn.request.uri ?? turn.folder?.uri };
    const again = newTurn(turn.kind, turn.question, request, turn.scope, turn.folder);
    switch (turn.kind) {
      case "ask":
        await this.runQuestion(again);
        break;
      case "explain":
        await this.runExplanation(again);
        break;
      case "generateTest":
        // The preview of the edit belongs to the command, which asks anew.
        await vscode.commands.executeCommand(serverCommands.generateTest, placeOf(turn.request));
        break;
    }
  }

  private async deleteConversation(id: string): Promise<void> {
    const removed = await this.history.remove(id);
    if (this.state.conversation.id === id) {
      this.open(emptyConversation());
    }
    this.historyChanged();
    if (removed === undefined) {
      return;
    }
    void vscode.window
      .showInformationMessage("The conversation was deleted.", "Undo")
      .then(async (choice) => {
        if (choice === "Undo") {
          await this.history.save(removed);
          this.historyChanged();
        }
      });
  }

  private async remedy({ remedy, model }: Extract<WebviewMessage, { type: "remedy" }>): Promise<void> {
    const isOffered = this.state.index?.offers.some((offer) => offer.model === model) === true;
    if (remedy === "pullModel" && isOffered) {
      await this.server.executeCommand(serverCommands.pullModel, { model });
    } else {
      await vscode.commands.executeCommand(REMEDY_COMMANDS[remedy]);
    }
  }

  private open(conversation: Conversation | undefined): void {
    if (conversation === undefined || conversation.id === this.state.conversation.id) {
      return;
    }
    this.answering.abandon();
    this.emit({ type: "conversationOpened", conversation });
    void this.history.open(conversation.id);
  }

  private turn(id: string): Turn | undefined {
    return this.state.conversation.turns.find((turn) => turn.id === id);
  }

  private async withLastAnswer(act: (turn: Turn) => Promise<void>): Promise<void> {
    const turn = this.state.conversation.turns.findLast(
      ({ phase, text }) => phase !== "running" && text !== "",
    );
    if (turn === undefined) {
      void vscode.window.showInformationMessage(
        "There is no answer yet: ask something in the sidebar first.",
      );
      return;
    }
    await act(turn);
  }

  private editorChanged(): void {
    const editor = editorPlace();
    const { file, selection } = this.state.editor ?? {};
    // Output and other panels count as editors, too, and every key moves a selection.
    if (editor?.file !== file || editor?.selection !== selection) {
      this.emit({ type: "editorChanged", editor });
    }
  }

  private historyChanged(): void {
    this.emit({ type: "historyChanged", history: this.history.summaries() });
  }

  private emit(event: SidebarEvent): void {
    this.state = reduce(this.state, event);
    this.page.tell(event);
    if (SAVED_AFTER.has(event.type)) {
      void this.save();
    }
  }

  private async save(): Promise<void> {
    await this.history.save(this.state.conversation);
    await this.history.open(this.state.conversation.id);
    this.historyChanged();
  }
}

const SAVED_AFTER: ReadonlySet<SidebarEvent["type"]> = new Set([
  "turnStarted",
  "turnAnswered",
  "turnFailed",
  "turnCancelled",
]);

function aboutPlace(kind: TurnKind, words: string, place: PlaceParams): Turn {
  return newTurn(kind, words, requestOf(place), [], folderAmongSeveral(place.uri));
}

function placeWords({ uri, position, range }: PlaceParams): string {
  const path = vscode.workspace.asRelativePath(vscode.Uri.parse(uri));
  const line = (range?.start ?? position)?.line;
  return line === undefined ? path : `${path}:${line + 1}`;
}
