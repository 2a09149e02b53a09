/** Previous conversations: open one again, or delete it. */

import type { ConversationSummary } from "../src/sidebar/conversation";
import type { WebviewMessage } from "../src/sidebar/messages";
import { button, counted, element, fill, iconButton } from "./elements";
import { ago } from "./times";

/** The list of conversations, over everything else. */
export class HistoryDialog {
  readonly root = element("dialog", { class: "history", aria: { label: "Previous conversations" } });
  private shown: readonly ConversationSummary[] | undefined;
  private current = "";

  constructor(private readonly post: (message: WebviewMessage) => void) {}

  /** Takes the list as it is now. */
  update(history: readonly ConversationSummary[], current: string, now: number): void {
    if (history === this.shown && current === this.current) {
      return;
    }
    this.shown = history;
    this.current = current;
    const place = [...this.root.querySelectorAll("li")].findIndex((item) =>
      item.contains(document.activeElement),
    );
    fill(this.root, ...this.contents(history, now));
    if (place >= 0) {
      const items = this.root.querySelectorAll<HTMLElement>("li .conversation");
      (items[Math.min(place, items.length - 1)] ?? this.root.querySelector("button"))?.focus();
    }
  }

  /** Opens the list. */
  open(): void {
    if (!this.root.open) {
      this.root.showModal();
      this.root.querySelector<HTMLElement>(".conversation")?.focus();
    }
  }

  private contents(history: readonly ConversationSummary[], now: number): HTMLElement[] {
    const close = iconButton("close", "Close", () => {
      this.root.close();
    });
    const head = element(
      "div",
      { class: "bar" },
      element("h2", { class: "dialog-title" }, "Previous conversations"),
      close,
    );
    if (history.length === 0) {
      return [
        head,
        element("p", { class: "note" }, "What you ask in this workspace is kept here, on this machine."),
      ];
    }
    return [head, element("ul", { class: "conversations" }, ...history.map((each) => this.item(each, now)))];
  }

  private item(summary: ConversationSummary, now: number): HTMLElement {
    const isCurrent = summary.id === this.current;
    const open = button(
      {
        class: "conversation",
        data: { conversation: summary.id },
        ...(isCurrent ? { aria: { current: "true" } } : {}),
      },
      () => {
        this.post({ type: "openConversation", id: summary.id });
        this.root.close();
      },
      element("bdi", { class: "conversation-title" }, summary.title),
      element(
        "span",
        { class: "conversation-side" },
        `${ago(summary.changedAt, now)} · ${counted(summary.turns, "question")}${isCurrent ? " · open" : ""}`,
      ),
    );
    const remove = iconButton("trash", `Delete conversation ${summary.title}`, () => {
      this.post({ type: "deleteConversation", id: summary.id });
    });
    return element("li", {}, open, remove);
  }
}
