/** One question and what came of it. */

import type { Citation } from "../src/protocol";
import type { Turn } from "../src/sidebar/conversation";
import type { AnswerAction, WebviewMessage } from "../src/sidebar/messages";
import type { IndexStatus } from "../src/sidebar/state";
import { checks, sourcesList } from "./answer_checks";
import { ContextList } from "./context_list";
import { append, button, element, fill, iconButton } from "./elements";
import { icon } from "./icons";
import { MarkdownView } from "./markdown_view";
import { marksOf } from "./marks";
import { remedies } from "./remedies";
import { StageLine } from "./stage_line";

/** What a turn needs to know of the rest. */
export interface TurnSurroundings {
  /** The host's time. */
  readonly now: number;
  readonly index: IndexStatus | undefined;
}

/** The view of one turn. */
export class TurnView {
  readonly root: HTMLElement;
  private readonly lookedIn = element("ul", { class: "chips", aria: { label: "Looked in" }, hidden: true });
  private readonly stage = new StageLine();
  private readonly context: ContextList;
  private readonly text: MarkdownView;
  private readonly warnings = element("ul", { class: "warnings", data: { part: "warnings" }, hidden: true });
  private readonly answer: HTMLElement;
  private readonly below = element("div", { class: "below" });
  private shown: Turn | undefined;
  private shownIndex: IndexStatus | undefined;

  constructor(
    turn: Turn,
    private readonly post: (message: WebviewMessage) => void,
  ) {
    const openCitation = (citation: Citation): void => {
      post({ type: "openCitation", turn: turn.id, id: citation.id });
    };
    this.context = new ContextList({
      openExcerpt: (id) => {
        post({ type: "openExcerpt", turn: turn.id, id });
      },
      openCut: (index) => {
        post({ type: "openCut", turn: turn.id, index });
      },
    });
    this.text = new MarkdownView({
      openCitation,
      copyCode: (code) => {
        post({ type: "copyCode", code });
      },
      insertCode: (code) => {
        post({ type: "insertCode", code });
      },
    });
    this.answer = element(
      "div",
      { class: "answer", role: "region", aria: { label: "Answer" }, data: { part: "answer" } },
      this.text.root,
    );
    this.root = element(
      "article",
      { class: "turn", data: { turn: turn.id }, aria: { label: turn.question } },
      this.questionCard(turn),
      this.stage.root,
      this.context.root,
      this.warnings,
      this.answer,
      this.below,
    );
  }

  /** Shows the turn as it is now. */
  update(turn: Turn, surroundings: TurnSurroundings): void {
    this.stage.update(turn, surroundings.now, surroundings.index?.model);
    if (turn === this.shown && surroundings.index === this.shownIndex) {
      return;
    }
    this.root.dataset["phase"] = turn.phase;
    this.root.dataset["status"] = turn.status ?? "";
    this.root.setAttribute("aria-busy", String(turn.phase === "running"));
    this.showPlaces(turn);
    this.context.update(turn);
    this.answer.hidden = turn.text === "";
    this.text.update(turn.text, marksOf(turn.text, turn.citations, turn.unsupported, turn.ungrounded));
    this.showWarnings(turn.warnings);
    if (turn.phase !== this.shown?.phase || surroundings.index !== this.shownIndex) {
      fill(this.below, ...this.belowAnswer(turn, surroundings.index));
    }
    this.shown = turn;
    this.shownIndex = surroundings.index;
  }

  /** Moves the clock of a turn that is running. */
  tick(now: number): void {
    if (this.shown?.phase === "running") {
      this.stage.update(this.shown, now, this.shownIndex?.model);
    }
  }

  private questionCard({ question }: Turn): HTMLElement {
    return element(
      "div",
      { class: "question", data: { part: "question" } },
      element("div", { class: "question-text" }, question),
      this.lookedIn,
    );
  }

  private showPlaces(turn: Turn): void {
    const places = lookedIn(turn);
    this.lookedIn.hidden = places.length === 0;
    if (turn.folder !== this.shown?.folder || this.shown === undefined) {
      fill(this.lookedIn, ...places.map((words) => element("li", { class: "chip" }, words)));
    }
  }

  private showWarnings(warnings: readonly string[]): void {
    this.warnings.hidden = warnings.length === 0;
    if (this.warnings.children.length !== warnings.length || warnings !== this.shown?.warnings) {
      fill(
        this.warnings,
        ...warnings.map((warning) => element("li", {}, icon("warning"), element("span", {}, warning))),
      );
    }
  }

  private belowAnswer(turn: Turn, index: IndexStatus | undefined): HTMLElement[] {
    if (turn.phase === "running") {
      return [];
    }
    const parts: HTMLElement[] = [];
    if (turn.droppedCharacters > 0) {
      const dropped = turn.droppedCharacters.toLocaleString("en");
      parts.push(
        element(
          "p",
          { class: "note", data: { part: "dropped" } },
          `The answer goes on for ${dropped} more characters, which are not kept.`,
        ),
      );
    }
    if (turn.phase === "failed") {
      parts.push(failure(turn));
    }
    const doubts = checks(turn);
    parts.push(...(doubts === undefined ? [] : [doubts]));
    if (turn.citations.length > 0) {
      const open = (citation: Citation): void => {
        this.post({ type: "openCitation", turn: turn.id, id: citation.id });
      };
      parts.push(sourcesList(turn.citations, open));
    }
    if (turn.status === "noModel") {
      parts.push(remedies(index, this.post));
    }
    parts.push(this.toolbar(turn));
    return parts;
  }

  private toolbar(turn: Turn): HTMLElement {
    const act = (action: AnswerAction) => (): void => {
      this.post({ type: "answerAction", turn: turn.id, action });
    };
    const bar = element("div", { class: "toolbar", role: "toolbar", aria: { label: "Answer actions" } });
    if (turn.text !== "") {
      const copy = iconButton("copy", "Copy answer", act("copy"));
      copy.dataset["done"] = "Copied";
      append(
        bar,
        copy,
        iconButton("insert", "Insert answer at cursor", act("insert")),
        iconButton("document", "Open answer as document", act("open")),
      );
    }
    if (turn.answerId !== undefined) {
      append(bar, iconButton("layers", "Show context", act("showContext")));
    }
    if (turn.phase !== "done" || turn.status === "incomplete" || turn.status === "noModel") {
      const again = turn.phase === "failed" ? "Retry" : "Ask again";
      append(bar, button({ class: "secondary" }, act("retry"), again));
    }
    return bar;
  }
}

/** Returns where was looked, in words; a folder that the scope names already is not named twice. */
function lookedIn({ scope, folder }: Turn): readonly string[] {
  const isNamed = scope.some((words) => words === folder?.name || words.startsWith(`${folder?.name ?? ""}/`));
  return folder === undefined || isNamed ? scope : [folder.name, ...scope];
}

function failure(turn: Turn): HTMLElement {
  return element(
    "div",
    { class: "failure", role: "alert", data: { part: "failure" } },
    icon("warning"),
    element("span", {}, turn.failure ?? ""),
  );
}
