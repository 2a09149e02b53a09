/** What is shown before the first question. */

import type { WebviewMessage } from "../src/sidebar/messages";
import type { IndexStatus, SidebarState } from "../src/sidebar/state";
import { button, element, fill, setText } from "./elements";
import { remedies } from "./remedies";

const SUGGESTIONS = [
  "What does this project do, and where does it start?",
  "How are errors handled, from where they happen to where they are shown?",
  "Which parts of the code talk to the outside: network, files, databases?",
];

/** The empty state: what can be asked, and whether it can be asked already. */
export class Welcome {
  readonly root: HTMLElement;
  private readonly progress = element("p", { class: "note" });
  private readonly way = element("div");
  private shown: IndexStatus | undefined;

  constructor(private readonly post: (message: WebviewMessage) => void) {
    const suggestions = SUGGESTIONS.map((question) =>
      element(
        "li",
        {},
        button(
          { class: "suggestion", data: { suggestion: "" } },
          () => {
            post({ type: "ask", question });
          },
          question,
        ),
      ),
    );
    this.root = element(
      "section",
      { class: "welcome", data: { part: "welcome" } },
      element("h2", {}, "Ask your code"),
      element("p", {}, "Answers come from this workspace, on this machine, with the lines they rest on."),
      element("ul", { class: "suggestions", aria: { label: "Suggestions" } }, ...suggestions),
      this.progress,
      this.way,
    );
  }

  /** Shows how far the index is and whether a model is missing. */
  update(state: SidebarState): void {
    setText(this.progress, state.server === "running" && state.index ? `Index: ${state.index.message}` : "");
    if (state.index !== this.shown) {
      this.shown = state.index;
      const offers = state.index?.offers ?? [];
      fill(this.way, ...(offers.length > 0 ? [remedies(state.index, this.post)] : []));
    }
  }
}
