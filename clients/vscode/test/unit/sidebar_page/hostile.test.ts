// @vitest-environment jsdom

import { expect, test, vi } from "vitest";
import { ContextList } from "../../../webview/context_list";
import { MarkdownView } from "../../../webview/markdown_view";
import { excerpt, turn, budget } from "../sidebar/samples";

const HOSTILE = [
  "<script>alert(1)</script>",
  "a <script>alert(1)</script> b",
  "<img src=x onerror=alert(1)>",
  "<iframe src='https://evil.example'></iframe>",
  "<svg><script>alert(1)</script></svg>",
  "<style>* { background: url(https://evil.example) }</style>",
  "<a href='javascript:alert(1)' onclick='alert(1)'>x</a>",
  "<!-- comment --> <?php x ?> <![CDATA[x]]>",
  "[x](javascript:alert(1))",
  "[x](command:workbench.action.quit)",
  "[x](vscode://evil)",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  "[x](<javascript:alert(1)> 'title')",
  "[![x](https://evil.example/i.png)](command:x)",
  "![x](https://evil.example/i.png)",
  "![x][1]\n\n[1]: https://evil.example/i.png",
  "[x][1]\n\n[1]: javascript:alert(1)",
  "<https://evil.example>",
  "<javascript:alert(1)>",
  "https://evil.example www.evil.example",
  "```html\n<script>alert(1)</script>\n<img src=x onerror=alert(1)>\n```",
  "```<script>\nx\n```",
  '```js" onload="alert(1)\nx\n```',
  "`<img src=x onerror=alert(1)>`",
  "| <img src=x> | [x](javascript:y) |\n|---|---|\n| <script> | ![](https://e) |",
  "&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x&#62;",
  "<input autofocus onfocus=alert(1)><form action=https://evil.example><button>x",
];

/** What may stand in a text: no element that loads, links, runs or asks. */
const FORBIDDEN = [
  "a",
  "img",
  "script",
  "iframe",
  "object",
  "embed",
  "style",
  "link",
  "form",
  "input",
  "audio",
  "video",
  "base",
  "meta",
  "[href]",
  "[src]",
  "[srcset]",
  "[style]",
  "[action]",
  "svg:not(.icon)",
].join(", ");

function expectInert(root: Element): void {
  expect([...root.querySelectorAll(FORBIDDEN)].map((found) => found.outerHTML)).toEqual([]);
  const handlers = [...root.querySelectorAll("*")].flatMap((each) =>
    each.getAttributeNames().filter((name) => name.startsWith("on")),
  );
  expect(handlers).toEqual([]);
}

function show(text: string): HTMLElement {
  const view = new MarkdownView({ openCitation: vi.fn(), copyCode: vi.fn(), insertCode: vi.fn() });
  view.update(text);
  return view.root;
}

test.each(HOSTILE)("nothing of a model's text runs, loads or links: %j", (text) => {
  expectInert(show(text));
});

test.each([
  ["[here](javascript:alert(1))", "here (javascript:alert(1))"],
  ["![pixel](https://evil.example/i.png)", "image: pixel (https://evil.example/i.png)"],
  ["<https://evil.example>", "https://evil.example"],
  ["[https://a](https://a)", "https://a"],
])("the target of a link can be read: %s", (text, expected) => {
  expect(show(text).textContent).toBe(expected);
});

test.each([
  ["bidi \u202Egnp.exe\u202C", "bidi U+202Egnp.exeU+202C"],
  ["terminal \u001b[31mred", "terminal U+001B[31mred"],
  ["zero\u200bwidth", "zeroU+200Bwidth"],
  ["tag \u{E0041}", "tag U+E0041"],
  ["family 👨‍👩‍👧 tab\tend", "family 👨‍👩‍👧 tab\tend"],
])("characters that hide something are shown: %j", (text, expected) => {
  expect(show(text).textContent).toBe(expected);
  expect(show(`\`\`\`\n${text}\n\`\`\``).querySelector("pre")?.textContent).toBe(expected);
});

test("names of files and symbols are text", () => {
  const list = new ContextList({ openExcerpt: vi.fn(), openCut: vi.fn() });
  const path = "docs/<img src=x onerror=alert(1)>\u202Egnp.md";
  const { text: _text, ...hit } = excerpt({ path, symbol: "<b>x</b>", reasons: ["<i>why</i>"] });
  const cut = { path, uri: "command:x", startLine: 1, endLine: 2, tokens: 1, reason: "<u>no</u>" };

  list.update(turn({ context: { excerpts: [hit], cut: [cut], budget } }));

  expectInert(list.root);
  expect(list.root.textContent).toContain("<img src=x onerror=alert(1)>U+202Egnp.md");
  expect(list.root.querySelector("[data-excerpt]")?.getAttribute("aria-label")).not.toContain("\u202E");
});
