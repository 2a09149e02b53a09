"""`textDocument/codeAction` and `codeAction/resolve`."""

from typing import Any

import pytest
from lsp_session import EDITORS, SOURCE, Session, StartServer
from lsprotocol import types
from pytest_lsp import client_capabilities

RANGE = types.Range(types.Position(0, 4), types.Position(0, 11))
DIAGNOSTIC = types.Diagnostic(range=RANGE, message="undefined name\n  refresh", source="lint")
ALL_TITLES = ["Explain", "Ask about this", "Generate test", "Document this"]


async def actions(
    session: Session,
    uri: str,
    only: list[str] | None = None,
    diagnostics: tuple[types.Diagnostic, ...] = (),
    trigger: types.CodeActionTriggerKind | None = None,
) -> list[Any]:
    """Ask for the actions at `refresh`."""
    context = types.CodeActionContext(diagnostics=list(diagnostics), only=only, trigger_kind=trigger)
    document = types.TextDocumentIdentifier(uri)
    found = await session.client.text_document_code_action_async(
        types.CodeActionParams(document, RANGE, context)
    )
    return list(found or [])


def titles(found: list[Any]) -> list[str]:
    """The titles without the product's name."""
    return [action.title.removeprefix("Firsthand: ") for action in found]


@pytest.mark.parametrize("editor", EDITORS)
async def test_every_editor_is_offered_commands(editor: str, start_server: StartServer) -> None:
    """The actions are there at once, without a model; each is a command with one object as its argument."""
    session = await start_server()
    await session.initialize(client_capabilities(editor))
    await session.folders_open()
    uri = session.open("src/auth.py")

    found = await actions(session, uri)

    assert titles(found) == ALL_TITLES
    expected = {
        "uri": uri,
        "range": {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 11}},
    }
    assert [list(action.command.arguments) for action in found] == [[expected]] * 4
    assert not any(note.startswith(("ask", "explain", "test")) for note in session.notes())


async def test_commands_alone_for_clients_without_literals(start_server: StartServer) -> None:
    """A client that knows no code action literals gets bare commands."""
    session = await start_server()
    await session.initialize(types.ClientCapabilities())
    await session.folders_open()

    found = await actions(session, session.open("src/auth.py"))

    assert {type(action) for action in found} == {types.Command}
    assert [action.command for action in found] == [
        "firsthand.explain",
        "firsthand.ask",
        "firsthand.generateTest",
        "firsthand.document",
    ]


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ([""], ["Fix with context: undefined name refresh", *ALL_TITLES]),
        (["quickfix"], ["Fix with context: undefined name refresh"]),
        (["refactor"], ["Generate test", "Document this"]),
        (["refactor.rewrite"], ["Document this"]),
        (["firsthand"], ["Explain", "Ask about this"]),
        (["firsthand.explain"], ["Explain"]),
        (["source.organizeImports"], []),
        (["refac"], []),
    ],
)
async def test_only_the_kinds_that_are_asked_for(
    only: list[str], expected: list[str], session: Session
) -> None:
    """`only` filters by kind and its subkinds, not by how a kind begins."""
    found = await actions(session, session.open("src/auth.py"), only, (DIAGNOSTIC,))

    assert titles(found) == expected


async def test_a_fix_names_its_diagnostic(session: Session) -> None:
    """The quick fix carries the diagnostic, and its argument the message and the place."""
    [fix, *_] = await actions(session, session.open("src/auth.py"), None, (DIAGNOSTIC,))

    assert list(fix.diagnostics) == [DIAGNOSTIC]
    assert fix.kind == types.CodeActionKind.QuickFix
    assert fix.command.arguments[0]["diagnostic"] == DIAGNOSTIC.message


async def test_no_light_bulb_without_a_reason(session: Session) -> None:
    """Asked for by the editor itself, only a diagnostic is worth an action."""
    uri = session.open("src/auth.py")
    automatic = types.CodeActionTriggerKind.Automatic

    assert await actions(session, uri, trigger=automatic) == []
    assert len(await actions(session, uri, None, (DIAGNOSTIC,), automatic)) == 1


async def test_nothing_for_files_outside(session: Session) -> None:
    """Where there is nothing to answer from, nothing is offered."""
    assert await actions(session, "file:///elsewhere/x.py") == []


async def test_clients_that_take_no_edits_resolve_them(start_server: StartServer) -> None:
    """Without `workspace/applyEdit`, the action brings its edit when it is resolved."""
    session = await start_server()
    await session.initialize(resolving_client())
    await session.folders_open()
    found = await actions(session, session.open("src/auth.py", SOURCE, 4), None, (DIAGNOSTIC,))
    by_title = dict(zip(titles(found), found, strict=True))

    document = await session.client.code_action_resolve_async(by_title["Document this"])
    explain = await session.client.code_action_resolve_async(by_title["Explain"])

    assert document.edit is not None
    [change] = document.edit.document_changes or []
    assert (change.text_document.version, change.edits[0].new_text) == (4, '"""Doc."""')
    assert explain.edit is None
    assert explain.command is not None


async def test_resolve_without_a_model_says_so(start_server: StartServer) -> None:
    """An action that brings no edit is an error with a sentence, not an action that does nothing."""
    session = await start_server()
    await session.initialize(resolving_client())
    await session.folders_open()
    found = await actions(session, session.open("src/auth.py", "x = 'no model'\n"), ["refactor"])

    error = await session.failing("codeAction/resolve", found[0])

    assert error.code == types.LSPErrorCodes.RequestFailed
    assert "chat model" in error.message


def resolving_client() -> types.ClientCapabilities:
    """A client that resolves edits and takes none from the server."""
    kinds = types.ClientCodeActionKindOptions(value_set=[types.CodeActionKind.QuickFix])
    code_action = types.CodeActionClientCapabilities(
        code_action_literal_support=types.ClientCodeActionLiteralOptions(code_action_kind=kinds),
        data_support=True,
        resolve_support=types.ClientCodeActionResolveOptions(properties=["edit"]),
    )
    return types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(code_action=code_action),
        workspace=types.WorkspaceClientCapabilities(
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True)
        ),
    )
