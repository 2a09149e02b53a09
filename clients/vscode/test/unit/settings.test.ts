import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { clientSettings, type Configuration, serverSettings, settingsSnapshot } from "../../src/settings";

interface Setting {
  readonly scope: string;
  readonly description?: string;
  readonly markdownDescription?: string;
}

interface Manifest {
  readonly contributes: {
    readonly configuration: readonly { readonly properties: Readonly<Record<string, Setting>> }[];
    readonly commands: readonly { readonly command: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly command?: string }[]>>;
    readonly keybindings: readonly { readonly command: string }[];
  };
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] };
  };
}

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as Manifest;
const properties = Object.assign(
  {},
  ...manifest.contributes.configuration.map((group) => group.properties),
) as Readonly<Record<string, Setting>>;

function configuration(
  values: Readonly<Record<string, unknown>>,
  inspected: Readonly<Record<string, object>>,
): Configuration {
  return { get: (key) => values[key], inspect: (key) => inspected[key] };
}

describe("settings", () => {
  it("travel to the server when the user has set them, and never as defaults", () => {
    const given = configuration(
      { excerpts: 5, exclude: [], chatModel: "qwen", endpoint: "" },
      {
        excerpts: { key: "firsthand.excerpts", defaultValue: 12, workspaceValue: 5 },
        exclude: { defaultValue: [] },
        chatModel: { defaultValue: "auto", globalValue: "qwen" },
        endpoint: { defaultValue: "", globalValue: undefined },
      },
    );

    expect(settingsSnapshot(given)).toEqual({ excerpts: 5, chatModel: "qwen" });
  });

  it("of the extension have a value whatever is written", () => {
    const given = configuration({ "server.path": " /bin/firsthand ", "server.package": 7 }, {});

    expect(clientSettings(given)).toEqual({ serverPath: "/bin/firsthand", serverPackage: "" });
  });
});

describe("the manifest", () => {
  it("has every setting of the server, each with a description", () => {
    const own = ["firsthand.server.path", "firsthand.server.package", "firsthand.trace.server"];
    const expected = [...serverSettings.map((name) => `firsthand.${name}`), ...own];

    expect(Object.keys(properties).sort()).toEqual(expected.sort());
    expect(Object.values(properties).every((item) => item.description ?? item.markdownDescription)).toBe(
      true,
    );
  });

  it("lets no folder that is not trusted set anything", () => {
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;

    expect([...restrictedConfigurations].sort()).toEqual(Object.keys(properties).sort());
  });

  it("lets no folder at all say where code goes, or what is installed or run", () => {
    const names = [
      ...["endpoint", "allowRemoteEndpoint", "allowCloudModels", "cacheDir"],
      ...["server.path", "server.package"],
    ];

    expect(names.map((name) => properties[`firsthand.${name}`]?.scope)).toEqual(names.map(() => "machine"));
  });

  it("names only commands that it contributes", () => {
    const { commands, menus, keybindings } = manifest.contributes;
    const contributed = new Set(commands.map(({ command }) => command));
    const used = [...Object.values(menus).flat(), ...keybindings].flatMap(({ command }) => command ?? []);

    expect(used.filter((command) => !contributed.has(command))).toEqual([]);
  });
});
