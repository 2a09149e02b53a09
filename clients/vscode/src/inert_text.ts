/** Text of files and models as the editor may show it: no control characters, no icons, no markup. */

// Control characters, and those that hide or reorder what is read.
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const unseen = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;
const markup = /[\\`*_{}[\]()<>#+!|~$&-]/g;
const scheme = /\b([A-Za-z][A-Za-z0-9+.-]*):(?=\S)/g;
const zeroWidthSpace = "\u200b";

/** One line of text without characters that cannot be seen. */
export function oneLine(text: string): string {
  return text.replace(unseen, " ").trim();
}

/** One line of text for a label, where `$(name)` would become an icon. */
export function label(text: string): string {
  return oneLine(text).replaceAll("$(", `$${zeroWidthSpace}(`);
}

/** One line of text that Markdown shows as it is: no markup, no link, no icon. */
export function escapedMarkdown(text: string): string {
  return oneLine(text)
    .replace(markup, (character) => `\\${character}`)
    .replace(scheme, `$1:${zeroWidthSpace}`)
    .replace(/\bwww\./gi, `www${zeroWidthSpace}.`);
}

/** One line of text as inline code in Markdown, whatever backticks it holds. */
export function inlineCode(text: string): string {
  const line = oneLine(text) || " ";
  const ticks = "`".repeat(longestRun(line) + 1);
  const pad = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return `${ticks}${pad}${line}${pad}${ticks}`;
}

/** A sentence for Markdown that is read as source too: only what would become a link, an image or HTML is escaped. */
export function sentence(text: string): string {
  return oneLine(text).replace(/[\\`[<]/g, (character) => `\\${character}`);
}

/** Text as a block of code in Markdown, whatever fences it holds. */
export function codeBlock(text: string, language = ""): string {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}${text.endsWith("\n") ? "" : "\n"}${fence}`;
}

function longestRun(text: string): number {
  return [...text.matchAll(/`+/g)].reduce((longest, [run]) => Math.max(longest, run.length), 0);
}
