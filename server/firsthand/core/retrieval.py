"""From a question to ranked hits: meaning and keywords searched side by side, then ranked as code."""

import asyncio
import logging
from collections.abc import Sequence

from firsthand.core.model import Chunk, Hit, Scope, ScoredChunk, Vector
from firsthand.core.ports import ChunkStore, Embedder, Rejected
from firsthand.core.query import Query, understand
from firsthand.core.ranking import rank
from firsthand.errors import ModelError

log = logging.getLogger(__name__)

# How deep each list is read. Rules lift good candidates by tens of ranks, hardly ever by hundreds.
_DEPTH = 100
_MOST_DEFINITIONS = 20
# "Who uses X" wants all of them; beyond this many a list helps nobody.
_MOST_USERS = 60


class Searcher:
    """Hybrid search over one index."""

    def __init__(self, *, store: ChunkStore, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder

    async def search(
        self,
        text: str,
        *,
        scope: Scope = Scope(),
        limit: int = 10,
        near: str | None = None,
        late_vectors: int = 0,
    ) -> tuple[Hit, ...]:
        """Return the best hits, best first; keyword search alone serves while the embedder is away.

        Args:
            near: path of the file that the user is in.
            late_vectors: how many of the best keyword hits may be embedded on the spot when indexing has not come to
                them yet; the vectors are kept.

        Raises:
            StoreError: the index cannot be read.
        """
        if not text.strip():
            return ()
        query = understand(text)
        depth = max(_DEPTH, 2 * limit)
        vector, keywords, (defining, using) = await asyncio.gather(
            self._vector(query),
            self._store.search_keywords(query.terms, scope, depth),
            self._by_name(query, scope),
        )
        dense: Sequence[ScoredChunk] = ()
        if vector is not None:
            if late_vectors:
                await self._embed_late([scored.chunk for scored in keywords[:late_vectors]])
            dense = await self._store.search_dense(vector, scope, depth)
        return tuple(rank(query, dense, keywords, defining, using, near=near)[:limit])

    async def _by_name(self, query: Query, scope: Scope) -> tuple[Sequence[Chunk], Sequence[Chunk]]:
        if scope != Scope():
            # Look-ups by name know no scope; the two searches, which do, find names as well.
            return (), ()
        defining = await self._store.defining(query.names, _MOST_DEFINITIONS) if query.names else ()
        using = [chunk for name in query.used for chunk in await self._store.mentioning(name, _MOST_USERS)]
        return defining, using

    async def _vector(self, query: Query) -> Vector | None:
        try:
            return await self._embedder.embed_query(query.text)
        except ModelError as error:
            log.warning("searching by keywords alone: %s", error)
            return None

    async def _embed_late(self, chunks: Sequence[Chunk]) -> None:
        """Give chunks their vector ahead of indexing: what matches a question by its words is worth it now."""
        known = await self._store.known_vectors([chunk.content_hash for chunk in chunks])
        missing = {chunk.content_hash: chunk for chunk in chunks if chunk.content_hash not in known}
        if not missing:
            return
        try:
            results = await self._embedder.embed_documents(
                [chunk.embedding_text for chunk in missing.values()]
            )
        except ModelError as error:
            log.warning("not embedded ahead of indexing: %s", error)
            return
        found = zip(missing, results, strict=True)
        await self._store.set_vectors(
            {key: result for key, result in found if not isinstance(result, Rejected)}
        )
