"""Every feature for editors that know nothing of Firsthand: what they say of themselves, played against the server.

`editor_profiles` holds the parts of their `initialize` that a server like this one can read.
"""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from lsp_session import SOURCE, Session, StartServer
from lsprotocol import types
from lsprotocol.converters import get_converter

PROFILES = Path(__file__).parent / "editor_profiles"
MARKED = {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 11}}


@dataclass(frozen=True)
class Editor:
    """An editor, the options that the README gives its users, and how they see an answer."""

    profile: str
    options: dict[str, Any] | None = None
    shows_documents: bool = False
    shows_progress: bool = True
    shows_markdown: bool = True

    def capabilities(self) -> types.ClientCapabilities:
        """What the editor says of itself."""
        profile = json.loads((PROFILES / f"{self.profile}.json").read_text("utf-8"))
        return get_converter().structure(profile["capabilities"], types.ClientCapabilities)


EDITORS = (
    Editor("eglot_1.9", shows_progress=False, shows_markdown=False),
    Editor("eglot_1.17", shows_documents=True, shows_markdown=False),
    Editor("lsp_mode_8.0"),
    Editor("lsp_mode_9.0", shows_documents=True),
    Editor("ale_3.3", {"applyEdit": True}, shows_progress=False, shows_markdown=False),
    Editor("helix_25.01", {"showDocument": True}, shows_documents=True),
    Editor("helix_25.12", {"showDocument": True}, shows_documents=True),
    Editor("zed_1"),
    Editor("sublime_lsp", shows_documents=True),
    Editor("kate_26", {"applyEdit": True}),
)


@pytest.fixture(params=EDITORS, ids=[editor.profile for editor in EDITORS])
def editor(request: pytest.FixtureRequest) -> Editor:
    """One editor after the other."""
    return request.param


@pytest.fixture
async def session(editor: Editor, start_server: StartServer) -> Session:
    """A session with the editor, its folder open."""
    started = await start_server()
    await started.initialize(editor.capabilities(), options=editor.options)
    await started.folders_open()
    return started


def test_every_profile_is_played() -> None:
    """No profile lies about unused."""
    assert {file.stem for file in PROFILES.iterdir()} == {editor.profile for editor in EDITORS}


async def test_hover(editor: Editor, session: Session) -> None:
    """A hover comes in the markup that the editor shows; plain text has no lines that only fence code."""
    uri = session.open("src/auth.py")
    params = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(0, 5))

    hover = await session.client.text_document_hover_async(params)

    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    assert "refresh" in hover.contents.value
    assert (hover.contents.kind == types.MarkupKind.Markdown) is editor.shows_markdown
    assert ("```" in hover.contents.value) is editor.shows_markdown


async def test_a_question_that_stands_in_a_comment(editor: Editor, session: Session) -> None:
    """An editor in which no command can be typed asks by a code action on a comment; all others can as well."""
    uri = session.open("src/auth.py", f"# How are tokens 🙂 refreshed?\n{SOURCE}")
    here = types.Range(types.Position(0, 3), types.Position(0, 3))

    found = await session.client.text_document_code_action_async(
        types.CodeActionParams(
            types.TextDocumentIdentifier(uri), here, types.CodeActionContext(diagnostics=[])
        )
    )
    assert [action.title for action in found or []] == [
        "Firsthand: Ask: How are tokens 🙂 refreshed?",
        "Firsthand: Explain",
        "Firsthand: Ask about this",
        "Firsthand: Generate test",
        "Firsthand: Document this",
    ]
    command = (found or [])[0].command
    await session.execute(command.command, *command.arguments)

    assert "Tokens 🙂 are refreshed in refresh()." in await answer_as_seen(editor, session)
    assert "ask alpha: How are tokens 🙂 refreshed?" in session.notes()


@pytest.mark.parametrize(
    ("command", "argument"),
    [
        ("firsthand.ask", {"question": "How are tokens refreshed?"}),
        ("firsthand.explain", {"range": MARKED}),
        ("firsthand.search", {"query": "refresh"}),
    ],
)
async def test_commands_that_answer(
    command: str, argument: dict[str, Any], editor: Editor, session: Session
) -> None:
    """The answer opens as a document where the editor can, and else a message begins it and names its file."""
    await session.execute(command, {"uri": session.open("src/auth.py"), **argument})

    seen = await answer_as_seen(editor, session)

    assert "refresh" in seen


@pytest.mark.parametrize("command", ["firsthand.generateTest", "firsthand.document", "firsthand.fix"])
async def test_commands_that_edit(command: str, editor: Editor, session: Session) -> None:
    """Each code action that changes code ends in an edit that the editor applies."""
    argument = {"uri": session.open("src/auth.py"), "range": MARKED, "diagnostic": "undefined"}

    await session.execute(command, argument)

    await session.until(lambda: session.edits)
    edit = session.edits[0].edit
    assert edit.document_changes or edit.changes


