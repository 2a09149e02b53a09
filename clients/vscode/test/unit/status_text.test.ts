import { describe, expect, it } from "vitest";
import { menuItems } from "../../src/menu_items";
import { statusDocument } from "../../src/status_document";
import { isPaused, remaining, statusText } from "../../src/status_text";
import { folder, status } from "./samples";

const offers = [{ role: "chat", model: "qwen2.5-coder:7b", message: "Pull it?" }];

describe("the status bar", () => {
  it.each([
    ["at rest", status(), "$(check) Firsthand qwen"],
    ["with a warning", status({ health: "warning" }), "$(warning) Firsthand qwen"],
    ["with an error", status({ health: "error" }), "$(error) Firsthand qwen"],
    [
      "embedding",
      status({ indexing: { stage: "embedding", done: 5, total: 20, message: "" } }),
      "$(sync~spin) Firsthand 5/20",
    ],
    [
      "scanning",
      status({ indexing: { stage: "scanning", done: 0, total: 0, message: "" } }),
      "$(sync~spin) Firsthand scanning",
    ],
    [
      "whose index another process keeps",
      status({ indexing: { stage: "following", done: 0, total: 0, message: "another keeps it" } }),
      "$(check) Firsthand qwen",
    ],
    [
      "paused",
      status({ indexing: { stage: "paused", done: 0, total: 0, message: "" } }),
      "$(debug-pause) Firsthand qwen",
    ],
  ])("shows a folder %s", (_, given, text) => {
    expect(statusText("running", given, undefined).text).toBe(text);
  });

  it.each([
    ["starting", undefined, "$(loading~spin) Firsthand", "The server is starting\\."],
    ["stopped", undefined, "$(circle-slash) Firsthand", "Open a folder to start\\."],
    ["failed", "It is broken", "$(error) Firsthand", "It is broken"],
  ] as const)("shows a server that is %s", (state, problem, text, tooltip) => {
    const shown = statusText(state, undefined, problem);

    expect(shown.text).toBe(text);
    expect(shown.tooltip).toContain(tooltip.replace("\\.", "."));
  });

  it("turns while the server does not know its folders yet, and not when there are none", () => {
    const starting = { health: "ok", message: "starting", folders: [] } as const;
    const none = { health: "warning", message: "no folder is open", folders: [] } as const;

    expect(statusText("running", starting, undefined).text).toBe("$(sync~spin) Firsthand");
    expect(statusText("running", none, undefined).text).toBe("$(warning) Firsthand");
  });

  it("says in its tooltip who keeps the index when this process does not", () => {
    const indexing = { stage: "following", done: 0, total: 0, message: "" };
    const message = "19 files, 74 chunks; another session of this Firsthand keeps this index";

    const { tooltip } = statusText("running", status({ indexing, message }), undefined);

    expect(tooltip).toContain("another session of this Firsthand keeps this index");
  });

  it("says the remaining time and the models in its tooltip", () => {
    const indexing = { stage: "embedding", done: 5, total: 20, message: "" };

    const { tooltip } = statusText("running", status({ indexing, etaMs: 90_000 }), undefined);

    expect(tooltip).toContain("2 min left");
    expect(tooltip).toContain("Answers: qwen; search: nomic");
  });

  it("makes nothing of a folder's name but text", () => {
    const name = "[a](command:x) <img src=x> ![i](https://e.vil/) `c` $(zap)";

    const { tooltip } = statusText("running", status({ name }), undefined);

    expect(tooltip).not.toMatch(/(?<!\\)[[\]<>`]|(?<!\\)\$\(|https:\/\//);
  });

  it.each([
    [undefined, ""],
    [200, "1 s left"],
    [59_000, "59 s left"],
    [150_000, "3 min left"],
    [5_400_000, "1 h 30 min left"],
  ])("says %s milliseconds as %j", (milliseconds, words) => {
    expect(remaining(milliseconds)).toBe(words);
  });
});

describe("the menu", () => {
  it("offers to resume when every folder is paused", () => {
    const paused = status({ indexing: { stage: "paused", done: 0, total: 0, message: "" } });
    const commands = menuItems("running", paused).map(({ command }) => command);

    expect(isPaused(paused)).toBe(true);
    expect(commands).toContain("firsthand.editor.resume");
    expect(commands).not.toContain("firsthand.editor.pause");
  });

  it("begins with a model that could be pulled, once for all folders", () => {
    const models = { provider: "ollama", embedder: "nomic", notices: [], offers };
    const given = { ...status(), folders: [folder({ models }), folder({ models })] };

    const [first, second] = menuItems("running", given);

    expect(first).toEqual({
      label: "$(cloud-download) Pull qwen2.5-coder:7b",
      command: "firsthand.pullModel",
      args: [{ model: "qwen2.5-coder:7b" }],
    });
    expect(second?.command).toBe("firsthand.editor.ask");
  });

  it("offers to start or install a server that failed, and nothing that needs it", () => {
    const commands = menuItems("failed", undefined).map(({ command }) =>
      command.replace("firsthand.editor.", ""),
    );

    expect(commands).toEqual(["restartServer", "installServer", "showLogs", "openSettings"]);
  });
});

describe("the status as a document", () => {
  it("lists what is left out with its reasons, as text", () => {
    const skippedFiles = [{ path: "a`b](x).min.js", uri: "file:///x", reason: "minified [see](command:y)" }];

    const text = statusDocument(status({ skippedFiles, indexedCommit: "abc" }), "/usr/bin/firsthand (0.1.0)");

    expect(text).toContain("- ``a`b](x).min.js``: minified \\[see](command:y)");
    expect(text).toContain("- Files: 19 of 19 indexed, 1 skipped, 0 failed");
    expect(text).toContain("- Commit: abc");
    expect(text).toContain("Server: `/usr/bin/firsthand (0.1.0)`");
  });
});
