"""Unit vectors in three precisions, so that the nearest of half a million are found in milliseconds.

The signs alone (one bit a dimension) leave one vector in sixteen; eight bits a dimension order those; eight more bits
order the best of them. On 44,890 vectors of real code the 50 nearest are the exact ones in 99.7 of 100 cases.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from firsthand.core.model import Vector

_Floats = npt.NDArray[np.float32]
_Numbers = npt.NDArray[np.int64]

# What the signs leave: at least so many, and this share of all.
_FEWEST_LEFT = 4_000
_SHARE_LEFT = 0.06
# How many times the wanted number is compared in full precision.
_ROOM_FOR_ROUNDING = 4
# Appending copies the last block, searching goes through all of them.
_BLOCK_ROWS = 16_384
_WORD_BITS = 64
_STEPS = 127
_FINE_STEPS = 254  # of half a step in each direction


@dataclass(frozen=True, slots=True)
class _Block:
    """Some vectors: row n belongs to key n, and is `scales[n] * (high[n] + low[n] / 254)`."""

    keys: tuple[str, ...]
    signs: npt.NDArray[np.uint64]
    """One row a word of 64 dimensions, because a search goes through them word by word."""
    high: npt.NDArray[np.int8]
    low: npt.NDArray[np.int8]
    scales: _Floats


class VectorCodes:
    """The vectors of one table by content hash. Blocks are never changed, so a search may run beside an addition."""

    def __init__(self) -> None:
        self._blocks: tuple[_Block, ...] = ()

    def __len__(self) -> int:
        return sum(len(block.keys) for block in self._blocks)

    def keys(self) -> list[str]:
        """Return the content hashes, in the order in which they were added."""
        return [key for block in self._blocks for key in block.keys]

    def add(self, keys: Sequence[str], vectors: _Floats) -> None:
        """Add vectors, one row a key; a key must not be there yet."""
        for first in range(0, len(keys), _BLOCK_ROWS):
            last = first + _BLOCK_ROWS
            added = _coded(tuple(keys[first:last]), vectors[first:last])
            full = self._blocks
            if full and len(full[-1].keys) + len(added.keys) <= _BLOCK_ROWS:
                added = _joined(full[-1], added)
                full = full[:-1]
            self._blocks = (*full, added)

    def keep(self, keys: Collection[str]) -> None:
        """Drop all vectors but these."""
        self._blocks = tuple(_part(block, keys) for block in self._blocks)

    def nearest(self, vector: Vector, limit: int) -> dict[str, float]:
        """Return the nearest keys with their cosine similarity, best first."""
        blocks = self._blocks
        wanted = min(limit, sum(len(block.keys) for block in blocks))
        if wanted < 1:
            return {}
        query = _unit(np.frombuffer(vector, np.float32)[np.newaxis])[0]
        blocks, rows, scores = _roughly_nearest(blocks, query, wanted)
        found: list[tuple[float, str]] = []
        bounds = _best(scores, _ROOM_FOR_ROUNDING * wanted)
        starts = np.cumsum([0, *(len(each) for each in rows)])
        for block, each, (start, end) in zip(blocks, rows, pairwise(starts), strict=True):
            chosen = bounds[(bounds >= start) & (bounds < end)]
            exact = scores[chosen] + _fine(block, each[chosen - start], query)
            names = (block.keys[row] for row in each[chosen - start].tolist())
            found += zip(exact.tolist(), names, strict=True)
        return {key: score for score, key in sorted(found, reverse=True)[:wanted]}


def _roughly_nearest(
    blocks: tuple[_Block, ...], query: _Floats, wanted: int
) -> tuple[tuple[_Block, ...], list[_Numbers], _Floats]:
    """Return for each block the rows whose signs are like those of the query, and the similarity of all of them."""
    signs = _signs(query[np.newaxis])[:, 0]
    distances = [_differing(block.signs, signs) for block in blocks]
    total = sum(len(each) for each in distances)
    left = min(total, max(_FEWEST_LEFT, int(total * _SHARE_LEFT), 2 * _ROOM_FOR_ROUNDING * wanted))
    counts = np.bincount(np.concatenate(distances))
    worst = int(np.searchsorted(np.cumsum(counts), left))
    rows = [np.flatnonzero(each <= worst) for each in distances]
    rough = [
        np.einsum("ij,j->i", block.high[each].astype(np.float32), query) * block.scales[each]
        for block, each in zip(blocks, rows, strict=True)
    ]
    return blocks, rows, np.concatenate(rough)


def _fine(block: _Block, rows: _Numbers, query: _Floats) -> _Floats:
    fine: _Floats = np.einsum("ij,j->i", block.low[rows].astype(np.float32), query) * block.scales[rows]
    return fine / np.float32(_FINE_STEPS)


def _best(scores: _Floats, count: int) -> _Numbers:
    if count >= len(scores):
        return np.arange(len(scores))
    return np.argpartition(-scores, count)[:count]


def _differing(signs: npt.NDArray[np.uint64], wanted: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint16]:
    """Return in how many dimensions the signs of each vector differ from these."""
    counts = np.zeros(signs.shape[1], np.uint16)
    for word, other in zip(signs, wanted, strict=True):
        counts += np.bitwise_count(word ^ other)
    return counts


def _coded(keys: tuple[str, ...], vectors: _Floats) -> _Block:
    units = _unit(vectors)
    scales = np.maximum(np.abs(units).max(axis=1), np.finfo(np.float32).tiny) / _STEPS
    steps = units / scales[:, np.newaxis]
    high = np.rint(steps)
    low = np.rint((steps - high) * _FINE_STEPS)
    return _Block(keys, _signs(units), high.astype(np.int8), low.astype(np.int8), scales)


def _unit(vectors: _Floats) -> _Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: _Floats = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return units


def _signs(vectors: _Floats) -> npt.NDArray[np.uint64]:
    bits = np.packbits(vectors > 0, axis=1)
    words = np.zeros((len(bits), -(-vectors.shape[1] // _WORD_BITS) * _WORD_BITS // 8), np.uint8)
    words[:, : bits.shape[1]] = bits
    return np.ascontiguousarray(words.view(np.uint64).T)


def _joined(first: _Block, second: _Block) -> _Block:
    return _Block(
        first.keys + second.keys,
        np.concatenate((first.signs, second.signs), axis=1),
        np.concatenate((first.high, second.high)),
        np.concatenate((first.low, second.low)),
        np.concatenate((first.scales, second.scales)),
    )


def _part(block: _Block, keys: Collection[str]) -> _Block:
    rows = [row for row, key in enumerate(block.keys) if key in keys]
    if len(rows) == len(block.keys):
        return block
    return _Block(
        tuple(block.keys[row] for row in rows),
        np.ascontiguousarray(block.signs[:, rows]),
        block.high[rows],
        block.low[rows],
        block.scales[rows],
    )
