"""The tables of an index and the way between their rows and the domain's values.

chunks    one row a chunk: the columns that are searched or filtered, and the chunk itself as JSON,
          because a hit is then read from one column instead of twenty-four; `slot` is its file and its number there,
          so that the rows of a saved file take the places of those before it; its links (`lance_links`) stand beside
          it, because they change with it and a hit does not need them; `terms` are stems (`term_stems`): LanceDB would
          make those of every word again each time that it makes its search index, which takes half of that time
vectors   one row a distinct content hash; apart from the chunks, so that storing a vector only appends,
          and a text that goes and comes back (a branch switch) finds its vector again; one table an embedder
files     one row a file; written last, so it never claims what the other tables do not hold
"""

import json
import re
from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import chain, repeat
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa

from firsthand.adapters import lance_links
from firsthand.adapters.term_stems import stem_text
from firsthand.core.model import Chunk, FileRecord, FileUpdate, LinkedChunk, Links, Span, Vector
from firsthand.core.word_scores import search_terms

# Also to be raised with the version of the stemmer's algorithm.
SCHEMA_VERSION = 6

CHUNKS = pa.schema(
    [
        pa.field("slot", pa.string()),
        pa.field("path", pa.string()),
        pa.field("revision", pa.string()),
        pa.field("language", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("is_test", pa.bool_()),
        pa.field("content_hash", pa.string()),
        pa.field("name", pa.string()),
        pa.field("qualified_name", pa.string()),
        pa.field("start_line", pa.int32()),
        pa.field("end_line", pa.int32()),
        pa.field("start_byte", pa.int32()),
        pa.field("end_byte", pa.int32()),
        pa.field("defines", pa.list_(pa.string())),
        pa.field("mentions", pa.string()),
        pa.field("terms", pa.string()),
        pa.field("chunk", pa.string()),
        pa.field("links", pa.string()),
    ]
)

FILES = pa.schema(
    [
        pa.field("path", pa.string()),
        pa.field("content_hash", pa.string()),
        pa.field("size", pa.int64()),
        pa.field("mtime_ns", pa.int64()),
        pa.field("status", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("language", pa.string()),
        pa.field("chunks", pa.int64()),
        pa.field("revision", pa.string()),
    ]
)

RECORD_COLUMNS = [field.name for field in fields(FileRecord)]

_NO_LINKS = Links()

_SPACE = re.compile(r"\s")
_IDENTIFIER = re.compile(r"[^\W\d][\w$]*[!?]?")
_BEFORE_LAST_WORD = re.compile(r".*[\s'\"`<({\[,]", re.DOTALL)
_BEFORE_LAST_PART = re.compile(r".*(?:::|->|[.:#\\/])", re.DOTALL)
_SOURCE_EXTENSION = re.compile(
    r"\.(?:h|hh|hpp|hxx|js|jsx|mjs|cjs|ts|tsx|py|rb|php|css|scss|vue|lua|sh|dart|proto)$"
)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file's record and the revision that its chunk rows must carry."""

    record: FileRecord
    revision: str


def vectors_schema(dimensions: int) -> pa.Schema:
    """Return the schema of the vectors table; a null vector stands for a text that cannot be embedded."""
    return pa.schema(
        [
            pa.field("content_hash", pa.string()),
            pa.field("vector", pa.list_(pa.float32(), max(dimensions, 1))),
            pa.field("reason", pa.string()),
        ]
    )


def chunk_table(updates: Iterable[FileUpdate]) -> pa.Table:
    """Return the rows of all chunks of these updates; of two chunks of a file with one id the last counts."""
    rows: list[tuple[Any, ...]] = []
    packed = []
    for update in updates:
        if update.packed:
            packed.append(pa.ipc.read_record_batch(pa.py_buffer(update.packed), CHUNKS))
        rows += _chunk_rows(update)
    # One batch: Lance writes each by itself.
    return pa.Table.from_batches([_batch_of(rows), *packed], CHUNKS).combine_chunks()


def packed(update: FileUpdate) -> FileUpdate:
    """Return the same update with its chunks as bytes that `chunk_table` reads."""
    if not update.chunks:
        return update
    batch = _batch_of(_chunk_rows(update))
    return FileUpdate(
        replace(update.record, chunks=batch.num_rows),
        (),
        packed=batch.serialize().to_pybytes(),
    )


def chunks_of_update(update: FileUpdate) -> list[Chunk]:
    """Return the chunks of an update, packed or not."""
    return list(update.chunks) if not update.packed else chunks_from(_rows_of(update)["chunk"])


def linked_of_update(update: FileUpdate, names: Collection[str] | None = None) -> list[LinkedChunk]:
    """Return the chunks of an update that have links, with all of them or with those of these names alone."""
    return linked_from(_rows_of(update), names)


def file_table(updates: Iterable[FileUpdate]) -> pa.Table:
    """Return one row a file, with the number of rows that its chunks really have."""
    rows = []
    for update in updates:
        chunks = update.record.chunks if update.packed else len({chunk.id for chunk in update.chunks})
        record = replace(update.record, chunks=chunks)
        rows.append(_record_row(record) | {"revision": update.record.content_hash})
    return pa.Table.from_pylist(rows, schema=FILES)


def touch_table(records: Iterable[FileRecord]) -> pa.Table:
    """Return rows that change everything of a file but what ties it to its chunk rows."""
    schema = pa.schema([field for field in FILES if field.name not in {"revision", "chunks"}])
    rows = [_record_row(record) for record in records]
    return pa.Table.from_pylist([{name: row[name] for name in schema.names} for row in rows], schema=schema)


def vector_table(vectors: Mapping[str, Vector], dimensions: int) -> pa.Table:
    """Return one row a vector.

    Raises:
        ValueError: a vector has another length.
    """
    for vector in vectors.values():
        if len(vector) != dimensions:
            raise ValueError(f"a vector has {len(vector)} dimensions instead of {dimensions}")
    values = b"".join(vector.tobytes() for vector in vectors.values())
    matrix = pa.Array.from_buffers(pa.float32(), len(values) // 4, [None, pa.py_buffer(values)])
    column = pa.FixedSizeListArray.from_arrays(matrix, max(dimensions, 1))
    reasons = pa.array([""] * len(vectors), pa.string())
    return pa.table(
        [pa.array(list(vectors), pa.string()), column, reasons], schema=vectors_schema(dimensions)
    )


def reason_table(reasons: Mapping[str, str], dimensions: int) -> pa.Table:
    """Return one row without a vector for each text that cannot be embedded."""
    rows = [
        {"content_hash": key, "vector": None, "reason": reason or "unknown"}
        for key, reason in reasons.items()
    ]
    return pa.Table.from_pylist(rows, schema=vectors_schema(dimensions))


def chunks_from(column: pa.ChunkedArray) -> list[Chunk]:
    """Return the chunks of a `chunk` column, in its order."""
    return [_chunk_from_json(text) for text in column.to_pylist()]


def linked_from(rows: pa.Table, names: Collection[str] | None = None) -> list[LinkedChunk]:
    """Return the chunks of rows that have links, with all of them or with those of these names alone."""
    found = [lance_links.decode(text, names) for text in rows["links"].to_pylist()]
    pairs = zip(rows["chunk"].to_pylist(), found, strict=True)
    return [LinkedChunk(_chunk_from_json(text), links) for text, links in pairs if links != _NO_LINKS]


def stored_files_from(table: pa.Table) -> dict[str, StoredFile]:
    """Return the rows of the files table by path."""
    columns = [table[name].to_pylist() for name in RECORD_COLUMNS]
    records = (FileRecord(*values) for values in zip(*columns, strict=True))
    revisions = table["revision"].to_pylist()
    return {
        record.path: StoredFile(record, revision) for record, revision in zip(records, revisions, strict=True)
    }


def vectors_from(table: pa.Table) -> dict[str, Vector]:
    """Return the vectors of a table by content hash, rows without one left out."""
    vectors: dict[str, Vector] = {}
    for batch in table.to_batches():
        matrix = np.asarray(batch["vector"].flatten(), dtype=np.float32)
        keys = [
            key
            for key, valid in zip(
                batch["content_hash"].to_pylist(), batch["vector"].is_valid().to_pylist(), strict=True
            )
            if valid
        ]
        for key, row in zip(keys, matrix.reshape(len(keys), -1) if keys else (), strict=True):
            vectors[key] = array("f", row.tobytes())
    return vectors


def last_part(name: str) -> str:
    """Return the last identifier of a name or import: `a.b.refresh` → refresh, `./store/token.js` → token."""
    if name.isidentifier():
        return name
    word = _BEFORE_LAST_WORD.sub("", name.rstrip("\"'`>)}];, \t\r\n"))
    return _BEFORE_LAST_PART.sub("", _SOURCE_EXTENSION.sub("", word))


def is_name(text: str) -> bool:
    """Tell whether a mention is a plain identifier rather than a path or a dotted name."""
    return _IDENTIFIER.fullmatch(text) is not None


def _rows_of(update: FileUpdate) -> pa.Table:
    update = update if update.packed else packed(update)
    if not update.packed:
        return CHUNKS.empty_table()
    return pa.Table.from_batches([pa.ipc.read_record_batch(pa.py_buffer(update.packed), CHUNKS)])


def _chunk_rows(update: FileUpdate) -> list[tuple[Any, ...]]:
    pairs = zip(update.chunks, update.links or repeat(_NO_LINKS), strict=False)
    distinct = {pair[0].id: pair for pair in pairs}.values()
    revision = update.record.content_hash
    return [_chunk_row(number, *pair, revision) for number, pair in enumerate(distinct)]


def _batch_of(rows: Sequence[tuple[Any, ...]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else ([] for _ in CHUNKS)
    arrays = [pa.array(values, kind) for values, kind in zip(columns, CHUNKS.types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=CHUNKS)


def _chunk_row(number: int, chunk: Chunk, links: Links, revision: str) -> tuple[Any, ...]:
    """Return the values of the columns of `CHUNKS`."""
    return (
        f"{chunk.path}:{number}",
        chunk.path,
        revision,
        chunk.language,
        chunk.kind,
        chunk.is_test,
        chunk.content_hash,
        chunk.name,
        chunk.qualified_name,
        *chunk.span,
        list({name.lower() for name in (chunk.name, chunk.qualified_name) if name}),
        _mentions(chunk, links),
        search_terms(chunk, stem_text),
        _chunk_to_json(chunk),
        lance_links.encode(links),
    )


def _mentions(chunk: Chunk, links: Links) -> str:
    """Return what a chunk calls, refers to, extends or imports, as it is written and by its last part.

    What its links say stands behind that.
    """
    written = (*chunk.calls, *chunk.references, *chunk.bases, *chunk.imports)
    forms = chain.from_iterable(map(_forms, written))
    return " ".join(dict.fromkeys((*forms, *lance_links.words(links))))


@lru_cache(maxsize=65536)
def _forms(name: str) -> tuple[str, ...]:
    return tuple(form for form in (name, last_part(name)) if form and not _SPACE.search(form))


def _record_row(record: FileRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in RECORD_COLUMNS}


_CHUNK_FIELDS = tuple(field.name for field in fields(Chunk))
_chunk_values = attrgetter(*_CHUNK_FIELDS)
_SPAN_FIELDS = ("span", "definition")
_TUPLE_FIELDS = ("imports", "calls", "references", "bases")
# A chunk is an object of constant keys: filling in its values takes a third of the time of a general encoder.
_CHUNK_JSON = "{" + ",".join(f'"{name}":%s' for name in _CHUNK_FIELDS) + "}"


def _json_of_texts(texts: Sequence[str]) -> str:
    return f"[{','.join(map(encode_basestring, texts))}]" if texts else "[]"


def _json_of_span(span: Span) -> str:
    return f"[{span.start_line},{span.end_line},{span.start_byte},{span.end_byte}]"


_JSON_OF: dict[str, Callable[[Any], str]] = (
    dict.fromkeys(_CHUNK_FIELDS, encode_basestring)
    | dict.fromkeys(_SPAN_FIELDS, _json_of_span)
    | dict.fromkeys(_TUPLE_FIELDS, _json_of_texts)
    | {"is_test": lambda value: "true" if value else "false", "tokens": str}
)
_JSON_OF_FIELDS = tuple(_JSON_OF[name] for name in _CHUNK_FIELDS)


def _chunk_to_json(chunk: Chunk) -> str:
    return _CHUNK_JSON % tuple(
        [to_json(value) for to_json, value in zip(_JSON_OF_FIELDS, _chunk_values(chunk), strict=True)]
    )


def _chunk_from_json(text: str) -> Chunk:
    values = json.loads(text)
    for name in _SPAN_FIELDS:
        values[name] = Span(*values[name])
    for name in _TUPLE_FIELDS:
        values[name] = tuple(values[name])
    return Chunk(**values)


def batches(values: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    """Cut a sequence into pieces of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))
