import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { candidates, compatible, findServer, type Surroundings } from "../../src/server_path";

let root: string;
let folder: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(path.join(tmpdir(), "firsthand-")));
  folder = path.join(root, "project");
  mkdirSync(folder);
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function surroundings(changes: Partial<Surroundings> = {}): Surroundings {
  return { setting: "", folders: [folder], isTrusted: true, searchPath: "", platform: "linux", ...changes };
}

/** Puts a program that says `--version` like Firsthand does. */
function program(place: string, said = "firsthand 0.1.0", code = 0): string {
  mkdirSync(path.dirname(place), { recursive: true });
  writeFileSync(place, `#!/bin/sh\necho "${said}"\nexit ${code}\n`);
  chmodSync(place, 0o755);
  return place;
}

async function reason(given: Surroundings): Promise<string> {
  return findServer(given).then(
    (found) => `found ${found.path}`,
    (error: unknown) => (error instanceof Error ? error.message : "not an error"),
  );
}

describe("where the server is looked for", () => {
  it("is the setting alone when there is one", () => {
    const found = candidates(surroundings({ setting: "/opt/firsthand", searchPath: "/usr/bin" }));

    expect(found).toEqual([{ path: "/opt/firsthand", source: "setting" }]);
  });

  it("begins with the folder, then the selected interpreter, PATH and the private environment", () => {
    const found = candidates(
      surroundings({
        interpreter: "/envs/a/bin/python",
        searchPath: "/usr/bin:bin::.",
        privateEnvironment: "/own",
      }),
    );

    expect(found).toEqual([
      { path: path.join(folder, ".venv/bin/firsthand"), source: "workspace" },
      { path: path.join(folder, "venv/bin/firsthand"), source: "workspace" },
      { path: "/envs/a/bin/firsthand", source: "python" },
      { path: "/usr/bin/firsthand", source: "path" },
      { path: "/own/bin/firsthand", source: "private" },
    ]);
  });

  it("leaves out the folder and the interpreter when the folder is not trusted", () => {
    const found = candidates(
      surroundings({ isTrusted: false, interpreter: "/envs/a/bin/python", searchPath: "/usr/bin" }),
    );

    expect(found).toEqual([{ path: "/usr/bin/firsthand", source: "path" }]);
  });

  it("understands the home folder and the workspace folder in the setting", () => {
    const paths = ["~/bin/firsthand", "${workspaceFolder}/.venv/bin/firsthand"].map(
      (setting) => candidates(surroundings({ setting }))[0]?.path,
    );

    expect(paths).toEqual([path.join(homedir(), "bin/firsthand"), path.join(folder, ".venv/bin/firsthand")]);
  });

  it("is named as Windows names programs", () => {
    const [first] = candidates(surroundings({ platform: "win32" }));

    expect(first?.path).toBe(path.join(folder, ".venv", "Scripts", "firsthand.exe"));
  });
});

describe("the server that is found", () => {
  it("is the first that works; one that does not is passed over", async () => {
    program(path.join(folder, ".venv/bin/firsthand"), "broken", 1);
    const good = program(path.join(root, "bin/firsthand"));

    const found = await findServer(surroundings({ searchPath: path.join(root, "bin") }));

    expect(found).toEqual({ path: good, source: "path", version: "0.1.0" });
  });

  it("must be found; the error names the setting", async () => {
    expect(await reason(surroundings())).toBe(
      "Firsthand's server was not found: install it here, or name it in the setting firsthand.server.path.",
    );
  });

  it("is not replaced by another one when the setting is wrong, and the error says what is wrong", async () => {
    program(path.join(root, "bin/firsthand"));
    const searchPath = path.join(root, "bin");
    const missing = path.join(root, "missing");
    const other = program(path.join(root, "other"), "python 3.12");
    const old = program(path.join(root, "old"), "firsthand 0.0.9");
    const plain = path.join(root, "plain");
    writeFileSync(plain, "text");

    const reasons = await Promise.all(
      [missing, other, old, plain, "firsthand"].map((setting) =>
        reason(surroundings({ setting, searchPath })),
      ),
    );

    expect(reasons).toEqual([
      `firsthand.server.path is "${missing}", but there is no such program.`,
      `firsthand.server.path is "${other}", but it does not say that it is Firsthand.`,
      `firsthand.server.path is "${old}", but it is Firsthand 0.0.9, and this extension needs 0.1 or a later 0.x.`,
      `firsthand.server.path is "${plain}", but it is not a program that may be run.`,
      'firsthand.server.path is "firsthand", but it is not an absolute path.',
    ]);
  });

  it("is never inside a folder that is not trusted, whatever leads there", async () => {
    const started = path.join(root, "started");
    const inside = path.join(folder, "bin/firsthand");
    mkdirSync(path.dirname(inside));
    writeFileSync(inside, `#!/bin/sh\ntouch ${started}\necho "firsthand 0.1.0"\n`);
    chmodSync(inside, 0o755);
    mkdirSync(path.join(root, "links"));
    symlinkSync(inside, path.join(root, "links/firsthand"));
    symlinkSync(folder, path.join(root, "alias"));
    const ways: Partial<Surroundings>[] = [
      { setting: inside },
      { setting: path.join(root, "links/firsthand") },
      { searchPath: path.join(folder, "bin") },
      { searchPath: path.join(root, "links") },
      { searchPath: path.join(root, "alias/bin") },
      { folders: [path.join(root, "alias")], searchPath: path.join(folder, "bin") },
    ];

    const reasons = await Promise.all(ways.map((way) => reason(surroundings({ isTrusted: false, ...way }))));

    expect(reasons.filter((text) => text.startsWith("found"))).toEqual([]);
    expect(() => realpathSync(started)).toThrow();
    expect(reasons[0]).toBe(
      `firsthand.server.path is "${inside}", but it lies in a folder that you do not trust.`,
    );
  });
});

describe("versions", () => {
  it.each(["firsthand 0.1.0", "firsthand 0.12.3\n", "firsthand 0.2.0rc1"])("works with %j", (said) => {
    expect(compatible(said)).toBe(said.trim().split(" ")[1]);
  });

  it.each(["firsthand 1.0.0", "firsthand 0.0.1", "0.1.0", ""])("does not work with %j", (said) => {
    expect(() => compatible(said)).toThrow();
  });
});
