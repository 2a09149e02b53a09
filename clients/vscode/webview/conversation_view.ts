/** The turns of a conversation, below each other. */

import type { WebviewMessage } from "../src/sidebar/messages";
import type { SidebarState } from "../src/sidebar/state";
import { button, element } from "./elements";
import { Following } from "./following";
import { icon } from "./icons";
import { TurnView, type TurnSurroundings } from "./turn_view";
import { Welcome } from "./welcome";

/** The scrolling part of the sidebar. */
export class ConversationView {
  readonly root: HTMLElement;
  private readonly log = element("div", {
    class: "log",
    role: "log",
    aria: { label: "Conversation", live: "off" },
  });
  private readonly welcome: Welcome;
  private readonly toEnd: HTMLButtonElement;
  private readonly turns = new Map<string, TurnView>();
  private conversation = "";
  private readonly following: Following;

  constructor(private readonly post: (message: WebviewMessage) => void) {
    this.log.tabIndex = 0;
    this.welcome = new Welcome(post);
    this.toEnd = button(
      { class: "to-end", hidden: true, label: "Scroll to the end", tip: "Scroll to the end" },
      () => {
        this.following.toEnd();
      },
      icon("arrowDown"),
    );
    this.following = new Following(this.log, (isMore) => {
      this.toEnd.hidden = !isMore;
    });
    this.root = element("main", {}, this.log, this.toEnd);
    // The question box grows and shrinks, and the log with it.
    new ResizeObserver(() => {
      this.following.keep();
    }).observe(this.log);
  }

  /** Shows the turns as they are now. */
  update(state: SidebarState, surroundings: TurnSurroundings): void {
    const { conversation } = state;
    if (conversation.id !== this.conversation) {
      this.conversation = conversation.id;
      this.turns.clear();
      this.log.replaceChildren();
      this.following.begin();
    }
    if (conversation.turns.some((turn) => !this.turns.has(turn.id))) {
      this.following.begin();
    }
    this.showWelcome(state);
    this.removeOthers(new Set(conversation.turns.map((turn) => turn.id)));
    for (const turn of conversation.turns) {
      this.viewOf(turn.id, () => new TurnView(turn, this.post)).update(turn, surroundings);
    }
    this.following.keep();
  }

  /** Moves the clock of the turn that is running. */
  tick(now: number): void {
    for (const view of this.turns.values()) {
      view.tick(now);
    }
  }

  private viewOf(id: string, make: () => TurnView): TurnView {
    const known = this.turns.get(id);
    if (known !== undefined) {
      return known;
    }
    const made = make();
    this.turns.set(id, made);
    this.log.append(made.root);
    return made;
  }

  private removeOthers(wanted: ReadonlySet<string>): void {
    for (const [id, view] of this.turns) {
      if (!wanted.has(id)) {
        view.root.remove();
        this.turns.delete(id);
      }
    }
  }

  private showWelcome(state: SidebarState): void {
    if (state.conversation.turns.length > 0) {
      this.welcome.root.remove();
    } else {
      this.log.append(this.welcome.root);
      this.welcome.update(state);
    }
  }
}
