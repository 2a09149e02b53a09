/** An answer as a Markdown document to read and keep: links and HTML of the model's are words in it. */

import { inlineCode } from "../inert_text";
import { placeLabel, type Turn } from "./conversation";

const CODE = /^[ \t]*(`{3,}|~{3,})[\s\S]*?^[ \t]*\1[`~]*[ \t]*$|(`+)(?!`)[^\n]+?(?<!`)\2(?!`)/gmu;

/** Returns the document. */
export function answerDocument(turn: Turn): string {
  const question = turn.question
    .split("\n")
    .map((line) => `> ${withoutLinks(line)}`)
    .join("\n");
  const sources = turn.citations.map((citation) => `${citation.id}. ${inlineCode(placeLabel(citation))}`);
  const parts = [
    question,
    inertMarkdown(turn.text),
    ...(sources.length > 0 ? ["## Sources", sources.join("\n")] : []),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** Keeps code as it is; elsewhere, what would become a link, an image or HTML stays text. */
export function inertMarkdown(text: string): string {
  let inert = "";
  let position = 0;
  for (const match of text.matchAll(CODE)) {
    inert += withoutLinks(text.slice(position, match.index)) + match[0];
    position = match.index + match[0].length;
  }
  return inert + withoutLinks(text.slice(position));
}

function withoutLinks(text: string): string {
  return text
    .replaceAll("<", "\\<")
    .replace(/\](?=[(:[])/gu, "]\u200b")
    .replace(/\b([A-Za-z][A-Za-z0-9+.-]*):(?=\S)/gu, "$1:\u200b")
    .replace(/\bwww\./giu, "www\u200b.");
}
