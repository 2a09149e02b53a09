"""The stage of indexing that gives chunks their vectors, batch after batch, in the order of the chunks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from firsthand.core.courtesy import Courtesy
from firsthand.core.index_state import IndexingProgress
from firsthand.core.model import Chunk, Report, Vector
from firsthand.core.ports import ChunkStore, Embedder, Rejected

# Vectors per commit: one table version for some seconds of embedding.
_VECTORS_PER_COMMIT = 512


class EmbeddingStage:
    """Embeds what has no vector; what is embedded when it is interrupted is kept."""

    def __init__(
        self,
        *,
        store: ChunkStore,
        embedder: Embedder,
        courtesy: Courtesy,
        progress: IndexingProgress,
        meanwhile: Callable[[Report], Awaitable[None]],
    ) -> None:
        """Take what the stage works with.

        Args:
            meanwhile: is awaited between batches: what must not wait until all vectors are there.
        """
        self._store = store
        self._embedder = embedder
        self._courtesy = courtesy
        self._progress = progress
        self._meanwhile = meanwhile
        self._computed = 0

    @property
    def computed(self) -> int:
        """How many vectors were computed since this object was made."""
        return self._computed

    async def embed_missing(self, report: Report) -> None:
        """Embed every chunk that waits for its vector.

        Raises:
            ModelError: the embedder failed.
            StoreError: vectors could not be read or kept.
        """
        stats = await self._store.stats()
        missing = stats.chunks - stats.embedded
        if not missing:
            return
        self._progress.enter("embedding", report, total=missing)
        done = 0
        while waiting := await self._store.without_vector(_VECTORS_PER_COMMIT):
            vectors: dict[str, Vector] = {}
            rejected: dict[str, str] = {}
            try:
                async for batch in self._embedded(waiting, vectors, rejected, report):
                    done += batch
                    self._progress.advance(done, report)
            finally:
                self._computed += len(vectors)
                if vectors:
                    await asyncio.shield(self._store.set_vectors(vectors))
            if rejected:
                await self._store.set_unembeddable(rejected)

    async def _embedded(
        self,
        waiting: Sequence[Chunk],
        vectors: dict[str, Vector],
        rejected: dict[str, str],
        report: Report,
    ) -> AsyncIterator[int]:
        texts = {chunk.content_hash: chunk.embedding_text for chunk in waiting}
        hashes = list(texts)
        size = max(1, self._embedder.batch_size)
        for start in range(0, len(hashes), size):
            await self._courtesy.may_go_on()
            await self._meanwhile(report)
            batch = hashes[start : start + size]
            results = await self._embedder.embed_documents([texts[key] for key in batch])
            for key, result in zip(batch, results, strict=True):
                if isinstance(result, Rejected):
                    rejected[key] = result.reason
                else:
                    vectors[key] = result
            yield len(batch)
