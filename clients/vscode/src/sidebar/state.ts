/** What the sidebar shows, and how events change it: one pure function, run by the host and by the webview alike. */

import type { Answer, AnswerUpdate, Health } from "../protocol";
import type { ServerState } from "../server";
import type { AnswerFolder, Conversation, ConversationSummary, ReadContext, Turn } from "./conversation";

/** Longer texts come from broken models; keeping them would only make the editor slow. */
export const LONGEST_ANSWER = 200_000;

/** How tests take part in the search. */
export type TestsScope = "in" | "out" | "only";

/** Code that a question is about, chosen outside the sidebar. */
export interface PinnedPlace {
  readonly label: string;
}

/** Where to look, as the user set it. */
export interface Scope {
  readonly thisFile: boolean;
  readonly selection: boolean;
  readonly tests: TestsScope;
  /** Folders in words; what they stand for is known to the host. */
  readonly folders: readonly string[];
  readonly languages: readonly string[];
  readonly pinned?: PinnedPlace | undefined;
}

/** What the active editor offers to a question. */
export interface EditorPlace {
  readonly file: string;
  /** The selected lines, in words; absent when nothing is selected. */
  readonly selection?: string | undefined;
}

/** A chat model that could be pulled. */
export interface Offer {
  readonly model: string;
  readonly message: string;
}

/** The server's health, reduced to what the sidebar shows. */
export interface IndexStatus {
  readonly health: Health | "starting";
  readonly message: string;
  /** Known when all folders have the same chat model. */
  readonly model?: string | undefined;
  readonly offers: readonly Offer[];
  readonly notices: readonly string[];
  /** Whether the user trusts the folder; else no model is contacted. */
  readonly trusted: boolean;
}

/** Everything that is shown. */
export interface SidebarState {
  readonly conversation: Conversation;
  readonly history: readonly ConversationSummary[];
  readonly server: ServerState;
  readonly index?: IndexStatus | undefined;
  readonly scope: Scope;
  readonly editor?: EditorPlace | undefined;
}

/** An update of a stream as the sidebar keeps it: without the texts of excerpts. */
export type TurnUpdate =
  | Exclude<AnswerUpdate, { kind: "context" }>
  | ({ readonly kind: "context"; readonly streamId: string; readonly seq: number } & ReadContext);

/** Something happened. */
export type SidebarEvent =
  | { readonly type: "turnStarted"; readonly turn: Turn }
  | { readonly type: "turnLocated"; readonly id: string; readonly folder: AnswerFolder }
  | { readonly type: "turnUpdated"; readonly update: TurnUpdate }
  | { readonly type: "turnStopping"; readonly id: string }
  | { readonly type: "turnAnswered"; readonly id: string; readonly answer: Answer; readonly at: number }
  | { readonly type: "turnFailed"; readonly id: string; readonly message: string; readonly at: number }
  | { readonly type: "turnCancelled"; readonly id: string; readonly at: number }
  | { readonly type: "turnRemoved"; readonly id: string }
  | { readonly type: "conversationOpened"; readonly conversation: Conversation }
  | { readonly type: "historyChanged"; readonly history: readonly ConversationSummary[] }
  | { readonly type: "serverChanged"; readonly server: ServerState }
  | { readonly type: "indexChanged"; readonly index: IndexStatus }
  | { readonly type: "scopeChanged"; readonly scope: Scope }
  | { readonly type: "editorChanged"; readonly editor?: EditorPlace | undefined };

/** Nothing is limited. */
export const EVERYWHERE: Scope = {
  thisFile: false,
  selection: false,
  tests: "in",
  folders: [],
  languages: [],
};

/** Returns the state at the beginning of a conversation. */
export function initialState(conversation: Conversation, server: ServerState): SidebarState {
  return { conversation, history: [], server, scope: EVERYWHERE };
}

/** Returns the turn that is being answered. */
export function runningTurn(state: SidebarState): Turn | undefined {
  return state.conversation.turns.find((turn) => turn.phase === "running");
}

