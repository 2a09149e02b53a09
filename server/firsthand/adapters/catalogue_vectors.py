"""The chunks of a catalogue and the codes of their vectors, matched by content hash."""

import numpy as np
import numpy.typing as npt

from firsthand.adapters.catalogue import Catalogue, Flags, Numbers
from firsthand.adapters.vector_codes import VectorCodes
from firsthand.core.model import Scope, ScoredHead, Vector

_EVERYWHERE = Scope()


class CatalogueVectors:
    """Searches one version of the chunks among one version of the vectors."""

    def __init__(self, catalogue: Catalogue, codes: VectorCodes) -> None:
        self._catalogue = catalogue
        self._codes = codes
        self._code_of = positions(catalogue.hash_keys, codes.keys())
        self._order = np.argsort(self._code_of, kind="stable")
        self._sorted = self._code_of[self._order]
        self._everywhere = self._allowed(catalogue.alive)

    def is_of(self, catalogue: Catalogue, codes: VectorCodes) -> bool:
        """Tell whether these very versions are matched here."""
        return self._catalogue is catalogue and self._codes is codes

    def nearest(self, vector: Vector, scope: Scope, limit: int) -> list[ScoredHead]:
        """Return the nearest chunks of a scope, best first."""
        if scope == _EVERYWHERE:
            chosen, allowed = self._catalogue.alive, self._everywhere
        else:
            chosen = self._catalogue.in_scope(scope)
            allowed = self._allowed(chosen)
        codes, scores = self._codes.nearest(vector, limit, allowed)
        starts = np.searchsorted(self._sorted, codes, "left")
        counts = np.searchsorted(self._sorted, codes, "right") - starts
        places = np.concatenate(
            [np.zeros(0, np.int64), *(self._order[s : s + n] for s, n in zip(starts, counts, strict=True))]
        )
        similarity = np.repeat(scores, counts)
        here = chosen[places]
        heads = self._catalogue.listed(places[here])
        found = [ScoredHead(*pair) for pair in zip(heads, similarity[here].tolist(), strict=True)]
        return sorted(found, key=lambda hit: (-hit.score, hit.chunk.id))[:limit]

    def _allowed(self, chosen: Flags) -> Flags:
        codes = self._code_of[chosen]
        allowed = np.zeros(len(self._codes), np.bool_)
        allowed[codes[codes >= 0]] = True
        return allowed


def positions(wanted: Numbers, keys: Numbers) -> npt.NDArray[np.int32]:
    """Return where each value stands among the keys, at the last of equal ones, -1 for those that do not."""
    if not len(keys):
        return np.full(len(wanted), -1, np.int32)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    found = np.maximum(np.searchsorted(ordered, wanted, "right") - 1, 0)
    return np.where(ordered[found] == wanted, order[found], -1).astype(np.int32)
