"""What reading files that wait to be indexed has found, joined with what the index has found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import mul
from statistics import median

from firsthand.core.model import Chunk, ChunkHead, Hit, Scope, ScoredChunk, ScoredHead, Vector
from firsthand.core.scopes import in_scope
from firsthand.core.word_scores import chunk_scores


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many files waited to be indexed when a search looked, and how many of them it read."""

    waiting: int = 0
    read: int = 0

    @property
    def sentence(self) -> str:
        """Say it to people; "" when nothing waited."""
        if not self.waiting:
            return ""
        if self.read >= self.waiting:
            return f"{self._waiting} not indexed yet and searched by reading {'it' if self.waiting == 1 else 'them'}."
        return f"{self._waiting} not indexed yet; {self.read:,} of them were searched by reading them."

    @property
    def sentence_about_places(self) -> str:
        """Say it below a list of all places of a kind, which only the index knows."""
        return f"{self._waiting} not indexed yet: places in them are missing here." if self.waiting else ""

    @property
    def _waiting(self) -> str:
        return "1 file is" if self.waiting == 1 else f"{self.waiting:,} files are"


@dataclass(frozen=True, slots=True)
class DirectHits:
    """The chunks of the files that were read and cut; what the index has of these files is out of date."""

    scored: tuple[ScoredChunk, ...] = ()
    """Those with a word of the question; the scores are on a scale of their own."""
    chunks: tuple[Chunk, ...] = ()
    rarity: Mapping[str, float] = field(default_factory=dict)

    @property
    def paths(self) -> frozenset[str]:
        """The files that were cut."""
        return frozenset(chunk.path for chunk in self.chunks)

    def current(self, found: Sequence[ScoredHead]) -> list[ScoredHead]:
        """Return what the index found, without what is out of date."""
        paths = self.paths
        return [scored for scored in found if scored.chunk.path not in paths]

    def current_hits(self, found: Sequence[Hit]) -> list[Hit]:
        """Return uses that the index found, without what is out of date."""
        paths = self.paths
        return [hit for hit in found if hit.chunk.path not in paths]

    def by_keywords(
        self, found: Sequence[ScoredHead], texts: Sequence[Chunk | None], scope: Scope
    ) -> list[ScoredHead]:
        """Join the keyword hits of the index and of the files; computes, so call it in a thread.

        The weights of both are BM25 over the same words, but each with the counts of its own texts. Those of the
        files are brought to the scale of the index by weighing its best hits both ways.

        Args:
            texts: the first of `found` with their text.
        """
        factor = self._factor([(scored.score, text) for scored, text in zip(found, texts, strict=False)])
        mine = [
            ScoredChunk(each.chunk, each.score * factor)
            for each in self.scored
            if in_scope(each.chunk, scope)
        ]
        return sorted([*self.current(found), *mine], key=lambda scored: (-scored.score, scored.chunk.id))

    def by_meaning(
        self, found: Sequence[ScoredHead], question: Vector, vectors: Mapping[str, Vector], scope: Scope
    ) -> list[ScoredHead]:
        """Join what the index found near a question with the chunks of the files that have a vector."""
        mine = [
            ScoredChunk(chunk, sum(map(mul, question, vectors[chunk.content_hash])))
            for chunk in self.chunks
            if chunk.content_hash in vectors and in_scope(chunk, scope)
        ]
        return sorted([*self.current(found), *mine], key=lambda scored: (-scored.score, scored.chunk.id))

    def defining(self, found: Iterable[ChunkHead], names: Iterable[str], scope: Scope) -> list[ChunkHead]:
        """Return the definitions of names that the index found, and behind them those that the files have."""
        wanted = {name.lower() for name in names}
        paths = self.paths
        mine = [
            chunk
            for chunk in self.chunks
            if wanted & {chunk.name.lower(), chunk.qualified_name.lower()} - {""} and in_scope(chunk, scope)
        ]
        return [*(chunk for chunk in found if chunk.path not in paths), *mine]

    def _factor(self, found: Sequence[tuple[float, Chunk | None]]) -> float:
        there = [(score, chunk) for score, chunk in found if chunk is not None]
        weights = chunk_scores([chunk for _, chunk in there], self.rarity)
        ratios = [score / weight for (score, _), weight in zip(there, weights, strict=True) if weight > 0.0]
        return median(ratios) if ratios else 1.0
