"""Which embedder's vectors searches use while those of another one are being made.

Chunks depend on no embedder, so an index may hold vectors of several beside each other. One embedder is chosen. Until
it has embedded everything, the fullest of the others serves; then the chosen one takes over in one step. A search uses
one of them from its beginning to its end.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from firsthand.core.ports import ChunkStore, Embedder

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EmbeddedIndex:
    """An embedder, and the index with the vectors that it made."""

    embedder: Embedder
    store: ChunkStore

    @property
    def model(self) -> str:
        """The embedder's name."""
        return self.embedder.fingerprint.model

    async def is_complete(self) -> bool:
        """Tell whether no chunk waits for its vector.

        Raises:
            StoreError: the index cannot be read.
        """
        return not await self.store.without_vector(1)


@dataclass(frozen=True, slots=True)
class Building:
    """How far the vectors of an embedder are that is to take over."""

    model: str
    done: int
    total: int


class Succession:
    """The chosen embedder, and others whose vectors can be searched until its own are complete, or when it fails."""

    def __init__(self, chosen: EmbeddedIndex, others: Sequence[EmbeddedIndex] = ()) -> None:
        """Let the chosen one serve; `settle` looks whether another one knows more."""
        self._chosen = chosen
        self._others = tuple(others)
        self._serving = chosen

    @property
    def chosen(self) -> EmbeddedIndex:
        """The one that serves in the end."""
        return self._chosen

    @property
    def serving(self) -> EmbeddedIndex:
        """The one that searches use now."""
        return self._serving

    @property
    def is_settled(self) -> bool:
        """Whether the chosen one serves."""
        return self._serving is self._chosen

    def to_search(self) -> list[EmbeddedIndex]:
        """Return the one that serves, then those that stand in while its embedder fails."""
        rest = [each for each in (self._chosen, *self._others) if each is not self._serving]
        return [self._serving, *rest]

    async def begin(self) -> None:
        """Choose who serves first: the chosen one if it is complete, else whoever has most vectors.

        Raises:
            StoreError: the index cannot be read.
        """
        if not self._others or await self._chosen.is_complete():
            return
        counted = [((await each.store.stats()).embedded, each) for each in (self._chosen, *self._others)]
        most, fullest = max(counted, key=lambda pair: pair[0])
        if most > counted[0][0]:
            self._serving = fullest
            log.info("searching with %s until %s has embedded everything", fullest.model, self._chosen.model)

    async def settle(self) -> None:
        """Let the chosen one take over if nothing waits for it any more.

        Raises:
            StoreError: the index cannot be read.
        """
        if not self.is_settled and await self._chosen.is_complete():
            self._serving = self._chosen
            log.info("searching with %s from now on", self._chosen.model)

    async def building(self) -> Building | None:
        """Say how far the chosen one is while another one serves.

        Raises:
            StoreError: the index cannot be read.
        """
        if self.is_settled:
            return None
        stats = await self._chosen.store.stats()
        return Building(self._chosen.model, stats.embedded, stats.chunks)

    async def close(self) -> None:
        """Let go of the others' vectors; who opened the chosen one's closes them."""
        for each in self._others:
            await each.store.close()


def succession_of(store: ChunkStore, embedder: Embedder | Succession) -> Succession:
    """Return the succession of a single embedder, or the one that is given."""
    if isinstance(embedder, Succession):
        return embedder
    return Succession(EmbeddedIndex(embedder, store))
