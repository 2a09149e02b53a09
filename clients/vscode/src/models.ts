/** Getting a model: what the server offers, what can run inside it, and any name that Ollama knows. */

import * as vscode from "vscode";
import type { FirsthandClient } from "./client";
import { openDownloadPage } from "./ollama";
import { run } from "./processes";
import { serverCommands } from "./protocol";
import { type CatalogueModel, modelItems } from "./model_items";

const secondsToAnswer = 30;

/** Lets the user choose a model and has the server fetch it; the server shows the progress. */
export async function pullModel(client: FirsthandClient): Promise<void> {
  const folders = client.status?.folders ?? [];
  const items = modelItems(folders, await catalogue(client));
  const chosen = await vscode.window.showQuickPick(items, {
    title: "Models stay on this machine",
    placeHolder: "Which model should answer?",
  });
  if (chosen?.action === "download") {
    await openDownloadPage();
    return;
  }
  const model = chosen?.action === "ask" ? await askForName() : chosen?.model;
  if (model) {
    await client.executeCommand(serverCommands.pullModel, { model });
  }
}

async function catalogue(client: FirsthandClient): Promise<readonly CatalogueModel[]> {
  if (client.program === undefined) {
    return [];
  }
  const cacheFolder = vscode.workspace.getConfiguration("firsthand").get<string>("cacheDir");
  const args = ["model", "list", "--json", ...(cacheFolder ? ["--cache-dir", cacheFolder] : [])];
  const { code, output } = await run(client.program.path, args, { secondsToRun: secondsToAnswer });
  return code === 0 ? (JSON.parse(output) as CatalogueModel[]) : [];
}

function askForName(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: "A model of Ollama's",
    prompt: "Its name, as on ollama.com/library",
    placeHolder: "qwen2.5-coder:7b",
    validateInput: (name) =>
      /^[\w.:/-]*$/.test(name) ? undefined : "A name has letters, digits and . : / - _ only.",
  });
}
