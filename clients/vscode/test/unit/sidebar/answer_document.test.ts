import { expect, test } from "vitest";
import { answerDocument, inertMarkdown } from "../../../src/sidebar/answer_document";
import { citation, turn } from "./samples";

test("an answer as a document has its question, its text and its sources", () => {
  const text = answerDocument(turn({ question: "How?\nExactly.", text: "So.", citations: [citation()] }));

  expect(text).toBe("> How?\n> Exactly.\n\nSo.\n\n## Sources\n\n1. `src/auth.py:3-9`\n");
});

test.each([
  ["[x](javascript:alert(1))", "[x]\u200b(javascript:\u200balert(1))"],
  ["![x](https://evil.example/x.png)", "![x]\u200b(https:\u200b//evil.example/x.png)"],
  ["<script>alert(1)</script>", "\\<script>alert(1)\\</script>"],
  ["[x][ref]\n\n[ref]: https://e", "[x]\u200b[ref]\n\n[ref]\u200b: https:\u200b//e"],
  ["www.evil.example", "www\u200b.evil.example"],
])("what a model links to stays text: %s", (text, expected) => {
  expect(inertMarkdown(text)).toBe(expected);
});

test.each(["`a[0](x) <b>`", "```ts\nlet a: B<C> = d[0](e);\n```", "~~~\n[x](y:z)\n~~~"])(
  "code is kept as it is: %s",
  (text) => {
    expect(inertMarkdown(text)).toBe(text);
  },
);
