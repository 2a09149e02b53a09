"""Which chunks hold which terms, three bytes for each pair, in memory.

Runs of up to 65,536 chunks never change; what is new is a run of its own until it is merged with those before it.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from firsthand.adapters.catalogue import Flags, Numbers

MOST_ROWS = 65_536
# Rows that are sorted at a time.
_ROWS_AT_ONCE = 4_096
_MOST_COUNTED = np.iinfo(np.uint8).max
_KEY_BYTES = 8
SECRET_BYTES = 16


@dataclass(frozen=True, slots=True)
class Postings:
    """The terms of some chunks, each a row from 0."""

    row_keys: Numbers
    """`Catalogue.row_keys` of each row."""
    lengths: npt.NDArray[np.int32]
    """How many terms each row has, repetitions included."""
    terms: Numbers
    """`TermKeys.of` each distinct term, ascending."""
    starts: npt.NDArray[np.int32]
    """Where the rows of each term begin in `rows`; at the end, where the last ones end."""
    rows: npt.NDArray[np.uint16]
    counts: npt.NDArray[np.uint8]
    """How often the term stands in the row, 255 for more."""

    def of(self, term: int) -> slice:
        """Return which of `rows` and `counts` are those of a term."""
        place = int(np.searchsorted(self.terms, term))
        if place == len(self.terms) or self.terms[place] != term:
            return slice(0, 0)
        return slice(int(self.starts[place]), int(self.starts[place + 1]))


@dataclass(frozen=True, slots=True)
class TermKeys:
    """The numbers that stand for terms: 64 bits by a secret, so that no text of a workspace can aim at one."""

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(SECRET_BYTES))

    def of(self, term: str) -> int:
        """Return the number that stands for a term."""
        written = term.encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(written, key=self.secret, digest_size=_KEY_BYTES).digest()
        return int.from_bytes(digest, "little", signed=True)


def postings_of(
    row_keys: Numbers, terms: pa.ChunkedArray, term_keys: TermKeys, known: dict[str, int]
) -> Postings:
    """Return the postings of chunks; the terms of each are one text, separated by spaces.

    Args:
        row_keys: at most `MOST_ROWS`.
        known: the numbers of words that occurred before; takes those that occur here.
    """
    column = terms.combine_chunks()
    parts = [
        _part(column.slice(first, _ROWS_AT_ONCE), first, term_keys, known)
        for first in range(0, len(column), _ROWS_AT_ONCE)
    ]
    lengths = np.concatenate([np.zeros(0, np.int32), *(part.lengths for part in parts)])
    return _ordered(row_keys, lengths, parts)


def merged(runs: Sequence[Postings], kept: Sequence[Flags]) -> Postings:
    """Return one run of those rows of several that are to be kept; together at most `MOST_ROWS`."""
    parts: list[_Part] = []
    first = 0
    for run, chosen in zip(runs, kept, strict=True):
        numbers = np.cumsum(chosen) - 1 + first
        pairs = chosen[run.rows]
        terms = np.repeat(run.terms, np.diff(run.starts))[pairs]
        rows = numbers[run.rows[pairs]].astype(np.uint16)
        parts.append(_Part(run.lengths[chosen], terms, rows, run.counts[pairs]))
        first += int(np.count_nonzero(chosen))
    row_keys = np.concatenate([run.row_keys[chosen] for run, chosen in zip(runs, kept, strict=True)])
    return _ordered(row_keys, np.concatenate([part.lengths for part in parts]), parts)


@dataclass(frozen=True, slots=True)
class _Part:
    """Pairs of a term and a row."""

    lengths: npt.NDArray[np.int32]
    terms: Numbers
    rows: npt.NDArray[np.uint16]
    counts: npt.NDArray[np.uint8]


def _part(texts: pa.Array, first: int, term_keys: TermKeys, known: dict[str, int]) -> _Part:
    words = pc.utf8_split_whitespace(texts)
    lengths = np.diff(np.asarray(words.offsets)).astype(np.int32)
    encoded = words.flatten().dictionary_encode()
    keys = np.array([_known_key(word, term_keys, known) for word in encoded.dictionary.to_pylist()], np.int64)
    terms, numbers = np.unique(keys, return_inverse=True)
    pairs = numbers[np.asarray(encoded.indices)] * _ROWS_AT_ONCE
    pairs += np.repeat(np.arange(len(lengths)), lengths)
    distinct, counts = np.unique(pairs, return_counts=True)
    return _Part(
        lengths,
        terms[distinct // _ROWS_AT_ONCE],
        (distinct % _ROWS_AT_ONCE + first).astype(np.uint16),
        np.minimum(counts, _MOST_COUNTED).astype(np.uint8),
    )


def _known_key(word: str, term_keys: TermKeys, known: dict[str, int]) -> int:
    key = known.get(word)
    if key is None:
        key = known[word] = term_keys.of(word)
    return key


def _ordered(row_keys: Numbers, lengths: npt.NDArray[np.int32], parts: Sequence[_Part]) -> Postings:
    all_terms = np.concatenate([np.zeros(0, np.int64), *(part.terms for part in parts)])
    order = np.argsort(all_terms, kind="stable")
    terms, starts = np.unique(all_terms[order], return_index=True)
    return Postings(
        row_keys,
        lengths,
        terms,
        np.append(starts, len(order)).astype(np.int32),
        np.concatenate([np.zeros(0, np.uint16), *(part.rows for part in parts)])[order],
        np.concatenate([np.zeros(0, np.uint8), *(part.counts for part in parts)])[order],
    )
