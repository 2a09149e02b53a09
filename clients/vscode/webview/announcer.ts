/** Tells screen readers what happens: stages, and an answer when it is complete, never each word. */

import type { Turn } from "../src/sidebar/conversation";
import { counted, element, setText } from "./elements";
import { stageWords } from "./stage_line";

// Longer answers are read in their own region, at the reader's pace.
const LONGEST_READ = 1200;

/** The region that is read aloud. */
export class Announcer {
  readonly root = element("div", { class: "for-screen-readers", aria: { live: "polite", atomic: "true" } });
  private turn = "";

  /** Hears of the last turn; `answer` is what its region shows. A turn that ended before it was seen is silent. */
  update(turn: Turn | undefined, answer: string): void {
    if (turn === undefined) {
      return;
    }
    if (turn.phase === "running") {
      this.turn = turn.id;
      setText(this.root, stageWords(turn));
    } else if (turn.id === this.turn) {
      this.turn = "";
      setText(this.root, endWords(turn, answer));
    }
  }
}

function endWords(turn: Turn, answer: string): string {
  if (turn.phase === "failed") {
    return `Failed: ${turn.failure ?? ""}`;
  }
  const words = `${stageWords(turn)}, ${counted(turn.citations.length, "source")}.`;
  return answer.length <= LONGEST_READ ? `${words} ${answer}` : words;
}
