import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  install,
  type Installation,
  isSuitable,
  pinnedPackage,
  privateEnvironment,
  pythonCommands,
  requirements,
  stepOf,
} from "../../src/install";
import { pathOutside } from "../../src/server_path";

let root: string;
let home: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "firsthand-"));
  home = path.join(root, "environments");
  mkdirSync(path.join(root, "bin"));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

/** Puts a Python that says a version, makes environments, and has a pip that does as `pip` says. */
function python(version: string, pip: string): void {
  for (const { length, 0: name = "" } of pythonCommands("linux")) {
    expect(length).toBe(1);
    script(path.join(root, "bin", name), "exit 1");
  }
  script(
    path.join(root, "bin", "python3.12"),
    `test "$1 $2" = "-I -u" || exit 2
shift 2
case "$1" in
-c) echo ${version};;
-m) mkdir -p "$3/bin"; cat > "$3/bin/python" <<'END'
#!/bin/sh
${pip}
END
chmod +x "$3/bin/python";;
esac`,
  );
}

function script(place: string, body: string): void {
  writeFileSync(place, `#!/bin/sh\n${body}\n`);
  chmodSync(place, 0o755);
}

const installsServer = `echo "Collecting firsthand"
printf '#!/bin/sh\\necho firsthand 0.1.0\\n' > "$(dirname "$0")/firsthand"; chmod +x "$(dirname "$0")/firsthand"`;

function installation(changes: Partial<Installation> = {}): Installation {
  const { signal } = new AbortController();
  const heard = (): void => undefined;
  return {
    home,
    packageName: "firsthand",
    searchPath: `${path.join(root, "bin")}:/usr/bin:/bin`,
    platform: "linux",
    signal,
    onStep: heard,
    onLine: heard,
    ...changes,
  };
}

describe("installing", () => {
  it("makes an environment that is found afterwards, and removes older ones", async () => {
    python("3.12", installsServer);
    const steps: string[] = [];
    await install(installation());

    const program = await install(installation({ onStep: (step) => steps.push(step) }));

    expect(await privateEnvironment(home)).toBe(path.dirname(path.dirname(program)));
    expect(readdirSync(home)).toHaveLength(1);
    expect(steps).toEqual([
      "making a Python environment",
      "fetching the server",
      "collecting firsthand",
      "trying it",
    ]);
  });

  it("asks for the models that run inside the server first, and does without them", async () => {
    python("3.12", `case "$*" in *llama*) echo "ERROR: no wheel"; exit 1;; esac\n${installsServer}`);
    const lines: string[] = [];

    await install(installation({ onLine: (line) => lines.push(line) }));

    expect(lines).toContain("pip could not install firsthand[llama].");
    expect(await privateEnvironment(home)).toBeDefined();
  });

  it("leaves nothing behind when it fails, and says why", async () => {
    python("3.12", 'echo "ERROR: No space left on device"; exit 1');

    await expect(install(installation())).rejects.toThrow(
      "pip could not install firsthand: ERROR: No space left on device. Firsthand's log",
    );

    expect(readdirSync(home)).toEqual([]);
  });

  it("says where else to get the server when no package index has this version", async () => {
    python("3.12", 'echo "ERROR: No matching distribution found for firsthand==0.1.0"; exit 1');

    const failed = install(installation({ packageName: pinnedPackage("0.1.0") }));

    await expect(failed).rejects.toThrow("pip finds no firsthand==0.1.0: look whether this machine reaches");
    await expect(failed).rejects.toMatchObject({ setting: true });
  });

  it.each([
    ["another program of that name", "shop 2.0", "it does not say that it is Firsthand"],
    ["another version", "firsthand 0.1.1", "it says that it is Firsthand 0.1.1"],
  ])("removes %s", async (_, said, reason) => {
    python("3.12", installsServer.replace("firsthand 0.1.0", said));

    await expect(install(installation({ packageName: pinnedPackage("0.1.0") }))).rejects.toThrow(reason);

    expect(readdirSync(home)).toEqual([]);
  });

  it("leaves nothing behind when it is stopped", async () => {
    python("3.12", "exec sleep 600");
    const stop = new AbortController();
    const onStep = (step: string): void => {
      if (step === "fetching the server") {
        stop.abort();
      }
    };

    await expect(install(installation({ signal: stop.signal, onStep }))).rejects.toThrow();

    expect(readdirSync(home)).toEqual([]);
  });

  it("keeps the environment that works when a newer one fails", async () => {
    python("3.12", installsServer);
    const program = await install(installation());
    python("3.12", "exit 1");

    await expect(install(installation())).rejects.toThrow();

    expect(existsSync(program)).toBe(true);
    expect(await privateEnvironment(home)).toBe(path.dirname(path.dirname(program)));
  });

  it("says which Python is needed when there is none that fits", async () => {
    python("3.9", installsServer);

    await expect(install(installation())).rejects.toThrow(
      "Firsthand needs Python 3.11 or newer, and none was found",
    );
  });

  it("runs no program of the open folders", async () => {
    python("3.12", installsServer);
    const folder = path.join(root, "shop");
    mkdirSync(path.join(folder, "bin"), { recursive: true });
    script(path.join(folder, "bin", "python3.13"), `touch ${path.join(root, "ran")}; echo 3.13`);
    const searchPath = pathOutside([folder], `${folder}/bin:.:${path.join(root, "bin")}:/usr/bin:/bin`);

    await install(installation({ searchPath }));

    expect(existsSync(path.join(root, "ran"))).toBe(false);
    expect(searchPath).toBe(`${path.join(root, "bin")}:/usr/bin:/bin`);
  });

  it("says which package is missing when Python makes no environments", async () => {
    python("3.12", "");
    script(
      path.join(root, "bin", "python3.12"),
      'test "$3" = -c && echo 3.12 && exit 0; echo "ensurepip is not available; apt install python3.12-venv"; exit 1',
    );

    await expect(install(installation())).rejects.toThrow("install your system's package python3-venv");
  });
});

