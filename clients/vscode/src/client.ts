/** The language server through all its restarts: starting and restarting are one path, and one after the other. */

import * as vscode from "vscode";
import type { Connection, Interceptor } from "./connection";
import { privateEnvironment } from "./install";
import type { AnswerUpdate, RequestName, StatusResult } from "./protocol";
import { selectedInterpreter } from "./python_extension";
import { Restarts } from "./restarts";
import type { Server, ServerState } from "./server";
import { findServer, type FoundServer } from "./server_path";
import { clientSettings } from "./settings";

const showLogs = "Show Logs";
const restartServer = "Restart Server";

/** Why the server does not run. */
export class NotRunningError extends Error {}

/** A command of the server, as it is sent. */
export interface ServerCommand {
  readonly name: string;
  readonly argument: object;
}

/** The one server of this window. */
export class FirsthandClient implements Server, vscode.Disposable {
  private readonly stateChanged = new vscode.EventEmitter<ServerState>();
  private readonly statusChanged = new vscode.EventEmitter<StatusResult>();
  private readonly answerUpdated = new vscode.EventEmitter<AnswerUpdate>();
  private readonly commandBegun = new vscode.EventEmitter<ServerCommand>();
  private readonly restarts = new Restarts();
  private connection: Connection | undefined;
  private work: Promise<void> = Promise.resolve();
  private queued: Promise<void> | undefined;
  private isDisposed = false;

  state: ServerState = "stopped";
  status: StatusResult | undefined;
  /** Why the state is `failed` or `stopped`. */
  problem: Error | undefined;
  /** The program that runs or ran last. */
  program: FoundServer | undefined;

  readonly onDidChangeState = this.stateChanged.event;
  readonly onDidChangeStatus = this.statusChanged.event;
  readonly onAnswerUpdate = this.answerUpdated.event;
  /** The user began something by a command of the server. */
  readonly onDidBeginCommand = this.commandBegun.event;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    private readonly intercept: Interceptor,
  ) {}

  /** Starts the server, anew if it runs; a restart that waits already is the same one. */
  restart(): Promise<void> {
    this.restarts.forget();
    return this.enqueueRestart();
  }

  /** Stops the server. */
  stop(): Promise<void> {
    return this.enqueue(() =>
      this.disconnect("stopped", new NotRunningError("Firsthand's server is stopped.")),
    );
  }

  async request<P, R>(type: RequestName<P, R>, params: P, token?: vscode.CancellationToken): Promise<R> {
    return (await this.connected()).request(type, params, token);
  }

  async executeCommand<R>(name: string, argument: object): Promise<R> {
    const connection = await this.connected();
    this.commandBegun.fire({ name, argument });
    return connection.executeCommand<R>(name, argument);
  }

  dispose(): void {
    this.isDisposed = true;
    this.stateChanged.dispose();
    this.statusChanged.dispose();
    this.answerUpdated.dispose();
    this.commandBegun.dispose();
  }

  private async connected(): Promise<Connection> {
    // A restart may be queued behind the one that is awaited.
    while (this.state === "starting" && !this.isDisposed) {
      await this.work;
    }
    if (this.connection === undefined) {
      throw (
        this.problem ?? new NotRunningError("Firsthand's server is not running; open a folder to start it.")
      );
    }
    return this.connection;
  }

  private enqueueRestart(): Promise<void> {
    this.queued ??= this.enqueue(async () => {
      this.queued = undefined;
      await this.disconnect("starting");
      await this.connect();
    });
    this.enter("starting");
    return this.queued;
  }

  private enqueue(work: () => Promise<void>): Promise<void> {
    this.work = this.work.then(work);
    return this.work;
  }

  private async connect(): Promise<void> {
    try {
      const program = await this.find();
      const { connect } = await import("./connection");
      // Looking for the server takes a while, and the window may have closed meanwhile.
      if (this.isDisposed) {
        return;
      }
      this.program = program;
      this.log.info(`Starting ${program.path} (Firsthand ${program.version}, ${program.source}).`);
      this.connection = await connect(program.path, this.log, this.intercept, {
        onStatus: (status) => {
          this.status = status;
          this.statusChanged.fire(status);
        },
        onAnswerUpdate: (update) => {
          this.answerUpdated.fire(update);
        },
        onClosed: (connection) => {
          this.closed(connection);
        },
      });
      this.problem = undefined;
      this.enter("running");
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private async disconnect(next: ServerState, problem?: Error): Promise<void> {
    const { connection } = this;
    this.connection = undefined;
    this.status = undefined;
    this.problem = problem;
    this.enter(next);
    await connection?.stop();
  }

  private async find(): Promise<FoundServer> {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(
      (folder) => folder.uri.scheme === "file",
    );
    const { isTrusted } = vscode.workspace;
    const { serverPath } = clientSettings(vscode.workspace.getConfiguration("firsthand"));
    return findServer(
      {
        setting: serverPath,
        folders: folders.map((folder) => folder.uri.fsPath),
        isTrusted,
        interpreter: isTrusted && !serverPath ? await selectedInterpreter(folders[0]?.uri) : undefined,
        searchPath: process.env["PATH"] ?? "",
        privateEnvironment: await privateEnvironment(environmentsOf(this.context)),
        platform: process.platform,
      },
      undefined,
      (line) => {
        this.log.info(line);
      },
    );
  }

  private fail(problem: Error): void {
    if (!this.isDisposed) {
      this.problem = problem;
      this.log.error(problem);
      this.enter("failed");
    }
  }

  private closed(connection: Connection): void {
    if (this.connection !== connection || this.isDisposed) {
      return;
    }
    this.connection = undefined;
    this.status = undefined;
    if (this.restarts.mayRestart(Date.now())) {
      this.log.warn("The server stopped by itself; it is started again.");
      void this.enqueueRestart();
      void this.say(
        vscode.window.showWarningMessage,
        "Firsthand's server stopped by itself and was started again.",
      );
    } else {
      this.problem = new NotRunningError(
        "Firsthand's server stopped by itself too often; its log says more.",
      );
      this.enter("failed");
      void this.say(vscode.window.showErrorMessage, this.problem.message, restartServer);
    }
  }

  private async say(
    show: (message: string, ...buttons: string[]) => Thenable<string | undefined>,
    message: string,
    ...buttons: string[]
  ): Promise<void> {
    const chosen = await show(message, ...buttons, showLogs);
    if (chosen === showLogs) {
      this.log.show();
    } else if (chosen === restartServer) {
      await this.restart();
    }
  }

  private enter(state: ServerState): void {
    if (state !== this.state && !this.isDisposed) {
      this.state = state;
      this.stateChanged.fire(state);
    }
  }
}

/** Returns the folder that holds the environments that this extension made. */
export function environmentsOf(context: vscode.ExtensionContext): string {
  return vscode.Uri.joinPath(context.globalStorageUri, "environments").fsPath;
}
