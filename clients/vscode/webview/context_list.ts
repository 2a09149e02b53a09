/** What the model read for an answer, and what did not fit: shown before its first word. */

import type { Cut } from "../src/protocol";
import { placeLabel, type ReadContext, type ReadExcerpt, type Turn } from "../src/sidebar/conversation";
import { button, counted, element, fill, type Child } from "./elements";
import { icon } from "./icons";
import { spokenPlace } from "./inline_text";

/** What a click in the list does. */
export interface ContextActions {
  readonly openExcerpt: (id: number) => void;
  readonly openCut: (index: number) => void;
}

/** The list of one turn. */
export class ContextList {
  readonly root: HTMLDetailsElement;
  private shown: ReadContext | undefined;
  private chosenByUser = false;

  constructor(private readonly actions: ContextActions) {
    this.root = element("details", { class: "context", data: { part: "context" }, hidden: true });
    this.root.addEventListener("click", (event) => {
      if (event.target instanceof Element && event.target.closest("summary")?.parentElement === this.root) {
        this.chosenByUser = true;
      }
    });
  }

  /** Shows the context of a turn; open until the first word arrives, unless the user chose otherwise. */
  update(turn: Turn): void {
    const { context } = turn;
    this.root.hidden = context === undefined;
    if (!this.chosenByUser) {
      this.root.open = turn.phase === "running" && turn.text === "";
    }
    if (context !== undefined && context !== this.shown) {
      this.shown = context;
      fill(this.root, ...this.contents(context));
    }
  }

  private contents(context: ReadContext): HTMLElement[] {
    const { excerpts, cut, budget } = context;
    const used = budget.instructions + budget.history + budget.excerpts + budget.question;
    const title = `Read ${counted(excerpts.length, "excerpt")}${cut.length > 0 ? `, cut ${cut.length}` : ""}`;
    const summary = element(
      "summary",
      {},
      icon("chevron"),
      element("span", { class: "summary-title" }, title),
      element(
        "span",
        { class: "summary-side" },
        `${thousands(used)} of ${thousands(budget.contextTokens)} tokens`,
      ),
    );
    const items = excerpts.map((excerpt) => element("li", {}, this.excerptItem(excerpt)));
    return [
      summary,
      budgetLine(context),
      element("ol", { class: "places", aria: { label: "What was read" } }, ...items),
      ...(cut.length > 0 ? [this.cutList(cut)] : []),
    ];
  }

  private excerptItem(excerpt: ReadExcerpt): HTMLElement {
    const { id } = excerpt;
    return button(
      {
        class: "place",
        data: { excerpt: String(id), tip: placeLabel(excerpt) },
        label: `Open ${spokenPlace(excerpt)}`,
      },
      () => {
        this.actions.openExcerpt(id);
      },
      element(
        "span",
        { class: "place-head" },
        ...placeWords(excerpt),
        element(
          "span",
          { class: "place-score", data: { tip: "Score; a higher one is better" } },
          score(excerpt.score),
        ),
      ),
      ...(excerpt.symbol === "" ? [] : [element("bdi", { class: "place-symbol" }, excerpt.symbol)]),
      ...(excerpt.reasons.length > 0
        ? [element("span", { class: "place-reasons" }, excerpt.reasons.join(" · "))]
        : []),
    );
  }

  private cutList(cut: readonly Cut[]): HTMLElement {
    const items = cut.map((place, index) =>
      element(
        "li",
        {},
        button(
          {
            class: "place",
            data: { cut: String(index) },
            label: `Open ${spokenPlace(place)}, cut: ${place.reason}`,
          },
          () => {
            this.actions.openCut(index);
          },
          element("span", { class: "place-head" }, ...placeWords(place)),
          element("span", { class: "place-reasons" }, place.reason),
        ),
      ),
    );
    return element(
      "div",
      { class: "cut" },
      element("div", { class: "list-title" }, `Not read: ${counted(cut.length, "place")}`),
      element("ol", { class: "places", aria: { label: "What was cut" } }, ...items),
    );
  }
}

/** The last part of a path stands out, the folders step back, the lines follow. */
export function placeWords(place: { path: string; startLine: number; endLine: number }): Child[] {
  const cut = place.path.lastIndexOf("/") + 1;
  const lines = placeLabel({ ...place, path: "" });
  return [
    element(
      "span",
      { class: "place-path" },
      // An empty box would pull the line's baseline to its own.
      ...(cut > 0 ? [element("bdi", { class: "place-folder" }, place.path.slice(0, cut))] : []),
      element("bdi", { class: "place-file" }, place.path.slice(cut)),
    ),
    element("span", { class: "place-lines" }, lines),
  ];
}

function budgetLine({ budget }: ReadContext): HTMLElement {
  const parts = [
    ["excerpts", budget.excerpts],
    ["question", budget.question],
    ["history", budget.history],
    ["instructions", budget.instructions],
  ] as const;
  const words = parts
    .filter(([, tokens]) => tokens > 0)
    .map(([name, tokens]) => `${name} ${thousands(tokens)}`);
  if (budget.answerTokens > 0) {
    words.push(`kept for the answer ${thousands(budget.answerTokens)}`);
  }
  return element("p", { class: "budget" }, `Tokens: ${words.join(" · ")}`);
}

function thousands(tokens: number): string {
  return tokens < 1000 ? String(tokens) : `${(tokens / 1000).toFixed(1)}k`;
}

function score(value: number): string {
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
