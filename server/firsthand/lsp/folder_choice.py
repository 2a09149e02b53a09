"""Which folders a question or a search is about, when several are open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from firsthand.core.model import Hit, Scope
from firsthand.core.narrowing import narrowed

if TYPE_CHECKING:
    from firsthand.lsp.folders import Folder
    from firsthand.lsp.session import FirsthandServer

# Enough to see where the question is at home.
_HITS_TO_COMPARE = 3


async def folder_for_question(
    ls: FirsthandServer, question: str, uri: str | None, conversation_id: str | None
) -> Folder:
    """Return the folder that is named or holds the document, that of the conversation, or the one that fits best.

    Raises:
        FirsthandError: no folder is open.
    """
    folders = await ls.folders.known()
    wanted = _named(ls, folders, uri) if uri is not None else None
    if wanted is not None:
        ls.preferred = wanted
        return wanted
    earlier = ls.conversations.get(conversation_id or "")
    if earlier in folders:
        return earlier
    if len(folders) == 1:
        return folders[0]
    hits = await search_folders(ls, folders, question, Scope(), _HITS_TO_COMPARE)
    return hits[0][0] if hits else preferred_first(ls, folders)[0]


def _named(ls: FirsthandServer, folders: tuple[Folder, ...], uri: str) -> Folder | None:
    itself = next((folder for folder in folders if folder.uri == uri), None)
    held = ls.folders.holding(uri)
    return itself or (held[0] if held is not None else None)


async def search_folders(
    ls: FirsthandServer,
    folders: tuple[Folder, ...],
    query: str,
    scope: Scope,
    limit: int,
    near: tuple[Folder, str] | None = None,
) -> list[tuple[Folder, Hit]]:
    """Search several folders and merge: by score, and for equal scores the folder that the user is in first.

    Raises:
        FirsthandError: none of them could be searched.
    """
    ordered = preferred_first(ls, folders)
    results = await asyncio.gather(
        *(_search(folder, query, scope, limit, near) for folder in ordered), return_exceptions=True
    )
    failures = [result for result in results if isinstance(result, BaseException)]
    if len(failures) == len(ordered):
        raise failures[0]
    found = [
        (folder, hit)
        for folder, result in zip(ordered, results, strict=True)
        if not isinstance(result, BaseException)
        for hit in result
    ]
    # Sorting is stable, so the order of the folders decides between equal scores.
    return sorted(found, key=lambda pair: -pair[1].score)[:limit]


def unindexed(folders: tuple[Folder, ...]) -> str | None:
    """Say how many files the last search of these folders had to read; None when all of them are indexed."""
    workspaces = [folder.current for folder in folders]
    said = [workspace.unindexed for workspace in workspaces if workspace is not None]
    return " ".join(filter(None, said)) or None


def preferred_first(ls: FirsthandServer, folders: tuple[Folder, ...]) -> list[Folder]:
    """Return the folders with the one that the user is in first."""
    return sorted(folders, key=lambda folder: folder is not ls.preferred)


async def _search(
    folder: Folder, query: str, scope: Scope, limit: int, near: tuple[Folder, str] | None
) -> tuple[Hit, ...]:
    workspace = await folder.workspace()
    await workspace.swept(query)
    path = near[1] if near is not None and near[0] is folder else None
    wanted = await narrowed(query, scope, workspace.history)
    return await workspace.searcher.search(wanted.text, scope=wanted.scope, limit=limit, near=path)
