import * as assert from "node:assert/strict";
import * as vscode from "vscode";
import { serverCommands } from "../../src/protocol";
import { serverSettings } from "../../src/settings";
import { eventually, hoverWhen, placeOf } from "./editor";

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
    const contributed = manifest.contributes.commands.map(({ command }) => command);

    await eventually(async () => {
      const registered = new Set(await vscode.commands.getCommands(true));
      return (
        [...contributed, ...Object.values(serverCommands)].every((id) => registered.has(id)) || undefined
      );
    });
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
    const place = await placeOf("accounts/service.py", "delete_user");
    await hoverWhen(place, (text) => text.includes("Close an account"));

    await vscode.commands.executeCommand("firsthand.editor.restartServer");

    await hoverWhen(place, (text) => text.includes("Close an account"));
  });
});