async def test_one_sees_that_something_goes_on(editor: Editor, session: Session) -> None:
    """While a model works there is a progress, or a message from an editor that shows none; it can be stopped."""
    started = await session.execute("firsthand.ask", {"question": "wait for ever"})
    await session.until_noted("waiting")

    if editor.shows_progress:
        await session.until(lambda: session.client.progress_reports.get(started["token"]))
    else:
        await session.until(lambda: "Answering…" in [said.message for said in session.client.messages])
    assert await session.execute("firsthand.cancel") == {"cancelled": 1}
    await session.until_noted("model stream closed")


async def answer_as_seen(editor: Editor, session: Session) -> str:
    """Wait for an answer and return what its reader has in front of them."""
    if editor.shows_documents:
        await session.until(lambda: session.client.shown_documents)
        [shown] = session.client.shown_documents
        return text_of(unquote(urlsplit(shown.uri).path))
    await session.until(
        lambda: any("The whole text is in" in said.message for said in session.client.messages)
    )
    assert session.client.shown_documents == []
    message = session.client.messages[-1].message
    whole = text_of(message.rsplit("The whole text is in ", 1)[1])
    assert message.startswith(whole.split("\n\n")[1])
    return message


async def test_an_editor_that_applies_an_edit_without_a_word(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    """An edit that an editor takes without answering counts as applied; an answer that comes too late does no harm."""
    session = await started_by(start_server, "kate_26", {"applyEdit": True})
    late = asyncio.Event()

    async def apply_edit(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        await late.wait()
        return types.ApplyWorkspaceEditResult(applied=False)

    session.client.protocol.fm.features[types.WORKSPACE_APPLY_EDIT] = apply_edit
    place = {"uri": session.open("src/auth.py"), "range": MARKED}

    await session.execute("firsthand.fix", {**place, "diagnostic": "doubtful"})
    await session.until(lambda: session.client.messages)
    late.set()
    await session.request("firsthand/status", {})

    assert [said.message for said in session.client.messages] == ["Look at it twice."]
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_an_editor_that_fails_to_apply_an_edit(start_server: StartServer) -> None:
    """The user reads which edit was not applied, and the editor's reason."""
    session = await started_by(start_server, "eglot_1.17")

    def apply_edit(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        raise OSError("the buffer is read-only")

    session.client.protocol.fm.features[types.WORKSPACE_APPLY_EDIT] = apply_edit
    await session.execute("firsthand.document", {"uri": session.open("src/auth.py"), "range": MARKED})

    await session.until(lambda: session.client.messages)
    [said] = session.client.messages
    assert said.message.startswith("Document this: the edit was not applied: ")
    assert said.type == types.MessageType.Warning


async def test_an_editor_that_fails_to_show_a_document(start_server: StartServer) -> None:
    """An answer that could not be opened is not lost: a message begins it and names its file."""
    session = await started_by(start_server, "sublime_lsp")

    def show_document(params: types.ShowDocumentParams) -> types.ShowDocumentResult:
        raise OSError("there is no window")

    session.client.protocol.fm.features[types.WINDOW_SHOW_DOCUMENT] = show_document
    await session.execute("firsthand.ask", {"question": "How are tokens refreshed?"})

    await session.until(lambda: session.client.messages)
    assert "Tokens 🙂 are refreshed" in session.client.messages[-1].message


async def test_code_to_copy_for_an_editor_that_takes_no_edits(start_server: StartServer) -> None:
    """Without any way to edit, the action is there all the same, and its code is shown."""
    session = await started_by(start_server, "kate_26")
    uri = session.open("src/auth.py")
    place = types.Range(types.Position(0, 4), types.Position(0, 11))
    context = types.CodeActionContext(diagnostics=[], only=["refactor"])
    found = await session.client.text_document_code_action_async(
        types.CodeActionParams(types.TextDocumentIdentifier(uri), place, context)
    )

    for action in found or []:
        await session.execute(action.command.command, *action.command.arguments)

    await session.until(lambda: len(session.client.messages) == 2)
    assert session.edits == []
    assert all("The whole text is in" in said.message for said in session.client.messages)


async def started_by(start_server: StartServer, profile: str, options: object = None) -> Session:
    """Start a session with one editor and open its folder."""
    session = await start_server()
    await session.initialize(Editor(profile).capabilities(), options=options)
    await session.folders_open()
    return session


def text_of(path: str) -> str:
    """The text of a file."""
    return Path(path).read_text("utf-8")
