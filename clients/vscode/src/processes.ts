/** Programs that run to their end: with a time limit, line by line, and stoppable. */

import { spawn } from "node:child_process";
import { homedir } from "node:os";

/** How a program is to be run. */
export interface RunOptions {
  readonly secondsToRun?: number;
  readonly signal?: AbortSignal | undefined;
  readonly environment?: Readonly<Record<string, string>>;
  /** Hears every line of both outputs as it comes. */
  readonly onLine?: (line: string) => void;
}

/** What became of a program; `code` is null when it was killed. */
export interface RunResult {
  readonly code: number | null;
  readonly output: string;
}

// What is kept of a program that writes without end; the end of the output holds the reason of a failure.
const mostOutput = 64 * 1024;

/**
 * Runs a program without a shell and returns how it ended.
 *
 * @throws when it cannot be started, and when `signal` stopped it.
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      // Not the folder that the editor was started in: Windows and Python look for what they run there first.
      cwd: homedir(),
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...options.environment },
      signal: options.signal,
      killSignal: "SIGKILL",
      timeout: (options.secondsToRun ?? 0) * 1000,
      windowsHide: true,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      const lines = new Lines(options.onLine);
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        output = (output + text).slice(-mostOutput);
        lines.add(text);
      });
      stream.on("end", () => {
        lines.end();
      });
    }
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, output });
    });
  });
}

class Lines {
  private rest = "";

  constructor(private readonly onLine: ((line: string) => void) | undefined) {}

  add(text: string): void {
    const lines = (this.rest + text).split(/\r\n|\r|\n/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      this.onLine?.(line);
    }
  }

  end(): void {
    if (this.rest) {
      this.onLine?.(this.rest);
    }
  }
}
