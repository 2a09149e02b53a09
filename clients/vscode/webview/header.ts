/** The line on top: what the index is doing, and previous conversations. And what to do without a server. */

import type { Remedy, WebviewMessage } from "../src/sidebar/messages";
import type { SidebarState } from "../src/sidebar/state";
import { button, element, fill, iconButton, setText } from "./elements";

const SERVER_WORDS = {
  starting: "Starting the server…",
  stopped: "The Firsthand server is not running.",
  failed: "The Firsthand server stopped by itself.",
} as const;

/** The header of the sidebar. */
export class Header {
  readonly root: HTMLElement;
  private readonly health = element("span", { class: "health", aria: { hidden: "true" } });
  private readonly words = element("span", { class: "index-words" });
  private readonly status: HTMLButtonElement;
  private readonly server = element("div", { class: "server", data: { part: "server" }, hidden: true });
  private shown: SidebarState | undefined;

  constructor(
    private readonly post: (message: WebviewMessage) => void,
    openHistory: () => void,
  ) {
    this.status = button(
      { class: "index", data: { part: "index" } },
      this.remedy("showStatus"),
      this.health,
      this.words,
    );
    const bar = element("div", { class: "bar" }, this.status, iconButton("history", "History", openHistory));
    this.root = element("header", {}, bar, this.server);
  }

  /** Shows the health of server and index. */
  update(state: SidebarState): void {
    if (state.server === this.shown?.server && state.index === this.shown.index) {
      return;
    }
    this.shown = state;
    const { server, index } = state;
    const running = server === "running";
    this.root.dataset["server"] = server;
    this.health.dataset["health"] = running
      ? (index?.health ?? "starting")
      : server === "starting"
        ? "starting"
        : "error";
    const model = index?.model === undefined ? "" : ` · ${index.model}`;
    setText(this.words, running ? `${index?.message ?? "Connecting…"}${model}` : SERVER_WORDS[server]);
    this.status.dataset["tip"] = `${this.words.textContent} — show status`;
    this.server.hidden = running || server === "starting";
    if (!this.server.hidden) {
      fill(
        this.server,
        button(
          { class: "primary" },
          this.remedy("restartServer"),
          server === "failed" ? "Restart server" : "Start server",
        ),
        button({ class: "text-button" }, this.remedy("showLogs"), "Show logs"),
        button({ class: "text-button" }, this.remedy("installServer"), "Install server"),
      );
    }
  }

  private remedy(remedy: Remedy): () => void {
    return () => {
      this.post({ type: "remedy", remedy });
    };
  }
}
