/** The interpreter that is selected in the Python extension, when there is that extension. */

import * as vscode from "vscode";

interface Environments {
  getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
  resolveEnvironment(environment: {
    readonly path: string;
  }): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
}

// A slow extension must not keep the server from starting with what else there is.
const millisecondsToAnswer = 4000;

/** Returns the selected interpreter, or undefined when nobody says which it is. */
export async function selectedInterpreter(folder: vscode.Uri | undefined): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<{ readonly environments?: Environments }>(
    "ms-python.python",
  );
  if (extension === undefined) {
    return undefined;
  }
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, millisecondsToAnswer, undefined));
  return Promise.race([asked(extension, folder), late]);
}

async function asked(
  extension: vscode.Extension<{ readonly environments?: Environments }>,
  folder: vscode.Uri | undefined,
): Promise<string | undefined> {
  try {
    const { environments } = await extension.activate();
    if (environments === undefined) {
      return undefined;
    }
    const environment = await environments.resolveEnvironment(environments.getActiveEnvironmentPath(folder));
    return environment?.executable.uri?.fsPath;
  } catch {
    return undefined;
  }
}
