"""The chunks of a catalogue and the codes of their vectors, matched by content hash."""

import numpy as np
import numpy.typing as npt

from firsthand.adapters.catalogue import Catalogue, Flags, Numbers
from firsthand.adapters.vector_codes import VectorCodes
from firsthand.core.model import Scope, ScoredHead, Vector

_EVERYWHERE = Scope()
# Where one side is so much shorter, only that is sorted.
_MUCH_SHORTER = 16


class CatalogueVectors:
    """Searches one version of the chunks among one version of the vectors."""

    def __init__(
        self, catalogue: Catalogue, codes: VectorCodes, before: "CatalogueVectors | None" = None
    ) -> None:
        """Match them anew, or only what is new since `before`."""
        self._catalogue = catalogue
        self._codes = codes
        keys = codes.keys()
        if before is None or not before._is_part_of(catalogue, codes):
            self._code_of = positions(catalogue.hash_keys, keys)
        else:
            self._code_of = before._continued(catalogue.hash_keys, keys)
        self._order = np.argsort(self._code_of, kind="stable").astype(np.int32)
        self._ordered_codes = self._code_of[self._order]
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
        places, found = self._with_codes(codes, scores)
        places, found = places[chosen[places]], found[chosen[places]]
        pairs = zip(self._catalogue.listed(places), found.tolist(), strict=True)
        return sorted((ScoredHead(*pair) for pair in pairs), key=lambda hit: (-hit.score, hit.chunk.id))[
            :limit
        ]

    def _with_codes(
        self, codes: Numbers, scores: npt.NDArray[np.float32]
    ) -> tuple[Numbers, npt.NDArray[np.float32]]:
        """Return the places of all chunks that have one of these codes, each with the score of its code."""
        first = np.searchsorted(self._ordered_codes, codes, "left")
        counts = np.searchsorted(self._ordered_codes, codes, "right") - first
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return self._order[np.repeat(first, counts) + within], np.repeat(scores, counts)

    def _is_part_of(self, catalogue: Catalogue, codes: VectorCodes) -> bool:
        return self._catalogue.numbering is catalogue.numbering and self._codes.numbering is codes.numbering

    def _continued(self, wanted: Numbers, keys: Numbers) -> npt.NDArray[np.int32]:
        """Return where each value stands among the keys, when both have only grown since."""
        old, known = len(self._code_of), len(self._codes)
        code_of = np.concatenate((self._code_of, positions(wanted[old:], keys)))
        without = np.flatnonzero(self._code_of < 0)
        found = positions(wanted[without], keys[known:])
        code_of[without] = np.where(found < 0, -1, found + known)
        return code_of

    def _allowed(self, chosen: Flags) -> Flags:
        codes = self._code_of[chosen]
        allowed = np.zeros(len(self._codes), np.bool_)
        allowed[codes[codes >= 0]] = True
        return allowed


def positions(wanted: Numbers, keys: Numbers) -> npt.NDArray[np.int32]:
    """Return where each value stands among the keys, at the last of equal ones, -1 for those that do not."""
    found = np.full(len(wanted), -1, np.int32)
    if not len(keys) or not len(wanted):
        return found
    if len(wanted) * _MUCH_SHORTER < len(keys):
        distinct, numbers = np.unique(wanted, return_inverse=True)
        near = np.minimum(np.searchsorted(distinct, keys), len(distinct) - 1)
        those = np.flatnonzero(distinct[near] == keys)
        last = np.full(len(distinct), -1, np.int32)
        np.maximum.at(last, near[those], those.astype(np.int32))
        return last[numbers]
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    near = np.maximum(np.searchsorted(ordered, wanted, "right") - 1, 0)
    return np.where(ordered[near] == wanted, order[near], -1).astype(np.int32)
