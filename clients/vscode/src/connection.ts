/** One run of the server and the client that talks to it; loaded when the first one starts. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { homedir } from "node:os";
import { createInterface } from "node:readline";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  State,
  WorkDoneProgressCancelNotification,
} from "vscode-languageclient/node";
import {
  answerDidUpdate,
  type AnswerUpdate,
  type RequestName,
  statusDidChange,
  type StatusResult,
} from "./protocol";
import { logRecord } from "./log_records";
import { type Bar, RequestedWork } from "./requested_work";
import { settingsSnapshot } from "./settings";

/** Does what a command of the server is to do in this editor; false when the server does it. */
export type Interceptor = (command: string, argument: unknown) => boolean;

/** What a connection tells. */
export interface Listener {
  onStatus(status: StatusResult): void;
  onAnswerUpdate(update: AnswerUpdate): void;
  /** The server went without having been asked to. */
  onClosed(connection: Connection): void;
}

// After this the server has had its time to close the index.
const millisecondsToEnd = 4000;

/**
 * Starts the server and returns when it is ready.
 *
 * @throws when it does not start or does not answer.
 */
export async function connect(
  program: string,
  log: vscode.LogOutputChannel,
  intercept: Interceptor,
  listener: Listener,
): Promise<Connection> {
  const connection = new Connection(program, log, intercept, listener);
  await connection.start();
  return connection;
}

/** A server process and its client. */
export class Connection {
  private readonly client: LanguageClient;
  private readonly work = new RequestedWork(openBar, (token) => {
    void this.client.sendNotification(WorkDoneProgressCancelNotification.type, { token });
  });
  private process: ChildProcess | undefined;

  constructor(
    private readonly program: string,
    log: vscode.LogOutputChannel,
    intercept: Interceptor,
    listener: Listener,
  ) {
    this.client = new QuietClient(
      "firsthand",
      "Firsthand",
      () => this.spawn(),
      clientOptions(log, intercept, this.work),
    );
    this.client.onNotification(statusDidChange.method, (status: StatusResult) => {
      listener.onStatus(status);
    });
    this.client.onNotification(answerDidUpdate.method, (update: AnswerUpdate) => {
      listener.onAnswerUpdate(update);
    });
    this.client.onDidChangeState(({ oldState, newState }) => {
      // When it runs and stops, somebody asked for it or the process went; who asked does not listen any more.
      if (oldState === State.Running && newState === State.Stopped) {
        this.process?.kill("SIGKILL");
        this.work.close();
        listener.onClosed(this);
      }
    });
  }

  /** Waits until the server is ready. */
  async start(): Promise<void> {
    try {
      await this.client.start();
    } catch (error) {
      this.process?.kill("SIGKILL");
      throw error;
    }
  }

  request<P, R>(type: RequestName<P, R>, params: P, token?: vscode.CancellationToken): Promise<R> {
    // A token that is there but undefined would become a second parameter.
    return token === undefined
      ? this.client.sendRequest<R>(type.method, params)
      : this.client.sendRequest<R>(type.method, params, token);
  }

  async executeCommand<R>(name: string, argument: object): Promise<R> {
    const params = { command: name, arguments: [argument] };
    return this.work.begun(this.client.sendRequest(ExecuteCommandRequest.type, params) as Promise<R>);
  }

  /** Ends the server: politely, then not. */
  async stop(): Promise<void> {
    const ended = this.ended();
    try {
      await this.client.dispose(millisecondsToEnd);
    } catch {
      // It did not answer; what follows ends it.
    }
    const late = new Promise((resolve) => setTimeout(resolve, millisecondsToEnd).unref());
    await Promise.race([ended, late]);
    this.process?.kill("SIGKILL");
  }

  private async spawn(): Promise<ChildProcess> {
    // The home folder: what a folder of the workspace holds must not be found by being the current one.
    const child = spawn(this.program, ["serve"], { cwd: homedir(), windowsHide: true });
    this.process = child;
    await once(child, "spawn");
    return child;
  }

  private async ended(): Promise<void> {
    const child = this.process;
    if (child?.exitCode === null && child.signalCode === null) {
      await once(child, "exit");
    }
  }
}

/** Leaves it to the extension to show what failed; the client itself only logs. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  override warn(message: string, data?: unknown): void {
    super.warn(message, data, false);
  }

  override info(message: string, data?: unknown): void {
    super.info(message, data, false);
  }
}

function clientOptions(
  log: vscode.LogOutputChannel,
  intercept: Interceptor,
  work: RequestedWork,
): LanguageClientOptions {
  return {
    documentSelector: [{ scheme: "file" }],
    outputChannel: log,
    traceOutputChannel: log,
    stdioOptions: {
      stdout: () => undefined,
      stderr: (stream) => {
        createInterface({ input: stream }).on("line", (line) => {
          logLine(log, line);
        });
      },
    },
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    // Settings travel by `workspace/configuration`: what is sent here could not be taken back.
    initializationOptions: { streaming: true, notices: true, trusted: vscode.workspace.isTrusted },
    markdown: { isTrusted: false, supportHtml: false },
    errorHandler: {
      error: (_error, _message, count) => ({
        action: (count ?? 0) <= 3 ? ErrorAction.Continue : ErrorAction.Shutdown,
        handled: true,
      }),
      closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
    },
    middleware: {
      handleWorkDoneProgress: (token, news, next) => {
        work.progress(token, news, () => {
          next(token, news);
        });
      },
      workspace: {
        configuration: ({ items }) =>
          items.map(({ section }) =>
            section === "firsthand" ? settingsSnapshot(vscode.workspace.getConfiguration("firsthand")) : null,
          ),
      },
      executeCommand: async (command, args: unknown[], next) => {
        if (!intercept(command, args[0])) {
          try {
            return await work.begun(Promise.resolve(next(command, args) as unknown));
          } catch (error) {
            void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
          }
        }
        return undefined;
      },
    },
  };
}

function openBar(title: string, stop: (() => void) | undefined): Bar {
  let close = (): void => undefined;
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const options = {
    location: vscode.ProgressLocation.Notification,
    title,
    cancellable: stop !== undefined,
  };
  const opened = new Promise<vscode.Progress<{ message?: string; increment?: number }>>((resolve) => {
    void vscode.window.withProgress(options, (progress, token) => {
      if (stop !== undefined) {
        token.onCancellationRequested(stop);
      }
      resolve(progress);
      return closed;
    });
  });
  return {
    report: (step) => {
      void opened.then((progress) => {
        progress.report(step);
      });
    },
    close,
  };
}

function logLine(log: vscode.LogOutputChannel, line: string): void {
  const { level, text } = logRecord(line);
  log[level](text);
}
