"""From a question to ranked hits: meaning and keywords searched side by side, then ranked as code."""

import asyncio
import logging
from collections.abc import Sequence

from firsthand.core.model import Chunk, Hit, Scope, ScoredChunk
from firsthand.core.ports import ChunkStore, Embedder
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
        self, text: str, *, scope: Scope = Scope(), limit: int = 10, near: str | None = None
    ) -> tuple[Hit, ...]:
        """Return the best hits, best first; keyword search alone serves while the embedder is away.

        Raises:
            StoreError: the index cannot be read.
        """
        if not text.strip():
            return ()
        query = understand(text)
        depth = max(_DEPTH, 2 * limit)
        dense, keywords, (defining, using) = await asyncio.gather(
            self._dense(query, scope, depth),
            self._store.search_keywords(query.terms, scope, depth),
            self._by_name(query, scope),
        )
        return tuple(rank(query, dense, keywords, defining, using, near=near)[:limit])

    async def _by_name(self, query: Query, scope: Scope) -> tuple[Sequence[Chunk], Sequence[Chunk]]:
        if scope != Scope():
            # Look-ups by name know no scope; the two searches, which do, find names as well.
            return (), ()
        defining = await self._store.defining(query.names, _MOST_DEFINITIONS) if query.names else ()
        using = [chunk for name in query.used for chunk in await self._store.mentioning(name, _MOST_USERS)]
        return defining, using

    async def _dense(self, query: Query, scope: Scope, limit: int) -> Sequence[ScoredChunk]:
        try:
            vector = await self._embedder.embed_query(query.text)
        except ModelError as error:
            log.warning("searching by keywords alone: %s", error)
            return ()
        return await self._store.search_dense(vector, scope, limit)
