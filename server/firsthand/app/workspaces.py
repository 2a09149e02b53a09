"""Opens a workspace: every object of the system is made here, by hand."""

import asyncio
import contextlib
import importlib
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from firsthand.app.folders import index_folder, keep_within_limit
from firsthand.app.models import ChosenModels, choose_models
from firsthand.core.question_map import MappedEmbedder, QuestionMaps
from firsthand.core.succession import EmbeddedIndex, Succession
from firsthand.core.workspace import CourteousChat, Workspace, never
from firsthand.errors import StoreError, WorkspaceError
from firsthand.settings import Settings

if TYPE_CHECKING:
    from firsthand.adapters.git_files import WorkspaceTree
    from firsthand.adapters.git_history import GitHistory
    from firsthand.adapters.lance_store import LanceStore
    from firsthand.adapters.parser_process import ProcessParser
    from firsthand.adapters.process_cutter import ProcessCutter
    from firsthand.core.assistant import Assistant
    from firsthand.core.freshness import OpenBuffers
    from firsthand.core.indexing import Indexer
    from firsthand.core.keeping import IndexKeeper
    from firsthand.core.ports import ChunkStore
    from firsthand.core.retrieval import Searcher

log = logging.getLogger(__name__)

_LIGHTER = ("firsthand.adapters.onnx_embedder", "firsthand.adapters.ollama_client")
_HEAVY = ("firsthand.adapters.lance_store", *_LIGHTER)
_SECONDS_BETWEEN_LOOKS_AT_ROOM = 600.0
# A parser that nobody needed for so long costs memory only; the one that stays spares the next save half a second.
_SECONDS_BETWEEN_LOOKS_AT_PARSERS = 60.0
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
        ModelError: there is no embedder at all.
    """
    from firsthand.adapters.heap_limits import limit_heaps

    limit_heaps()
    root = await asyncio.to_thread(_checked, root)
    lacking = await asyncio.to_thread(_lacking_processor)
    # LanceDB alone costs more than a second to import; the event loop must not wait for it.
    await asyncio.to_thread(_load_libraries, _LIGHTER if lacking else _HEAVY)
    resources = contextlib.AsyncExitStack()
    try:
        chosen = await choose_models(settings, resources, need_chat=need_chat)
        workspace = await _assemble(root, settings, chosen, resources, lacking)
        keeping_room = asyncio.create_task(_keep_room(settings), name="keeping room")
        resources.push_async_callback(_ended, keeping_room)
        return workspace
    except BaseException:
        await resources.aclose()
        raise


@dataclass(frozen=True, slots=True)
class _Sources:
    """What is known of a folder without its index: files, their history and syntax, and the open documents."""

    root: Path
    tree: "WorkspaceTree"
    history: "GitHistory"
    parser: "ProcessParser"
    bulk_cutter: "ProcessCutter"
    buffers: "OpenBuffers"

    async def worked_on(self) -> Sequence[str]:
        """Return what people work on: open files, then those that changed."""
        return [*self.buffers.paths(), *await self.history.recent_files(_RECENT_FILES)]


@dataclass(frozen=True, slots=True)
class _Index:
    """The store of an index, who may write and keep it, and whose vectors are searched."""

    store: "ChunkStore"
    succession: Succession
    writer_lock: Callable[[], AbstractAsyncContextManager[None]]
    keeper_lock: Callable[[], AbstractAsyncContextManager[None]]


def _lacking_processor() -> str:
    """Return why the index library cannot run here; "" where it can."""
    from firsthand.adapters.processor import check_processor

    try:
        check_processor()
    except StoreError as error:
        return str(error)
    return ""


def _load_libraries(names: Sequence[str]) -> None:
    from firsthand.adapters.lasting_objects import set_lasting_aside

    if not all(name in sys.modules for name in names):
        for name in names:
            importlib.import_module(name)
        set_lasting_aside()


async def _assemble(
    root: Path, settings: Settings, chosen: ChosenModels, resources: contextlib.AsyncExitStack, lacking: str
) -> Workspace:
    from firsthand.core.hovering import Hovers

    sources = _sources(root, settings, resources)
    index: _Index | None = None
    may_come = not lacking
    if not lacking:
        try:
            chosen, index = await _index(root, settings, chosen, resources)
        except StoreError as error:
            lacking = str(error)
    index = index or _no_index(chosen, sources, lacking)
    indexer, keeper = _indexing(sources, index, settings)
    if lacking:
        indexer.fail(lacking, lambda progress: None)
    searcher = _searcher(sources, index, indexer)
    assistant = _assistant(sources, index, searcher, indexer, chosen, settings)
    hovers = Hovers(
        store=index.store,
        parser=sources.parser,
        history=sources.history,
        explanations=assistant.explanations,
        sweeping=lambda: indexer.sweeping,
    )
    resources.push_async_callback(hovers.close)
    return Workspace(
        root=root,
        tree=sources.tree,
        history=sources.history,
        parser=sources.parser,
        store=index.store,
        indexer=indexer,
        keeper=keeper,
        searcher=searcher,
        assistant=assistant,
        hovers=hovers,
        buffers=sources.buffers,
        models=chosen.state,
        pull=chosen.pull,
        models_have_changed=chosen.have_changed,
        succession=index.succession,
        resources=resources,
        without_index=lacking,
        index_has_come=partial(_opens, root, settings, chosen) if lacking and may_come else never,
    )


def _sources(root: Path, settings: Settings, resources: contextlib.AsyncExitStack) -> _Sources:
    from firsthand.adapters.git_files import WorkspaceTree
    from firsthand.adapters.git_history import GitHistory
    from firsthand.adapters.parser_process import IN_BACKGROUND, ProcessParser, workers_for_many
    from firsthand.adapters.process_cutter import ProcessCutter
    from firsthand.adapters.processor import usable_cores
    from firsthand.core.freshness import OpenBuffers

    parser = ProcessParser()
    bulk_parser = ProcessParser(command=IN_BACKGROUND, most_workers=workers_for_many(usable_cores()))
    for each in (parser, bulk_parser):
        resources.push_async_callback(asyncio.to_thread, each.close)
    ending = asyncio.create_task(_end_unused(parser, bulk_parser), name="ending unused parsers")
    resources.push_async_callback(_ended, ending)
    return _Sources(
        root=root,
        tree=WorkspaceTree(root, exclude=settings.exclude, max_file_bytes=settings.max_file_kb * 1024),
        history=GitHistory(root),
        parser=parser,
        bulk_cutter=ProcessCutter(bulk_parser),
        buffers=OpenBuffers(),
    )


def _indexing(sources: _Sources, index: _Index, settings: Settings) -> "tuple[Indexer, IndexKeeper]":
    from firsthand.adapters.folder_watcher import FolderWatcher
    from firsthand.core.indexing import Indexer
    from firsthand.core.keeping import IndexKeeper

    indexer = Indexer(
        tree=sources.tree,
        parser=sources.parser,
        bulk_cutter=sources.bulk_cutter,
        store=index.store,
        embedder=index.succession,
        writer_lock=index.writer_lock,
        worked_on=sources.worked_on,
        opened=sources.buffers.paths,
    )
    keeper = IndexKeeper(
        indexer=indexer,
        store=index.store,
        watcher=FolderWatcher(sources.root, exclude=settings.exclude),
        keeper_lock=index.keeper_lock,
        quiet=index.succession.settle,
    )
    return indexer, keeper


def _searcher(sources: _Sources, index: _Index, indexer: "Indexer") -> "Searcher":
    from firsthand.adapters.lance_schema import chunks_of_update
    from firsthand.core.direct_reading import DirectReading
    from firsthand.core.retrieval import Searcher
    from firsthand.core.unsaved_texts import UnsavedTexts

    direct = DirectReading(
        tree=sources.tree,
        files=sources.tree,
        cutter=sources.bulk_cutter,
        chunks_of=chunks_of_update,
        store=index.store,
        waiting=indexer.waiting,
        buffers=sources.buffers,
        stage=lambda: indexer.state.stage,
        yielding=indexer.yielding,
    )
    unsaved = UnsavedTexts(store=index.store, parser=sources.parser, buffers=sources.buffers)
    return Searcher(store=index.store, embedder=index.succession, unsaved=unsaved, direct=direct)


def _assistant(
    sources: _Sources,
    index: _Index,
    searcher: "Searcher",
    indexer: "Indexer",
    chosen: ChosenModels,
    settings: Settings,
) -> "Assistant":
    from firsthand.core.aided_search import aided
    from firsthand.core.assistant import Assistant

    chat = CourteousChat(chosen.chat, indexer) if chosen.chat else None
    return Assistant(
        searcher=aided(searcher, chat, multi_query=settings.multi_query, rerank=settings.rerank),
        store=index.store,
        tree=sources.tree,
        parser=sources.parser,
        history=sources.history,
        buffers=sources.buffers,
        chat=chat,
        excerpts=settings.excerpts,
        coverage=lambda: searcher.coverage,
    )


async def _index(
    root: Path, settings: Settings, chosen: ChosenModels, resources: contextlib.AsyncExitStack
) -> tuple[ChosenModels, _Index]:
    """Open the index of a folder; return the models, too, since another embedder may have to search for now."""
    from firsthand.adapters.lance_folder import index_folder as folder_of_index
    from firsthand.adapters.lance_lock import keeper_lock, writer_lock
    from firsthand.adapters.query_map_file import KeptMaps, map_file
    from firsthand.core.chunking import CHUNKER_VERSION

    folder = index_folder(settings, root)
    path = folder_of_index(folder, CHUNKER_VERSION)
    chosen, store = await _open_index(folder, path, chosen)
    resources.push_async_callback(store.close)
    succession = await _succession(store, chosen, KeptMaps(map_file(folder)))
    resources.push_async_callback(succession.close)
    return chosen, _Index(store, succession, lambda: writer_lock(path), lambda: keeper_lock(path))


def _no_index(chosen: ChosenModels, sources: _Sources, reason: str) -> _Index:
    """Return an index that stays empty, where there can be none: searches read the files."""
    from firsthand.adapters.absent_store import AbsentStore
    from firsthand.adapters.lance_schema import chunks_of_update, linked_of_update
    from firsthand.core.linked_reading import LinkedReading
    from firsthand.core.readable_files import ReadableFiles

    reading = LinkedReading(
        tree=sources.tree,
        readable=ReadableFiles(sources.tree, sources.tree, sources.buffers),
        cutter=sources.bulk_cutter,
        linked_of=linked_of_update,
        chunks_of=chunks_of_update,
    )
    store = AbsentStore(reason, reading)
    return _Index(
        store, Succession(EmbeddedIndex(chosen.embedder, store)), store.writer_lock, contextlib.nullcontext
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


async def _opens(root: Path, settings: Settings, chosen: ChosenModels) -> bool:
    """Tell whether what kept the index from being opened is over."""
    from firsthand.adapters.lance_folder import index_folder as folder_of_index
    from firsthand.core.chunking import CHUNKER_VERSION

    folder = index_folder(settings, root)
    try:
        _, store = await _open_index(folder, folder_of_index(folder, CHUNKER_VERSION), chosen)
    except StoreError:
        return False
    await store.close()
    return True


async def _succession(store: "LanceStore", chosen: ChosenModels, maps: QuestionMaps) -> Succession:
    """Gather whose vectors can be searched until the chosen embedder has made its own, or while it fails."""
    others: list[EmbeddedIndex] = []
    for fingerprint in await store.embedders():
        if fingerprint == chosen.embedder.fingerprint or len(others) == _MOST_STANDING_BY:
            continue
        embedder = await chosen.revive(fingerprint)
        if embedder is None:
            continue
        try:
            others.append(EmbeddedIndex(MappedEmbedder(embedder, maps), await store.beside(fingerprint)))
        except StoreError as error:
            log.warning("the vectors of %s do not serve: %s", fingerprint.model, error)
    succession = Succession(EmbeddedIndex(MappedEmbedder(chosen.embedder, maps), store), others)
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


async def _end_unused(parser: "ProcessParser", bulk_parser: "ProcessParser") -> None:
    """Let the processes go that hovers, saves and searches needed a while ago, as long as this workspace is open."""
    while True:
        await asyncio.sleep(_SECONDS_BETWEEN_LOOKS_AT_PARSERS)
        await asyncio.to_thread(parser.end_unused, but=1)
        await asyncio.to_thread(bulk_parser.end_unused)


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
