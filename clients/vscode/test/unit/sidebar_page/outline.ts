/** Writes elements as one line of text, so that a test shows what a reader sees and where the marks stand. */

import type { Citation, TextSpan, UngroundedName } from "../../../src/protocol";

/** `p(a strong(b)[1] ~doubtful~[?] !unknown!)`. */
export function outline(root: Node): string {
  return [...root.childNodes]
    .map(outlineOf)
    .join(" ")
    .replace(/\s+/gu, " ")
    .replace(/\( | (?=\))/gu, (space) => space.trim())
    .trim();
}

function outlineOf(node: Node): string {
  if (!(node instanceof Element)) {
    return node.textContent ?? "";
  }
  const inside = [...node.childNodes].map(outlineOf).join("");
  if (node.matches(".keep, thead, tbody, .table")) {
    return inside;
  }
  if (node.matches(".citation, .doubt")) {
    return `[${inside}]`;
  }
  if (node.matches(".unsupported")) {
    return `~${inside}~`;
  }
  if (node.matches(".ungrounded")) {
    return `!${inside}!`;
  }
  if (node.matches("figure")) {
    const sources = [...node.querySelectorAll(".code-sources .citation, .code-sources .doubt")];
    const language = node.querySelector(".code-language")?.textContent ?? "";
    const code = node.querySelector("pre code");
    const numbers = sources.map((source) => `[${source.textContent}]`).join("");
    return `code:${language}${numbers}(${code === null ? "" : [...code.childNodes].map(outlineOf).join("")})`;
  }
  if (node.matches("span")) {
    return inside;
  }
  return `${node.localName}(${inside})`;
}

/** A text with what is marked in it. */
export interface Marked {
  readonly source: string;
  readonly citations: readonly Citation[];
  readonly unsupported: readonly TextSpan[];
  readonly ungrounded: readonly UngroundedName[];
}

/** Reads `{1:cited by one} {?:unsupported} {!:unknown}`; marks may nest. */
export function marked(text: string): Marked {
  const spans = new Map<string, TextSpan[]>();
  const open: { key: string; start: number }[] = [];
  let source = "";
  for (const part of text.split(/(\{[\d?!]:|\})/u)) {
    if (/^\{[\d?!]:$/u.test(part)) {
      open.push({ key: part.charAt(1), start: source.length });
    } else if (part === "}" && open.length > 0) {
      const { key, start } = open.pop() ?? { key: "", start: 0 };
      spans.set(key, [...(spans.get(key) ?? []), { start, end: source.length }]);
    } else {
      source += part;
    }
  }
  const numbers = [...spans.keys()].filter((key) => /\d/u.test(key)).sort();
  return {
    source,
    citations: numbers.map((key) => citation(Number(key), spans.get(key) ?? [])),
    unsupported: spans.get("?") ?? [],
    ungrounded: (spans.get("!") ?? []).map((span) => ({
      name: source.slice(span.start, span.end),
      spans: [span],
      nearest: ["known"],
    })),
  };
}

function citation(id: number, spans: readonly TextSpan[]): Citation {
  return {
    id,
    path: `src/${id}.py`,
    uri: `file:///src/${id}.py`,
    startLine: id,
    endLine: id + 2,
    hash: "",
    spans,
  };
}
