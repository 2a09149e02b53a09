/** What the server has to say of models and indexes, each thing once, with the button that helps. */

import * as vscode from "vscode";
import type { FirsthandClient } from "./client";
import { openSettings } from "./messages";
import { openDownloadPage, ollamaProgram, startOllama } from "./ollama";
import { type FolderStatus, type ModelOffer, type PullModelArguments, serverCommands } from "./protocol";

const notNow = "Not Now";
const dismissedKey = "firsthand.dismissedNotices";

interface Button {
  readonly title: string;
  readonly run: () => unknown;
}

/** Shows what the status says, for as long as the extension lives. */
export function createNotices(
  context: vscode.ExtensionContext,
  client: FirsthandClient,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const notices = new Notices(context.globalState, client, log);
  return vscode.Disposable.from(
    client.onDidChangeStatus(({ folders }) => {
      for (const folder of folders) {
        notices.look(folder);
      }
    }),
    client.onDidBeginCommand(({ name, argument }) => {
      if (name === serverCommands.pullModel) {
        notices.pullBegun((argument as PullModelArguments).model);
      }
    }),
  );
}

class Notices {
  private readonly shown = new Set<string>();
  /** The keys of the messages about models that wait for the user. */
  private readonly open = new Set<string>();

  constructor(
    private readonly memory: vscode.Memento,
    private readonly client: FirsthandClient,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  look(folder: FolderStatus): void {
    if (folder.health === "error") {
      this.failure(folder);
    }
    const { models } = folder;
    if (models === undefined) {
      return;
    }
    // An offer says the same as its notice, and can be taken up.
    if (models.offers.length > 0) {
      models.offers.forEach((offer) => {
        this.offer(offer);
      });
    } else if (models.notices.length > 0) {
      const buttons =
        models.provider === "ollama" ? [settings] : this.waysToModels(models.chat !== undefined);
      // They are about one thing, what answers and what does not: one message.
      const message = models.notices.join(" ");
      this.once(message, message, buttons);
    }
  }

  /** Nobody is asked to pull what is being pulled. */
  pullBegun(model: string): void {
    this.shown.add(offerKey(model));
    if (this.open.size > 0) {
      // An extension cannot close a message; hidden ones are kept behind the bell.
      void vscode.commands.executeCommand("notifications.hideToasts");
    }
  }

  private offer({ model, message }: ModelOffer): void {
    const pull = {
      title: `Pull ${model}`,
      run: () => this.client.executeCommand(serverCommands.pullModel, { model }),
    };
    this.once(offerKey(model), message, [pull]);
  }

  private failure({ name, message, uri }: FolderStatus): void {
    const rebuild = {
      title: "Rebuild Index",
      run: () => this.client.executeCommand(serverCommands.reindex, { uri }),
    };
    const logs = {
      title: "Show Logs",
      run: () => {
        this.log.show();
      },
    };
    void this.show(`failure ${uri} ${message}`, vscode.window.showErrorMessage, `${name}: ${message}`, [
      rebuild,
      logs,
    ]);
  }

  private waysToModels(hasChat: boolean): Button[] {
    const program = ollamaProgram(process.env["PATH"] ?? "", process.platform);
    const ollama =
      program === undefined
        ? { title: "Get Ollama", run: openDownloadPage }
        : {
            title: "Start Ollama",
            run: () => {
              startOllama(program, this.log);
            },
          };
    const small = {
      title: "Choose a Model",
      run: () => vscode.commands.executeCommand("firsthand.editor.pullModel"),
    };
    return hasChat ? [ollama] : [ollama, small];
  }

  private once(key: string, message: string, buttons: readonly Button[]): void {
    if (!this.shown.has(key) && !this.dismissed().includes(key)) {
      const dismiss = {
        title: notNow,
        run: () => this.memory.update(dismissedKey, [...this.dismissed(), key]),
      };
      this.open.add(key);
      void this.show(key, vscode.window.showInformationMessage, message, [...buttons, dismiss]);
    }
  }

  private async show(
    key: string,
    show: (message: string, ...titles: string[]) => Thenable<string | undefined>,
    message: string,
    buttons: readonly Button[],
  ): Promise<void> {
    if (this.shown.has(key)) {
      return;
    }
    this.shown.add(key);
    const chosen = await show(message, ...buttons.map(({ title }) => title));
    this.open.delete(key);
    try {
      await buttons.find(({ title }) => title === chosen)?.run();
    } catch (error) {
      void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
    }
  }

  private dismissed(): readonly string[] {
    return this.memory.get<readonly string[]>(dismissedKey, []);
  }
}

function offerKey(model: string): string {
  return `offer ${model}`;
}

const settings: Button = { title: "Open Settings", run: () => openSettings() };
