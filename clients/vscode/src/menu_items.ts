/** The entries of the status bar's menu, as they make sense now. */

import { label } from "./inert_text";
import { serverCommands, type StatusResult } from "./protocol";
import type { ServerState } from "./server";
import { isPaused } from "./status_text";

/** One entry. */
export interface MenuItem {
  readonly label: string;
  readonly command: string;
  readonly args: readonly unknown[];
}

/** Returns the entries, what helps first. */
export function menuItems(state: ServerState, status: StatusResult | undefined): MenuItem[] {
  if (state === "failed" || state === "stopped") {
    return [
      item("$(debug-restart) Start the server", "restartServer"),
      item("$(desktop-download) Install the server…", "installServer"),
      item("$(output) Show the log", "showLogs"),
      item("$(gear) Settings", "openSettings"),
    ];
  }
  const offers = new Set(
    (status?.folders ?? []).flatMap(({ models }) => models?.offers ?? []).map(({ model }) => model),
  );
  return [
    ...[...offers].map((model) => ({
      label: `$(cloud-download) Pull ${label(model)}`,
      command: serverCommands.pullModel,
      args: [{ model }],
    })),
    item("$(comment-discussion) Ask…", "ask"),
    item("$(search) Search…", "search"),
    item("$(info) Show the status", "showStatus"),
    isPaused(status)
      ? item("$(debug-continue) Resume indexing", "resume")
      : item("$(debug-pause) Pause indexing", "pause"),
    item("$(sync) Index again", "reindex"),
    item("$(sparkle) Get a model…", "pullModel"),
    item("$(debug-restart) Restart the server", "restartServer"),
    item("$(output) Show the log", "showLogs"),
    item("$(gear) Settings", "openSettings"),
  ];
}

function item(text: string, command: string): MenuItem {
  return { label: text, command: `firsthand.editor.${command}`, args: [] };
}
