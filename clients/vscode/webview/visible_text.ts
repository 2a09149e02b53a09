/** Makes characters visible that would hide, reorder or disguise text: controls, terminal escapes, bidi marks. */

/**
 * Controls (not tab and line feed), bidi marks and overrides, zero-width characters but the joiners that scripts and
 * emoji need, line separators, the byte order mark, interlinear marks, and the tags that can carry a hidden text.
 */
const HIDDEN =
  // eslint-disable-next-line no-control-regex -- finding control characters is the point
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Appends a text in which nothing is hidden. */
export function appendVisible(parent: Node, text: string): void {
  let position = 0;
  for (const match of text.matchAll(HIDDEN)) {
    appendText(parent, text.slice(position, match.index));
    if (match[0] !== "\r") {
      parent.appendChild(mark(match[0]));
    }
    position = match.index + match[0].length;
  }
  appendText(parent, text.slice(position));
}

/** Returns a text in which what was hidden stands as its code point, for labels. */
export function visibleString(text: string): string {
  return text.replace(HIDDEN, (character) => ` ${codePoint(character)} `);
}

function mark(character: string): HTMLElement {
  const element = document.createElement("span");
  element.className = "hidden-character";
  element.textContent = codePoint(character);
  element.dataset["tip"] = "A character that is not seen otherwise";
  return element;
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function appendText(parent: Node, text: string): void {
  if (text !== "") {
    parent.appendChild(document.createTextNode(text));
  }
}
