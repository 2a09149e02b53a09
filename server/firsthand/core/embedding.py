"""The stage of indexing that gives chunks their vectors, batch after batch, in the order of the chunks."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

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
    ) -> None:
        """Take what the stage works with.

        Args:
            meanwhile: is awaited between batches, for what must not wait until all vectors are there; tells whether
                it changed any chunk.
        """
        self._succession = succession
        self._courtesy = courtesy
        self._progress = progress
        self._meanwhile = meanwhile
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
        missing = await self._missing(index)
        if missing and await index.store.adopt_vectors():
            missing = await self._missing(index)
        if not missing:
            return
        self._progress.enter("embedding", report, total=missing)
        done = 0
        while waiting := await index.store.without_vector(_VECTORS_PER_COMMIT):
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

    async def _missing(self, index: EmbeddedIndex) -> int:
        """Return how many chunks wait for their vector; few, as after a save, are counted without all the others."""
        few = len(await index.store.without_vector(_VECTORS_PER_COMMIT))
        if few < _VECTORS_PER_COMMIT:
            return few
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
            if await self._meanwhile(report) and index is self._succession.chosen:
                mark = self._progress.mark()
                await self._keep_serving(report)
                self._progress.go_back(mark)
            batch = hashes[start : start + size]
            results = await index.embedder.embed_documents([texts[key] for key in batch])
            for key, result in zip(batch, results, strict=True):
                if isinstance(result, Rejected):
                    rejected[key] = result.reason
                else:
                    vectors[key] = result
            yield len(batch)
            if time.monotonic() - began > _SECONDS_PER_COMMIT:
                return
