"""Opens a workspace: every object of the system is made here, by hand."""

import asyncio
import contextlib
import importlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from firsthand.app.folders import index_folder, keep_within_limit
from firsthand.app.models import ChosenModels, choose_models
from firsthand.core.succession import EmbeddedIndex, Succession
from firsthand.core.workspace import CourteousChat, Workspace
from firsthand.errors import StoreError, WorkspaceError
from firsthand.settings import Settings

if TYPE_CHECKING:
    from firsthand.adapters.lance_store import LanceStore

log = logging.getLogger(__name__)

_HEAVY = (
    "firsthand.adapters.lance_store",
    "firsthand.adapters.onnx_embedder",
    "firsthand.adapters.ollama_client",
)
_SECONDS_BETWEEN_LOOKS_AT_ROOM = 600.0
# Embedders whose vectors may serve beside the chosen one's.
_MOST_STANDING_BY = 2
# What people work on is among these; to find more, git would have to read more of its history.
_RECENT_FILES = 300


async def open_workspace(root: Path, settings: Settings, *, need_chat: bool = True) -> Workspace:
    """Open a root folder with its index and models; indexing itself is for the caller to start.

    Args:
        need_chat: False for searching and indexing, which need no chat model.

    Raises:
        WorkspaceError: `root` is not a folder that can be read.
        StoreError: the index cannot be opened and cannot be made anew, or this processor cannot run its library.
        ModelError: there is no embedder at all.
    """
    from firsthand.adapters.heap_limits import limit_heaps
    from firsthand.adapters.processor import check_processor

    limit_heaps()
    root = await asyncio.to_thread(_checked, root)
    await asyncio.to_thread(check_processor)
    # LanceDB alone costs more than a second to import; the event loop must not wait for it.
    await asyncio.to_thread(lambda: [importlib.import_module(name) for name in _HEAVY])
    resources = contextlib.AsyncExitStack()
    try:
        chosen = await choose_models(settings, resources, need_chat=need_chat)
        workspace = await _assemble(root, settings, chosen, resources)
        keeping_room = asyncio.create_task(_keep_room(settings), name="keeping room")
        resources.push_async_callback(_ended, keeping_room)
        return workspace
    except BaseException:
        await resources.aclose()
        raise


async def _assemble(
    root: Path, settings: Settings, chosen: ChosenModels, resources: contextlib.AsyncExitStack
) -> Workspace:
    from firsthand.adapters.folder_watcher import FolderWatcher
    from firsthand.adapters.git_files import WorkspaceTree
    from firsthand.adapters.git_history import GitHistory
    from firsthand.adapters.lance_folder import index_folder as folder_of_index
    from firsthand.adapters.lance_lock import keeper_lock, writer_lock
    from firsthand.adapters.lance_schema import chunks_of_update
    from firsthand.adapters.parser_process import IN_BACKGROUND, ProcessParser
    from firsthand.adapters.process_cutter import ProcessCutter
    from firsthand.core.aided_search import aided
    from firsthand.core.assistant import Assistant
    from firsthand.core.chunking import CHUNKER_VERSION
    from firsthand.core.direct_reading import DirectReading
    from firsthand.core.freshness import OpenBuffers
    from firsthand.core.hovering import Hovers
    from firsthand.core.indexing import Indexer
    from firsthand.core.keeping import IndexKeeper
    from firsthand.core.retrieval import Searcher
    from firsthand.core.unsaved_texts import UnsavedTexts

    folder = index_folder(settings, root)
    index = folder_of_index(folder, CHUNKER_VERSION)
    chosen, store = await _open_index(folder, index, chosen)
    resources.push_async_callback(store.close)
    succession = await _succession(store, chosen)
    resources.push_async_callback(succession.close)
    tree = WorkspaceTree(root, exclude=settings.exclude, max_file_bytes=settings.max_file_kb * 1024)
    history = GitHistory(root)
    parser = ProcessParser()
    resources.push_async_callback(asyncio.to_thread, parser.close)
    buffers = OpenBuffers()

    async def worked_on() -> Sequence[str]:
        return [*buffers.paths(), *await history.recent_files(_RECENT_FILES)]

    bulk_parser = ProcessParser(command=IN_BACKGROUND)
    resources.push_async_callback(asyncio.to_thread, bulk_parser.close)
    bulk_cutter = ProcessCutter(bulk_parser)
    indexer = Indexer(
        tree=tree,
        parser=parser,
        bulk_cutter=bulk_cutter,
        store=store,
        embedder=succession,
        writer_lock=lambda: writer_lock(index),
        worked_on=worked_on,
        opened=buffers.paths,
    )
    keeper = IndexKeeper(
        indexer=indexer,
        store=store,
        watcher=FolderWatcher(root, exclude=settings.exclude),
        keeper_lock=lambda: keeper_lock(index),
        quiet=succession.settle,
    )
    unsaved = UnsavedTexts(store=store, parser=parser, buffers=buffers)
    direct = DirectReading(
        tree=tree,
        files=tree,
        cutter=bulk_cutter,
        chunks_of=chunks_of_update,
        store=store,
        waiting=indexer.waiting,
        buffers=buffers,
        stage=lambda: indexer.state.stage,
        yielding=indexer.yielding,
    )
    searcher = Searcher(store=store, embedder=succession, unsaved=unsaved, direct=direct)
    chat = CourteousChat(chosen.chat, indexer) if chosen.chat else None
    assistant = Assistant(
        searcher=aided(searcher, chat, multi_query=settings.multi_query, rerank=settings.rerank),
        store=store,
        tree=tree,
        parser=parser,
        history=history,
        buffers=buffers,
        chat=chat,
        excerpts=settings.excerpts,
        coverage=lambda: searcher.coverage,
    )
    hovers = Hovers(store=store, parser=parser, history=history, explanations=assistant.explanations)
    resources.push_async_callback(hovers.close)
    return Workspace(
        root=root,
        tree=tree,
        history=history,
        parser=parser,
        store=store,
        indexer=indexer,
        keeper=keeper,
        searcher=searcher,
        assistant=assistant,
        hovers=hovers,
        buffers=buffers,
        models=chosen.state,
        pull=chosen.pull,
        models_have_changed=chosen.have_changed,
        succession=succession,
        resources=resources,
    )


