"""A small workspace that is indexed and ready to be asked about, over the fakes of the ports."""

import contextlib
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass

from fakes.chat import FakeChat
from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from fakes.tree import DictTree, FakeHistory
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.answers import Answer, AnswerEvent, AnswerFinished, Selection
from firsthand.core.assistant import Assistant
from firsthand.core.freshness import OpenBuffers
from firsthand.core.indexing import Indexer
from firsthand.core.retrieval import Searcher


@dataclass
class Project:
    """What a test may look at and change."""

    tree: DictTree
    store: MemoryStore
    searcher: Searcher
    parser: TreeSitterParser
    buffers: OpenBuffers
    assistant: Assistant
    indexer: Indexer

    async def refresh(self) -> None:
        """Bring the index up to date."""
        await self.indexer.refresh(lambda progress: None)

    def select(self, path: str, needle: str, *, whole: bool = False) -> Selection:
        """Put the cursor at the first occurrence of a text, or select all of it."""
        text = self.buffers.text(path) or self.tree.files[path]
        start = len(text[: text.index(needle)].encode())
        return Selection(path, text, start, start + (len(needle.encode()) if whole else 0))


async def open_project(
    files: Mapping[str, str],
    chat: FakeChat | None = None,
    revisions: Mapping[str, Collection[str]] | None = None,
) -> Project:
    """Index the files and put an assistant in front of them."""
    tree, store, parser, embedder = DictTree(files), MemoryStore(), TreeSitterParser(), FakeEmbedder()

    @contextlib.asynccontextmanager
    async def lock() -> AsyncIterator[None]:
        yield

    indexer = Indexer(tree=tree, parser=parser, store=store, embedder=embedder, writer_lock=lock)
    await indexer.refresh(lambda progress: None)
    searcher, buffers = Searcher(store=store, embedder=embedder), OpenBuffers()
    assistant = Assistant(
        searcher=searcher,
        store=store,
        tree=tree,
        parser=parser,
        history=FakeHistory(revisions=revisions),
        buffers=buffers,
        chat=chat,
    )
    return Project(tree, store, searcher, parser, buffers, assistant, indexer)


async def collect(events: AsyncIterator[AnswerEvent]) -> tuple[list[AnswerEvent], Answer]:
    """Read a stream of events to its end; return the events and the answer that they end with."""
    collected = [event async for event in events]
    last = collected[-1]
    assert isinstance(last, AnswerFinished)
    return collected, last.answer
