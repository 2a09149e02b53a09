/** Mirror of server/firsthand/lsp/messages.py, which is the source; a test compares the names of both. */

/** The name of a request, with the types of its params and its result. */
export class RequestName<P, R> {
  declare readonly types: (params: P) => R;

  constructor(readonly method: string) {}
}

/** The name of a notification, with the type of its params. */
export class NotificationName<P> {
  declare readonly types: (params: P) => void;

  constructor(readonly method: string) {}
}

/** A place in a document, as in LSP: counted from 0, `character` in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** A part of a document, as in LSP; the end is excluded. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/**
 * Where to look; what is left out allows everything. `paths` are folders, files or globs below a root, `changedSince`
 * is a branch, tag or commit. Filters in the words of a question (`lang:go`, `tests:no`, …) replace what stands here.
 */
export interface ScopeParams {
  readonly paths?: readonly string[] | undefined;
  readonly languages?: readonly string[] | undefined;
  readonly kinds?: readonly string[] | undefined;
  readonly tests?: boolean | undefined;
  readonly changedSince?: string | undefined;
}

/** A question and its answer, as a client shows them. */
export interface TurnParams {
  readonly question: string;
  readonly answer: string;
}

/**
 * Params of `firsthand/ask`. `uri` and `range` say where the user stands and what is selected; `turns` is what was
 * said before, oldest first, and without it the server goes by what it remembers of `conversationId`.
 */
export interface AskParams {
  readonly question: string;
  readonly streamId?: string | undefined;
  readonly conversationId?: string | undefined;
  readonly uri?: string | undefined;
  readonly range?: Range | undefined;
  readonly scope?: ScopeParams | undefined;
  readonly turns?: readonly TurnParams[] | undefined;
  readonly workDoneToken?: string | number | undefined;
}

/** Params of `firsthand/explain` and `firsthand/generateTest`; one of `position` and `range` is needed. */
export interface PlaceParams {
  readonly uri: string;
  readonly position?: Position | undefined;
  readonly range?: Range | undefined;
  readonly streamId?: string | undefined;
  readonly workDoneToken?: string | number | undefined;
}

/** Params of `firsthand/search`; `uri` is the document that the user is in. */
export interface SearchParams {
  readonly query: string;
  readonly limit?: number | undefined;
  readonly scope?: ScopeParams | undefined;
  readonly uri?: string | undefined;
}

/** Params of `firsthand/status`; with `details` the languages, skipped and failed files are listed. */
export interface StatusParams {
  readonly details?: boolean | undefined;
}

/** Params of `firsthand/context`. */
export interface ContextParams {
  readonly answerId: string;
}

/** The argument of `firsthand.ask`; without a question, the marked code is asked about. */
export interface AskArguments {
  readonly question?: string | undefined;
  readonly conversationId?: string | undefined;
  readonly uri?: string | undefined;
  readonly range?: Range | undefined;
  readonly scope?: ScopeParams | undefined;
}

/** The argument of `firsthand.explain`, `.generateTest` and `.document`. */
export interface PlaceArguments {
  readonly uri: string;
  readonly position?: Position | undefined;
  readonly range?: Range | undefined;
}

/** The argument of `firsthand.reindex`, `.pause` and `.resume`; without `uri`, every folder is meant. */
export interface FolderArguments {
  readonly uri?: string | undefined;
}

/** The argument of `firsthand.cancel`: the token that a command returned; without it, every command stops. */
export interface CancelArguments {
  readonly token?: string | number | undefined;
}

/** The argument of `firsthand.pullModel`. */
export interface PullModelArguments {
  readonly model: string;
}

/** Result of a command that goes on in the background. */
export interface CommandStarted {
  readonly token: string;
}

/** A part of an answer's text: UTF-16 code units from 0, the end excluded. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** Lines (from 1, both included) that an answer rests on; `hash` is their SHA-256 (hex) as they were read. */
export interface Citation {
  readonly id: number;
  readonly path: string;
  readonly uri: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly hash: string;
  readonly spans: readonly TextSpan[];
}

