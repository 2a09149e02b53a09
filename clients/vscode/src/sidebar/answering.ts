/** One answer at a time: asks the server, passes on what it says, stops when it is told to. */

import * as vscode from "vscode";
import type { Answer, AnswerUpdate } from "../protocol";
import type { Server } from "../server";
import type { Turn } from "./conversation";
import type { SidebarEvent, TurnUpdate } from "./state";

/** Sends a turn to the server. */
export type Send<A extends Answer> = (token: vscode.CancellationToken) => Promise<A>;

interface Running {
  readonly id: string;
  readonly source: vscode.CancellationTokenSource;
}

/** Runs the turns of a sidebar. */
export class Answering implements vscode.Disposable {
  private running: Running | undefined;
  private readonly subscription: vscode.Disposable;

  constructor(
    server: Server,
    private readonly emit: (event: SidebarEvent) => void,
  ) {
    this.subscription = server.onAnswerUpdate((update) => {
      if (update.streamId === this.running?.id) {
        emit({ type: "turnUpdated", update: withoutTexts(update) });
      }
    });
  }

  /** Runs a turn to its end and returns the answer; undefined when it failed or was stopped. */
  async run<A extends Answer>(turn: Turn, send: Send<A>): Promise<A | undefined> {
    this.abandon();
    const running = { id: turn.id, source: new vscode.CancellationTokenSource() };
    this.running = running;
    this.emit({ type: "turnStarted", turn });
    try {
      const answer = await send(running.source.token);
      this.emit({ type: "turnAnswered", id: turn.id, answer, at: Date.now() });
      return answer;
    } catch (error) {
      this.emit(
        running.source.token.isCancellationRequested
          ? { type: "turnCancelled", id: turn.id, at: Date.now() }
          : { type: "turnFailed", id: turn.id, message: sentenceOf(error), at: Date.now() },
      );
      return undefined;
    } finally {
      if (this.running === running) {
        this.running = undefined;
      }
      running.source.dispose();
    }
  }

  /** Stops the answer that is being made; the server says when it has stopped. */
  stop(): void {
    if (this.running !== undefined) {
      this.emit({ type: "turnStopping", id: this.running.id });
      this.running.source.cancel();
    }
  }

  /** Stops the answer without waiting for the server, because something else takes its place. */
  abandon(): void {
    const abandoned = this.running;
    this.running = undefined;
    if (abandoned !== undefined) {
      abandoned.source.cancel();
      this.emit({ type: "turnCancelled", id: abandoned.id, at: Date.now() });
    }
  }

  dispose(): void {
    this.abandon();
    this.subscription.dispose();
  }
}

/** The files have the texts of the excerpts; the sidebar shows their places. */
function withoutTexts(update: AnswerUpdate): TurnUpdate {
  if (update.kind !== "context") {
    return update;
  }
  const { hits, ...rest } = update;
  return { ...rest, excerpts: hits.map(({ text, ...excerpt }) => excerpt) };
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
