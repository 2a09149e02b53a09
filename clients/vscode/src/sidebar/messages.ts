/** Messages between the webview and the host; each side checks what it gets before it believes it. */

import type { Answer } from "../protocol";
import {
  isCitation,
  isContext,
  isConversation,
  isFolder,
  isSpans,
  isStatus,
  isSummary,
  isTurn,
  isUngrounded,
} from "./conversation";
import {
  count,
  flag,
  list,
  number,
  object,
  oneOf,
  optional,
  record,
  tagged,
  text,
  type Check,
} from "./shape";
import type {
  EditorPlace,
  IndexStatus,
  Offer,
  PinnedPlace,
  Scope,
  SidebarEvent,
  SidebarState,
  TurnUpdate,
} from "./state";

/** A longer question is not typed but pasted by mistake. */
export const LONGEST_QUESTION = 100_000;

/** What can be done with a finished answer. */
export type AnswerAction = "copy" | "insert" | "open" | "showContext" | "retry";

/** What can be done about the server or its models. */
export type Remedy =
  "restartServer" | "showLogs" | "pullModel" | "showStatus" | "installServer" | "manageTrust";

/** A change of the scope that the user asks for. */
export type ScopeChange =
  | { readonly set: "thisFile"; readonly on: boolean }
  | { readonly set: "selection"; readonly on: boolean }
  | { readonly set: "tests"; readonly tests: Scope["tests"] }
  | { readonly set: "addFolder" }
  | { readonly set: "removeFolder"; readonly name: string }
  | { readonly set: "addLanguage" }
  | { readonly set: "removeLanguage"; readonly name: string }
  | { readonly set: "unpin" };

/** The webview says; places are named by what the host itself sent, so that nothing else can be opened. */
export type WebviewMessage =
  | { readonly type: "ready" }
  | { readonly type: "ask"; readonly question: string }
  | { readonly type: "stop" }
  | { readonly type: "openCitation"; readonly turn: string; readonly id: number }
  | { readonly type: "openExcerpt"; readonly turn: string; readonly id: number }
  | { readonly type: "openCut"; readonly turn: string; readonly index: number }
  | { readonly type: "answerAction"; readonly turn: string; readonly action: AnswerAction }
  | { readonly type: "copyCode"; readonly code: string }
  | { readonly type: "insertCode"; readonly code: string }
  | { readonly type: "openConversation"; readonly id: string }
  | { readonly type: "deleteConversation"; readonly id: string }
  | { readonly type: "changeScope"; readonly change: ScopeChange }
  | { readonly type: "remedy"; readonly remedy: Remedy; readonly model?: string | undefined }
  | { readonly type: "scriptFailed"; readonly message: string };

/** The host says. */
export type HostMessage =
  | { readonly type: "state"; readonly state: SidebarState; readonly now: number }
  | { readonly type: "event"; readonly event: SidebarEvent }
  | { readonly type: "focusQuestion" };

const isScopeChange: Check<ScopeChange> = tagged<"set", ScopeChange>("set", {
  thisFile: object<Extract<ScopeChange, { set: "thisFile" }>>({ set: oneOf("thisFile"), on: flag }),
  selection: object<Extract<ScopeChange, { set: "selection" }>>({ set: oneOf("selection"), on: flag }),
  tests: object<Extract<ScopeChange, { set: "tests" }>>({
    set: oneOf("tests"),
    tests: oneOf("in", "out", "only"),
  }),
  addFolder: object<Extract<ScopeChange, { set: "addFolder" }>>({ set: oneOf("addFolder") }),
  removeFolder: object<Extract<ScopeChange, { set: "removeFolder" }>>({
    set: oneOf("removeFolder"),
    name: text(),
  }),
  addLanguage: object<Extract<ScopeChange, { set: "addLanguage" }>>({ set: oneOf("addLanguage") }),
  removeLanguage: object<Extract<ScopeChange, { set: "removeLanguage" }>>({
    set: oneOf("removeLanguage"),
    name: text(),
  }),
  unpin: object<Extract<ScopeChange, { set: "unpin" }>>({ set: oneOf("unpin") }),
});

type Said<T extends WebviewMessage["type"]> = Extract<WebviewMessage, { type: T }>;

/** Checks a message of the webview. */
export const isWebviewMessage: Check<WebviewMessage> = tagged<"type", WebviewMessage>("type", {
  ready: object<Said<"ready">>({ type: oneOf("ready") }),
  ask: object<Said<"ask">>({ type: oneOf("ask"), question: text(LONGEST_QUESTION) }),
  stop: object<Said<"stop">>({ type: oneOf("stop") }),
  openCitation: object<Said<"openCitation">>({ type: oneOf("openCitation"), turn: text(), id: count }),
  openExcerpt: object<Said<"openExcerpt">>({ type: oneOf("openExcerpt"), turn: text(), id: count }),
  openCut: object<Said<"openCut">>({ type: oneOf("openCut"), turn: text(), index: count }),
  answerAction: object<Said<"answerAction">>({
    type: oneOf("answerAction"),
    turn: text(),
    action: oneOf("copy", "insert", "open", "showContext", "retry"),
  }),
  copyCode: object<Said<"copyCode">>({ type: oneOf("copyCode"), code: text() }),
  insertCode: object<Said<"insertCode">>({ type: oneOf("insertCode"), code: text() }),
  openConversation: object<Said<"openConversation">>({ type: oneOf("openConversation"), id: text() }),
  deleteConversation: object<Said<"deleteConversation">>({ type: oneOf("deleteConversation"), id: text() }),
  changeScope: object<Said<"changeScope">>({ type: oneOf("changeScope"), change: isScopeChange }),
  remedy: object<Said<"remedy">>({
    type: oneOf("remedy"),
    remedy: oneOf("restartServer", "showLogs", "pullModel", "showStatus", "installServer", "manageTrust"),
    model: optional(text()),
  }),
  scriptFailed: object<Said<"scriptFailed">>({ type: oneOf("scriptFailed"), message: text() }),
});

