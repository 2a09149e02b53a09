/** Conversations of a workspace, kept over restarts; bounded, the newest first. */

import {
  isConversation,
  summaryOf,
  type Conversation,
  type ConversationSummary,
  type Turn,
} from "./conversation";

/** The part of the editor's memory that is needed. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = "firsthand.conversations.1";
const MOST_CONVERSATIONS = 30;
const MOST_TURNS = 50;
// The editor reads and writes its memory as a whole, so it must stay small.
const MOST_CHARACTERS = 2_000_000;

interface Stored {
  readonly current: string;
  readonly conversations: readonly Conversation[];
}

/** The conversations so far. */
export class ConversationHistory {
  private conversations: readonly Conversation[];
  private current: string;

  constructor(private readonly memory: Memory) {
    const stored = read(memory.get(KEY));
    this.conversations = stored.conversations.map(withoutRunningTurns);
    this.current = stored.current;
  }

  /** Returns the list, the newest first. */
  summaries(): readonly ConversationSummary[] {
    return this.conversations.map(summaryOf);
  }

  /** Returns a conversation. */
  find(id: string): Conversation | undefined {
    return this.conversations.find((conversation) => conversation.id === id);
  }

  /** Returns the conversation that was open last. */
  lastOpen(): Conversation | undefined {
    return this.find(this.current);
  }

  /** Remembers which conversation is open. */
  async open(id: string): Promise<void> {
    this.current = id;
    await this.write();
  }

  /** Keeps a conversation, or what is new in it; one without turns is nothing to keep. */
  async save(conversation: Conversation): Promise<void> {
    if (conversation.turns.length > 0) {
      const kept = { ...conversation, turns: conversation.turns.slice(-MOST_TURNS) };
      const others = this.conversations.filter(({ id }) => id !== conversation.id);
      this.conversations = bounded([kept, ...others]);
    }
    await this.write();
  }

  /** Forgets a conversation and returns it. */
  async remove(id: string): Promise<Conversation | undefined> {
    const removed = this.find(id);
    this.conversations = this.conversations.filter((conversation) => conversation.id !== id);
    await this.write();
    return removed;
  }

  private async write(): Promise<void> {
    const stored: Stored = { current: this.current, conversations: this.conversations };
    await this.memory.update(KEY, stored);
  }
}

/** What an earlier version stored may look otherwise; what does not fit is left out. */
function read(value: unknown): Stored {
  const stored =
    typeof value === "object" && value !== null ? (value as Partial<Record<keyof Stored, unknown>>) : {};
  return {
    current: typeof stored.current === "string" ? stored.current : "",
    conversations: Array.isArray(stored.conversations) ? stored.conversations.filter(isConversation) : [],
  };
}

function bounded(conversations: readonly Conversation[]): readonly Conversation[] {
  let room = MOST_CHARACTERS;
  return [...conversations]
    .sort((one, other) => other.changedAt - one.changedAt)
    .slice(0, MOST_CONVERSATIONS)
    .filter((conversation, index) => {
      room -= JSON.stringify(conversation).length;
      return room >= 0 || index === 0;
    });
}

/** An answer that was being written when the editor closed never came to its end. */
function withoutRunningTurns(conversation: Conversation): Conversation {
  const turns = conversation.turns.map((turn): Turn =>
    turn.phase === "running" ? { ...turn, phase: "cancelled", stage: "", endedAt: turn.askedAt } : turn,
  );
  return { ...conversation, turns };
}