async def _open_index(folder: Path, index: Path, chosen: ChosenModels) -> "tuple[ChosenModels, LanceStore]":
    """Open the index for the chosen embedder, or where its vectors have no place, for one that has some there."""
    from firsthand.adapters.lance_folder import embedders_of
    from firsthand.adapters.lance_store import open_store
    from firsthand.core.chunking import CHUNKER_VERSION

    try:
        store = await open_store(
            folder, chosen.embedder.fingerprint, CHUNKER_VERSION, workspaces=folder.parent
        )
    except StoreError as error:
        for fingerprint in await asyncio.to_thread(embedders_of, index):
            embedder = await chosen.revive(fingerprint)
            if embedder is not None and fingerprint != chosen.embedder.fingerprint:
                log.warning("%s Meanwhile %s searches.", error, fingerprint.model)
                store = await open_store(folder, fingerprint, CHUNKER_VERSION, workspaces=folder.parent)
                return replace(chosen, embedder=embedder), store
        raise
    return chosen, store


async def _succession(store: "LanceStore", chosen: ChosenModels) -> Succession:
    """Gather whose vectors can be searched until the chosen embedder has made its own, or while it fails."""
    others: list[EmbeddedIndex] = []
    for fingerprint in await store.embedders():
        if fingerprint == chosen.embedder.fingerprint or len(others) == _MOST_STANDING_BY:
            continue
        embedder = await chosen.revive(fingerprint)
        if embedder is None:
            continue
        try:
            others.append(EmbeddedIndex(embedder, await store.beside(fingerprint)))
        except StoreError as error:
            log.warning("the vectors of %s do not serve: %s", fingerprint.model, error)
    succession = Succession(EmbeddedIndex(chosen.embedder, store), others)
    try:
        await succession.begin()
    except StoreError as error:
        log.warning("%s", error)
    return succession


async def _keep_room(settings: Settings) -> None:
    """Keep what all indexes take within the limit, as long as this workspace is open."""
    while True:
        try:
            await keep_within_limit(settings)
        except OSError as error:
            log.warning("no room was made: %s", error)
        await asyncio.sleep(_SECONDS_BETWEEN_LOOKS_AT_ROOM)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait({task})


def _checked(root: Path) -> Path:
    try:
        resolved = root.expanduser().resolve(strict=True)
        if not resolved.is_dir():
            raise WorkspaceError(f"{root} is not a folder; give the folder that holds the code.")
        next(resolved.iterdir(), None)
    except FileNotFoundError:
        raise WorkspaceError(f"There is no folder {root}; check the path.") from None
    except OSError as error:
        raise WorkspaceError(f"{root} cannot be read ({error.strerror}); check its permissions.") from error
    return resolved
