"""`firsthand/generateTest` and the edits that the user accepts."""

import asyncio
from typing import Any

import pytest
from lsp_session import SOURCE, Session, StartServer
from lsprotocol import types
from pytest_lsp import client_capabilities

PLACE = {"position": {"line": 0, "character": 5}}


async def test_the_edit_is_versioned_and_waits_for_the_user(session: Session) -> None:
    """A new file is created, an open one is changed at the version that the model saw, and both need confirmation."""
    uri = session.open("src/auth.py", version=7)

    result = await session.request("firsthand/generateTest", {"uri": uri, **PLACE})

    create, fill, change = result["edit"]["documentChanges"]
    new_uri = session.uri("tests/test_new.py")
    assert (create["kind"], create["uri"], create["options"]["overwrite"]) == ("create", new_uri, False)
    assert fill["textDocument"] == {"uri": new_uri, "version": None}
    assert fill["edits"][0]["newText"] == "def test_new():\n    assert True\n"
    assert change["textDocument"] == {"uri": uri, "version": 7}
    assert change["edits"][0]["range"] == {
        "start": {"line": 2, "character": 4},
        "end": {"line": 2, "character": 8},
    }
    [annotation] = result["edit"]["changeAnnotations"].values()
    assert annotation["needsConfirmation"] is True
    used = {create["annotationId"], fill["edits"][0]["annotationId"], change["edits"][0]["annotationId"]}
    assert used == set(result["edit"]["changeAnnotations"])


@pytest.mark.parametrize(
    ("editor", "shape"),
    [("visual-studio-code", "create"), ("neovim@v0.11", "create"), ("emacs", "documentChanges")],
)
async def test_the_edit_fits_what_the_client_can_do(
    editor: str, shape: str, start_server: StartServer
) -> None:
    """Files are created only by clients that can, and annotations go only to those that know them."""
    session = await start_server()
    await session.initialize(client_capabilities(editor))

    result = await session.request("firsthand/generateTest", {"uri": session.uri("src/auth.py"), **PLACE})

    changes = result["edit"]["documentChanges"]
    assert ("kind" in changes[0]) == (shape == "create")
    assert ("changeAnnotations" in result["edit"]) == (editor == "visual-studio-code")
    assert changes[-1]["textDocument"]["version"] is None


async def test_simple_changes_for_simple_clients(start_server: StartServer) -> None:
    """A client that knows no documentChanges gets plain text edits by URI."""
    session = await start_server()
    await session.initialize(types.ClientCapabilities())

    result = await session.request("firsthand/generateTest", {"uri": session.uri("src/auth.py"), **PLACE})

    assert set(result["edit"]["changes"]) == {session.uri("src/auth.py"), session.uri("tests/test_new.py")}
    assert "documentChanges" not in result["edit"]


async def test_a_document_that_changed_meanwhile_is_not_edited(session: Session) -> None:
    """When the user typed while the model wrote, the answer is ContentModified."""
    uri = session.open("src/auth.py", SOURCE + "# slow\n")
    request = asyncio.create_task(session.failing("firsthand/generateTest", {"uri": uri, **PLACE}))
    await session.until(lambda: any(note.startswith("test src/auth.py") for note in session.notes()))

    session.change(uri, 2, types.TextDocumentContentChangeWholeDocument(text="other = 1\n"))

    error = await request
    assert error.code == types.LSPErrorCodes.ContentModified
    assert error.message.startswith("src/auth.py changed while the model worked on it")


async def test_without_a_model_there_is_no_edit(session: Session) -> None:
    """The answer says so by its status, and there is nothing to apply."""
    uri = session.open("src/auth.py", "x = 'no model'\n")

    result = await session.request("firsthand/generateTest", {"uri": uri, **PLACE})

    assert result["status"] == "noModel"
    assert "edit" not in result


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({}, '"uri"'),
        ({"uri": "file:///x"}, '"position" or "range"'),
        ({"uri": "file:///x", "position": {"line": 0}}, '"position.character"'),
        ({"uri": "file:///x", "position": "0:0"}, '"position"'),
    ],
)
@pytest.mark.parametrize("method", ["firsthand/generateTest", "firsthand/explain"])
async def test_wrong_params_name_the_field(
    method: str, params: dict[str, Any], named: str, session: Session
) -> None:
    """The answer says what is missing or wrong."""
    error = await session.failing(method, params)

    assert error.code == types.ErrorCodes.InvalidParams
    assert named in error.message


@pytest.mark.parametrize(
    ("path", "reason"), [("src/none.py", "There is no file"), ("src/x.bin", "is not read: binary")]
)
async def test_files_that_cannot_be_read_are_refused(path: str, reason: str, session: Session) -> None:
    """The error names the file and the reason."""
    error = await session.failing("firsthand/explain", {"uri": session.uri(path), **PLACE})

    assert reason in error.message
    assert path in error.message


async def test_explain_takes_a_range(session: Session) -> None:
    """What is marked is what is explained, over lines too."""
    marked = {"start": {"line": 0, "character": 4}, "end": {"line": 1, "character": 8}}

    answer = await session.request("firsthand/explain", {"uri": session.uri("src/auth.py"), "range": marked})

    assert answer["text"] == "It is refresh():\n    name."
