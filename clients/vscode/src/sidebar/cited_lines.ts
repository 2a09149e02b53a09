/** Whether lines are still those that an answer rests on, and where they went. */

import { createHash } from "node:crypto";

/** Lines of a document, from 1, both included. */
export interface LineRange {
  readonly startLine: number;
  readonly endLine: number;
}

/** Where cited lines are now. */
export type FoundLines =
  | ({ readonly state: "same" | "moved" } & LineRange)
  /** The lines are no longer there; the range is where they were, as far as the document reaches. */
  | ({ readonly state: "changed" } & LineRange);

// Comparing every place of a larger document would be felt.
const MOST_LINES = 100_000;

/** Returns the hash by which the server names lines: SHA-256 (hex) of the lines, joined by line feeds. */
export function linesHash(lines: readonly string[]): string {
  return createHash("sha256").update(lines.join("\n"), "utf8").digest("hex");
}

/** Looks for cited lines: where they were, else at the nearest place that has the same. */
export function findLines(
  lines: readonly string[],
  cited: LineRange & { readonly hash: string },
): FoundLines {
  const length = cited.endLine - cited.startLine + 1;
  const isAt = (start: number): boolean =>
    linesHash(lines.slice(start - 1, start - 1 + length)) === cited.hash;
  if (cited.endLine <= lines.length && isAt(cited.startLine)) {
    return { state: "same", startLine: cited.startLine, endLine: cited.endLine };
  }
  const last = lines.length - length + 1;
  const farthest = Math.max(cited.startLine, last - cited.startLine);
  for (let distance = 1; distance <= farthest && lines.length <= MOST_LINES; distance += 1) {
    for (const start of [cited.startLine - distance, cited.startLine + distance]) {
      if (start >= 1 && start <= last && isAt(start)) {
        return { state: "moved", startLine: start, endLine: start + length - 1 };
      }
    }
  }
  const end = Math.max(1, Math.min(cited.endLine, lines.length));
  return { state: "changed", startLine: Math.min(cited.startLine, end), endLine: end };
}
