import * as assert from "node:assert/strict";
import * as vscode from "vscode";
import { eventually, fileUri, hoverWhen, type Place, placeOf, textOnDisk } from "./editor";

const service = "accounts/service.py";
const tests = "tests/test_service.py";

describe("The server in the editor", () => {
  let place: Place;

  before(async () => {
    place = await placeOf(service, "delete_user");
    await hoverWhen(place, (text) => text.includes("accounts/api.py"));
  });

  it("answers a hover with the signature, the documentation and the callers", async () => {
    const text = await hoverWhen(place, (shown) => shown.includes("accounts/api.py"));

    assert.match(text, /def delete_user\(self, user_id: int\) -> None/);
    assert.match(text, /Close an account/);
  });

  it("offers its code actions where the caret is", async () => {
    const titles = (await codeActions(place)).map(({ title }) => title);

    assert.deepEqual(titles, [
      "Firsthand: Explain",
      "Firsthand: Ask about this",
      "Firsthand: Generate test",
      "Firsthand: Document this",
    ]);
  });

  it("shows a generated test before it is applied, and takes it back with one undo", async () => {
    const before = await textOnDisk(tests);
    const action = (await codeActions(place)).find(({ title }) => title === "Firsthand: Generate test");
    assert.ok(action?.command);
    const done = vscode.commands.executeCommand(action.command.command, ...argumentsOf(action.command));

    const preview = await eventually(shownDifference);
    const proposed = await vscode.workspace.openTextDocument(preview.modified);
    assert.match(proposed.getText(), /def test_closing_twice_is_refused/);
    assert.equal(await textOnDisk(tests), before);

    await vscode.commands.executeCommand("firsthand.editor.applyTest");
    await done;
    const document = await vscode.workspace.openTextDocument(fileUri(tests));
    assert.match(document.getText(), /def test_closing_twice_is_refused/);

    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand("undo");
    assert.equal(document.getText(), before);
  });
});

async function codeActions({ uri, position }: Place): Promise<vscode.CodeAction[]> {
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    uri,
    new vscode.Range(position, position),
  );
  return actions.filter(({ title }) => title.startsWith("Firsthand: "));
}

function argumentsOf(command: vscode.Command): readonly unknown[] {
  return command.arguments ?? [];
}

function shownDifference(): vscode.TabInputTextDiff | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputTextDiff ? input : undefined;
}