/** Returns the state after an event; what the event does not touch is the same object as before. */
export function reduce(state: SidebarState, event: SidebarEvent): SidebarState {
  switch (event.type) {
    case "turnStarted":
      return withTurns(state, [...state.conversation.turns, event.turn], event.turn.askedAt);
    case "turnLocated":
      return changeTurn(state, event.id, (turn) => ({ ...turn, folder: event.folder }));
    case "turnUpdated":
      return changeTurn(state, event.update.streamId, (turn) => updated(turn, event.update));
    case "turnStopping":
      return changeTurn(state, event.id, (turn) => ({ ...turn, stage: "stopping" }));
    case "turnAnswered":
      return changeTurn(state, event.id, (turn) => answered(turn, event.answer, event.at));
    case "turnFailed":
      return changeTurn(state, event.id, (turn) => ({
        ...ended(turn, event.at),
        phase: "failed",
        failure: event.message,
      }));
    case "turnCancelled":
      return changeTurn(state, event.id, (turn) => ({ ...ended(turn, event.at), phase: "cancelled" }));
    case "turnRemoved":
      return withTurns(
        state,
        state.conversation.turns.filter((turn) => turn.id !== event.id),
        state.conversation.changedAt,
      );
    case "conversationOpened":
      return { ...state, conversation: event.conversation };
    case "historyChanged":
      return { ...state, history: event.history };
    case "serverChanged":
      return { ...state, server: event.server };
    case "indexChanged":
      return { ...state, index: event.index };
    case "scopeChanged":
      return { ...state, scope: event.scope };
    case "editorChanged":
      return { ...state, editor: event.editor };
  }
}

function withTurns(state: SidebarState, turns: readonly Turn[], changedAt: number): SidebarState {
  return { ...state, conversation: { ...state.conversation, turns, changedAt } };
}

/** Changes a turn that is still running; what comes late for another one is dropped. */
function changeTurn(state: SidebarState, id: string, change: (turn: Turn) => Turn): SidebarState {
  const turns = state.conversation.turns;
  const turn = turns.find((each) => each.id === id && each.phase === "running");
  if (turn === undefined) {
    return state;
  }
  const changed = change(turn);
  return withTurns(
    state,
    turns.map((each) => (each === turn ? changed : each)),
    changed.endedAt ?? state.conversation.changedAt,
  );
}

function updated(turn: Turn, update: TurnUpdate): Turn {
  const numbered = {
    ...turn,
    nextUpdate: update.seq + 1,
    hasGap: turn.hasGap || update.seq !== turn.nextUpdate,
  };
  switch (update.kind) {
    case "stage":
      return turn.stage === "stopping" ? numbered : { ...numbered, stage: update.stage };
    case "context":
      // A second context means that the text begins anew, so nothing that was lost before matters any more.
      return {
        ...numbered,
        hasGap: false,
        context: { excerpts: update.excerpts, cut: update.cut, budget: update.budget },
        text: "",
        droppedCharacters: 0,
        citations: [],
      };
    case "delta":
      // After a lost piece the text would be garbled and the spans wrong: the response brings all of it.
      return numbered.hasGap ? numbered : { ...numbered, ...capped(turn, update.text) };
    case "citation":
      return {
        ...numbered,
        citations: [...turn.citations.filter(({ id }) => id !== update.citation.id), update.citation],
      };
    case "warning":
      return { ...numbered, warnings: [...turn.warnings, update.message] };
    case "done":
      return numbered;
  }
}

function answered(turn: Turn, answer: Answer, at: number): Turn {
  const nothing = { text: "", droppedCharacters: 0 };
  return {
    ...ended(turn, at),
    ...capped(nothing, answer.text),
    phase: answer.status === "cancelled" ? "cancelled" : "done",
    citations: answer.citations,
    unsupported: answer.unsupported,
    ungrounded: answer.ungrounded,
    warnings: answer.warnings,
    status: answer.status,
    answerId: answer.answerId,
    model: answer.model,
    timings: answer.timings,
  };
}

function ended(turn: Turn, at: number): Turn {
  return { ...turn, stage: "", endedAt: at };
}

function capped(
  turn: Pick<Turn, "text" | "droppedCharacters">,
  more: string,
): Pick<Turn, "text" | "droppedCharacters"> {
  const room = LONGEST_ANSWER - turn.text.length;
  return more.length <= room
    ? { text: turn.text + more, droppedCharacters: turn.droppedCharacters }
    : {
        text: turn.text + more.slice(0, room),
        droppedCharacters: turn.droppedCharacters + more.length - room,
      };
}
