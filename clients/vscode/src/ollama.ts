/** Ollama, as far as an editor may start it: only when the user asks for it. */

import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";

const downloadPage = "https://ollama.com/download";

/** Returns Ollama's program when it is installed. */
export function ollamaProgram(searchPath: string, platform: NodeJS.Platform): string | undefined {
  const name = platform === "win32" ? "ollama.exe" : "ollama";
  const folders = searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return folders.map((folder) => path.join(folder, name)).find(isProgram);
}

/** Starts Ollama so that it outlives the editor; the server finds it by itself within seconds. */
export function startOllama(program: string, log: vscode.LogOutputChannel): void {
  const child = spawn(program, ["serve"], { detached: true, stdio: "ignore", windowsHide: true });
  child.once("error", (error) => {
    log.error(error);
    void vscode.window.showErrorMessage(`Ollama could not be started (${error.message}); start it yourself.`);
  });
  child.once("spawn", () => {
    vscode.window.setStatusBarMessage("Ollama is starting; Firsthand uses it as soon as it answers.", 20_000);
  });
  child.unref();
}

/** Opens the page that Ollama is downloaded from. */
export async function openDownloadPage(): Promise<void> {
  await vscode.env.openExternal(vscode.Uri.parse(downloadPage));
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