describe("the plan", () => {
  it("takes Python 3.11 and newer", () => {
    expect(["3.10", "3.11", "3.13", "3.9", "2.7", "4.0", "x"].map(isSuitable)).toEqual([
      false,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it("asks the launcher on Windows", () => {
    expect(pythonCommands("win32")[0]).toEqual(["py", "-3.13"]);
  });

  it.each([
    ["firsthand", ["firsthand[llama]", "firsthand"]],
    ["firsthand==0.1.0", ["firsthand[llama]==0.1.0", "firsthand==0.1.0"]],
    [
      "/tmp/firsthand-0.1.0-py3-none-any.whl",
      ["/tmp/firsthand-0.1.0-py3-none-any.whl[llama]", "/tmp/firsthand-0.1.0-py3-none-any.whl"],
    ],
    ["firsthand[llama]", ["firsthand[llama]"]],
  ])("asks pip for %s in turn", (packageName, expected) => {
    expect(requirements(packageName)).toEqual(expected);
  });

  it("tells of pip what people understand", () => {
    const lines = [
      "Collecting lancedb<0.41",
      "  Downloading https://pypi.example/lancedb-0.40.0-cp310-abi3-manylinux_2_28_x86_64.whl (75.1 MB)",
      "  Downloading overrides-7.7.0.tar.gz (22 kB)",
      "Downloading onnxruntime-1.32.0-cp311-cp311-linux.whl.metadata (5.1 kB)",
      "Building wheel for overrides (pyproject.toml)",
      "Installing collected packages: lancedb",
      "Looking in indexes: https://pypi.example",
    ];

    expect(lines.map(stepOf)).toEqual([
      "collecting lancedb<0.41",
      "downloading lancedb 0.40.0 (75.1 MB)",
      "downloading overrides 7.7.0 (22 kB)",
      "downloading onnxruntime 1.32.0 (5.1 kB)",
      "building wheel for overrides",
      "unpacking everything, which may take a minute",
      undefined,
    ]);
  });
});
