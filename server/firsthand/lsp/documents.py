"""Documents and files: what the editor opens, changes, saves and moves keeps the index and the buffers true."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lsprotocol import types

from firsthand.lsp.failures import noted

if TYPE_CHECKING:
    from firsthand.core.workspace import Workspace
    from firsthand.lsp.folders import Folder
    from firsthand.lsp.open_documents import OpenDocument
    from firsthand.lsp.session import FirsthandServer


def register(server: FirsthandServer) -> None:
    """Follow the editor."""
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(did_open)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(did_change)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(did_save)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(did_close)
    server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(did_change_watched_files)
    server.feature(types.WORKSPACE_DID_CREATE_FILES)(did_create_files)
    server.feature(types.WORKSPACE_DID_RENAME_FILES)(did_rename_files)
    server.feature(types.WORKSPACE_DID_DELETE_FILES)(did_delete_files)


# Handlers of documents are not coroutines: notifications must take effect in the order in which they arrive.


def did_open(ls: FirsthandServer, params: types.DidOpenTextDocumentParams) -> None:
    """Use the editor's text from now on."""
    _show(ls, ls.documents.open(params.text_document))


def did_change(ls: FirsthandServer, params: types.DidChangeTextDocumentParams) -> None:
    """Use the changed text."""
    document = ls.documents.change(params.text_document, params.content_changes, ls.encoding)
    if document is not None:
        _show(ls, document)


def did_close(ls: FirsthandServer, params: types.DidCloseTextDocumentParams) -> None:
    """Use the text on disk again."""
    ls.documents.close(params.text_document.uri)
    found = ls.folders.holding(params.text_document.uri)
    if found is not None and found[0].current is not None:
        found[0].current.buffers.close(found[1])


@noted
async def did_save(ls: FirsthandServer, params: types.DidSaveTextDocumentParams) -> None:
    """Index the file again."""
    mark_dirty(ls, [params.text_document.uri], saved=True)


@noted
async def did_change_watched_files(ls: FirsthandServer, params: types.DidChangeWatchedFilesParams) -> None:
    """Index what appeared, changed or went."""
    mark_dirty(ls, [change.uri for change in params.changes])


@noted
async def did_create_files(ls: FirsthandServer, params: types.CreateFilesParams) -> None:
    """Index what was created."""
    mark_dirty(ls, [file.uri for file in params.files])


@noted
async def did_rename_files(ls: FirsthandServer, params: types.RenameFilesParams) -> None:
    """Index the new place and forget the old one."""
    mark_dirty(ls, [uri for file in params.files for uri in (file.old_uri, file.new_uri)])


@noted
async def did_delete_files(ls: FirsthandServer, params: types.DeleteFilesParams) -> None:
    """Forget what was deleted."""
    mark_dirty(ls, [file.uri for file in params.files])


def mark_dirty(ls: FirsthandServer, uris: Iterable[str], *, saved: bool = False) -> None:
    """Tell the indexers that these files may have changed, or were `saved` by the editor."""
    by_folder: dict[Folder, list[str]] = {}
    for uri in uris:
        found = ls.folders.holding(uri)
        if found is not None and not _is_of_git(found[1]):
            by_folder.setdefault(found[0], []).append(found[1])
    for folder, paths in by_folder.items():
        # A folder that is still opening sweeps all its files when it is open.
        if folder.current is not None:
            folder.current.indexer.mark_dirty(paths, saved=saved)


def hand_over_buffers(ls: FirsthandServer, folder: Folder, workspace: Workspace) -> None:
    """Give a workspace that has just opened the documents that are open already."""
    for document in ls.documents.all():
        found = ls.folders.holding(document.uri)
        if found is not None and found[0] is folder:
            workspace.buffers.open(found[1], document.text)


def _show(ls: FirsthandServer, document: OpenDocument) -> None:
    found = ls.folders.holding(document.uri)
    if found is None:
        return
    folder, path = found
    ls.preferred = folder
    if folder.current is not None:
        folder.current.buffers.open(path, document.text)


def _is_of_git(path: str) -> bool:
    return path == ".git" or path.startswith(".git/")
