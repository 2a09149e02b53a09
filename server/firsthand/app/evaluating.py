"""Opens what measures the search of a workspace."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from firsthand.app.folders import index_folder
from firsthand.app.models import choose_models
from firsthand.core.model import Fingerprint
from firsthand.core.ports import ChatModel, ChunkStore, Embedder
from firsthand.settings import Settings

if TYPE_CHECKING:
    from firsthand.core.evaluation import Aid, Evaluator


@dataclass(frozen=True, slots=True)
class OpenedEvaluator:
    """What measures, and what the user should know of the models that were chosen."""

    evaluator: "Evaluator"
    embedder: Embedder
    notices: tuple[str, ...]


@contextlib.asynccontextmanager
async def open_evaluator(root: Path, settings: Settings) -> AsyncIterator[OpenedEvaluator]:
    """Open an evaluator of the configured embedder and, where that is another, the embedded one.

    The index of the workspace lends its vectors and is not written.

    Raises:
        StoreError: the index cannot be read, or this processor cannot run its library.
        ModelError: there is no embedder at all.
    """
    from firsthand.adapters.processor import check_processor

    await asyncio.to_thread(check_processor)
    from firsthand.adapters.git_changes import GitChanges
    from firsthand.adapters.git_files import WorkspaceTree
    from firsthand.adapters.lance_store import open_store
    from firsthand.adapters.onnx_embedder import OnnxEmbedder, load_embedded_embedder
    from firsthand.adapters.parser_process import ProcessParser
    from firsthand.core.chunking import CHUNKER_VERSION
    from firsthand.core.evaluation import Evaluator, IndexedEmbedder

    async with contextlib.AsyncExitStack() as resources:
        wants_chat = settings.multi_query or settings.rerank
        chosen = await choose_models(settings, resources, need_chat=wants_chat)
        index: ChunkStore | None = None
        folder = index_folder(settings, root)
        if await asyncio.to_thread(folder.is_dir):
            index = await open_store(folder, chosen.embedder.fingerprint, CHUNKER_VERSION)
            resources.push_async_callback(index.close)
        embedders = [IndexedEmbedder(chosen.embedder, index)]
        if not isinstance(chosen.embedder, OnnxEmbedder):
            embedded = await load_embedded_embedder(settings.threads)
            resources.push_async_callback(embedded.close)
            embedders.append(IndexedEmbedder(embedded))
        parser = ProcessParser()
        resources.push_async_callback(asyncio.to_thread, parser.close)
        yield OpenedEvaluator(
            Evaluator(
                tree=WorkspaceTree(
                    root, exclude=settings.exclude, max_file_bytes=settings.max_file_kb * 1024
                ),
                parser=parser,
                changes=GitChanges(root),
                embedders=embedders,
                new_store=_temporary_store,
                aids=_aids(chosen.chat, settings) if chosen.chat is not None else {},
            ),
            chosen.embedder,
            chosen.state.notices,
        )


def _aids(chat: ChatModel, settings: Settings) -> "dict[str, Aid]":
    """Return the ways in which the chat model is to help: each by itself, so that each is compared."""
    from firsthand.core.aided_search import AidedSearch

    aids: dict[str, Aid] = {}
    if settings.multi_query:
        aids[f"other wordings by {chat.name}"] = lambda plain: AidedSearch(
            plain, chat, multi_query=True, rerank=False
        )
    if settings.rerank:
        aids[f"reranked by {chat.name}"] = lambda plain: AidedSearch(
            plain, chat, multi_query=False, rerank=True
        )
    return aids


@contextlib.asynccontextmanager
async def _temporary_store(fingerprint: Fingerprint) -> AsyncIterator[ChunkStore]:
    from firsthand.adapters.lance_store import open_store
    from firsthand.core.chunking import CHUNKER_VERSION

    with tempfile.TemporaryDirectory(prefix="firsthand-eval-") as folder:
        store = await open_store(Path(folder), fingerprint, CHUNKER_VERSION)
        try:
            yield store
        finally:
            await store.close()
