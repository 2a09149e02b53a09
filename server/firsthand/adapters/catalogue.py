"""What ranking needs of every chunk, as columns in memory: a search touches the table only for what it shows.

A chunk takes some 150 bytes, three quarters of them its names and its hash.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from firsthand.core.model import ChunkKind, Scope, Span
from firsthand.core.scopes import path_in_scope

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
RowIds = npt.NDArray[np.uint64]
_Codes = npt.NDArray[np.int32]

COLUMNS = (
    *("path", "revision", "language", "kind", "is_test", "content_hash", "name", "qualified_name"),
    *("start_line", "end_line", "start_byte", "end_byte"),
)
IDENTITY = ("path", "revision", "start_byte", "end_byte")
_SPAN_COLUMNS = COLUMNS[-4:]

# Rows that are gone are left out when they are this share of all.
_MOST_GONE = 0.25
_MOST_SCOPES = 8
HASH_START = 16
# So many rows are read at a time: their texts take ten times as much while they are.
_ROWS_AT_ONCE = 4_096
# Texts stand in as many pieces as there were additions, until there are this many.
_MOST_PIECES = 16


class ListedChunk(NamedTuple):
    """A `ChunkHead`, and the row that holds the rest of the chunk."""

    id: str
    path: str
    language: str
    kind: ChunkKind
    name: str
    qualified_name: str
    span: Span
    is_test: bool
    content_hash: str
    row_id: int


class Values:
    """The distinct values of a column, numbered as they come; numbers never change."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._numbers: dict[str, int] = {}

    def coded(self, column: pa.ChunkedArray) -> _Codes:
        """Return the number of each value, new ones included."""
        encoded = column.combine_chunks().dictionary_encode()
        numbers = np.array([self._number(value) for value in encoded.dictionary.to_pylist()], np.int32)
        return numbers[np.asarray(encoded.indices)] if len(numbers) else np.zeros(0, np.int32)

    def having(self, wanted: Iterable[str]) -> list[int]:
        """Return the numbers of those of the values that there are."""
        return [self._numbers[value] for value in wanted if value in self._numbers]

    def _number(self, value: str) -> int:
        number = self._numbers.setdefault(value, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """What all catalogues of one table share."""

    paths: Values
    languages: Values
    kinds: Values
    scopes: dict[Scope, Flags]
    """For each path whether it lies in a scope that names paths, of the scopes that were asked for last."""

    def below(self, scope: Scope) -> Flags:
        """Tell for each path whether it lies in a scope."""
        places = Scope(paths=scope.paths, files=scope.files)
        known = self.scopes.pop(places, np.zeros(0, np.bool_))
        new = self.paths.values[len(known) :]
        if new:
            found = np.fromiter((path_in_scope(path, places) for path in new), np.bool_)
            known = np.concatenate((known, found))
        self.scopes[places] = known
        if len(self.scopes) > _MOST_SCOPES:
            self.scopes.pop(next(iter(self.scopes)), None)
        return known


@dataclass(frozen=True, slots=True)
class _Columns:
    """One entry a chunk in each, in the order in which they were read."""

    row_ids: RowIds
    paths: _Codes
    languages: _Codes
    kinds: _Codes
    tests: Flags
    spans: npt.NDArray[np.int32]
    row_keys: Numbers
    hash_keys: Numbers
    name_keys: Numbers
    qualified_keys: Numbers
    names: pa.ChunkedArray
    qualified_names: pa.ChunkedArray
    hashes: pa.ChunkedArray

    def and_then(self, other: "_Columns") -> "_Columns":
        return _Columns(
            *(_joined([getattr(each, name) for each in (self, other)]) for name in self.__slots__)
        )

    def only(self, chosen: Flags) -> "_Columns":
        return _Columns(*(_chosen(getattr(self, name), chosen) for name in self.__slots__))


class Catalogue:
    """The chunks of one version of a table, by place: a number from 0. It never changes."""

    def __init__(
        self, version: int, vocabulary: _Vocabulary, columns: _Columns, alive: Flags, numbering: object
    ) -> None:
        self.version = version
        self.alive = alive
        self.numbering = numbering
        """The same object as in an earlier catalogue: its places mean what they meant there, and new ones follow."""
        self._vocabulary = vocabulary
        self._columns = columns
        self._order = np.argsort(columns.row_ids, kind="stable")
        self._sorted_ids = columns.row_ids[self._order]

    def __len__(self) -> int:
        return int(np.count_nonzero(self.alive))

    @property
    def row_keys(self) -> Numbers:
        """What stands for each place's row, its text included, even when the row is moved."""
        return self._columns.row_keys

    @property
    def row_ids(self) -> RowIds:
        """The row id of each place."""
        return self._columns.row_ids

    @property
    def hash_keys(self) -> Numbers:
        """`key_of` the content hash of each place."""
        return self._columns.hash_keys

    def file_keys(self) -> Numbers:
        """Return for each path, by its number, what stands for all its rows as `row_keys` do; 0 without rows."""
        keys = np.zeros(len(self._vocabulary.paths.values), np.int64)
        np.add.at(keys, self._columns.paths[self.alive], self._columns.row_keys[self.alive])
        return keys

    def paths_that_differ(self, before: Numbers, after: Numbers) -> list[str]:
        """Return the paths whose `file_keys` differ between two versions of the table."""
        differ = after.copy()
        differ[: len(before)] -= before
        return [self._vocabulary.paths.values[number] for number in np.flatnonzero(differ)]

    def hash_starts(self) -> npt.NDArray[np.bytes_]:
        """Return how the content hash of each place begins."""
        starts = pc.cast(pc.utf8_slice_codeunits(self._columns.hashes, 0, HASH_START), pa.binary())
        return np.asarray(starts.to_pylist(), f"S{HASH_START}")

    def unlisted(self, row_ids: RowIds) -> RowIds:
        """Return those of the row ids that are not in the catalogue."""
        return row_ids[self.places_of(row_ids) < 0]

    def places_of(self, row_ids: RowIds) -> Numbers:
        """Return the place of each row id, -1 for those that are gone or not there yet."""
        if not len(self._sorted_ids):
            return np.full(len(row_ids), -1, np.int64)
        found = np.minimum(np.searchsorted(self._sorted_ids, row_ids), len(self._sorted_ids) - 1)
        places = self._order[found]
        known = (self._sorted_ids[found] == row_ids) & self.alive[places]
        return np.where(known, places, -1)

    def followed(self, version: int, row_ids: RowIds, added: pa.Table) -> "Catalogue":
        """Return the catalogue of a later version.

        Args:
            row_ids: all rows of that version.
            added: those of them that are not in this catalogue, `COLUMNS` and `_rowid`.
        """
        columns, places, numbering = self._columns, self.places_of(row_ids), self.numbering
        alive = np.zeros(len(self.alive), np.bool_)
        alive[places[places >= 0]] = True
        if np.count_nonzero(alive) < (1 - _MOST_GONE) * len(alive):
            columns, alive = columns.only(alive), np.ones(np.count_nonzero(alive), np.bool_)
            numbering = object()
        if added.num_rows:
            columns = columns.and_then(_read(self._vocabulary, added))
            alive = np.concatenate((alive, np.ones(added.num_rows, np.bool_)))
        return Catalogue(version, self._vocabulary, columns, alive, numbering)

    def in_scope(self, scope: Scope) -> Flags:
        """Tell for each place whether its chunk is there and lies in the scope, as `core.scopes.in_scope` does."""
        columns, known = self._columns, self._vocabulary
        chosen = self.alive
        if scope.languages:
            chosen = chosen & _one_of(columns.languages, known.languages.having(scope.languages))
        if scope.kinds:
            of_kind = _one_of(columns.kinds, known.kinds.having(scope.kinds))
            chosen = chosen & (of_kind | columns.tests if "test" in scope.kinds else of_kind)
        if scope.tests is not None:
            chosen = chosen & (columns.tests == scope.tests)
        if scope.paths or scope.files is not None:
            chosen = chosen & known.below(scope)[columns.paths]
        return chosen

    def defining(self, names: Iterable[str]) -> Numbers:
        """Return the places whose name or qualified name is one of these, ignoring case."""
        keys = np.array([key_of(name.lower()) for name in names if name], np.int64)
        named = np.isin(self._columns.name_keys, keys) | np.isin(self._columns.qualified_keys, keys)
        return np.flatnonzero(named & self.alive)

    def listed(self, places: Numbers) -> list[ListedChunk]:
        """Return the chunks at these places, in their order."""
        columns, known = self._columns, self._vocabulary
        texts = (
            each.take(pa.array(places)) for each in (columns.names, columns.qualified_names, columns.hashes)
        )
        return [
            _listed(
                known.paths.values[path], known.languages.values[language], known.kinds.values[kind], *rest
            )
            for path, language, kind, *rest in zip(
                columns.paths[places].tolist(),
                columns.languages[places].tolist(),
                columns.kinds[places].tolist(),
                columns.spans[places].tolist(),
                columns.tests[places].tolist(),
                columns.row_ids[places].tolist(),
                *(each.to_pylist() for each in texts),
                strict=True,
            )
        ]


def empty_catalogue() -> Catalogue:
    """Return the catalogue of a table without rows."""
    vocabulary = _Vocabulary(Values(), Values(), Values(), {})
    texts = pa.chunked_array([], pa.string())
    codes, keys = np.zeros(0, np.int32), np.zeros(0, np.int64)
    columns = _Columns(
        *(np.zeros(0, np.uint64), codes, codes, codes, np.zeros(0, np.bool_), np.zeros((0, 4), np.int32)),
        *(keys, keys, keys, keys, texts, texts, texts),
    )
    return Catalogue(-1, vocabulary, columns, np.zeros(0, np.bool_), object())


def key_of(text: str) -> int:
    """Return the number that stands for a text: 64 bits, drawn anew in each process, so that nobody can aim at one.

    Among a million texts two have the same number once in 30 million processes.
    """
    return hash(text)


def keys_of(texts: Iterable[str]) -> Numbers:
    """Return `key_of` each text."""
    return np.fromiter(map(key_of, texts), np.int64)


def row_keys_of(rows: pa.Table) -> Numbers:
    """Return what stands for each row, its text included: file and text of the file, bytes of the chunk.

    Args:
        rows: with the columns `IDENTITY`.
    """
    columns = (rows[column].to_pylist() for column in IDENTITY)
    return np.fromiter(map(hash, zip(*columns, strict=True)), np.int64)


def _listed(
    path: str, language: str, kind: str, span: Sequence[int], is_test: bool, row_id: int, *texts: str
) -> ListedChunk:
    name, qualified_name, content_hash = texts
    return ListedChunk(
        f"{path}:{span[2]}-{span[3]}",
        path, language, kind, name, qualified_name, Span(*span), is_test, content_hash, row_id,  # type: ignore[arg-type]
    )  # fmt: skip


def _read(vocabulary: _Vocabulary, rows: pa.Table) -> _Columns:
    starts = range(0, rows.num_rows, _ROWS_AT_ONCE)
    parts = [_read_part(vocabulary, rows.slice(start, _ROWS_AT_ONCE)) for start in starts]
    return _Columns(*(_joined([getattr(part, name) for part in parts]) for name in _Columns.__slots__))


def _read_part(vocabulary: _Vocabulary, rows: pa.Table) -> _Columns:
    names, qualified, hashes = (
        rows[column].to_pylist() for column in ("name", "qualified_name", "content_hash")
    )
    return _Columns(
        np.asarray(rows["_rowid"], np.uint64),
        vocabulary.paths.coded(rows["path"]),
        vocabulary.languages.coded(rows["language"]),
        vocabulary.kinds.coded(rows["kind"]),
        np.asarray(rows["is_test"], np.bool_),
        np.stack([np.asarray(rows[column], np.int32) for column in _SPAN_COLUMNS], axis=1),
        row_keys_of(rows),
        keys_of(hashes),
        keys_of(name.lower() for name in names),
        keys_of(name.lower() for name in qualified),
        # Made anew: columns of a table keep all that was read with them in memory.
        *(pa.chunked_array([pa.array(texts, pa.string())]) for texts in (names, qualified, hashes)),
    )


def _joined(columns: Sequence[Any]) -> Any:
    """Return one column of several `_Columns`, one behind the other."""
    if isinstance(columns[0], np.ndarray):
        return np.concatenate(columns)
    joined = pa.chunked_array([piece for each in columns for piece in each.chunks])
    return joined if joined.num_chunks <= _MOST_PIECES else pa.chunked_array([joined.combine_chunks()])


def _chosen(column: Any, chosen: Flags) -> Any:
    return column[chosen] if isinstance(column, np.ndarray) else column.filter(pa.array(chosen))


def _one_of(codes: _Codes, wanted: Sequence[int]) -> Flags:
    found = np.zeros(len(codes), np.bool_)
    for number in wanted:
        found |= codes == number
    return found
