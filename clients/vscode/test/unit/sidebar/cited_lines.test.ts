import { expect, test } from "vitest";
import { findLines, linesHash, type FoundLines } from "../../../src/sidebar/cited_lines";

const cited = ["def refresh():", "    pass"];

/** Cites the two lines as lines 2 and 3. */
function found(...lines: readonly string[]): FoundLines {
  return findLines(lines, { startLine: 2, endLine: 3, hash: linesHash(cited) });
}

test("the hash is the server's: SHA-256 of the lines joined by line feeds", () => {
  expect(linesHash(["a", "b 🙂"])).toBe("13be90b1091c07cb6797a9c0fe4c3375f0af4af73c0e5f55b629923ca1c1147a");
});

test.each<[string, readonly string[], FoundLines]>([
  ["where they were", ["import x", ...cited, "end"], { state: "same", startLine: 2, endLine: 3 }],
  ["further down", ["import x", "", "", ...cited], { state: "moved", startLine: 4, endLine: 5 }],
  ["further up", [...cited, "end"], { state: "moved", startLine: 1, endLine: 2 }],
  ["at the nearer of two places", [...cited, "", ...cited], { state: "moved", startLine: 1, endLine: 2 }],
  [
    "no longer there",
    ["import x", "def renew():", "    pass"],
    { state: "changed", startLine: 2, endLine: 3 },
  ],
  ["no longer there, in a short file", ["x"], { state: "changed", startLine: 1, endLine: 1 }],
  ["no longer there, in an empty file", [], { state: "changed", startLine: 1, endLine: 1 }],
])("cited lines are found %s", (_, lines, expected) => {
  expect(found(...lines)).toEqual(expected);
});
