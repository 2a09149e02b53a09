/** What the documents of an edit would be, computed without touching them. */

import type { Range, TextEdit, WorkspaceEdit } from "./protocol";

/** One document of an edit. */
export interface ProposedFile {
  readonly uri: string;
  /** True when the edit makes the file. */
  readonly isNew: boolean;
  /** The version that the edit is for; null when the document was not open. */
  readonly version: number | null;
  readonly edits: readonly TextEdit[];
}

/** Returns the documents that an edit changes or makes, in its order. */
export function proposedFiles(edit: WorkspaceEdit): ProposedFile[] {
  const created = new Set(edit.documentChanges.filter((change) => "kind" in change).map(({ uri }) => uri));
  return edit.documentChanges.flatMap((change) =>
    "kind" in change
      ? []
      : [
          {
            uri: change.textDocument.uri,
            isNew: created.has(change.textDocument.uri),
            version: change.textDocument.version,
            edits: change.edits,
          },
        ],
  );
}

/** Returns a text with edits applied; positions count UTF-16 code units, as JavaScript does. */
export function applied(text: string, edits: readonly TextEdit[]): string {
  const starts = lineStarts(text);
  const replacements = edits
    .map(({ range, newText }, order) => ({ ...offsets(range, starts, text), newText, order }))
    // From the end, so that what is replaced does not move what is yet to be replaced.
    .sort((a, b) => b.start - a.start || b.order - a.order);
  return replacements.reduce(
    (changed, { start, end, newText }) => changed.slice(0, start) + newText + changed.slice(end),
    text,
  );
}

function offsets(range: Range, starts: readonly number[], text: string): { start: number; end: number } {
  const offset = (line: number, character: number): number => {
    const start = starts[line];
    if (start === undefined) {
      return text.length;
    }
    return Math.min(start + character, starts[line + 1] ?? text.length);
  };
  return {
    start: offset(range.start.line, range.start.character),
    end: offset(range.end.line, range.end.character),
  };
}

function lineStarts(text: string): number[] {
  return [0, ...[...text.matchAll(/\r\n|\r|\n/g)].map((match) => match.index + match[0].length)];
}