/** A name that the workspace does not have, with the nearest that it has. */
export interface UngroundedName {
  readonly name: string;
  readonly spans: readonly TextSpan[];
  readonly nearest: readonly string[];
}

/** Tokens of the model's window and what they were used for. */
export interface Budget {
  readonly contextTokens: number;
  readonly answerTokens: number;
  readonly instructions: number;
  readonly history: number;
  readonly excerpts: number;
  readonly question: number;
}

/** How an answer ended. */
export type AnswerStatus = "complete" | "incomplete" | "cancelled" | "noModel";

/** Result of `firsthand/ask` and `firsthand/explain`. `timings` are milliseconds by stage, in order. */
export interface Answer {
  readonly answerId: string;
  readonly status: AnswerStatus;
  readonly text: string;
  readonly citations: readonly Citation[];
  readonly unsupported: readonly TextSpan[];
  readonly ungrounded: readonly UngroundedName[];
  readonly model: string;
  readonly budget: Budget;
  readonly timings: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
}

/** Text that replaces a range. */
export interface TextEdit {
  readonly range: Range;
  readonly newText: string;
}

/** The changes of one document; `version` is the one that the server saw, null when it was not open. */
export interface TextDocumentEdit {
  readonly textDocument: { readonly uri: string; readonly version: number | null };
  readonly edits: readonly TextEdit[];
}

/** A file that comes to be. */
export interface CreateFile {
  readonly kind: "create";
  readonly uri: string;
}

/** The part of LSP's WorkspaceEdit that the server sends to a client that knows `documentChanges`. */
export interface WorkspaceEdit {
  readonly documentChanges: readonly (CreateFile | TextDocumentEdit)[];
}

/** Result of `firsthand/generateTest`: an answer, and the edit to accept when there is one. */
export interface GeneratedTestResult extends Answer {
  readonly edit?: WorkspaceEdit | undefined;
}

/** A piece of code that was found. `excerpt` is its text, `reasons` say why it is there. */
export interface Hit {
  readonly path: string;
  readonly uri: string;
  readonly range: Range;
  readonly symbol: string;
  readonly kind: string;
  readonly language: string;
  readonly score: number;
  readonly reasons: readonly string[];
  readonly excerpt: string;
}

/** Result of `firsthand/search`, best first. */
export interface SearchResult {
  readonly hits: readonly Hit[];
  readonly filters: readonly string[];
  /** What is not indexed yet, in a sentence. */
  readonly notice?: string;
}

/** Lines that went into a prompt. */
export interface Excerpt {
  readonly id: number;
  readonly path: string;
  readonly uri: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly symbol: string;
  readonly tokens: number;
  readonly score: number;
  readonly reasons: readonly string[];
  readonly hash: string;
  readonly text: string;
}

/** A hit that did not go into the prompt, and why. */
export interface Cut {
  readonly path: string;
  readonly uri: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly tokens: number;
  readonly reason: string;
}

/** A message of the prompt as the model got it; `tokens` is an estimate. */
export interface PromptMessage {
  readonly role: string;
  readonly content: string;
  readonly tokens: number;
}

/** Result of `firsthand/context`: everything that went into the prompt, in order, and what was cut. */
export interface ContextResult {
  readonly answerId: string;
  readonly excerpts: readonly Excerpt[];
  readonly cut: readonly Cut[];
  readonly budget: Budget;
  readonly messages: readonly PromptMessage[];
}

interface Update {
  readonly streamId: string;
  /** Rises by one with every update of a stream. */
  readonly seq: number;
}

/** What an answer is doing now. */
export interface StageUpdate extends Update {
  readonly kind: "stage";
  readonly stage: string;
}

/** What the model is about to read; a second one in a stream means that the text begins anew. */
export interface ContextUpdate extends Update {
  readonly kind: "context";
  readonly hits: readonly Excerpt[];
  readonly cut: readonly Cut[];
  readonly budget: Budget;
}

/** The next piece of the text. */
export interface DeltaUpdate extends Update {
  readonly kind: "delta";
  readonly text: string;
}

