"""The stage of indexing that gives chunks their vectors, batch after batch, in the order of the chunks."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

from firsthand.core.courtesy import Courtesy
from firsthand.core.index_state import IndexingProgress
from firsthand.core.model import Chunk, Report, Vector
from firsthand.core.ports import Rejected
from firsthand.core.succession import EmbeddedIndex, Succession
from firsthand.errors import ModelError

log = logging.getLogger(__name__)

# Vectors per commit, and the longest time between two: one table version for some seconds of embedding, and a process
# that is killed loses no more than that of a slow model's work.
_VECTORS_PER_COMMIT = 512
_SECONDS_PER_COMMIT = 20.0


class EmbeddingStage:
    """Embeds what has no vector; what is embedded when it is interrupted is kept."""

    def __init__(
        self,
        *,
        succession: Succession,
        courtesy: Courtesy,
        progress: IndexingProgress,
        meanwhile: Callable[[Report], Awaitable[bool]],
        opened: Callable[[], Sequence[str]],
    ) -> None:
        """Take what the stage works with.

        Args:
            meanwhile: is awaited between batches, for what must not wait until all vectors are there; tells whether
                it changed any chunk.
            opened: tells which files people have open; what waits of them is embedded next.
        """
        self._succession = succession
        self._courtesy = courtesy
        self._progress = progress
        self._meanwhile = meanwhile
        self._opened = opened
        self._embedded_open: frozenset[str] = frozenset()
        self._computed = 0

    @property
    def computed(self) -> int:
        """How many vectors were computed since this object was made."""
        return self._computed

    async def embed_missing(self, report: Report) -> None:
        """Embed every chunk that waits for its vector, and let the chosen embedder take over when it has them all.

        Raises:
            ModelError: the chosen embedder failed.
            StoreError: vectors could not be read or kept.
        """
        await self._keep_serving(report)
        await self._embed_all(self._succession.chosen, report)
        await self._succession.settle()

    async def _keep_serving(self, report: Report) -> None:
        """Embed what changed for the embedder that serves until the chosen one can: a search must not grow old."""
        serving = self._succession.serving
        if serving is self._succession.chosen:
            return
        try:
            await self._embed_all(serving, report)
        except ModelError as error:
            log.warning("%s does not embed what has changed: %s", serving.model, error)

    async def _embed_all(self, index: EmbeddedIndex, report: Report) -> None:
        waiting = await index.store.without_vector(_VECTORS_PER_COMMIT)
        if waiting and await index.store.adopt_vectors():
            waiting = await index.store.without_vector(_VECTORS_PER_COMMIT)
        if not waiting:
            return
        self._progress.enter("embedding", report, total=await self._missing(index, waiting))
        done = 0
        while waiting:
            vectors: dict[str, Vector] = {}
            rejected: dict[str, str] = {}
            try:
                async for batch in self._embedded(index, waiting, vectors, rejected, report):
                    done += batch
                    self._progress.advance(done, report)
            finally:
                self._computed += len(vectors)
                if vectors:
                    await asyncio.shield(index.store.set_vectors(vectors))
            if rejected:
                await index.store.set_unembeddable(rejected)
            waiting = await index.store.without_vector(_VECTORS_PER_COMMIT)

    async def _missing(self, index: EmbeddedIndex, first: Sequence[Chunk]) -> int:
        """Return how many chunks wait for their vector; few, as after a save, are counted without all the others."""
        if len(first) < _VECTORS_PER_COMMIT:
            return len(first)
        stats = await index.store.stats()
        return stats.chunks - stats.embedded

    async def _embedded(
        self,
        index: EmbeddedIndex,
        waiting: Sequence[Chunk],
        vectors: dict[str, Vector],
        rejected: dict[str, str],
        report: Report,
    ) -> AsyncIterator[int]:
        texts = {chunk.content_hash: chunk.embedding_text for chunk in waiting}
        hashes = list(texts)
        size = max(1, index.embedder.batch_size)
        began = time.monotonic()
        for start in range(0, len(hashes), size):
            await self._courtesy.may_go_on()
            if await self._meanwhile(report):
                self._embedded_open = frozenset()
                if index is self._succession.chosen:
                    mark = self._progress.mark()
                    await self._keep_serving(report)
                    self._progress.go_back(mark)
            await self._embed_opened(index, vectors, rejected)
            batch = hashes[start : start + size]
            await _embed(index, {key: texts[key] for key in batch}, vectors, rejected)
            yield len(batch)
            if time.monotonic() - began > _SECONDS_PER_COMMIT:
                return

    async def _embed_opened(
        self, index: EmbeddedIndex, vectors: dict[str, Vector], rejected: dict[str, str]
    ) -> None:
        """Embed what waits of files that were opened, or changed, since the last look: they are asked about next."""
        opened = self._opened()
        fresh = [path for path in opened if path not in self._embedded_open]
        self._embedded_open = frozenset(opened)
        size = max(1, index.embedder.batch_size)
        for path in fresh:
            texts = {chunk.content_hash: chunk.embedding_text for chunk in await index.store.chunks_of(path)}
            known = await index.store.known_vectors(list(texts))
            missing = [key for key in texts if key not in known]
            for start in range(0, len(missing), size):
                await self._courtesy.may_go_on()
                batch = missing[start : start + size]
                await _embed(index, {key: texts[key] for key in batch}, vectors, rejected)


async def _embed(
    index: EmbeddedIndex, texts: Mapping[str, str], vectors: dict[str, Vector], rejected: dict[str, str]
) -> None:
    """Embed texts by their hash, but for those that were embedded just now."""
    keys = [key for key in texts if key not in vectors and key not in rejected]
    if not keys:
        return
    results = await index.embedder.embed_documents([texts[key] for key in keys])
    for key, result in zip(keys, results, strict=True):
        if isinstance(result, Rejected):
            rejected[key] = result.reason
        else:
            vectors[key] = result
