/** The nouns of the sidebar: conversations and their turns. Known to the host and to the webview; plain values. */

import type {
  AnswerStatus,
  Budget,
  Citation,
  Cut,
  Excerpt,
  Range,
  ScopeParams,
  TextSpan,
  UngroundedName,
} from "../protocol";
import { count, flag, list, number, object, oneOf, optional, record, text, type Check } from "./shape";

/** What the user wanted. */
export type TurnKind = "ask" | "explain" | "generateTest";

/** Where a turn stands. */
export type TurnPhase = "running" | "done" | "failed" | "cancelled";

/** An excerpt without its text: the file has it. */
export type ReadExcerpt = Omit<Excerpt, "text">;

/** What went into the prompt, and what did not. */
export interface ReadContext {
  readonly excerpts: readonly ReadExcerpt[];
  readonly cut: readonly Cut[];
  readonly budget: Budget;
}

/** One of several open folders. */
export interface AnswerFolder {
  readonly name: string;
  readonly uri: string;
}

/** What a turn asked the server, kept so that it can be asked again. */
export interface TurnRequest {
  readonly question?: string | undefined;
  readonly uri?: string | undefined;
  readonly range?: Range | undefined;
  readonly scope?: ScopeParams | undefined;
}

/** One question and what came of it; the id names its stream, too. */
export interface Turn {
  readonly id: string;
  readonly kind: TurnKind;
  /** The user's words, or what was asked of a place. */
  readonly question: string;
  readonly request: TurnRequest;
  /** The limits of the search, in words. */
  readonly scope: readonly string[];
  /** The folder that the answer is about, as soon as it is known; absent where only one is open. */
  readonly folder?: AnswerFolder | undefined;
  readonly askedAt: number;
  readonly endedAt?: number | undefined;
  readonly phase: TurnPhase;
  readonly stage: string;
  /** The number of the next update; an update was lost when another one comes. */
  readonly nextUpdate: number;
  readonly hasGap: boolean;
  readonly text: string;
  /** How many characters of the text are not kept, because it is longer than any answer. */
  readonly droppedCharacters: number;
  readonly context?: ReadContext | undefined;
  readonly citations: readonly Citation[];
  readonly unsupported: readonly TextSpan[];
  readonly ungrounded: readonly UngroundedName[];
  readonly warnings: readonly string[];
  readonly status?: AnswerStatus | undefined;
  readonly answerId?: string | undefined;
  readonly model?: string | undefined;
  readonly timings?: Readonly<Record<string, number>> | undefined;
  /** Why it failed. */
  readonly failure?: string | undefined;
}

/** Turns that belong together. */
export interface Conversation {
  readonly id: string;
  readonly turns: readonly Turn[];
  readonly changedAt: number;
}

/** A conversation in a list. */
export interface ConversationSummary {
  readonly id: string;
  readonly title: string;
  readonly changedAt: number;
  readonly turns: number;
}

const LONGEST_TITLE = 80;

/** Returns the line by which a conversation is recognised: its first question. */
export function titleOf(conversation: Conversation): string {
  const words = (conversation.turns[0]?.question ?? "").replace(/\s+/gu, " ").trim();
  const characters = Array.from(words);
  return characters.length <= LONGEST_TITLE ? words : `${characters.slice(0, LONGEST_TITLE - 1).join("")}…`;
}

/** Returns a conversation as it stands in the list of previous ones. */
export function summaryOf(conversation: Conversation): ConversationSummary {
  return {
    id: conversation.id,
    title: titleOf(conversation),
    changedAt: conversation.changedAt,
    turns: conversation.turns.length,
  };
}

/** Returns the folder that a follow-up question stays in. */
export function folderOf(conversation: Conversation): AnswerFolder | undefined {
  return conversation.turns.filter(({ folder }) => folder !== undefined).at(-1)?.folder;
}

/** `src/auth.py:3-9`, or `src/auth.py:3` for one line. */
export function placeLabel(place: { path: string; startLine: number; endLine: number }): string {
  const last = place.endLine > place.startLine ? `-${place.endLine}` : "";
  return `${place.path}:${place.startLine}${last}`;
}

const isSpan: Check<TextSpan> = object<TextSpan>({ start: count, end: count });

const isPosition = object<{ line: number; character: number }>({ line: count, character: count });

/** Checks a range of a document. */
export const isRange: Check<Range> = object<Range>({ start: isPosition, end: isPosition });

const isBudget: Check<Budget> = object<Budget>({
  contextTokens: number,
  answerTokens: number,
  instructions: number,
  history: number,
  excerpts: number,
  question: number,
});

/** Checks a citation. */
export const isCitation: Check<Citation> = object<Citation>({
  id: count,
  path: text(),
  uri: text(),
  startLine: count,
  endLine: count,
  hash: text(),
  spans: list(isSpan),
});

const isExcerpt: Check<ReadExcerpt> = object<ReadExcerpt>({
  id: count,
  path: text(),
  uri: text(),
  startLine: count,
  endLine: count,
  symbol: text(),
  tokens: number,
  score: number,
  reasons: list(text()),
  hash: text(),
});

const isCut: Check<Cut> = object<Cut>({
  path: text(),
  uri: text(),
  startLine: count,
  endLine: count,
  tokens: number,
  reason: text(),
});

/** Checks what went into a prompt. */
export const isContext: Check<ReadContext> = object<ReadContext>({
  excerpts: list(isExcerpt),
  cut: list(isCut),
  budget: isBudget,
});

/** Checks how an answer ended. */
export const isStatus: Check<AnswerStatus> = oneOf("complete", "incomplete", "cancelled", "noModel");

/** Checks a name that was not found. */
export const isUngrounded: Check<UngroundedName> = object<UngroundedName>({
  name: text(),
  spans: list(isSpan),
  nearest: list(text()),
});

/** Checks a list of character ranges. */
export const isSpans: Check<readonly TextSpan[]> = list(isSpan);

const isScope: Check<ScopeParams> = object<ScopeParams>({
  paths: optional(list(text())),
  languages: optional(list(text())),
  kinds: optional(list(text())),
  tests: optional(flag),
  changedSince: optional(text()),
});

/** Checks a folder. */
export const isFolder: Check<AnswerFolder> = object<AnswerFolder>({ name: text(), uri: text() });

/** Checks a turn. */
export const isTurn: Check<Turn> = object<Turn>({
  id: text(),
  kind: oneOf("ask", "explain", "generateTest"),
  question: text(),
  request: object<TurnRequest>({
    question: optional(text()),
    uri: optional(text()),
    range: optional(isRange),
    scope: optional(isScope),
  }),
  scope: list(text()),
  folder: optional(isFolder),
  askedAt: number,
  endedAt: optional(number),
  phase: oneOf("running", "done", "failed", "cancelled"),
  stage: text(),
  nextUpdate: count,
  hasGap: flag,
  text: text(),
  droppedCharacters: count,
  context: optional(isContext),
  citations: list(isCitation),
  unsupported: isSpans,
  ungrounded: list(isUngrounded),
  warnings: list(text()),
  status: optional(isStatus),
  answerId: optional(text()),
  model: optional(text()),
  timings: optional(record(number)),
  failure: optional(text()),
});

/** Checks a conversation. */
export const isConversation: Check<Conversation> = object<Conversation>({
  id: text(),
  turns: list(isTurn),
  changedAt: number,
});

/** Checks a conversation of the list. */
export const isSummary: Check<ConversationSummary> = object<ConversationSummary>({
  id: text(),
  title: text(),
  changedAt: number,
  turns: count,
});
