/** Makes conversations and turns, and reads from a turn what it asked of the server. */

import { randomUUID } from "node:crypto";
import type { PlaceParams, TurnParams } from "../protocol";
import type { CitedPlace } from "./cited_places";
import type { AnswerFolder, Conversation, Turn, TurnKind, TurnRequest } from "./conversation";
import type { WebviewMessage } from "./messages";

// More of what was said before does not fit any window beside the code.
const MOST_TURNS_SENT = 20;

/** A message that wants a place of a turn opened. */
export type OpenMessage = Extract<WebviewMessage, { type: "openCitation" | "openExcerpt" | "openCut" }>;

/** Begins a conversation. */
export function emptyConversation(): Conversation {
  return { id: randomUUID(), turns: [], changedAt: Date.now() };
}

/** Begins a turn. */
export function newTurn(
  kind: TurnKind,
  question: string,
  request: TurnRequest,
  scope: readonly string[] = [],
  folder?: AnswerFolder,
): Turn {
  return {
    id: randomUUID(),
    kind,
    question,
    request,
    scope,
    folder,
    askedAt: Date.now(),
    phase: "running",
    stage: "",
    nextUpdate: 0,
    hasGap: false,
    text: "",
    droppedCharacters: 0,
    citations: [],
    unsupported: [],
    ungrounded: [],
    warnings: [],
  };
}

/** Returns what a turn about a place asks. */
export function requestOf({ uri, position, range }: PlaceParams): TurnRequest {
  return { uri, range: range ?? (position && { start: position, end: position }) };
}

/** Undoes `requestOf`: a range without extent is the position that it came from. */
export function placeOf({ uri = "", range }: TurnRequest): PlaceParams {
  const isPosition = range?.start.line === range?.end.line && range?.start.character === range?.end.character;
  return range !== undefined && isPosition ? { uri, position: range.start } : { uri, range };
}

/** Returns the place that a message of the page means. */
export function placeIn(turn: Turn, message: OpenMessage): CitedPlace | undefined {
  switch (message.type) {
    case "openCitation":
      return turn.citations.find(({ id }) => id === message.id);
    case "openExcerpt":
      return turn.context?.excerpts.find(({ id }) => id === message.id);
    case "openCut":
      return turn.context?.cut[message.index];
  }
}

/** Returns what was said so far, as the server takes it along to a follow-up. */
export function saidBefore(turns: readonly Turn[]): TurnParams[] {
  return turns
    .filter(({ status, text }) => text !== "" && (status === "complete" || status === "incomplete"))
    .map(({ question, text }) => ({ question, answer: text }))
    .slice(-MOST_TURNS_SENT);
}
