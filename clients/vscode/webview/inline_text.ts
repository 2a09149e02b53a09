/** Lays the text inside a block: emphasis and code, inert links, and the marks at their places. */

import type { SyntaxNode } from "@lezer/common";
import type { Citation } from "../src/protocol";
import { placeLabel } from "../src/sidebar/conversation";
import { append, button, element } from "./elements";
import type { Marks, NameMark } from "./marks";

/** What a click in the text does. */
export interface TextActions {
  readonly openCitation: (citation: Citation) => void;
  readonly copyCode: (code: string) => void;
  readonly insertCode: (code: string) => void;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&nbsp;": "\u00a0",
};

const SILENT = new Set([
  "HeaderMark",
  "EmphasisMark",
  "CodeMark",
  "QuoteMark",
  "ListMark",
  "StrikethroughMark",
  "TableDelimiter",
]);

const WRAPPERS = { Emphasis: "em", StrongEmphasis: "strong", Strikethrough: "s" } as const;

/** Writes the source text of one block into elements; every character that is shown knows where it came from. */
export class InlineWriter {
  private nextPoint = 0;

  constructor(
    readonly source: string,
    readonly marks: Marks,
    readonly actions: TextActions,
  ) {}

  /** Writes what a node holds. */
  write(node: SyntaxNode, parent: Element): void {
    this.writeRange(node, parent, node.from, node.to);
    this.flush(node.to, parent);
  }

  /** Writes a range as it stands, without Markdown. */
  writeLiteral(from: number, to: number, parent: Element): void {
    this.writeText(from, to, parent, true);
  }

  /** Puts the marks that stand before an offset. */
  flush(to: number, parent: Element): void {
    for (;;) {
      const mark = this.marks.points[this.nextPoint];
      if (mark === undefined || mark.at > to) {
        return;
      }
      this.nextPoint += 1;
      keeperAtEnd(parent).append(
        mark.kind === "citation" ? citationMarker(mark.citation, this.actions.openCitation) : doubtMarker(),
      );
    }
  }

  private writeRange(node: SyntaxNode, parent: Element, from: number, to: number, flushes = true): void {
    let position = from;
    for (let child = node.firstChild; child !== null; child = child.nextSibling) {
      if (child.from < position || child.to > to) {
        continue;
      }
      this.writeText(position, child.from, parent, flushes);
      this.writeNode(child, parent);
      position = child.to;
      // Behind a closing mark of emphasis, the place is outside of what is emphasised.
      if (flushes && !SILENT.has(child.name)) {
        this.flush(position, parent);
      }
    }
    this.writeText(position, to, parent, flushes);
  }

  private writeNode(node: SyntaxNode, parent: Element): void {
    const { name } = node;
    if (SILENT.has(name)) {
      return;
    }
    if (name === "Emphasis" || name === "StrongEmphasis" || name === "Strikethrough") {
      const wrapper = element(WRAPPERS[name]);
      parent.append(wrapper);
      this.writeRange(node, wrapper, node.from, node.to);
    } else if (name === "InlineCode") {
      this.writeCode(node, parent);
    } else if (name === "Link" || name === "Image") {
      this.writeLink(node, parent);
    } else if (name === "Autolink") {
      this.writeText(node.from + 1, node.to - 1, parent, false);
    } else if (name === "Escape") {
      this.writeText(node.from + 1, node.to, parent, false);
    } else if (name === "Entity") {
      append(parent, entity(this.source.slice(node.from, node.to)));
    } else if (name === "HardBreak") {
      parent.append(element("br"));
    } else if (name === "TaskMarker") {
      append(parent, /x/iu.test(this.source.slice(node.from, node.to)) ? "☑" : "☐");
    } else if (name === "HTMLTag" && /^<br\s*\/?>$/iu.test(this.source.slice(node.from, node.to))) {
      parent.append(element("br"));
    } else {
      this.writeText(node.from, node.to, parent, false);
    }
  }

  private writeCode(node: SyntaxNode, parent: Element): void {
    const open = node.firstChild?.to ?? node.from;
    const close = node.lastChild?.from ?? node.to;
    const text = this.source.slice(open, close);
    const padded = text.trim() !== "" && text.startsWith(" ") && text.endsWith(" ") ? 1 : 0;
    const code = element("code");
    parent.append(code);
    this.writeText(open + padded, close - padded, code, false);
  }

