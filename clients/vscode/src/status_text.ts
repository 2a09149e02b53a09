/** How the session is doing, in the few words that fit a status bar and in the more that fit a tooltip. */

import { escapedMarkdown, oneLine } from "./inert_text";
import type { FolderStatus, Health, StatusResult } from "./protocol";
import type { ServerState } from "./server";

/** What the status bar shows. */
export interface StatusText {
  readonly text: string;
  readonly health: Health;
  /** Markdown in which nothing is a link. */
  readonly tooltip: string;
  /** What a screen reader says. */
  readonly spoken: string;
}

// `following`: another process keeps the index, and this one searches it.
const restingStages = ["idle", "paused", "failed", "waiting", "following"];

/** Returns what the status bar shows. */
export function statusText(
  state: ServerState,
  status: StatusResult | undefined,
  problem: string | undefined,
): StatusText {
  if (state !== "running" || status === undefined) {
    return withoutStatus(state, problem);
  }
  const busy = status.folders.find(isBusy);
  const icon =
    status.health === "error"
      ? "error"
      : busy || isStarting(status)
        ? "sync~spin"
        : isPaused(status)
          ? "debug-pause"
          : health(status);
  const model = answeringModel(status);
  const details =
    busy !== undefined ? ` ${progressText(busy)}` : model === undefined ? "" : ` ${oneLine(model)}`;
  const spoken = oneLine(status.message);
  // One folder says the same as the whole.
  const head = status.folders.length === 1 ? [] : [`**Firsthand**: ${escapedMarkdown(status.message)}`];
  return {
    text: `$(${icon}) Firsthand${details}`,
    health: status.health,
    tooltip: [...head, ...status.folders.map(folderLines), "Click for more."].join("\n\n"),
    spoken: `Firsthand: ${spoken}${model === undefined ? "" : `, answers by ${oneLine(model)}`}`,
  };
}

/** Says whether the server does not know its folders yet. */
export function isStarting({ health, folders }: StatusResult): boolean {
  // Where no folder is open, the server warns of it.
  return health === "ok" && folders.length === 0;
}

/** Returns the chat model, when all folders have the same. */
function answeringModel(status: StatusResult): string | undefined {
  const chats = new Set(status.folders.map((folder) => folder.models?.chat));
  const [chat] = chats;
  return chats.size === 1 ? chat : undefined;
}

/** Says whether a folder is being indexed. */
export function isBusy(folder: FolderStatus): boolean {
  return !restingStages.includes(folder.indexing.stage);
}

/** Says whether the indexing of every folder is paused. */
export function isPaused(status: StatusResult | undefined): boolean {
  const folders = status?.folders ?? [];
  return folders.length > 0 && folders.every((folder) => folder.indexing.stage === "paused");
}

/** Returns the remaining time in words, or an empty text when nobody knows it. */
export function remaining(milliseconds: number | undefined): string {
  if (milliseconds === undefined) {
    return "";
  }
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  if (seconds < 60) {
    return `${seconds} s left`;
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min left` : `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}

function withoutStatus(state: ServerState, problem: string | undefined): StatusText {
  const sentence = problem ?? (state === "stopped" ? "Open a folder to start." : "The server is starting.");
  const icons = {
    starting: "loading~spin",
    running: "loading~spin",
    stopped: "circle-slash",
    failed: "error",
  };
  return {
    text: `$(${icons[state]}) Firsthand`,
    health: state === "failed" ? "error" : "ok",
    tooltip: `**Firsthand**: ${escapedMarkdown(sentence)}\n\nClick for more.`,
    spoken: `Firsthand: ${oneLine(sentence)}`,
  };
}

function health(status: StatusResult): string {
  return status.health === "warning" ? "warning" : "check";
}

function progressText({ indexing }: FolderStatus): string {
  return indexing.total > 0 ? `${indexing.done}/${indexing.total}` : indexing.stage;
}

function folderLines(folder: FolderStatus): string {
  const { files, models } = folder;
  const lines = [
    `**${escapedMarkdown(folder.name)}**: ${escapedMarkdown(folder.message)}`,
    isBusy(folder) ? remaining(folder.etaMs) : "",
    `${files.done} of ${files.total} files, ${files.skipped} skipped, ${files.failed} failed`,
    models === undefined
      ? ""
      : `Answers: ${escapedMarkdown(models.chat ?? "cited excerpts, no chat model")}; search: ${escapedMarkdown(models.embedder)}`,
  ];
  return lines.filter(Boolean).join("  \n");
}
