import type { FolderStatus, Hit, StatusResult } from "../../src/protocol";

/** A folder at rest, with what a test changes. */
export function folder(changes: Partial<FolderStatus> = {}): FolderStatus {
  return {
    uri: "file:///shop",
    name: "shop",
    health: "ok",
    message: "19 files, 74 chunks",
    files: { done: 19, total: 19, skipped: 1, failed: 0 },
    chunks: 74,
    embedded: 74,
    indexing: { stage: "idle", done: 0, total: 0, message: "" },
    models: { provider: "ollama", embedder: "nomic", chat: "qwen", notices: [], offers: [] },
    ...changes,
  };
}

/** The status of one folder. */
export function status(changes: Partial<FolderStatus> = {}): StatusResult {
  const only = folder(changes);
  return { health: only.health, message: only.message, folders: [only] };
}

/** Something that was found. */
export function hit(changes: Partial<Hit> = {}): Hit {
  return {
    path: "src/a.py",
    uri: "file:///shop/src/a.py",
    range: { start: { line: 2, character: 0 }, end: { line: 5, character: 0 } },
    symbol: "retry",
    kind: "function",
    language: "python",
    score: 0.314,
    reasons: ["close in meaning"],
    excerpt: "def retry():\n    pass\n",
    ...changes,
  };
}
