/** Work that the user began by a command: a notification with a bar and a way to stop it, not a line in the status bar. */

import type {
  ProgressToken,
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from "vscode-languageserver-protocol";
import type { CommandStarted } from "./protocol";

/** What a server says of long work. */
export type WorkNews = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

/** A notification with a bar. */
export interface Bar {
  /** `increment` is in percent of the whole. */
  report(step: { message?: string; increment?: number }): void;
  close(): void;
}

/** Shows a bar; with `stop`, the user can stop the work. */
export type OpenBar = (title: string, stop: (() => void) | undefined) => Bar;

/** The work that the commands of one connection began. */
export class RequestedWork {
  private readonly answers = new Set<Promise<unknown>>();
  private readonly tokens = new Set<ProgressToken>();
  private readonly bars = new Map<ProgressToken, ShownWork>();
  private shown: Promise<void> = Promise.resolve();

  constructor(
    private readonly open: OpenBar,
    private readonly stop: (token: ProgressToken) => void,
  ) {}

  /** Returns the answer to a command; what the command leaves at work is shown here. */
  async begun<R>(answer: PromiseLike<R>): Promise<R> {
    const noted = this.noted(answer);
    this.answers.add(noted);
    try {
      return await noted;
    } finally {
      this.answers.delete(noted);
    }
  }

  /** Shows news of work in a notification, or `elsewhere` when the user did not ask for that work. */
  progress(token: ProgressToken, news: WorkNews, elsewhere: () => void): void {
    // The answer that names the token may still be on its way.
    this.shown = this.shown
      .then(() => Promise.allSettled(this.answers))
      .then(() => {
        if (!this.tokens.has(token)) {
          elsewhere();
          return;
        }
        this.show(token, news);
        if (news.kind === "end") {
          elsewhere();
        }
      });
  }

  /** Closes every notification, because nobody works any more. */
  close(): void {
    for (const { bar } of this.bars.values()) {
      bar.close();
    }
    this.bars.clear();
    this.tokens.clear();
  }

  private async noted<R>(answer: PromiseLike<R>): Promise<R> {
    const result = await answer;
    const token = (result as Partial<CommandStarted> | null | undefined)?.token;
    if (token !== undefined) {
      this.tokens.add(token);
    }
    return result;
  }

  private show(token: ProgressToken, news: WorkNews): void {
    if (news.kind === "begin") {
      const stop = (): void => {
        this.stop(token);
      };
      const bar = this.open(news.title, news.cancellable === true ? stop : undefined);
      this.bars.set(token, new ShownWork(bar));
    }
    const work = this.bars.get(token);
    if (news.kind === "end") {
      work?.bar.close();
      this.bars.delete(token);
      this.tokens.delete(token);
    } else {
      work?.report(news);
    }
  }
}

class ShownWork {
  private percentage = 0;

  constructor(readonly bar: Bar) {}

  report({ message, percentage }: WorkDoneProgressBegin | WorkDoneProgressReport): void {
    const percent = percentage === undefined ? undefined : `${percentage} %`;
    const increment = Math.max(0, (percentage ?? 0) - this.percentage);
    this.percentage += increment;
    this.bar.report({ message: [percent, message].filter(Boolean).join(", "), increment });
  }
}