const isServerState = oneOf("starting", "running", "stopped", "failed");

const isIndex: Check<IndexStatus> = object<IndexStatus>({
  health: oneOf("ok", "warning", "error", "starting"),
  message: text(),
  model: optional(text()),
  offers: list(object<Offer>({ model: text(), message: text() })),
  notices: list(text()),
  trusted: flag,
});

const isScope: Check<Scope> = object<Scope>({
  thisFile: flag,
  selection: flag,
  tests: oneOf("in", "out", "only"),
  folders: list(text()),
  languages: list(text()),
  pinned: optional(object<PinnedPlace>({ label: text() })),
});

const isEditor: Check<EditorPlace> = object<EditorPlace>({ file: text(), selection: optional(text()) });

const isState: Check<SidebarState> = object<SidebarState>({
  conversation: isConversation,
  history: list(isSummary),
  server: isServerState,
  index: optional(isIndex),
  scope: isScope,
  editor: optional(isEditor),
});

const isAnswer: Check<Answer> = object<Answer>({
  answerId: text(),
  status: isStatus,
  text: text(Number.POSITIVE_INFINITY),
  citations: list(isCitation),
  unsupported: isSpans,
  ungrounded: list(isUngrounded),
  model: text(),
  budget: (value): value is Answer["budget"] => typeof value === "object" && value !== null,
  timings: record(number),
  warnings: list(text()),
});

type Update<K extends TurnUpdate["kind"]> = Extract<TurnUpdate, { kind: K }>;

const isUpdate: Check<TurnUpdate> = tagged<"kind", TurnUpdate>("kind", {
  stage: object<Update<"stage">>({ streamId: text(), seq: count, kind: oneOf("stage"), stage: text() }),
  context: (value): value is Update<"context"> =>
    object<Pick<Update<"context">, "streamId" | "seq" | "kind">>({
      streamId: text(),
      seq: count,
      kind: oneOf("context"),
    })(value) && isContext(value),
  delta: object<Update<"delta">>({ streamId: text(), seq: count, kind: oneOf("delta"), text: text() }),
  citation: object<Update<"citation">>({
    streamId: text(),
    seq: count,
    kind: oneOf("citation"),
    citation: isCitation,
  }),
  warning: object<Update<"warning">>({
    streamId: text(),
    seq: count,
    kind: oneOf("warning"),
    message: text(),
  }),
  done: object<Update<"done">>({
    streamId: text(),
    seq: count,
    kind: oneOf("done"),
    status: oneOf("complete", "incomplete", "cancelled", "noModel", "failed"),
    answerId: optional(text()),
    message: optional(text()),
  }),
});

type Happened<T extends SidebarEvent["type"]> = Extract<SidebarEvent, { type: T }>;

const isEvent: Check<SidebarEvent> = tagged<"type", SidebarEvent>("type", {
  turnStarted: object<Happened<"turnStarted">>({ type: oneOf("turnStarted"), turn: isTurn }),
  turnLocated: object<Happened<"turnLocated">>({
    type: oneOf("turnLocated"),
    id: text(),
    folder: isFolder,
  }),
  turnUpdated: object<Happened<"turnUpdated">>({ type: oneOf("turnUpdated"), update: isUpdate }),
  turnStopping: object<Happened<"turnStopping">>({ type: oneOf("turnStopping"), id: text() }),
  turnAnswered: object<Happened<"turnAnswered">>({
    type: oneOf("turnAnswered"),
    id: text(),
    answer: isAnswer,
    at: number,
  }),
  turnFailed: object<Happened<"turnFailed">>({
    type: oneOf("turnFailed"),
    id: text(),
    message: text(),
    at: number,
  }),
  turnCancelled: object<Happened<"turnCancelled">>({ type: oneOf("turnCancelled"), id: text(), at: number }),
  turnRemoved: object<Happened<"turnRemoved">>({ type: oneOf("turnRemoved"), id: text() }),
  conversationOpened: object<Happened<"conversationOpened">>({
    type: oneOf("conversationOpened"),
    conversation: isConversation,
  }),
  historyChanged: object<Happened<"historyChanged">>({
    type: oneOf("historyChanged"),
    history: list(isSummary),
  }),
  serverChanged: object<Happened<"serverChanged">>({ type: oneOf("serverChanged"), server: isServerState }),
  indexChanged: object<Happened<"indexChanged">>({ type: oneOf("indexChanged"), index: isIndex }),
  scopeChanged: object<Happened<"scopeChanged">>({ type: oneOf("scopeChanged"), scope: isScope }),
  editorChanged: object<Happened<"editorChanged">>({
    type: oneOf("editorChanged"),
    editor: optional(isEditor),
  }),
});

/** Checks a message of the host. */
export const isHostMessage: Check<HostMessage> = tagged<"type", HostMessage>("type", {
  state: object<Extract<HostMessage, { type: "state" }>>({
    type: oneOf("state"),
    state: isState,
    now: number,
  }),
  event: object<Extract<HostMessage, { type: "event" }>>({ type: oneOf("event"), event: isEvent }),
  focusQuestion: object<Extract<HostMessage, { type: "focusQuestion" }>>({ type: oneOf("focusQuestion") }),
});
