"""Keyword search over a catalogue: BM25 with the formula and the parameters of LanceDB's full-text search.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009); k1 = 1.2, b = 0.75. A term that
is asked for twice counts twice.
"""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from firsthand.adapters.catalogue import Catalogue
from firsthand.adapters.catalogue_vectors import positions
from firsthand.adapters.term_postings import MOST_ROWS, Postings, merged, term_key
from firsthand.core.model import Scope, ScoredHead

_K1 = 1.2
_B = 0.75
# Rows that are gone are left out when they are this share of a run.
_MOST_GONE = 0.25


class CatalogueTerms:
    """Searches one version of the chunks."""

    def __init__(self, catalogue: Catalogue, runs: Sequence[Postings] = ()) -> None:
        self.catalogue = catalogue
        self._runs = tuple(runs)
        self._places = [positions(run.row_keys, catalogue.row_keys) for run in runs]
        lengths = np.zeros(len(catalogue.alive) + 1, np.float32)
        listed = np.zeros(len(lengths), np.bool_)
        for run, places in zip(runs, self._places, strict=True):
            lengths[places] = run.lengths
            listed[places] = True
        self._alive = np.append(catalogue.alive, False)
        alive = lengths[self._alive]
        average = float(alive.mean()) if len(alive) and alive.any() else 1.0
        self._norms = (_K1 * (1 - _B + _B * lengths / average)).astype(np.float32)
        self.missing = np.flatnonzero(self._alive & ~listed)
        """The places whose terms are not known yet."""

    def following(self, catalogue: Catalogue) -> "CatalogueTerms":
        """Return the same terms for another version of the chunks."""
        return CatalogueTerms(catalogue, self._runs)

    def with_added(self, run: Postings) -> "CatalogueTerms":
        """Return these and more terms; small runs become one, without the rows that are gone."""
        runs = [*map(self._without_gone, self._runs), run]
        while len(runs) > 1 and 2 * len(runs[-1].row_keys) > len(runs[-2].row_keys):
            last = runs[-2:]
            kept = [self._is_alive(each) for each in last]
            if sum(int(np.count_nonzero(each)) for each in kept) > MOST_ROWS:
                break
            runs[-2:] = [merged(last, kept)]
        return CatalogueTerms(self.catalogue, runs)

    def search(self, terms: Sequence[str], scope: Scope, limit: int) -> list[ScoredHead]:
        """Return the chunks of a scope that hold one of the terms, best first."""
        scores = np.zeros(len(self._alive), np.float32)
        for term, times in Counter(term_key(word) for text in terms for word in text.split()).items():
            self._add(term, times, scores)
        found = scores[:-1] * self.catalogue.in_scope(scope)
        places = np.flatnonzero(found)
        if len(places) > limit:
            places = places[np.argpartition(-found[places], limit - 1)[:limit]]
        pairs = zip(self.catalogue.listed(places), found[places].tolist(), strict=True)
        return sorted((ScoredHead(*pair) for pair in pairs), key=lambda hit: (-hit.score, hit.chunk.id))

    def _add(self, term: int, times: int, scores: npt.NDArray[np.float32]) -> None:
        """Add the scores of one term; those of rows that are not listed any more fall on the last place."""
        parts = []
        for run, row_places in zip(self._runs, self._places, strict=True):
            those = run.of(term)
            parts.append((row_places[run.rows[those]], run.counts[those].astype(np.float32)))
        matching = sum(int(np.count_nonzero(self._alive[places])) for places, _ in parts)
        rarity = math.log(1 + (len(self.catalogue) - matching + 0.5) / (matching + 0.5))
        for places, counts in parts:
            scores[places] += times * rarity * (_K1 + 1) * counts / (counts + self._norms[places])

    def _without_gone(self, run: Postings) -> Postings:
        """Return a run without the rows that are gone, once they are many."""
        alive = self._is_alive(run)
        if np.count_nonzero(alive) >= (1 - _MOST_GONE) * len(alive):
            return run
        return merged([run], [alive])

    def _is_alive(self, run: Postings) -> npt.NDArray[np.bool_]:
        return self._alive[positions(run.row_keys, self.catalogue.row_keys)]
