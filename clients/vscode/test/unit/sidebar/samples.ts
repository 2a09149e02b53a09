/** Turns, answers and states to begin from. */

import type { Answer, Citation, Excerpt } from "../../../src/protocol";
import type { Conversation, Turn } from "../../../src/sidebar/conversation";
import { initialState, type SidebarState } from "../../../src/sidebar/state";

export const budget = {
  contextTokens: 8192,
  answerTokens: 1024,
  instructions: 300,
  history: 0,
  excerpts: 900,
  question: 20,
};

/** An excerpt as the server sends it. */
export function excerpt(changes: Partial<Excerpt> = {}): Excerpt {
  return {
    id: 1,
    path: "src/auth.py",
    uri: "file:///shop/src/auth.py",
    startLine: 3,
    endLine: 9,
    symbol: "refresh",
    tokens: 40,
    score: 0.9,
    reasons: ["meaning"],
    hash: "ab",
    text: "def refresh(): ...",
    ...changes,
  };
}

/** A citation of the excerpt. */
export function citation(changes: Partial<Citation> = {}): Citation {
  const { id, path, uri, startLine, endLine, hash } = excerpt();
  return { id, path, uri, startLine, endLine, hash, spans: [], ...changes };
}

/** A turn that was just asked. */
export function turn(changes: Partial<Turn> = {}): Turn {
  return {
    id: "t1",
    kind: "ask",
    question: "How are tokens refreshed?",
    request: { question: "How are tokens refreshed?" },
    scope: [],
    askedAt: 1000,
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
    ...changes,
  };
}

/** A whole answer. */
export function answer(changes: Partial<Answer> = {}): Answer {
  return {
    answerId: "a1",
    status: "complete",
    text: "Tokens are refreshed in `refresh`.",
    citations: [citation({ spans: [{ start: 0, end: 34 }] })],
    unsupported: [],
    ungrounded: [],
    model: "fake-model",
    budget,
    timings: { searching: 1, generating: 20 },
    warnings: [],
    ...changes,
  };
}

/** A conversation. */
export function conversation(turns: readonly Turn[] = [], changes: Partial<Conversation> = {}): Conversation {
  return { id: "c1", turns, changedAt: 1000, ...changes };
}

/** A sidebar whose server runs. */
export function state(turns: readonly Turn[] = [], changes: Partial<SidebarState> = {}): SidebarState {
  return { ...initialState(conversation(turns), "running"), ...changes };
}
