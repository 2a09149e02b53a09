/** How every folder is doing, as a document to read. */

import { inlineCode, sentence } from "./inert_text";
import type { FolderStatus, LeftOutFile, StatusResult } from "./protocol";
import { remaining } from "./status_text";

// More would be a list that nobody reads; the count says how many there are.
const mostFiles = 2000;

/** Returns the document; `server` says which server runs. */
export function statusDocument(status: StatusResult, server: string): string {
  const head = ["# Firsthand", sentence(status.message), `Server: ${inlineCode(server)}`];
  return `${[...head, ...status.folders.map(folderPart)].join("\n\n")}\n`;
}

function folderPart(folder: FolderStatus): string {
  const { files, models, indexing } = folder;
  const progress = indexing.total > 0 ? ` ${indexing.done} of ${indexing.total}` : "";
  const eta = remaining(folder.etaMs);
  const facts = [
    ["State", folder.message],
    ["Indexing", `${indexing.stage}${progress}${eta ? `, ${eta}` : ""}`],
    ["Files", `${files.done} of ${files.total} indexed, ${files.skipped} skipped, ${files.failed} failed`],
    ["Pieces of code", `${folder.chunks}, ${folder.embedded} of them searchable by meaning`],
    ["Answers", models?.chat ?? "cited excerpts: there is no chat model"],
    ["Search", models?.embedder ?? ""],
    ["Models run in", models?.provider === "ollama" ? "Ollama" : "Firsthand"],
    ["Commit", folder.indexedCommit ?? ""],
    ["Languages", (folder.languages ?? []).join(", ")],
  ] as const;
  return [
    `## ${inlineCode(folder.name)}`,
    facts
      .filter(([, value]) => value !== "")
      .map(([name, value]) => `- ${name}: ${sentence(value)}`)
      .join("\n"),
    ...notices(folder),
    ...fileList("Files that could not be indexed", folder.failedFiles ?? []),
    ...fileList("Files that are left out", folder.skippedFiles ?? []),
  ].join("\n\n");
}

function notices({ models }: FolderStatus): string[] {
  const sentences = models?.notices ?? [];
  return sentences.length > 0 ? [sentences.map((notice) => `> ${sentence(notice)}`).join("\n>\n")] : [];
}

function fileList(title: string, files: readonly LeftOutFile[]): string[] {
  if (files.length === 0) {
    return [];
  }
  const lines = files
    .slice(0, mostFiles)
    .map(({ path, reason }) => `- ${inlineCode(path)}: ${sentence(reason)}`);
  const rest = files.length > mostFiles ? [`- and ${files.length - mostFiles} more`] : [];
  return [`### ${title} (${files.length})`, [...lines, ...rest].join("\n")];
}
