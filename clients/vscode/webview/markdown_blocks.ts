/** Builds the blocks of a Markdown text. HTML in it stays the text it is. */

import type { SyntaxNode } from "@lezer/common";
import { parser, Strikethrough, Table, TaskList } from "@lezer/markdown";
import { codeBlock } from "./code_block";
import { element } from "./elements";
import type { InlineWriter } from "./inline_text";

const markdown = parser.configure([Table, Strikethrough, TaskList]);

/** Returns the outermost blocks of a text. */
export function blocksOf(source: string): SyntaxNode[] {
  return childrenOf(markdown.parse(source).topNode);
}

/** Builds one block and what is in it. */
export function renderBlock(node: SyntaxNode, writer: InlineWriter): HTMLElement {
  switch (node.name) {
    case "FencedCode":
    case "CodeBlock":
      return codeBlock(node, writer);
    case "BulletList":
      return container(element("ul"), node, writer);
    case "OrderedList":
      return orderedList(node, writer);
    case "ListItem":
      return container(element("li"), node, writer);
    case "Blockquote":
      return container(element("blockquote"), node, writer);
    case "Table":
      return table(node, writer);
    case "HorizontalRule":
      return element("hr");
    case "Paragraph":
    case "Task":
      return text(element("p"), node, writer);
    default:
      return heading(node, writer) ?? literal(node, writer);
  }
}

function container(parent: HTMLElement, node: SyntaxNode, writer: InlineWriter): HTMLElement {
  for (const child of childrenOf(node)) {
    if (child.name !== "ListMark" && child.name !== "QuoteMark") {
      parent.append(renderBlock(child, writer));
    }
  }
  return parent;
}

function orderedList(node: SyntaxNode, writer: InlineWriter): HTMLElement {
  const made = element("ol");
  const mark = node.getChild("ListItem")?.getChild("ListMark");
  const start = mark ? Number.parseInt(writer.source.slice(mark.from, mark.to), 10) : 1;
  if (Number.isSafeInteger(start) && start !== 1) {
    made.start = start;
  }
  return container(made, node, writer);
}

/** The headings of an answer stand below those of the page. */
function heading(node: SyntaxNode, writer: InlineWriter): HTMLElement | undefined {
  const level = /^(?:ATX|Setext)Heading(\d)$/u.exec(node.name)?.[1];
  if (level === undefined) {
    return undefined;
  }
  const names = ["h3", "h4", "h5", "h6"] as const;
  return text(element(names[Math.min(Number(level), names.length) - 1] ?? "h6"), node, writer);
}

function text(parent: HTMLElement, node: SyntaxNode, writer: InlineWriter): HTMLElement {
  writer.write(node, parent);
  return parent;
}

function literal(node: SyntaxNode, writer: InlineWriter): HTMLElement {
  const made = element("p", { class: "literal" });
  writer.writeLiteral(node.from, node.to, made);
  writer.flush(node.to, made);
  return made;
}

function table(node: SyntaxNode, writer: InlineWriter): HTMLElement {
  const head = element("thead");
  const body = element("tbody");
  for (const row of childrenOf(node)) {
    if (row.name === "TableHeader") {
      head.append(tableRow(row, "th", writer));
    } else if (row.name === "TableRow") {
      body.append(tableRow(row, "td", writer));
    }
  }
  const scroller = element("div", { class: "table" }, element("table", {}, head, body));
  scroller.tabIndex = 0;
  return scroller;
}

function tableRow(row: SyntaxNode, cellName: "td" | "th", writer: InlineWriter): HTMLElement {
  const made = element("tr");
  let cell: SyntaxNode | undefined;
  const finishCell = (): void => {
    const place = element(cellName);
    if (cell !== undefined) {
      writer.write(cell, place);
    }
    made.append(place);
    cell = undefined;
  };
  const children = childrenOf(row);
  for (const [index, child] of children.entries()) {
    if (child.name === "TableCell") {
      cell = child;
    } else if (index > 0) {
      finishCell();
    }
  }
  if (cell !== undefined) {
    finishCell();
  }
  writer.flush(row.to, made.lastElementChild ?? made);
  return made;
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    children.push(child);
  }
  return children;
}
