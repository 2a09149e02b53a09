/** The extension's own Python environment with the server: made anew beside the old one, used when it is complete. */

import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { run } from "./processes";
import { compatible, programIn } from "./server_path";

/** A command that starts a Python interpreter. */
export type PythonCommand = readonly [program: string, ...args: string[]];

/** What an installation needs. */
export interface Installation {
  /** The folder that holds the environments. */
  readonly home: string;
  /** What pip is asked for: a name, a version range, a wheel. */
  readonly packageName: string;
  /** Where to look for Python; nothing in the workspace may be among it. */
  readonly searchPath: string;
  readonly platform: NodeJS.Platform;
  readonly signal: AbortSignal;
  /** Hears what is being done, in words for people. */
  readonly onStep: (step: string) => void;
  /** Hears every line that the tools write. */
  readonly onLine: (line: string) => void;
}

/** Why nothing was installed, and what to do about it; `setting` is true when `firsthand.server.package` may help. */
export class InstallError extends Error {
  constructor(
    message: string,
    readonly setting = false,
  ) {
    super(message);
  }
}

const completeMarker = "complete";
const secondsToAnswer = 30;
// Python takes nothing from the current folder, the user's packages or the environment's variables.
const isolated = ["-I", "-u"];
const versionScript = "import sys; print('%d.%d' % sys.version_info[:2])";

/** Returns the newest complete environment, if there is one. */
export async function privateEnvironment(home: string): Promise<string | undefined> {
  return (await environments(home)).find((environment) => existsSync(path.join(environment, completeMarker)));
}

/**
 * Makes an environment and returns the server's program in it; older ones are removed.
 *
 * @throws InstallError when there is no suitable Python, or it could not be done.
 */
export async function install(installation: Installation): Promise<string> {
  const { home, platform, onStep } = installation;
  const python = await findPython(installation);
  await mkdir(home, { recursive: true });
  const environment = path.join(home, String(Date.now()));
  try {
    onStep("making a Python environment");
    await makeEnvironment(python, environment, installation);
    onStep("fetching the server");
    await installPackage(environment, installation);
    onStep("trying it");
    const program = programIn(environment, platform);
    await tryProgram(program, installation);
    await writeFile(path.join(environment, completeMarker), "");
    await removeOthers(home, environment);
    return program;
  } catch (error) {
    await rm(environment, { recursive: true, force: true });
    throw error;
  }
}

/** Returns the commands that may start a Python, the ones that surely fit first. */
export function pythonCommands(platform: NodeJS.Platform): PythonCommand[] {
  const versions = ["3.13", "3.12", "3.11"];
  if (platform === "win32") {
    return [...versions.map((version) => ["py", `-${version}`] as const), ["py", "-3"], ["python"]];
  }
  return [...versions.map((version) => [`python${version}`] as const), ["python3"], ["python"]];
}

/** Says whether an interpreter can run the server, from the version that it prints. */
export function isSuitable(printed: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(printed.trim()) ?? [];
  return Number(major) === 3 && Number(minor) >= 11;
}

/**
 * Returns what pip is asked for, in turn: with the models that run inside the server, then without them, because
 * they are not built for every machine.
 */
export function requirements(packageName: string): string[] {
  return /\[[^\]]*\]/.test(packageName) ? [packageName] : [withExtra(packageName), packageName];
}

/** Returns what is asked for when the user names nothing: the server of this very version, whatever else has its name. */
export function pinnedPackage(version: string): string {
  return `firsthand==${version}`;
}

/** Returns a line of pip's in words for people, or undefined when it says nothing to them. */
export function stepOf(line: string): string | undefined {
  const [, verb, what, size] =
    /^\s*(Collecting|Downloading|Building wheel for|Installing) (\S+)(?: (\(.*B\)))?/.exec(line) ?? [];
  if (verb === undefined || what === undefined) {
    return undefined;
  }
  if (verb === "Installing") {
    return "unpacking everything, which may take a minute";
  }
  return [verb.toLowerCase(), packageOf(path.posix.basename(what)), size].filter(Boolean).join(" ");
}

/** `numpy 2.4.6` for a file of pip's, the words themselves for anything else. */
function packageOf(words: string): string {
  const [, name, version] =
    /^([\w.]+)-(\d[\w.]*)(?:-.*\.whl(?:\.metadata)?|\.tar\.gz|\.zip)$/.exec(words) ?? [];
  return name === undefined || version === undefined ? words : `${name} ${version}`;
}

