import { expect, test } from "vitest";
import type { FolderStatus, Models } from "../../../src/protocol";
import { indexStatus } from "../../../src/sidebar/index_status";

function folder(models?: Partial<Models>): FolderStatus {
  return {
    uri: "file:///a",
    name: "a",
    health: "ok",
    message: "3 files",
    files: { done: 3, total: 3, skipped: 0, failed: 0 },
    chunks: 9,
    embedded: 9,
    indexing: { stage: "idle", done: 0, total: 0, message: "" },
    ...(models && { models: { provider: "ollama", embedder: "e", notices: [], offers: [], ...models } }),
  };
}

test("the model is named when all folders share it", () => {
  const one = {
    health: "ok",
    message: "3 files",
    folders: [folder({ chat: "m" }), folder({ chat: "m" })],
  } as const;
  const two = { ...one, folders: [folder({ chat: "m" }), folder({ chat: "n" })] };

  expect(indexStatus(one, true).model).toBe("m");
  expect(indexStatus(two, true).model).toBeUndefined();
});

test("each chat model is offered once, and each notice told once", () => {
  const offers = [
    { role: "chat", model: "m", message: "Pull it?" },
    { role: "embedder", model: "e", message: "Pull it?" },
  ];
  const notices = ["Ollama does not answer."];
  const folders = [folder({ offers, notices }), folder({ offers, notices }), folder()];

  const status = indexStatus({ health: "warning", message: "no model", folders }, true);

  expect(status.offers).toEqual([{ model: "m", message: "Pull it?" }]);
  expect(status.notices).toEqual(notices);
});

test("an index is starting until the server knows its folders", () => {
  expect(indexStatus({ health: "ok", message: "starting", folders: [] }, true).health).toBe("starting");
  expect(indexStatus({ health: "warning", message: "no folder is open", folders: [] }, true).health).toBe(
    "warning",
  );
  expect(indexStatus({ health: "ok", message: "3 files", folders: [folder()] }, true).health).toBe("ok");
});
