/** What a search found, as items of a list; the texts come from files and stay texts. */

import { label } from "./inert_text";
import type { Hit } from "./protocol";

/** One hit in the list. */
export interface SearchItem {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly hit: Hit;
}

const icons: Readonly<Record<string, string>> = {
  class: "symbol-class",
  function: "symbol-function",
  method: "symbol-method",
  module: "symbol-module",
  section: "symbol-text",
};

/** Returns the items in the order of the hits. */
export function searchItems(hits: readonly Hit[]): SearchItem[] {
  return hits.map((hit) => {
    const lines = `${hit.range.start.line + 1}-${lastLine(hit)}`;
    const name = hit.symbol || firstLine(hit.excerpt) || hit.path;
    return {
      label: `$(${icons[hit.kind] ?? "symbol-snippet"}) ${label(name)}`,
      description: `${label(hit.path)}:${lines}`,
      detail: [...hit.reasons.map(label), `score ${hit.score.toFixed(2)}`].join(" · "),
      hit,
    };
  });
}

function lastLine({ range }: Hit): number {
  const { start, end } = range;
  // A range that ends before the first character of a line does not hold that line.
  return Math.max(start.line, end.character === 0 ? end.line - 1 : end.line) + 1;
}

function firstLine(excerpt: string): string {
  return excerpt.split("\n").find((line) => line.trim() !== "") ?? "";
}
