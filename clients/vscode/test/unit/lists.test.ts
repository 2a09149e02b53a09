import { describe, expect, it } from "vitest";
import { modelItems } from "../../src/model_items";
import { searchItems } from "../../src/search_items";
import { folder, hit } from "./samples";

describe("the list of hits", () => {
  it("keeps the order of the server and says where, what and why", () => {
    const items = searchItems([hit(), hit({ symbol: "", kind: "module", path: "b.py" })]);

    expect(items.map(({ label, description, detail }) => [label, description, detail])).toEqual([
      ["$(symbol-function) retry", "src/a.py:3-5", "close in meaning · score 0.31"],
      ["$(symbol-module) def retry():", "b.py:3-5", "close in meaning · score 0.31"],
    ]);
  });

  it("shows no icon and no unseen character that a file has in its name", () => {
    const [item] = searchItems([hit({ symbol: "$(zap)\u202eevil", path: "a\u001b[31m$(x).py" })]);

    expect(item?.label).toBe("$(symbol-function) $\u200b(zap) evil");
    expect(item?.description).toBe("a [31m$\u200b(x).py:3-5");
  });
});

describe("the list of models", () => {
  const catalogue = [
    { name: "small", bytes: 491_400_064, note: "fluent", path: null },
    { name: "here", bytes: 1, note: "", path: "/models/here.gguf" },
  ];

  it("begins with what is offered and asks for any name when Ollama is there", () => {
    const offers = [{ role: "embedding", model: "nomic", message: "Pull it?" }];
    const models = { provider: "ollama", embedder: "e", notices: [], offers };

    const items = modelItems([folder({ models }), folder({ models })], catalogue);

    expect(items.map(({ action, model }) => [action, model])).toEqual([
      ["pull", "nomic"],
      ["pull", "small"],
      ["ask", undefined],
    ]);
    expect(items[1]?.description).toBe("runs inside Firsthand, 0.5 GB");
  });

  it("leads to Ollama's page when it is not there", () => {
    const models = { provider: "embedded", embedder: "e", notices: [], offers: [] };

    expect(modelItems([folder({ models })], []).map(({ action }) => action)).toEqual(["download"]);
  });
});
