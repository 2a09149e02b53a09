"""A folder that is followed as a server follows it: the real store, watcher, parser and git, in a thread of its own."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from builders import nearest_chunks
from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from firsthand.adapters.file_screen import OWN_IGNORE_FILE
from firsthand.adapters.folder_watcher import FolderWatcher
from firsthand.adapters.git_files import WorkspaceTree
from firsthand.adapters.ignore_rules import IgnoreRules
from firsthand.adapters.lance_folder import index_folder
from firsthand.adapters.lance_lock import keeper_lock
from firsthand.adapters.lance_store import LanceStore, open_store, writer_lock
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.chunking import CHUNKER_VERSION, chunk_file
from firsthand.core.freshness import OpenBuffers
from firsthand.core.indexing import Indexer
from firsthand.core.keeping import IndexKeeper
from firsthand.core.languages import language_of
from firsthand.core.model import Chunk, Progress, Scope, SourceFile
from firsthand.core.ports import ChunkStore
from firsthand.core.unsaved_texts import UnsavedTexts
from firsthand.errors import StoreError

# Stands in every piece of every file, so that one search finds them all.
EVERYWHERE = "everywhere"
# How long a test waits for what takes a fraction of a second.
_PATIENCE_SECONDS = 30
_MORE_THAN_THERE_ARE = 10_000

_T = TypeVar("_T")
_Piece = tuple[str, int, int, str]


@dataclass(frozen=True, slots=True)
class Contents:
    """What an index holds: its pieces, with path, bytes and text, and every file with its status and reason."""

    pieces: tuple[_Piece, ...]
    files: tuple[tuple[str, str, str], ...]


class FollowedFolder:
    """A root folder and the session that keeps its index; ordinary calls, the session runs beside them."""

    def __init__(self, root: Path, cache: Path) -> None:
        self._root = root
        self._cache = cache
        self._embedder = FakeEmbedder(8)
        self._parser = TreeSitterParser()
        self._buffers = OpenBuffers()
        self._unsaved: UnsavedTexts | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="session")
        self._thread.start()
        self._news = asyncio.Event()
        self._store: LanceStore | None = None
        self._keeping: asyncio.Task[None] | None = None
        self.indexer: Indexer | None = None

    def open(self) -> None:
        """Open the index and begin to keep it."""
        self._run(self._open())

    def close(self) -> None:
        """End the session; what changes from now on nobody notices."""
        self._run(self._close())

    def end(self) -> None:
        """Close what is open and give the thread back."""
        with contextlib.ExitStack() as last:
            last.callback(self._loop.close)
            last.callback(self._thread.join)
            last.callback(self._loop.call_soon_threadsafe, self._loop.stop)
            if self._keeping is not None:
                self.close()

    def pause(self) -> None:
        """Hold indexing back."""
        self._run(self._call(self.indexer.pause))

    def resume(self) -> None:
        """Let indexing go on."""
        self._run(self._call(self.indexer.resume))

    def saved(self, path: str) -> None:
        """Tell that an editor has saved a file."""
        self._run(self._call(lambda: self.indexer.mark_dirty([path])))

    def edit(self, path: str, text: str) -> None:
        """Let an editor hold a text of a file that it has not saved."""
        self._run(self._call(lambda: self._buffers.open(path, text)))

    def close_document(self, path: str) -> None:
        """Let the editor drop the text."""
        self._run(self._call(lambda: self._buffers.close(path)))

    def wait_for_failure(self) -> str:
        """Wait until indexing fails, and return what it says."""
        return self._run(self._failure())

    def found(self, word: str) -> list[str]:
        """Return the paths that a search by keyword finds now."""
        return self._run(self._found(word))

    def check(self) -> None:
        """Wait until the index is what indexing from nothing would give, and see that it stays so.

        Raises:
            AssertionError: it never is; the message says what differs.
        """
        self._run(self._check())

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @staticmethod
    async def _call(function: Any) -> None:
        function()

    async def _open(self) -> None:
        fingerprint = self._embedder.fingerprint
        self._store = await open_store(self._cache, fingerprint, CHUNKER_VERSION)
        index = index_folder(self._cache, CHUNKER_VERSION)
        self.indexer = Indexer(
            tree=WorkspaceTree(self._root),
            parser=self._parser,
            store=self._store,
            embedder=self._embedder,
            writer_lock=lambda: writer_lock(index),
        )
        keeper = IndexKeeper(
            indexer=self.indexer,
            store=self._store,
            watcher=FolderWatcher(self._root),
            keeper_lock=lambda: keeper_lock(index),
        )
        self._unsaved = UnsavedTexts(store=self._store, parser=self._parser, buffers=self._buffers)
        self._keeping = asyncio.create_task(keeper.run(self._tell))

    def _tell(self, progress: Progress) -> None:
        self._news.set()

    async def _close(self) -> None:
        self._keeping.cancel()
        await asyncio.wait({self._keeping})
        await self._store.close()
        self._keeping = self._store = self._unsaved = None
        for path in self._buffers.paths():
            self._buffers.close(path)

    async def _failure(self) -> str:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while self.indexer.state.stage != "failed":
                self._news.clear()
                await self._news.wait()
        return self.indexer.state.message

    async def _found(self, word: str) -> list[str]:
        hits = await self._store.search_keywords([word], Scope(), _MORE_THAN_THERE_ARE)
        return sorted({hit.chunk.path for hit in hits})

    async def _check(self) -> None:
        wanted = await self._from_nothing()
        self._check_disk(wanted)
        differences: list[str] = ["nothing was compared"]
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while differences:
                    self._news.clear()
                    try:
                        differences = await self._differences(wanted)
                    except StoreError as error:
                        differences = [str(error)]
                    if differences:
                        await self._news.wait()
                await self.indexer.settled()
        except TimeoutError:
            state = self.indexer.state
            raise AssertionError("\n".join([f"the index stays wrong ({state})", *differences])) from None
        assert await self._differences(wanted) == []

    async def _from_nothing(self) -> Contents:
        store, tree = MemoryStore(), WorkspaceTree(self._root)
        indexer = Indexer(
            tree=tree,
            parser=self._parser,
            store=store,
            embedder=self._embedder,
            writer_lock=contextlib.nullcontext,
        )
        await indexer.refresh(lambda progress: None)
        return Contents(_pieces([*store._all()]), await self._files(store))

    async def _files(self, store: ChunkStore) -> tuple[tuple[str, str, str], ...]:
        """Return what is known of the files, but not what is skipped in folders that the user's own rules leave out.

        Those are not watched, so that list is only as new as the last look at everything.
        """
        rules = IgnoreRules(self._root, OWN_IGNORE_FILE)
        return tuple(
            (path, record.status, record.reason)
            for path, record in sorted((await store.manifest()).items())
            if record.status != "skipped" or not rules.ignores_folder(path.rpartition("/")[0])
        )

    def _as_open(self, wanted: Contents) -> tuple[_Piece, ...]:
        """Return the pieces with those of open documents in the place of their files'."""
        texts = {path: self._buffers.text(path) for path in {piece[0] for piece in wanted.pieces}}
        kept = [piece for piece in wanted.pieces if texts[piece[0]] is None]
        return tuple(
            sorted(
                [*kept, *(piece for path, text in texts.items() if text for piece in self._cut(path, text))]
            )
        )

    def _cut(self, path: str, text: str) -> tuple[_Piece, ...]:
        source = SourceFile(path, text, language_of(path), "")
        pieces = _pieces([*chunk_file(source, self._parser.outline(source.language, text))])
        assert all(text.encode()[start:end] == part.encode() for _, start, end, part in pieces)
        return pieces

    def _check_disk(self, contents: Contents) -> None:
        """The model itself is held against the bytes on the disk."""
        for path, start, end, text in contents.pieces:
            data = (self._root / path).read_bytes()
            assert data[start:end] == text.encode(), path

    async def _differences(self, wanted: Contents) -> list[str]:
        by_word = await self._store.search_keywords([EVERYWHERE], Scope(), _MORE_THAN_THERE_ARE)
        vector = await self._embedder.embed_query(EVERYWHERE)
        by_meaning = await nearest_chunks(self._store, vector, _MORE_THAN_THERE_ARE)
        shadow = await self._unsaved.shadow()
        shown = shadow.by_keywords(by_word, [EVERYWHERE], Scope())
        return [
            *_difference("open documents", self._as_open(wanted), _pieces([hit.chunk for hit in shown])),
            *_difference("by word", wanted.pieces, _pieces([hit.chunk for hit in by_word])),
            *_difference("by meaning", wanted.pieces, _pieces(by_meaning)),
            *_difference("files", wanted.files, await self._files(self._store)),
        ]


def _pieces(chunks: list[Chunk]) -> tuple[_Piece, ...]:
    return tuple(
        sorted((chunk.path, chunk.span.start_byte, chunk.span.end_byte, chunk.text) for chunk in chunks)
    )


def _difference(what: str, wanted: tuple[Any, ...], found: tuple[Any, ...]) -> list[str]:
    """Return a line for each item that is missing or too many, also where one stands there twice."""
    missing, surplus = list(wanted), []
    for item in found:
        if item in missing:
            missing.remove(item)
        else:
            surplus.append(item)
    return [f"{what}: missing {item}" for item in missing] + [f"{what}: surplus {item}" for item in surplus]
