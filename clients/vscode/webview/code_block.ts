/** A block of code in an answer: coloured, with its sources, to be copied or put into the editor. */

import type { SyntaxNode } from "@lezer/common";
import { highlight } from "./code_highlighting";
import { append, element, iconButton } from "./elements";
import { nameElement, type InlineWriter } from "./inline_text";
import type { NameMark } from "./marks";

/** A line of code: where it stands in the code and in the answer. */
interface Segment {
  readonly codeStart: number;
  readonly from: number;
  readonly to: number;
}

/** Makes a block of code. */
export function codeBlock(node: SyntaxNode, writer: InlineWriter): HTMLElement {
  const segments = segmentsOf(node);
  const code = trimmedCode(segments.map(({ from, to }) => writer.source.slice(from, to)).join(""), node);
  const info = node.getChild("CodeInfo");
  const language =
    info === null ? "" : (/^[\w+#.-]+/u.exec(writer.source.slice(info.from, info.to))?.[0] ?? "");
  const head = element(
    "figcaption",
    { class: "code-head" },
    element("span", { class: "code-language" }, language),
  );
  const sources = element("span", { class: "code-sources" });
  writer.flush(node.to, sources);
  head.append(sources, ...codeActions(code, writer));
  const body = element("code");
  writeCode(body, code, language.toLowerCase(), namesIn(segments, writer.marks.names));
  const pre = element("pre", {}, body);
  pre.tabIndex = 0;
  const doubtful = writer.marks.unsupported.some((span) => span.start < node.to && span.end > node.from);
  return element(
    "figure",
    { class: doubtful ? "code unsupported-code" : "code", data: { part: "code" } },
    head,
    pre,
  );
}

function segmentsOf(node: SyntaxNode): Segment[] {
  let codeStart = 0;
  return node.getChildren("CodeText").map(({ from, to }) => {
    const segment = { codeStart, from, to };
    codeStart += to - from;
    return segment;
  });
}

/** While the text streams in, a last line of fewer than three backticks is the end of the block arriving. */
function trimmedCode(code: string, node: SyntaxNode): string {
  const closed = node.name === "CodeBlock" || node.getChildren("CodeMark").length > 1;
  return (closed ? code : code.replace(/\n[ \t]*`{1,2}$/u, "")).replace(/\n+$/u, "");
}

function codeActions(code: string, writer: InlineWriter): HTMLElement[] {
  const copy = iconButton("copy", "Copy code", () => {
    writer.actions.copyCode(code);
  });
  const insert = iconButton("insert", "Insert code at cursor", () => {
    writer.actions.insertCode(code);
  });
  copy.dataset["done"] = "Copied";
  return [copy, insert];
}

function namesIn(segments: readonly Segment[], names: readonly NameMark[]): NameMark[] {
  return segments.flatMap((segment) =>
    names
      .filter((span) => span.start >= segment.from && span.end <= segment.to)
      .map((span) => ({
        name: span.name,
        start: segment.codeStart + span.start - segment.from,
        end: segment.codeStart + span.end - segment.from,
      })),
  );
}

function writeCode(body: HTMLElement, code: string, language: string, names: readonly NameMark[]): void {
  let position = 0;
  for (const token of highlight(code, language)) {
    const place = token.classes.length > 0 ? element("span", { class: token.classes.join(" ") }) : body;
    writeToken(place, token.text, position, names);
    if (place !== body) {
      body.append(place);
    }
    position += token.text.length;
  }
}

function writeToken(place: HTMLElement, text: string, start: number, names: readonly NameMark[]): void {
  let position = 0;
  for (const mark of names) {
    const from = Math.max(mark.start - start, position);
    const to = Math.min(mark.end - start, text.length);
    if (from < to) {
      append(place, text.slice(position, from), nameElement(text.slice(from, to), mark));
      position = to;
    }
  }
  append(place, text.slice(position));
}
