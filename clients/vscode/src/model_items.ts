/** The models that a user can get, as items of a list. */

import { label } from "./inert_text";
import type { FolderStatus } from "./protocol";

/** A model that runs inside the server, as `firsthand model list --json` shows it. */
export interface CatalogueModel {
  readonly name: string;
  readonly bytes: number;
  readonly note: string;
  /** Where it is; null when it was not fetched yet. */
  readonly path: string | null;
}

/** One choice; `ask` wants a name, `download` leads to Ollama's page. */
export interface ModelItem {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly action: "pull" | "ask" | "download";
  readonly model?: string;
}

/** Returns the choices, what the server offers first. */
export function modelItems(
  folders: readonly FolderStatus[],
  catalogue: readonly CatalogueModel[],
): ModelItem[] {
  const hasOllama = folders.some(({ models }) => models?.provider === "ollama");
  return [
    ...offered(folders),
    ...catalogue.filter(({ path }) => path === null).map(own),
    hasOllama ? other : download,
  ];
}

function offered(folders: readonly FolderStatus[]): ModelItem[] {
  const offers = folders.flatMap(({ models }) => models?.offers ?? []);
  const byModel = new Map(offers.map((offer) => [offer.model, offer]));
  return [...byModel.values()].map(({ model, role, message }) => ({
    label: `$(cloud-download) ${label(model)}`,
    description: `Ollama's, for ${role === "embedding" ? "search" : "answers"}`,
    detail: label(message),
    action: "pull",
    model,
  }));
}

function own({ name, bytes, note }: CatalogueModel): ModelItem {
  return {
    label: `$(cloud-download) ${label(name)}`,
    description: `runs inside Firsthand, ${(bytes / 1e9).toFixed(1)} GB`,
    detail: label(note),
    action: "pull",
    model: name,
  };
}

const other: ModelItem = {
  label: "$(edit) Another model of Ollama's…",
  description: "",
  detail: "Any name that Ollama can pull.",
  action: "ask",
};

const download: ModelItem = {
  label: "$(link-external) Get Ollama…",
  description: "",
  detail: "Runs larger models, which answer better; opens its download page in your browser.",
  action: "download",
};
