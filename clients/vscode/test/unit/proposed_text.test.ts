import { describe, expect, it } from "vitest";
import { applied, proposedFiles } from "../../src/proposed_text";
import type { TextEdit } from "../../src/protocol";

function edit(from: readonly [number, number], to: readonly [number, number], newText: string): TextEdit {
  const [line, character] = from;
  const [endLine, endCharacter] = to;
  return { range: { start: { line, character }, end: { line: endLine, character: endCharacter } }, newText };
}

describe("a proposed text", () => {
  it.each([
    ["an insertion into nothing", "", [edit([0, 0], [0, 0], "a\n")], "a\n"],
    ["an end behind the last line", "a\n", [edit([1, 0], [9, 0], "b\n")], "a\nb\n"],
    [
      "several edits, whatever their order",
      "one two",
      [edit([0, 0], [0, 3], "1"), edit([0, 4], [0, 7], "2")],
      "1 2",
    ],
    [
      "insertions at one place in their order",
      "x",
      [edit([0, 0], [0, 0], "a"), edit([0, 0], [0, 0], "b")],
      "abx",
    ],
    ["lines that end like on Windows", "a\r\nb\r\n", [edit([1, 0], [1, 1], "c")], "a\r\nc\r\n"],
    ["characters of two code units", "🙂x", [edit([0, 2], [0, 3], "y")], "🙂y"],
    ["a removal over lines", "a\nb\nc", [edit([0, 1], [2, 0], "")], "ac"],
  ])("has %s", (_, text, edits, expected) => {
    expect(applied(text, edits)).toBe(expected);
  });

  it("is for every document of an edit, new files too", () => {
    const edits = [edit([0, 0], [0, 0], "x")];

    const files = proposedFiles({
      documentChanges: [
        { kind: "create", uri: "file:///new" },
        { textDocument: { uri: "file:///new", version: null }, edits },
        { textDocument: { uri: "file:///old", version: 3 }, edits },
      ],
    });

    expect(files).toEqual([
      { uri: "file:///new", isNew: true, version: null, edits },
      { uri: "file:///old", isNew: false, version: 3, edits },
    ]);
  });
});
