"""What the editor opens, changes, saves and moves reaches buffers and index."""

from pathlib import Path
from typing import Any

import pytest
from lsp_session import SOURCE, Session, StartServer
from lsprotocol import types
from pytest_lsp import client_capabilities

from firsthand.lsp.open_documents import OpenDocuments

URI = "file:///a/b%20c.py"


def change(start: tuple[int, int], end: tuple[int, int], text: str) -> Any:
    """An incremental change."""
    place = types.Range(types.Position(*start), types.Position(*end))
    return types.TextDocumentContentChangePartial(range=place, text=text)


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ("", [change((0, 0), (0, 0), "x")], "x"),
        ("ab\ncd", [change((0, 1), (1, 1), "-")], "a-d"),
        ("🙂x", [change((0, 2), (0, 3), "y")], "🙂y"),
        ("a\r\nb", [change((0, 1), (1, 0), "")], "ab"),
        ("a\rb", [change((1, 0), (1, 1), "c")], "a\rc"),
        ("a\x0cb\u2028c\nd", [change((1, 0), (1, 1), "e")], "a\x0cb\u2028c\ne"),
        ("a\n", [change((1, 0), (1, 0), "b\n")], "a\nb\n"),
        ("ab", [change((0, 2), (0, 2), "c"), change((0, 0), (0, 1), "")], "bc"),
        ("ab", [change((0, 0), (9, 9), "all")], "all"),
        ("ab", [types.TextDocumentContentChangeWholeDocument(text="new")], "new"),
        ("ab", [change((0, 2), (0, 2), "\ud83d")], "ab\ufffd"),
    ],
)
def test_changes_apply_as_the_editor_means_them(before: str, changes: list[Any], after: str) -> None:
    """Line ends are those of LSP, units those of the encoding, and changes build on one another."""
    documents = OpenDocuments()
    documents.open(types.TextDocumentItem(URI, "python", 1, before))

    changed = documents.change(types.VersionedTextDocumentIdentifier(2, URI), changes, "utf-16")

    assert changed is not None
    assert (changed.text, changed.version) == (after, 2)


def test_one_document_has_many_spellings() -> None:
    """A URI with other escapes names the same open document."""
    documents = OpenDocuments()
    documents.open(types.TextDocumentItem("file:///a/b%20c%2Fd.py", "python", 1, "x"))

    assert documents.get("file:///a/./b%20c/d.py") is not None
    assert documents.get("file:///a/other.py") is None
    assert documents.change(types.VersionedTextDocumentIdentifier(2, "file:///no"), [], "utf-8") is None


async def test_unsaved_text_is_known_until_the_document_closes(session: Session) -> None:
    """Open, change and close are handed to the buffers in order."""
    uri = session.open("src/auth.py", "a = 1\n")
    session.change(uri, 2, change((0, 4), (0, 5), "2"))
    session.client.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
    )

    await session.until_noted("buffer src/auth.py closed")

    buffers = [note for note in session.notes() if note.startswith("buffer")]
    assert buffers[-3:] == [
        "buffer src/auth.py: 'a = 1\\n'",
        "buffer src/auth.py: 'a = 2\\n'",
        "buffer src/auth.py closed",
    ]


async def test_documents_that_were_open_first_are_handed_over(start_server: StartServer, root: Path) -> None:
    """Text that the editor had open before the folder was is not lost."""
    (root / "slow-open").touch()
    session = await start_server()
    await session.initialize(client_capabilities("emacs"))
    session.open("src/auth.py", "early = 1\n")
    await session.request("firsthand/status", {})

    (root / "slow-open").unlink()

    await session.until_noted("buffer src/auth.py: 'early = 1\\n'")


async def test_a_save_marks_the_file(session: Session) -> None:
    """What was saved is indexed again; what is outside every folder, and git's own files, are not."""
    for uri in ("file:///elsewhere/x.py", session.uri(".git/HEAD"), session.uri("src/a b.py")):
        session.client.text_document_did_save(
            types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri))
        )

    await session.until_noted("dirty alpha: src/a b.py")

    assert [note for note in session.notes() if note.startswith("dirty")] == ["dirty alpha: src/a b.py"]


async def test_files_that_change_outside_the_editor_are_marked(session: Session) -> None:
    """Watched files, renames, creations and deletions all reach the index."""
    client, uri = session.client, session.uri
    client.workspace_did_change_watched_files(
        types.DidChangeWatchedFilesParams(
            [
                types.FileEvent(uri("a.py"), types.FileChangeType.Created),
                types.FileEvent(uri("b.py"), types.FileChangeType.Deleted),
            ]
        )
    )
    client.workspace_did_rename_files(types.RenameFilesParams([types.FileRename(uri("old"), uri("new"))]))
    client.workspace_did_create_files(types.CreateFilesParams([types.FileCreate(uri("c.py"))]))
    client.workspace_did_delete_files(types.DeleteFilesParams([types.FileDelete(uri("d"))]))

    await session.until_noted("dirty alpha: d")

    dirty = [note for note in session.notes() if note.startswith("dirty")]
    assert dirty == [
        "dirty alpha: a.py b.py",
        "dirty alpha: new old",
        "dirty alpha: c.py",
        "dirty alpha: d",
    ]


@pytest.mark.parametrize(
    ("editor", "methods"),
    [
        (
            "visual-studio-code",
            {types.WORKSPACE_DID_CHANGE_WATCHED_FILES, types.WORKSPACE_DID_CHANGE_CONFIGURATION},
        ),
        ("emacs", {types.WORKSPACE_DID_CHANGE_WATCHED_FILES}),
        ("neovim@v0.11", set()),
    ],
)
async def test_watchers_are_registered_where_the_client_can(
    editor: str, methods: set[str], start_server: StartServer
) -> None:
    """Only what the client says that it can register is registered."""
    session = await start_server()
    await session.initialize(client_capabilities(editor))

    await session.until(lambda: len(session.registrations) >= len(methods))
    await session.request("firsthand/ask", {"question": "How?"})

    assert {registration.method for registration in session.registrations} == methods


async def test_a_file_of_a_linked_root_is_inside(
    start_server: StartServer, root: Path, tmp_path: Path
) -> None:
    """The folder may be opened by a link and the file by its real place."""
    link = tmp_path / "link"
    link.symlink_to(root, target_is_directory=True)
    session = await start_server()
    await session.initialize(client_capabilities("neovim@v0.11"), roots=[link])
    uri = session.uri("src/auth.py")
    position = {"line": 0, "character": 4}

    answer = await session.request("firsthand/explain", {"uri": uri, "position": position})

    assert answer["text"] == f"It is |{SOURCE.splitlines()[0][4:]}."
