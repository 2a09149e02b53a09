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

/** Text as a block of code in Markdown, whatever fences it holds. */
export function codeBlock(text: string, language = ""): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}${text.endsWith("\n") ? "" : "\n"}${fence}`;
}
