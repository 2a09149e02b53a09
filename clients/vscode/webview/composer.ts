/** Where the question is written. */

import { folderOf, type Turn } from "../src/sidebar/conversation";
import { LONGEST_QUESTION, type WebviewMessage } from "../src/sidebar/messages";
import { runningTurn, type SidebarState } from "../src/sidebar/state";
import { button, element } from "./elements";
import { icon } from "./icons";
import { ScopeBar } from "./scope_bar";

/** The box for a question, its scope, and the button that asks or stops. */
export class Composer {
  readonly root: HTMLFormElement;
  private readonly box = element("textarea");
  private readonly scope: ScopeBar;
  private readonly askButton: HTMLButtonElement;
  private readonly stopButton: HTMLButtonElement;
  private running: Turn | undefined;
  private asked: readonly string[] = [];
  /** How far the user went back in what was asked; 0 is the draft. */
  private recalled = 0;
  private draft = "";

  constructor(
    private readonly post: (message: WebviewMessage) => void,
    private readonly draftChanged: (draft: string) => void,
  ) {
    this.scope = new ScopeBar((change) => {
      post({ type: "changeScope", change });
    });
    this.askButton = button({ class: "primary ask", tip: "Enter" }, () => undefined, icon("arrowUp"), "Ask");
    this.askButton.type = "submit";
    this.stopButton = button(
      { class: "primary stop", tip: "Escape", hidden: true },
      () => {
        post({ type: "stop" });
      },
      icon("stop"),
      "Stop",
    );
    this.prepareBox();
    const hint = element("span", { class: "hint", aria: { hidden: "true" } }, "Shift+Enter for a new line");
    const row = element("div", { class: "composer-row" }, hint, this.askButton, this.stopButton);
    const frame = element("div", { class: "composer-frame" }, this.box, row);
    this.root = element("form", { class: "composer" }, this.scope.root, frame);
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
  }

  /** Shows whether a question can be asked, and where. */
  update(state: SidebarState): void {
    const running = runningTurn(state);
    if ((running === undefined) !== (this.running === undefined)) {
      const focusMoves = document.activeElement === (running ? this.askButton : this.stopButton);
      this.askButton.hidden = running !== undefined;
      this.stopButton.hidden = running === undefined;
      if (focusMoves) {
        this.focus();
      }
    }
    this.running = running;
    this.asked = state.conversation.turns.filter((turn) => turn.kind === "ask").map((turn) => turn.question);
    this.scope.update(state.scope, state.editor, folderOf(state.conversation)?.name);
    this.askButton.disabled = state.server === "stopped" || state.server === "failed";
  }

  /** Puts the caret into the box. */
  focus(): void {
    this.box.focus();
  }

  /** Puts a text into the box. */
  write(text: string): void {
    this.box.value = text;
    this.fit();
  }

  private prepareBox(): void {
    this.box.rows = 1;
    this.box.maxLength = LONGEST_QUESTION;
    this.box.placeholder = "Ask about your code…";
    this.box.spellcheck = false;
    this.box.setAttribute("aria-label", "Ask about your code");
    this.box.setAttribute("aria-keyshortcuts", "Enter");
    this.box.addEventListener("input", () => {
      this.recalled = 0;
      this.draftChanged(this.box.value);
      this.fit();
    });
    this.box.addEventListener("keydown", (event) => {
      this.keyPressed(event);
    });
  }

  private keyPressed(event: KeyboardEvent): void {
    // While an input method composes a character, Enter chooses it.
    if (event.isComposing) {
      return;
    }
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.ask();
    } else if (event.key === "ArrowUp" && this.box.selectionEnd === 0) {
      this.recall(1, event);
    } else if (
      event.key === "ArrowDown" &&
      this.recalled > 0 &&
      this.box.selectionStart === this.box.value.length
    ) {
      this.recall(-1, event);
    }
  }

  private recall(step: number, event: KeyboardEvent): void {
    const wanted = this.recalled + step;
    const question = wanted === 0 ? this.draft : this.asked.at(-wanted);
    if (question === undefined) {
      return;
    }
    event.preventDefault();
    if (this.recalled === 0) {
      this.draft = this.box.value;
    }
    this.recalled = wanted;
    this.write(question);
    // Where the next key of the same direction recalls further.
    const caret = step > 0 ? 0 : question.length;
    this.box.setSelectionRange(caret, caret);
  }

  private ask(): void {
    const question = this.box.value.trim();
    if (question === "" || this.running !== undefined || this.askButton.disabled) {
      return;
    }
    this.post({ type: "ask", question });
    this.recalled = 0;
    this.write("");
    this.draftChanged("");
  }

  private fit(): void {
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight}px`;
  }
}
