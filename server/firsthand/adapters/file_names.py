"""The plain names in each file: four bytes for each pair, and each name once."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from firsthand.adapters.catalogue import Values
from firsthand.adapters.lance_schema import is_name

_Numbers = npt.NDArray[np.int32]


class FileNames:
    """Which names stand in which files."""

    def __init__(self) -> None:
        self._values = Values()
        self._counts = np.zeros(0, np.int32)
        """In how many files each name stands."""
        self._files: dict[str, _Numbers] = {}

    def names(self) -> frozenset[str]:
        """Return every name that a file has."""
        return frozenset(map(self._values.values.__getitem__, np.flatnonzero(self._counts).tolist()))

    def replace(self, paths: Collection[str], rows: pa.Table) -> None:
        """Take the names of these files, and of no others but these, from their rows.

        Args:
            paths: the files that changed, those that are gone included.
            rows: path, name and mentions of all their chunks; rows of other files say what is known of those.
        """
        found = self._names_in(rows)
        for path in found.keys() | paths:
            self._count(self._files.pop(path, None), -1)
        for numbers in found.values():
            self._count(numbers, 1)
        self._files |= found

    def _count(self, numbers: _Numbers | None, step: int) -> None:
        if numbers is not None:
            more = len(self._values.values) - len(self._counts)
            self._counts = np.append(self._counts, np.zeros(more, np.int32)) if more else self._counts
            self._counts[numbers] += step

    def _names_in(self, rows: pa.Table) -> dict[str, _Numbers]:
        """Return the distinct names in the rows of each file."""
        paths = rows["path"].combine_chunks().dictionary_encode()
        files = np.asarray(paths.indices, np.int64)
        mentions = pc.utf8_split_whitespace(rows["mentions"].combine_chunks())
        owners = np.concatenate((np.repeat(files, np.diff(np.asarray(mentions.offsets))), files))
        words = pa.concat_arrays([mentions.flatten(), rows["name"].combine_chunks()]).dictionary_encode()
        numbers = self._numbers(words.dictionary)[np.asarray(words.indices)]
        pairs = np.unique((owners << 32 | numbers)[numbers >= 0])
        starts = np.searchsorted(pairs, np.arange(len(paths.dictionary) + 1, dtype=np.int64) << 32)
        return {
            path: (pairs[start:end] & 0xFFFFFFFF).astype(np.int32)
            for path, start, end in zip(
                paths.dictionary.to_pylist(), starts[:-1].tolist(), starts[1:].tolist(), strict=True
            )
        }

    def _numbers(self, words: pa.Array) -> npt.NDArray[np.int64]:
        """Return the number of each distinct word, -1 for those that are no plain names."""
        are_names = np.fromiter(map(is_name, words.to_pylist()), np.bool_, len(words))
        numbers = np.full(len(words), -1, np.int64)
        numbers[are_names] = self._values.coded(pa.chunked_array([words.filter(pa.array(are_names))]))
        return numbers