  /** A link from a model could lead anywhere: its words stay words, and its target is there to be read. */
  private writeLink(node: SyntaxNode, parent: Element): void {
    const target = node.getChild("URL");
    const [open, close] = node.getChildren("LinkMark");
    if (target === null || open === undefined || close === undefined || close.to > target.from) {
      this.writeText(node.from, node.to, parent, false);
      return;
    }
    const link = element("span", { class: "inert-link", data: { inert: "link" } });
    parent.append(link);
    if (node.name === "Image") {
      append(link, "image: ");
    }
    this.writeLinkWords(node, link, open.to, close.from);
    const address = this.source.slice(target.from, target.to);
    if (link.textContent !== address) {
      link.append(element("span", { class: "link-target" }, ` (${address})`));
    }
  }

  private writeLinkWords(node: SyntaxNode, parent: Element, from: number, to: number): void {
    let position = from;
    for (let child = node.firstChild; child !== null; child = child.nextSibling) {
      if (child.from >= position && child.to <= to && child.name !== "LinkMark") {
        this.writeText(position, child.from, parent, false);
        this.writeNode(child, parent);
        position = child.to;
      }
    }
    this.writeText(position, to, parent, false);
  }

  private writeText(from: number, to: number, parent: Element, flushes: boolean): void {
    let position = from;
    for (const boundary of this.boundaries(from, to)) {
      this.writePiece(position, boundary, parent);
      position = boundary;
      if (flushes) {
        this.flush(position, parent);
      }
    }
  }

  private boundaries(from: number, to: number): number[] {
    const inside = [
      ...this.marks.points.map((mark) => mark.at),
      ...this.marks.unsupported.flatMap((span) => [span.start, span.end]),
      ...this.marks.names.flatMap((span) => [span.start, span.end]),
    ].filter((offset) => offset > from && offset < to);
    return from < to ? [...new Set(inside), to].sort((one, other) => one - other) : [];
  }

  private writePiece(from: number, to: number, parent: Element): void {
    const text = this.source.slice(from, to);
    const name = this.marks.names.find((span) => span.start <= from && to <= span.end);
    const doubtful = this.marks.unsupported.some((span) => span.start <= from && to <= span.end);
    const place = doubtful && text.trim() !== "" ? element("span", { class: "unsupported" }) : undefined;
    append(place ?? parent, name === undefined ? text : nameElement(text, name));
    if (place !== undefined) {
      parent.append(place);
    }
  }
}

/** Returns an element that keeps marks on the line of the word before them. */
function keeperAtEnd(parent: Element): Element {
  const last = parent.lastChild;
  if (last instanceof HTMLElement && last.classList.contains("keep")) {
    return last;
  }
  const keeper = element("span", { class: "keep" });
  const word = last instanceof Text ? /\S{1,24}$/u.exec(last.data) : null;
  if (last instanceof Text && word !== null) {
    keeper.append(last.splitText(word.index));
  }
  parent.append(keeper);
  return keeper;
}

/** Shows a name that does not exist, and what it may have meant. */
export function nameElement(text: string, mark: NameMark): HTMLElement {
  return element(
    "span",
    { class: "ungrounded", data: { name: mark.name.name, tip: nameNote(mark.name.nearest) } },
    text,
  );
}

/** `Not found in this workspace; nearest: refresh`. */
export function nameNote(nearest: readonly string[]): string {
  return `Not found in this workspace${nearest.length > 0 ? `; nearest: ${nearest.join(", ")}` : ""}`;
}

/** The number of a citation, which opens its lines. */
export function citationMarker(citation: Citation, open: (citation: Citation) => void): HTMLButtonElement {
  return button(
    {
      class: "citation",
      data: { citation: String(citation.id) },
      label: `Source ${citation.id}: ${spokenPlace(citation)}`,
      tip: placeLabel(citation),
    },
    () => {
      open(citation);
    },
    String(citation.id),
  );
}

/** `src/auth.py, lines 3 to 9`. */
export function spokenPlace(place: { path: string; startLine: number; endLine: number }): string {
  const lines =
    place.endLine > place.startLine
      ? `lines ${place.startLine} to ${place.endLine}`
      : `line ${place.startLine}`;
  return `${place.path}, ${lines}`;
}

function doubtMarker(): HTMLElement {
  return element(
    "span",
    {
      class: "doubt",
      role: "img",
      aria: { label: "no excerpt supports this" },
      data: { tip: "No excerpt supports this" },
    },
    "?",
  );
}

function entity(source: string): string {
  const number = /^&#(?:x([0-9a-f]+)|(\d+));$/iu.exec(source);
  if (number === null) {
    return ENTITIES[source] ?? source;
  }
  const point = number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16);
  return point > 0 && point <= 0x10_ff_ff ? String.fromCodePoint(point) : source;
}
