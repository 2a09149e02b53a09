/** Finds the server: the setting, the environment of the workspace, PATH, then the extension's own environment. */

import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { run } from "./processes";

/** Where a server was looked for. */
export type Source = "setting" | "workspace" | "python" | "path" | "private";

/** A place where the server may be. */
export interface Candidate {
  readonly path: string;
  readonly source: Source;
}

/** A server that answered. */
export interface FoundServer extends Candidate {
  readonly version: string;
}

/** What decides where to look. */
export interface Surroundings {
  /** `firsthand.server.path`; empty when it is not set. */
  readonly setting: string;
  readonly folders: readonly string[];
  readonly isTrusted: boolean;
  /** The interpreter that is selected in the Python extension. */
  readonly interpreter?: string | undefined;
  readonly searchPath: string;
  /** The environment that this extension made. */
  readonly privateEnvironment?: string | undefined;
  readonly platform: NodeJS.Platform;
}

/** Why no server can be started; `setting` is true when `firsthand.server.path` is the reason. */
export class ServerNotFoundError extends Error {
  constructor(
    message: string,
    readonly setting = false,
  ) {
    super(message);
  }
}

/** Returns the version that a program says of itself, or throws an error that says what is wrong with it. */
export type Probe = (program: string) => Promise<string>;

const neededMajor = 0;
const leastMinor = 1;
const secondsToAnswer = 30;

/**
 * Returns the first server that works.
 *
 * @throws ServerNotFoundError when none does, or when the one that is set does not.
 */
export async function findServer(
  surroundings: Surroundings,
  probe: Probe = probed,
  log: (line: string) => void = () => undefined,
): Promise<FoundServer> {
  for (const candidate of candidates(surroundings)) {
    const refusal = refused(candidate, surroundings);
    if (refusal === undefined && candidate.source !== "setting" && !existsSync(candidate.path)) {
      continue;
    }
    try {
      if (refusal !== undefined) {
        throw new Error(refusal);
      }
      return { ...candidate, version: compatible(await probe(candidate.path)) };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (candidate.source === "setting") {
        throw new ServerNotFoundError(`firsthand.server.path is "${candidate.path}", but ${reason}.`, true);
      }
      log(`${candidate.path} is passed over: ${reason}.`);
    }
  }
  throw new ServerNotFoundError(
    "Firsthand's server was not found: install it here, or name it in the setting firsthand.server.path.",
  );
}

/** Returns where to look, in order; in a folder that is not trusted, nothing of the folder is among it. */
export function candidates(surroundings: Surroundings): Candidate[] {
  const { setting, folders, platform } = surroundings;
  if (setting.trim()) {
    return [{ path: expanded(setting.trim(), folders), source: "setting" }];
  }
  const found: Candidate[] = [];
  if (surroundings.isTrusted) {
    for (const folder of folders) {
      for (const name of [".venv", "venv"]) {
        found.push({ path: programIn(path.join(folder, name), platform), source: "workspace" });
      }
    }
    if (surroundings.interpreter !== undefined) {
      const folder = path.dirname(surroundings.interpreter);
      found.push({ path: path.join(folder, programName(platform)), source: "python" });
    }
  }
  const searched = surroundings.searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  found.push(...searched.map((folder) => beside(folder, platform)));
  if (surroundings.privateEnvironment !== undefined) {
    found.push({ path: programIn(surroundings.privateEnvironment, platform), source: "private" });
  }
  return found;
}

/** Returns a search path without what lies in the folders, so that no program of theirs is found by it. */
export function pathOutside(folders: readonly string[], searchPath: string): string {
  return searchPath
    .split(path.delimiter)
    .filter((place) => path.isAbsolute(place) && !liesIn(folders, place))
    .join(path.delimiter);
}

/** Returns the server's program in a Python environment. */
export function programIn(environment: string, platform: NodeJS.Platform): string {
  return path.join(environment, platform === "win32" ? "Scripts" : "bin", programName(platform));
}

/** Returns a version that this extension can work with, from what `--version` says. */
export function compatible(said: string): string {
  const [, version, major, minor] = /^firsthand ((\d+)\.(\d+)\S*)/m.exec(said) ?? [];
  if (version === undefined) {
    throw new Error("it does not say that it is Firsthand");
  }
  if (Number(major) !== neededMajor || Number(minor) < leastMinor) {
    throw new Error(
      `it is Firsthand ${version}, and this extension needs ${neededMajor}.${leastMinor} or a later ${neededMajor}.x`,
    );
  }
  return version;
}

function beside(folder: string, platform: NodeJS.Platform): Candidate {
  return { path: path.join(folder, programName(platform)), source: "path" };
}

function programName(platform: NodeJS.Platform): string {
  return platform === "win32" ? "firsthand.exe" : "firsthand";
}

function expanded(setting: string, folders: readonly string[]): string {
  const inFolder = setting.replaceAll("${workspaceFolder}", folders[0] ?? "");
  return inFolder.replace(/^~(?=$|[\\/])/, homedir());
}

function refused(candidate: Candidate, { folders, isTrusted }: Surroundings): string | undefined {
  if (!path.isAbsolute(candidate.path)) {
    return "it is not an absolute path";
  }
  if (isTrusted) {
    return undefined;
  }
  return liesIn(folders, candidate.path) ? "it lies in a folder that you do not trust" : undefined;
}

function liesIn(folders: readonly string[], place: string): boolean {
  // A link outside may lead into a folder, and the folder itself may be a link.
  const places = [place, real(place)];
  const roots = folders.flatMap((folder) => [folder, real(folder)]);
  return places.some((each) => roots.some((root) => contains(root, each)));
}

function contains(root: string, place: string): boolean {
  const relative = path.relative(root, place);
  return relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

function real(place: string): string {
  try {
    return realpathSync(place);
  } catch {
    return place;
  }
}

async function probed(program: string): Promise<string> {
  let result;
  try {
    result = await run(program, ["--version"], { secondsToRun: secondsToAnswer });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(
      code === "ENOENT"
        ? "there is no such program"
        : code === "EACCES"
          ? "it is not a program that may be run"
          : `it cannot be started (${code ?? String(error)})`,
      { cause: error },
    );
  }
  if (result.code === null) {
    throw new Error(`it did not answer within ${secondsToAnswer} seconds`);
  }
  if (result.code !== 0) {
    const last = result.output.trim().split("\n").at(-1) ?? "";
    throw new Error(`it ended with code ${result.code}${last ? ` (${last})` : ""}`);
  }
  return result.output;
}
