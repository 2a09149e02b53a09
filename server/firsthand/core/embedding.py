"""The stage of indexing that gives chunks their vectors, batch after batch, in the order of the chunks."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

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
        work = _Work(index)
        try:
            while waiting:
                await self._embed(work, waiting, report)
                waiting = await self._waiting_still(work)
                self._progress.advance(work.done, report)
        finally:
            await work.end()
            await self._keep(work)

    async def _waiting_still(self, work: "_Work") -> Sequence[Chunk]:
        """Keep what was embedded, and return what is to be embedded next."""
        # Kept while the model has a batch to embed, so that it does not wait for the disk.
        await self._keep(work)
        under_way = work.under_way
        waiting = await work.index.store.without_vector(_VECTORS_PER_COMMIT + len(under_way))
        rest = [chunk for chunk in waiting if chunk.content_hash not in under_way]
        if rest or not under_way:
            return rest
        await work.rest()
        await self._keep(work)
        return await work.index.store.without_vector(_VECTORS_PER_COMMIT)

    async def _keep(self, work: "_Work") -> None:
        vectors, rejected = work.take()
        self._computed += len(vectors)
        if vectors:
            await asyncio.shield(work.index.store.set_vectors(vectors))
        if rejected:
            await asyncio.shield(work.index.store.set_unembeddable(rejected))

    async def _missing(self, index: EmbeddedIndex, first: Sequence[Chunk]) -> int:
        """Return how many chunks wait for their vector; few, as after a save, are counted without all the others."""
        if len(first) < _VECTORS_PER_COMMIT:
            return len(first)
        stats = await index.store.stats()
        return stats.chunks - stats.embedded

    async def _embed(self, work: "_Work", waiting: Sequence[Chunk], report: Report) -> None:
        texts = {chunk.content_hash: chunk.embedding_text for chunk in waiting}
        hashes = list(texts)
        size = max(1, work.index.embedder.batch_size)
        began = time.monotonic()
        for start in range(0, len(hashes), size):
            await self._go_second(work.index, report)
            await self._embed_opened(work)
            await work.begin({key: texts[key] for key in hashes[start : start + size]})
            self._progress.advance(work.done, report)
            if time.monotonic() - began > _SECONDS_PER_COMMIT:
                return

    async def _go_second(self, index: EmbeddedIndex, report: Report) -> None:
        """Let people who wait for an answer go first, and what they have saved."""
        await self._courtesy.may_go_on()
        if await self._meanwhile(report):
            self._embedded_open = frozenset()
            if index is self._succession.chosen:
                mark = self._progress.mark()
                await self._keep_serving(report)
                self._progress.go_back(mark)

    async def _embed_opened(self, work: "_Work") -> None:
        """Embed what waits of files that were opened, or changed, since the last look: they are asked about next."""
        opened = self._opened()
        fresh = [path for path in opened if path not in self._embedded_open]
        self._embedded_open = frozenset(opened)
        size = max(1, work.index.embedder.batch_size)
        if fresh:
            # What is being embedded may be of these files.
            await work.rest()
        for path in fresh:
            texts = {
                chunk.content_hash: chunk.embedding_text for chunk in await work.index.store.chunks_of(path)
            }
            known = await work.index.store.known_vectors(list(texts))
            missing = [key for key in texts if key not in known]
            for start in range(0, len(missing), size):
                await self._courtesy.may_go_on()
                await work.embed({key: texts[key] for key in missing[start : start + size]})


class _Work:
    """What was embedded for an index and is not kept yet, and the batch that is embedded while the next is made ready.

    So no model waits for us between two batches.
    """

    def __init__(self, index: EmbeddedIndex) -> None:
        self.index = index
        # How many texts of the batches before the one that is under way.
        self.done = 0
        self._vectors: dict[str, Vector] = {}
        self._rejected: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None
        self._under_way: frozenset[str] = frozenset()

    @property
    def under_way(self) -> frozenset[str]:
        """The hashes of the texts that the model has now."""
        return self._under_way

    async def begin(self, texts: Mapping[str, str]) -> None:
        """Begin to embed texts by their hash, then wait for those before them."""
        before, count = self._task, len(self._under_way)
        self._task = asyncio.create_task(self._embed(self._new(texts)), name="embedding a batch")
        self._under_way = frozenset(texts)
        if before is not None:
            await before
        self.done += count

    async def rest(self) -> None:
        """Wait for what is under way."""
        if self._task is not None:
            await self._task
        self.done += len(self._under_way)
        self._under_way = frozenset()

    async def end(self) -> None:
        """Give up what is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def embed(self, texts: Mapping[str, str]) -> None:
        """Embed texts by their hash, but for those that were embedded just now.

        Raises:
            ModelError: the embedder failed.
        """
        await self._embed(self._new(texts))

    def _new(self, texts: Mapping[str, str]) -> dict[str, str]:
        return {
            key: text for key, text in texts.items() if key not in self._vectors and key not in self._rejected
        }

    async def _embed(self, texts: Mapping[str, str]) -> None:
        if not texts:
            return
        results = await self.index.embedder.embed_documents(list(texts.values()))
        for key, result in zip(texts, results, strict=True):
            if isinstance(result, Rejected):
                self._rejected[key] = result.reason
            else:
                self._vectors[key] = result

    def take(self) -> tuple[dict[str, Vector], dict[str, str]]:
        """Return the vectors, and why texts were rejected, since the last call."""
        taken = self._vectors, self._rejected
        self._vectors, self._rejected = {}, {}
        return taken
