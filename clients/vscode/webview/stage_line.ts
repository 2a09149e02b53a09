/** The line that says what an answer is doing, or how it went. */

import type { Turn } from "../src/sidebar/conversation";
import { counted, element, setText } from "./elements";
import { duration } from "./times";

const DONE_WORDS = {
  complete: "Answered",
  incomplete: "Incomplete answer",
  cancelled: "Stopped",
  noModel: "Searched without a model",
} as const;

/** Returns what a turn is doing or did, in words, without times. */
export function stageWords(turn: Turn): string {
  switch (turn.phase) {
    case "running":
      return `${runningWords(turn)}…`;
    case "failed":
      return "Failed";
    case "cancelled":
      return "Stopped";
    case "done":
      return DONE_WORDS[turn.status ?? "complete"];
  }
}

/** The stage line of one turn. */
export class StageLine {
  readonly root: HTMLElement;
  private readonly words = element("span", { class: "stage-words" });
  private readonly time = element("span", { class: "stage-time", aria: { hidden: "true" } });
  private readonly model = element("span", { class: "stage-model" });

  constructor() {
    const dot = element("span", { class: "stage-dot", aria: { hidden: "true" } });
    this.root = element(
      "div",
      { class: "stage", data: { part: "stage" } },
      dot,
      this.words,
      this.time,
      this.model,
    );
  }

  /** Shows where a turn stands; `now` is the host's time, `model` the one that will answer. */
  update(turn: Turn, now: number, model: string | undefined): void {
    setText(this.words, stageWords(turn));
    const passed = duration((turn.endedAt ?? now) - turn.askedAt);
    const preposition = { running: "", done: "in ", failed: "after ", cancelled: "after " }[turn.phase];
    setText(this.time, ` ${preposition}${passed}`);
    const name = turn.phase === "running" ? model : turn.model;
    setText(this.model, name === undefined || name === "" ? "" : ` · ${name}`);
    const timings = Object.entries(turn.timings ?? {});
    if (timings.length > 0) {
      this.root.dataset["tip"] = timings.map(([stage, took]) => `${stage} ${duration(took)}`).join(" · ");
    }
  }
}

function runningWords(turn: Turn): string {
  const excerpts = turn.context?.excerpts.length;
  if (turn.stage.startsWith("reading") && excerpts !== undefined) {
    return `Reading ${counted(excerpts, "excerpt")}`;
  }
  return turn.stage === "" ? "Starting" : turn.stage.charAt(0).toUpperCase() + turn.stage.slice(1);
}
