"""`firsthand/search` and several folders at once."""

from pathlib import Path

import pytest
from lsp_session import Session, StartServer
from lsprotocol import types
from pytest_lsp import client_capabilities


async def test_hits_can_be_opened(session: Session) -> None:
    """A hit has its place, what it is, why it is there, and its text; URIs are escaped."""
    result = await session.request("firsthand/search", {"query": "refresh", "limit": 5})

    first, second = result["hits"]
    assert first["uri"] == session.uri("src/auth.py")
    assert first["range"] == {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 12}}
    assert (first["symbol"], first["kind"], first["language"]) == ("refresh", "function", "python")
    assert first["reasons"] == ["same words"]
    assert first["excerpt"].startswith("def refresh")
    assert second["uri"].endswith("/src/with%20space%20%C3%BC.py")
    assert second["range"]["start"] == {"line": 6, "character": 0}


async def test_scope_and_document_are_handed_on(session: Session) -> None:
    """The scope limits the search, and the user's document is known to it."""
    params = {"query": "q", "scope": {"paths": ["src/"]}, "uri": session.uri("src/auth.py"), "limit": 0}

    result = await session.request("firsthand/search", params)

    assert "search alpha: q ['src/'] near src/auth.py" in session.notes()
    assert len(result["hits"]) == 1


async def test_filters_are_handed_on_and_said(session: Session) -> None:
    """Filters in the words and in the scope limit the search; those in the words come back in words."""
    params = {"query": "q changed:main tests:no", "scope": {"languages": ["go"]}}

    result = await session.request("firsthand/search", params)
    await session.request("firsthand/search", {"query": "r", "scope": {"changedSince": "main"}})
    error = await session.failing("firsthand/search", {"query": "q", "scope": {"changedSince": "gone"}})

    notes = session.notes()
    assert "search alpha: q [] near None" in notes
    assert "only src/auth.py; languages go" in notes
    assert "only src/auth.py; languages " in notes
    assert result["filters"] == ["changed since: main", "no tests"]
    assert error.message.startswith("git knows no revision gone")


@pytest.mark.parametrize(
    ("params", "named"),
    [({}, '"query"'), ({"query": " "}, '"query"'), ({"query": "q", "limit": "x"}, '"limit"')],
)
async def test_wrong_params_name_the_field(params: object, named: str, session: Session) -> None:
    """The answer says what is missing or wrong."""
    assert named in (await session.failing("firsthand/search", params)).message


async def test_a_search_that_fails_says_why(session: Session) -> None:
    """When no folder can be searched, the first reason is the answer."""
    error = await session.failing("firsthand/search", {"query": "fail"})

    assert error.message.startswith("Ollama does not answer")


@pytest.fixture
def beta(tmp_path: Path) -> Path:
    """A second folder."""
    folder = tmp_path / "beta"
    (folder / "src").mkdir(parents=True)
    return folder


async def test_all_folders_are_searched(start_server: StartServer, root: Path, beta: Path) -> None:
    """Hits of all folders come back, best first, each with the URI of its own folder."""
    session = await start_server()
    await session.initialize(client_capabilities("emacs"), roots=[root, beta])

    result = await session.request("firsthand/search", {"query": "in beta", "limit": 3})

    folders = [hit["uri"].removeprefix(root.parent.as_uri() + "/").split("/")[0] for hit in result["hits"]]
    assert folders == ["beta", "beta", "alpha"]


async def test_one_broken_folder_does_not_hide_the_other(
    start_server: StartServer, root: Path, tmp_path: Path
) -> None:
    """A folder that cannot be opened costs its own hits only."""
    session = await start_server()
    await session.initialize(client_capabilities("emacs"), roots=[tmp_path / "missing", root])

    result = await session.request("firsthand/search", {"query": "q"})
    status = await session.request("firsthand/status", {})

    assert len(result["hits"]) == 2
    assert status["health"] == "error"
    assert [folder["health"] for folder in status["folders"]] == ["error", "ok"]


async def test_a_question_goes_to_the_folder_that_knows(
    start_server: StartServer, root: Path, beta: Path
) -> None:
    """The document or the folder that is named decides, else the conversation, else the folder with the best hits."""
    session = await start_server()
    await session.initialize(client_capabilities("emacs"), roots=[root, beta])
    uri = (beta / "src" / "x.py").as_uri()

    by_document = await session.request(
        "firsthand/ask", {"question": "where", "uri": uri, "conversationId": "c"}
    )
    by_conversation = await session.request("firsthand/ask", {"question": "where", "conversationId": "c"})
    await session.request("firsthand/ask", {"question": "what is in alpha"})
    by_name = await session.request(
        "firsthand/ask", {"question": "where", "uri": root.as_uri(), "conversationId": "c"}
    )

    assert by_name["text"].startswith("from alpha")
    assert by_document["text"].startswith("from beta")
    assert by_conversation["text"].startswith("from beta")
    assert "ask alpha: what is in alpha" in session.notes()


async def test_folders_come_and_go(start_server: StartServer, root: Path, beta: Path) -> None:
    """A folder that is added is opened, one that is removed is closed, without a restart."""
    session = await start_server()
    await session.initialize(client_capabilities("emacs"))
    event = types.WorkspaceFoldersChangeEvent(
        added=[types.WorkspaceFolder(beta.as_uri(), "beta")],
        removed=[types.WorkspaceFolder(root.as_uri(), "alpha")],
    )
    await session.folders_open()

    session.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))

    await session.until_noted("closed alpha")
    answer = await session.request("firsthand/ask", {"question": "where"})
    assert answer["text"].startswith("from beta")
    status = await session.request("firsthand/status", {})
    assert [folder["name"] for folder in status["folders"]] == ["beta"]


async def test_the_innermost_folder_holds_a_file(start_server: StartServer, root: Path) -> None:
    """When one folder lies in another, a file belongs to the inner one."""
    session = await start_server()
    await session.initialize(client_capabilities("emacs"), roots=[root, root / "src"])
    params = {"uri": session.uri("src/auth.py"), "position": {"line": 0, "character": 4}}

    await session.request("firsthand/explain", params)

    assert any(note.startswith("explain auth.py") for note in session.notes())


async def test_a_file_outside_every_folder_is_refused(session: Session) -> None:
    """The error names the file and says what to do."""
    params = {"uri": "file:///elsewhere/x.py", "position": {"line": 0, "character": 0}}

    error = await session.failing("firsthand/explain", params)

    assert error.message.startswith("x.py is in no open folder")


async def test_what_is_not_indexed_yet_is_told(session: Session) -> None:
    """While the folder is first read, a search says what it had to read; afterwards it says nothing."""
    waiting = session.root / "waiting"
    waiting.touch()
    early = await session.request("firsthand/search", {"query": "refresh"})
    waiting.unlink()

    late = await session.request("firsthand/search", {"query": "refresh"})

    assert early["notice"] == "2 files are not indexed yet and searched by reading them."
    assert "notice" not in late
