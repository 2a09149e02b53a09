import { describe, expect, it } from "vitest";
import { contextDocument } from "../../src/context_document";
import { codeBlock, escapedMarkdown, inlineCode, sentence } from "../../src/inert_text";
import { logRecord } from "../../src/log_records";
import { Restarts } from "../../src/restarts";

describe("text that stays text", () => {
  it("is fenced by more backticks than it holds", () => {
    expect(codeBlock("a\n````\nb")).toBe("`````\na\n````\nb\n`````");
    expect(inlineCode("`a``")).toBe("``` `a`` ```");
  });

  it("has no link, address or markup when it is escaped", () => {
    expect(escapedMarkdown("[a](b) https://c.d www.e <f>\n# g")).toBe(
      "\\[a\\]\\(b\\) https:\u200b//c.d www\u200b.e \\<f\\> \\# g",
    );
  });

  it("reads well as a sentence", () => {
    expect(sentence("3 files (2 skipped), a_b: ![x](y) <z>")).toBe(
      "3 files (2 skipped), a_b: !\\[x](y) \\<z>",
    );
  });
});

describe("the context of an answer", () => {
  it("is the prompt word for word, the excerpts with their reasons, and what was cut", () => {
    const place = { path: "a.py", uri: "file:///a.py", startLine: 1, endLine: 2, tokens: 9 };
    const text = contextDocument({
      answerId: "1",
      excerpts: [
        { ...place, id: 1, symbol: "f", score: 0.5, reasons: ["named f"], hash: "", text: "def f():\n```" },
      ],
      cut: [{ ...place, reason: "no room" }],
      budget: { contextTokens: 100, answerTokens: 20, instructions: 1, history: 2, excerpts: 3, question: 4 },
      messages: [{ role: "user", content: "What is f?", tokens: 5 }],
    });

    expect(text).toContain(
      "### 1. `a.py`:1-2 `f`\n\n9 tokens, score 0.50: named f\n\n````\ndef f():\n```\n````",
    );
    expect(text).toContain("- `a.py`:1-2, 9 tokens: no room");
    expect(text).toContain("### user (5 tokens)\n\n```\nWhat is f?\n```");
  });
});

describe("the server's log", () => {
  it.each([
    ["2026-11-22 17:00:29,549 WARNING pygls: odd", "warn", "pygls: odd"],
    ["2026-11-22 17:00:29,549 DEBUG a: b", "debug", "a: b"],
    ["Traceback (most recent call last):", "warn", "Traceback (most recent call last):"],
    ["2026-11-22 17:00:29,549 ODD a: b", "warn", "2026-11-22 17:00:29,549 ODD a: b"],
  ])("has %s at its level", (line, level, text) => {
    expect(logRecord(line)).toEqual({ level, text });
  });
});

describe("restarting", () => {
  it("ends with the fifth stop within three minutes", () => {
    const restarts = new Restarts();

    expect([0, 1000, 2000, 3000, 4000].map((now) => restarts.mayRestart(now))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it("goes on when stops are rare, and after the user has started the server", () => {
    const restarts = new Restarts();
    const rare = [0, 60_000, 120_000, 179_000, 181_000].map((now) => restarts.mayRestart(now));
    restarts.mayRestart(181_001);
    restarts.forget();

    expect(rare).toEqual([true, true, true, true, true]);
    expect(restarts.mayRestart(181_002)).toBe(true);
  });
});
