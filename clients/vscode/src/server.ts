/** All that the rest of the extension knows of the language server. */

import type * as vscode from "vscode";
import type { AnswerUpdate, RequestName, StatusResult } from "./protocol";

/** `stopped` was asked for or there is no server yet; `failed` came by itself. */
export type ServerState = "starting" | "running" | "stopped" | "failed";

/** The language server, through all its restarts. */
export interface Server {
  readonly state: ServerState;
  readonly onDidChangeState: vscode.Event<ServerState>;
  /** The last status that was heard. */
  readonly status: StatusResult | undefined;
  readonly onDidChangeStatus: vscode.Event<StatusResult>;
  readonly onAnswerUpdate: vscode.Event<AnswerUpdate>;
  /** Waits while the server starts; cancelling the token sends `$/cancelRequest`. */
  request<P, R>(type: RequestName<P, R>, params: P, token?: vscode.CancellationToken): Promise<R>;
  /** Runs one of the server's commands, not those of the extension. */
  executeCommand<R>(name: string, argument: object): Promise<R>;
}
