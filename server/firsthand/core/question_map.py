"""A map that brings a question's vector nearer to the code that answers it, learned from one repository.

Only questions go through it: what is stored stays as the embedder made it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from firsthand.core.evaluation_metrics import Estimate
from firsthand.core.model import Fingerprint, Vector
from firsthand.core.ports import Embedder
from firsthand.core.wrapped_embedder import WrappedEmbedder

QuestionMap = Callable[[Vector], Vector]
"""Maps the unit vector of a question to another unit vector."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a map was worth on questions that it had not learned from: NDCG@10 of the whole ranking."""

    learned_from: int
    judged_by: int
    without: float
    mapped: float
    gain: Estimate

    @property
    def is_clear(self) -> bool:
        """True when chance alone hardly explains the gain; only then is the map used."""
        return self.gain.low > 0


class QuestionMaps(Protocol):
    """Where the map of a workspace is kept."""

    async def current(self, fingerprint: Fingerprint) -> QuestionMap | None:
        """Return the map that was learned for the vectors of this embedder; None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class OneMap:
    """The `QuestionMaps` that has this map for every embedder."""

    question_map: QuestionMap

    async def current(self, fingerprint: Fingerprint) -> QuestionMap:
        """Return the map."""
        return self.question_map


class MappedEmbedder(WrappedEmbedder):
    """An `Embedder` whose questions go through the map of the workspace while there is one."""

    def __init__(self, embedder: Embedder, maps: QuestionMaps) -> None:
        super().__init__(embedder)
        self._maps = maps

    async def embed_query(self, text: str) -> Vector:
        """Embed a question and map its vector.

        Raises:
            ModelError: the question could not be embedded.
        """
        vector = await super().embed_query(text)
        question_map = await self._maps.current(self.fingerprint)
        return vector if question_map is None else question_map(vector)
