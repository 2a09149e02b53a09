/** The whole sidebar: takes the host's messages, keeps the state, shows it once per frame. */

import type { HostMessage, WebviewMessage } from "../src/sidebar/messages";
import { reduce, runningTurn, type SidebarState } from "../src/sidebar/state";
import { Announcer } from "./announcer";
import { Composer } from "./composer";
import { ConversationView } from "./conversation_view";
import { Header } from "./header";
import { HistoryDialog } from "./history_dialog";
import { Tooltip } from "./tooltip";

const TICK_MS = 200;
const DONE_SHOWN_MS = 1500;

/** What the page itself remembers while it is hidden. */
export interface Remembered {
  readonly draft: string;
}

/** The page. */
export class SidebarView {
  private state: SidebarState | undefined;
  private isScheduled = false;
  /** The host's clock less this one; they differ when the host is another machine. */
  private clockOffset = 0;
  private readonly header: Header;
  private readonly conversation: ConversationView;
  private readonly composer: Composer;
  private readonly history: HistoryDialog;
  private readonly announcer = new Announcer();

  constructor(
    private readonly body: HTMLElement,
    private readonly post: (message: WebviewMessage) => void,
    remembered: Remembered | undefined,
    remember: (remembered: Remembered) => void,
    private readonly schedule: (work: () => void) => void,
  ) {
    this.history = new HistoryDialog(post);
    this.header = new Header(post, () => {
      this.history.open();
    });
    this.conversation = new ConversationView(post);
    this.composer = new Composer(post, (draft) => {
      remember({ draft });
    });
    const tooltip = new Tooltip();
    tooltip.watch(body.ownerDocument);
    body.append(
      this.header.root,
      this.conversation.root,
      this.composer.root,
      this.history.root,
      this.announcer.root,
      tooltip.root,
    );
    this.composer.write(remembered?.draft ?? "");
    this.listen();
  }

  /** Takes a message of the host. */
  receive(message: HostMessage): void {
    switch (message.type) {
      case "state":
        this.clockOffset = message.now - Date.now();
        this.show(message.state);
        break;
      case "event":
        if (this.state !== undefined) {
          this.show(reduce(this.state, message.event));
        }
        break;
      case "focusQuestion":
        this.render();
        this.composer.focus();
        break;
    }
  }

  private show(state: SidebarState): void {
    this.state = state;
    if (!this.isScheduled) {
      this.isScheduled = true;
      this.schedule(() => {
        this.isScheduled = false;
        this.render();
      });
    }
  }

  private render(): void {
    const { state } = this;
    if (state === undefined) {
      return;
    }
    const now = this.now();
    this.header.update(state);
    this.conversation.update(state, { now, index: state.index });
    this.composer.update(state);
    this.history.update(state.history, state.conversation.id, now);
    const answers = this.conversation.root.querySelectorAll(".answer");
    this.announcer.update(state.conversation.turns.at(-1), answers[answers.length - 1]?.textContent ?? "");
    this.body.dataset["ready"] = "true";
  }

  private listen(): void {
    setInterval(() => {
      this.conversation.tick(this.now());
    }, TICK_MS);
    this.body.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.state !== undefined && runningTurn(this.state) !== undefined) {
        this.post({ type: "stop" });
      }
    });
    this.body.addEventListener("click", (event) => {
      confirmDone(event.target);
    });
  }

  private now(): number {
    return Date.now() + this.clockOffset;
  }
}

/** A button whose work cannot be seen says for a moment that it is done. */
function confirmDone(target: EventTarget | null): void {
  const done = target instanceof Element ? target.closest<HTMLElement>("button[data-done]") : null;
  if (done === null) {
    return;
  }
  done.classList.add("is-done");
  setTimeout(() => {
    done.classList.remove("is-done");
  }, DONE_SHOWN_MS);
}
