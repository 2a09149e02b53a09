/** Below an answer: its sources, and what in it is doubtful, in words. */

import { type Turn } from "../src/sidebar/conversation";
import type { Citation } from "../src/protocol";
import { placeWords } from "./context_list";
import { button, counted, element } from "./elements";
import { spokenPlace } from "./inline_text";

/** The numbered list of what an answer rests on. */
export function sourcesList(citations: readonly Citation[], open: (citation: Citation) => void): HTMLElement {
  const items = [...citations]
    .sort((one, other) => one.id - other.id)
    .map((citation) =>
      element(
        "li",
        {},
        button(
          {
            class: "place source",
            data: { source: String(citation.id) },
            label: `Source ${citation.id}: ${spokenPlace(citation)}`,
          },
          () => {
            open(citation);
          },
          element("span", { class: "source-number" }, String(citation.id)),
          element("span", { class: "place-head" }, ...placeWords(citation)),
        ),
      ),
    );
  return element(
    "div",
    { class: "sources" },
    element("div", { class: "list-title", aria: { hidden: "true" } }, "Sources"),
    element("ul", { class: "places", role: "list", aria: { label: "Sources" } }, ...items),
  );
}

/** Says what no excerpt supports and which names do not exist; undefined when there is nothing to say. */
export function checks(turn: Turn): HTMLElement | undefined {
  const lines = [...unsupportedLine(turn), ...ungroundedLine(turn)];
  return lines.length === 0
    ? undefined
    : element("div", { class: "checks", data: { part: "checks" } }, ...lines);
}

function unsupportedLine(turn: Turn): HTMLElement[] {
  if (turn.unsupported.length === 0) {
    return [];
  }
  return [
    element(
      "p",
      {},
      element("span", { class: "doubt", aria: { hidden: "true" } }, "?"),
      ` ${counted(turn.unsupported.length, "statement")} that no excerpt supports, underlined with dots.`,
    ),
  ];
}

function ungroundedLine(turn: Turn): HTMLElement[] {
  if (turn.ungrounded.length === 0) {
    return [];
  }
  const names = turn.ungrounded.map(({ name, nearest }) =>
    element(
      "li",
      {},
      element("code", {}, name),
      nearest.length > 0 ? ` nearest: ${nearest.join(", ")}` : " nothing similar",
    ),
  );
  return [
    element("p", {}, element("span", { class: "ungrounded" }, "Names"), " not found in this workspace:"),
    element("ul", { class: "names", aria: { label: "Names not found in this workspace" } }, ...names),
  ];
}
