"""Keyword search over a catalogue: BM25 with the formula and the parameters of LanceDB's full-text search.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009); k1 = 1.2, b = 0.75. A term that
is asked for twice counts twice.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from firsthand.adapters.catalogue import Catalogue
from firsthand.adapters.catalogue_vectors import positions
from firsthand.adapters.term_postings import MOST_ROWS, Postings, TermKeys, merged
from firsthand.adapters.term_stems import stems
from firsthand.core.model import Scope, ScoredHead
from firsthand.core.word_scores import K1, B, rarity_in

Places = npt.NDArray[np.int32]
# More new rows than this are compared with those that are known.
_FEW_ROWS = 1_000
# Rows that are gone are left out when they are this share of a run.
_MOST_GONE = 0.25


class CatalogueTerms:
    """Searches one version of the chunks."""

    def __init__(
        self,
        catalogue: Catalogue,
        keys: TermKeys,
        runs: Sequence[Postings] = (),
        places: Sequence[Places] | None = None,
    ) -> None:
        """Take the runs, whose terms have these keys, and the place of each of their rows where it is known already."""
        self.catalogue = catalogue
        self.keys = keys
        self._runs = tuple(runs)
        self._places = list(places or [positions(run.row_keys, catalogue.row_keys) for run in runs])
        self._alive = np.append(catalogue.alive, False)
        lengths = np.zeros(len(self._alive), np.float32)
        listed = np.zeros(len(self._alive), np.bool_)
        for number in reversed(range(len(runs))):
            # What was read twice, because its row moved, counts once.
            here = self._places[number]
            self._places[number] = here = np.where(listed[here], -1, here).astype(np.int32)
            lengths[here] = runs[number].lengths
            listed[here] = True
            listed[-1] = False
        alive = lengths[self._alive]
        average = float(alive.mean()) if len(alive) and alive.any() else 1.0
        self._norms = (K1 * (1 - B + B * lengths / average)).astype(np.float32)
        self.missing = np.flatnonzero(self._alive & ~listed)
        """The places whose terms are not known yet."""

    @property
    def runs(self) -> Sequence[tuple[Postings, Places]]:
        """The postings, with the place of each of their rows, -1 for those that are gone."""
        return tuple(zip(self._runs, self._places, strict=True))

    def following(self, catalogue: Catalogue) -> "CatalogueTerms":
        """Return the same terms for another version of the chunks."""
        new = len(catalogue.alive) - len(self.catalogue.alive)
        # Rows that moved are read again when they are few, and recognised when they are many, as after compaction.
        is_near = catalogue.numbering is self.catalogue.numbering and new <= _FEW_ROWS
        return CatalogueTerms(catalogue, self.keys, self._runs, self._places if is_near else None)

    def with_added(self, added: Sequence[Postings]) -> "CatalogueTerms":
        """Return these and more terms; small runs become one, without the rows that are gone."""
        runs = [self._without_gone(*pair) for pair in zip(self._runs, self._places, strict=True)]
        new = merged(added, [np.ones(len(run.row_keys), np.bool_) for run in added])
        runs.append((new, positions(new.row_keys, self.catalogue.row_keys)))
        while len(runs) > 1 and 2 * len(runs[-1][1]) > len(runs[-2][1]):
            last = runs[-2:]
            if sum(int(np.count_nonzero(self._alive[places])) for _, places in last) > MOST_ROWS:
                break
            runs[-2:] = [self._merged(last)]
        return CatalogueTerms(
            self.catalogue, self.keys, [run for run, _ in runs], [places for _, places in runs]
        )

    def search(self, terms: Sequence[str], scope: Scope, limit: int) -> list[ScoredHead]:
        """Return the chunks of a scope that hold one of the terms, best first."""
        scores = np.zeros(len(self._alive), np.float32)
        for term, times in Counter(map(self.keys.of, stems(terms))).items():
            self._add(term, times, scores)
        places = np.flatnonzero(scores[:-1])
        places = places[self.catalogue.in_scope(scope)[places]]
        if len(places) > limit:
            places = places[np.argpartition(-scores[places], limit - 1)[:limit]]
        pairs = zip(self.catalogue.listed(places), scores[places].tolist(), strict=True)
        return sorted((ScoredHead(*pair) for pair in pairs), key=lambda hit: (-hit.score, hit.chunk.id))

    def _add(self, term: int, times: int, scores: npt.NDArray[np.float32]) -> None:
        """Add the scores of one term; those of rows that are not listed any more fall on the last place."""
        parts = []
        for run, row_places in zip(self._runs, self._places, strict=True):
            those = run.of(term)
            parts.append((row_places[run.rows[those]], run.counts[those].astype(np.float32)))
        matching = sum(int(np.count_nonzero(self._alive[places])) for places, _ in parts)
        weight = times * rarity_in(len(self.catalogue), matching) * (K1 + 1)
        for places, counts in parts:
            scores[places] += weight * counts / (counts + self._norms[places])

    def _without_gone(self, run: Postings, places: Places) -> tuple[Postings, Places]:
        """Return a run without the rows that are gone, once they are many."""
        is_mostly_alive = np.count_nonzero(self._alive[places]) >= (1 - _MOST_GONE) * len(places)
        return (run, places) if is_mostly_alive else self._merged([(run, places)])

    def _merged(self, runs: Sequence[tuple[Postings, Places]]) -> tuple[Postings, Places]:
        alive = [self._alive[places] for _, places in runs]
        kept = [places[chosen] for (_, places), chosen in zip(runs, alive, strict=True)]
        return merged([run for run, _ in runs], alive), np.concatenate(kept)