/** Lines that the answer turned out to rest on. */
export interface CitationUpdate extends Update {
  readonly kind: "citation";
  readonly citation: Citation;
}

/** Something that the user should know about the answer. */
export interface WarningUpdate extends Update {
  readonly kind: "warning";
  readonly message: string;
}

/** The end of a stream; without `answerId` when it failed or was cancelled early. */
export interface DoneUpdate extends Update {
  readonly kind: "done";
  readonly status: AnswerStatus | "failed";
  readonly answerId?: string | undefined;
  readonly message?: string | undefined;
}

/** Params of `firsthand/answer/didUpdate`. */
export type AnswerUpdate =
  StageUpdate | ContextUpdate | DeltaUpdate | CitationUpdate | WarningUpdate | DoneUpdate;

/** How well something is. */
export type Health = "ok" | "warning" | "error";

/** Files of a folder: indexed ones, all that will be, and those left out. */
export interface FileCounts {
  readonly done: number;
  readonly total: number;
  readonly skipped: number;
  readonly failed: number;
}

/** What the indexer is doing: `done` of `total` in `stage`. */
export interface Indexing {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  readonly message: string;
}

/** A model that could be pulled with `firsthand.pullModel`. */
export interface ModelOffer {
  readonly role: string;
  readonly model: string;
  readonly message: string;
}

/** The embedding model that is to take over, and for how many chunks it has made vectors. */
export interface Building {
  readonly model: string;
  readonly done: number;
  readonly total: number;
}

/** Which models serve a folder; `chat` is absent when there is none, `building` when no model is to take over. */
export interface Models {
  readonly provider: string;
  readonly embedder: string;
  readonly chat?: string | undefined;
  readonly notices: readonly string[];
  readonly offers: readonly ModelOffer[];
  readonly building?: Building | undefined;
}

/** A file that is not in the index, and why. */
export interface LeftOutFile {
  readonly path: string;
  readonly uri: string;
  readonly reason: string;
}

/** How one folder is doing. `languages` are those of its files, the most common one first. */
export interface FolderStatus {
  readonly uri: string;
  readonly name: string;
  readonly health: Health;
  readonly message: string;
  readonly files: FileCounts;
  readonly chunks: number;
  readonly embedded: number;
  readonly indexing: Indexing;
  readonly models?: Models | undefined;
  readonly etaMs?: number | undefined;
  readonly indexedCommit?: string | undefined;
  readonly languages?: readonly string[] | undefined;
  readonly skippedFiles?: readonly LeftOutFile[] | undefined;
  readonly failedFiles?: readonly LeftOutFile[] | undefined;
}

/** Result of `firsthand/status` and params of `firsthand/status/didChange`. */
export interface StatusResult {
  readonly health: Health;
  readonly message: string;
  readonly folders: readonly FolderStatus[];
}

export const askRequest = new RequestName<AskParams, Answer>("firsthand/ask");
export const explainRequest = new RequestName<PlaceParams, Answer>("firsthand/explain");
export const generateTestRequest = new RequestName<PlaceParams, GeneratedTestResult>(
  "firsthand/generateTest",
);
export const searchRequest = new RequestName<SearchParams, SearchResult>("firsthand/search");
export const statusRequest = new RequestName<StatusParams, StatusResult>("firsthand/status");
export const contextRequest = new RequestName<ContextParams, ContextResult>("firsthand/context");

export const answerDidUpdate = new NotificationName<AnswerUpdate>("firsthand/answer/didUpdate");
export const statusDidChange = new NotificationName<StatusResult>("firsthand/status/didChange");

/** The server's commands; `vscode-languageclient` registers their ids. */
export const serverCommands = {
  ask: "firsthand.ask",
  explain: "firsthand.explain",
  generateTest: "firsthand.generateTest",
  document: "firsthand.document",
  fix: "firsthand.fix",
  search: "firsthand.search",
  reindex: "firsthand.reindex",
  pause: "firsthand.pause",
  resume: "firsthand.resume",
  status: "firsthand.status",
  cancel: "firsthand.cancel",
  pullModel: "firsthand.pullModel",
} as const;
