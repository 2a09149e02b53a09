"""The chunks that were read last: while a question is typed or put anew, it finds the same ones."""

from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np

from firsthand.adapters.catalogue import Catalogue
from firsthand.core.model import Chunk

# Some 5 KB each.
_MOST_REMEMBERED = 1_000


class RememberedChunks:
    """Chunks by row; a row never changes, so what is known of one is true as long as it is in the catalogue."""

    def __init__(self) -> None:
        self._by_row: dict[int, Chunk] = {}

    def of(self, row_ids: Sequence[int], catalogue: Catalogue | None) -> dict[int, Chunk]:
        """Return those of these rows that are known and still there."""
        known = [row_id for row_id in row_ids if row_id in self._by_row]
        if catalogue is None or not known:
            return {}
        places = catalogue.places_of(np.array(known, np.uint64)).tolist()
        return {row: self._by_row[row] for row, place in zip(known, places, strict=True) if place >= 0}

    def remember(self, chunks: Mapping[int, Chunk]) -> None:
        """Keep these; those that were not asked for longest go."""
        for row_id, chunk in chunks.items():
            self._by_row.pop(row_id, None)
            self._by_row[row_id] = chunk
        for row_id in list(islice(self._by_row, max(len(self._by_row) - _MOST_REMEMBERED, 0))):
            del self._by_row[row_id]
