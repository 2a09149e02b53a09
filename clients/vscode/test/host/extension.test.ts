import * as assert from "node:assert/strict";
import * as vscode from "vscode";
import { serverCommands } from "../../src/protocol";
import { serverSettings } from "../../src/settings";
import { statusWhen } from "./editor";

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly category: string }[];
  };
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly supported: unknown };
    readonly virtualWorkspaces: { readonly supported: unknown };
  };
}

const extension = vscode.extensions.getExtension<unknown>("firsthand.firsthand");
const manifest = extension?.packageJSON as Manifest;

describe("The extension", () => {
  it("becomes active in a folder without being asked", async () => {
    await extension?.activate();

    assert.equal(extension?.isActive, true);
  });

  it("registers every command that it contributes, and the server's", async () => {
    await statusWhen((status) => status.folders.length > 0);
    const registered = new Set(await vscode.commands.getCommands(true));

    const contributed = manifest.contributes.commands.map(({ command }) => command);
    const missing = [...contributed, ...Object.values(serverCommands)].filter((id) => !registered.has(id));
    assert.deepEqual(missing, []);
    assert.ok(manifest.contributes.commands.every(({ category }) => category === "Firsthand"));
  });

  it("contributes every setting of the server, with a default", () => {
    const configuration = vscode.workspace.getConfiguration("firsthand");

    const missing = serverSettings.filter((name) => configuration.inspect(name)?.defaultValue === undefined);
    assert.deepEqual(missing, []);
  });

  it("works with less in a folder that is not trusted, and not without a disk", () => {
    assert.equal(manifest.capabilities.untrustedWorkspaces.supported, "limited");
    assert.notEqual(manifest.capabilities.virtualWorkspaces.supported, true);
  });

  it("starts the server again when asked to", async () => {
    await vscode.commands.executeCommand("firsthand.editor.restartServer");

    const status = await statusWhen((now) => now.folders.every((folder) => folder.chunks > 0));
    assert.deepEqual(
      status.folders.map((folder) => folder.name),
      ["accounts"],
    );
  });
});