function withExtra(packageName: string): string {
  const [, name, rest] = /^([A-Za-z0-9._-]+?)\s*((?:[<>=!~].*)?)$/.exec(packageName) ?? [];
  return name === undefined || name.endsWith(".whl")
    ? `${packageName}[llama]`
    : `${name}[llama]${rest ?? ""}`;
}

async function findPython({ searchPath, platform, signal, onLine }: Installation): Promise<PythonCommand> {
  for (const command of pythonCommands(platform)) {
    const [program, ...args] = command;
    try {
      const options = { secondsToRun: secondsToAnswer, signal, environment: { PATH: searchPath } };
      const { code, output } = await run(program, [...args, ...isolated, "-c", versionScript], options);
      if (code === 0 && isSuitable(output)) {
        onLine(`${command.join(" ")} is Python ${output.trim()}.`);
        return command;
      }
      onLine(`${command.join(" ")} does not fit: ${output.trim()}`);
    } catch (error) {
      signal.throwIfAborted();
      onLine(`${command.join(" ")} does not start: ${String(error)}`);
    }
  }
  throw new InstallError(
    "Firsthand needs Python 3.11 or newer, and none was found: install one from python.org or your system's packages, then try again.",
  );
}

async function makeEnvironment(
  [program, ...args]: PythonCommand,
  environment: string,
  { searchPath, platform, signal, onLine }: Installation,
): Promise<void> {
  const options = { signal, onLine, environment: { PATH: searchPath } };
  const { code, output } = await run(program, [...args, ...isolated, "-m", "venv", environment], options);
  if (code !== 0) {
    const missing = platform === "linux" && /ensurepip|python3[\d.]*-venv/.test(output);
    throw new InstallError(
      missing
        ? "Python cannot make environments here: install your system's package python3-venv, then try again."
        : `Python could not make an environment: ${lastLine(output)}`,
    );
  }
}

async function installPackage(environment: string, installation: Installation): Promise<void> {
  const { packageName, searchPath, platform, signal, onStep, onLine } = installation;
  const python = path.join(
    environment,
    platform === "win32" ? "Scripts" : "bin",
    platform === "win32" ? "python.exe" : "python",
  );
  const heard = (line: string): void => {
    onLine(line);
    const step = stepOf(line);
    if (step !== undefined) {
      onStep(step);
    }
  };
  let output = "";
  for (const requirement of requirements(packageName)) {
    const args = [
      ...isolated,
      "-m",
      "pip",
      "install",
      "--disable-pip-version-check",
      "--no-input",
      requirement,
    ];
    const result = await run(python, args, {
      signal,
      onLine: heard,
      environment: { PATH: searchPath, PIP_PROGRESS_BAR: "off" },
    });
    if (result.code === 0) {
      return;
    }
    output = result.output;
    onLine(`pip could not install ${requirement}.`);
  }
  throw new InstallError(
    /no matching distribution found for firsthand\b/i.test(output)
      ? `pip finds no ${packageName}: look whether this machine reaches a package index that has it, or name a wheel in the setting firsthand.server.package.`
      : `pip could not install ${packageName}: ${lastLine(output)} Firsthand's log shows everything; the setting firsthand.server.package names another source.`,
    true,
  );
}

async function tryProgram(program: string, { packageName, signal }: Installation): Promise<void> {
  try {
    const { output } = await run(program, ["--version"], { secondsToRun: secondsToAnswer, signal });
    const version = compatible(output);
    if (packageName.includes("==") && !packageName.endsWith(`==${version}`)) {
      throw new Error(`it says that it is Firsthand ${version}`);
    }
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw new InstallError(
      `What pip installed as ${packageName} is not this extension's server (${reason}); it was removed. Name another source in the setting firsthand.server.package.`,
      true,
    );
  }
}

async function environments(home: string): Promise<string[]> {
  try {
    const names = await readdir(home);
    const numbers = names.filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a));
    return numbers.map((name) => path.join(home, name));
  } catch {
    return [];
  }
}

async function removeOthers(home: string, environment: string): Promise<void> {
  const others = (await environments(home)).filter((other) => other !== environment);
  // One that a running server holds open stays until the next time.
  await Promise.allSettled(others.map((other) => rm(other, { recursive: true, force: true })));
}

function lastLine(output: string): string {
  const lines = output.trim().split("\n");
  const line = lines.findLast((text) => /error/i.test(text)) ?? lines.at(-1) ?? "";
  return `${line.trim().replace(/\.$/, "")}.`;
}
