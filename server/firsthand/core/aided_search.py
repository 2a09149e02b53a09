"""Search with the help of the chat model: more wordings of the question, and another order of what is found.

The model only adds to a search that is complete without it. While it is away, slow or talks nonsense, the plain
search is the result.
"""

import asyncio
from dataclasses import dataclass

from firsthand.core.model import Hit, Scope
from firsthand.core.ports import ChatModel
from firsthand.core.reranking import in_order, model_order
from firsthand.core.rewording import fused, other_wordings
from firsthand.core.sources import Search


@dataclass(slots=True)
class Tally:
    """How often the model was asked, and how often its answer could be used."""

    asked: int = 0
    used: int = 0

    def count(self, *, usable: bool) -> None:
        """Count one answer."""
        self.asked += 1
        self.used += usable


class AidedSearch:
    """The `Search` port around another one."""

    def __init__(self, plain: Search, chat: ChatModel, *, multi_query: bool, rerank: bool) -> None:
        self._plain = plain
        self._chat = chat
        self._multi_query = multi_query
        self._rerank = rerank
        self.tally = Tally()

    async def search(
        self,
        text: str,
        *,
        scope: Scope = Scope(),
        limit: int = 10,
        near: str | None = None,
        late_vectors: int = 0,
    ) -> tuple[Hit, ...]:
        """Return the best hits, best first.

        Raises:
            StoreError: the index cannot be read.
        """
        if not text.strip():
            return ()
        if not self._multi_query:
            hits = await self._plain.search(
                text, scope=scope, limit=limit, near=near, late_vectors=late_vectors
            )
            return await self._reranked(text, hits)
        wording = asyncio.create_task(other_wordings(self._chat, text))
        try:
            hits = await self._plain.search(
                text, scope=scope, limit=limit, near=near, late_vectors=late_vectors
            )
            wordings = await wording
        finally:
            wording.cancel()
            await asyncio.wait({wording})
        self.tally.count(usable=bool(wordings))
        others = [await self._plain.search(each, scope=scope, limit=limit, near=near) for each in wordings]
        return await self._reranked(text, fused(hits, others)[:limit])

    async def _reranked(self, text: str, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        if not self._rerank or len(hits) < 2:
            return hits
        order = await model_order(self._chat, text, hits)
        self.tally.count(usable=order is not None)
        return hits if order is None else in_order(hits, order)


def aided(plain: Search, chat: ChatModel | None, *, multi_query: bool, rerank: bool) -> Search:
    """Return a search with the help that is wanted, as far as there is a model to give it."""
    if chat is None or not (multi_query or rerank):
        return plain
    return AidedSearch(plain, chat, multi_query=multi_query, rerank=rerank)
