"""The terms of chunks in a file of the index, so that they are read from its table once and not by each process.

A file is one header in JSON, then the columns of each run one behind the other, then a checksum. It is believed as far
as its rows are rows of the catalogue with the same text; when it is damaged or of another make, it is as if there were
none, and the next one that is written takes its place. It is read whole: nobody who shortens it can hurt who uses it.
"""

import contextlib
import hashlib
import json
import logging
import os
import struct
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import Stemmer

from firsthand.adapters.catalogue import HASH_START, Catalogue
from firsthand.adapters.catalogue_terms import CatalogueTerms
from firsthand.adapters.term_postings import MOST_ROWS, SECRET_BYTES, Postings, TermKeys

_LOG = logging.getLogger(__name__)

_MAKE = {"version": 1, "stemmer": Stemmer.version()}
_FRESH = ".new-"
_ABANDONED_AFTER_SECONDS = 3600
_CHECKSUM_BYTES = 16
# Columns begin at multiples of this, because numpy is slow elsewhere.
_ALIGNED = 8
_HEADER_BYTES = struct.Struct("<Q")
_ROW_IDS, _HASHES = np.dtype("<u8"), np.dtype(f"S{HASH_START}")
_LENGTHS, _TERMS, _STARTS = np.dtype("<i4"), np.dtype("<i8"), np.dtype("<i4")
_ROWS, _COUNTS = np.dtype("<u2"), np.dtype("u1")
_Column = npt.NDArray[Any]


def save_terms(file: Path, terms: CatalogueTerms) -> None:
    """Write these terms in the place of what the file holds; where that is not possible, it stays as it is."""
    sizes = [[len(run.row_keys), len(run.terms), len(run.rows)] for run, _ in terms.runs]
    header = _padded(json.dumps(_MAKE | {"secret": terms.keys.secret.hex(), "runs": sizes}).encode(), b" ")
    checksum = _checksum()
    fresh = file.with_name(f"{file.name}{_FRESH}{os.getpid()}")
    try:
        _drop_abandoned(file)
        with fresh.open("wb") as written:
            for part in (_HEADER_BYTES.pack(len(header)), header, *_columns(terms)):
                checksum.update(part)
                written.write(part)
            written.write(checksum.digest())
        fresh.replace(file)
    except OSError as error:
        _LOG.info("the terms of the index are not kept: %s", error)
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


def load_terms(file: Path, catalogue: Catalogue) -> CatalogueTerms | None:
    """Return what the file has of the terms of these chunks; None without a file that can be believed."""
    try:
        content = memoryview(file.read_bytes())
        header, body = _opened(content)
        keys = TermKeys(bytes.fromhex(header["secret"]))
        if len(keys.secret) != SECRET_BYTES:
            raise ValueError("no secret")
        hash_starts = catalogue.hash_starts()
        runs = [_run(body, sizes, catalogue, hash_starts) for sizes in header["runs"]]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, struct.error) as error:
        _LOG.info("the terms of the index are read anew: %s", error)
        return None
    return CatalogueTerms(catalogue, keys, runs)


def _columns(terms: CatalogueTerms) -> Iterator[bytes]:
    hash_starts = terms.catalogue.hash_starts()
    for run, places in terms.runs:
        gone = places < 0
        for column, kind in (
            (np.where(gone, np.uint64(2**64 - 1), terms.catalogue.row_ids[places]), _ROW_IDS),
            (np.where(gone, b"", hash_starts[places]), _HASHES),
            *((run.lengths, _LENGTHS), (run.terms, _TERMS), (run.starts, _STARTS)),
            *((run.rows, _ROWS), (run.counts, _COUNTS)),
        ):
            yield _padded(column.astype(kind, copy=False).tobytes(), b"\0")


def _padded(column: bytes, filling: bytes) -> bytes:
    return column + filling * (-len(column) % _ALIGNED)


def _drop_abandoned(file: Path) -> None:
    """Delete what a killed process did not come to finish."""
    for fresh in file.parent.glob(f"{file.name}{_FRESH}*"):
        if time.time() - fresh.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
            fresh.unlink(missing_ok=True)


class _Body:
    """The columns of a file, which are taken off one by one."""

    def __init__(self, content: memoryview) -> None:
        self._left = content

    def taken(self, kind: np.dtype[Any], count: int) -> _Column:
        """Return the next column.

        Raises:
            ValueError: there is less.
        """
        size = kind.itemsize * count
        column = np.frombuffer(self._left[:size], kind, count) if count else np.zeros(0, kind)
        self._left = self._left[size + -size % _ALIGNED :]
        return column


def _opened(content: memoryview) -> tuple[dict[str, Any], _Body]:
    """Return the header and what follows it.

    Raises:
        ValueError: the file is damaged or of another make.
    """
    inner, checksum = content[:-_CHECKSUM_BYTES], content[-_CHECKSUM_BYTES:]
    if _checksum(inner).digest() != checksum:
        raise ValueError("the file is damaged")
    (size,) = _HEADER_BYTES.unpack(inner[: _HEADER_BYTES.size])
    header = json.loads(bytes(inner[_HEADER_BYTES.size : _HEADER_BYTES.size + size]))
    if {key: header[key] for key in _MAKE} != _MAKE:
        raise ValueError("the file is of another make")
    return header, _Body(inner[_HEADER_BYTES.size + size :])


def _run(body: _Body, sizes: Sequence[int], catalogue: Catalogue, hash_starts: _Column) -> Postings:
    """Take a run off; rows that are gone have a key that no row has."""
    row_count, term_count, pair_count = sizes
    if not 0 <= row_count <= MOST_ROWS or min(term_count, pair_count) < 0:
        raise ValueError("impossible sizes")
    places = catalogue.places_of(body.taken(_ROW_IDS, row_count))
    is_there = (places >= 0) & (hash_starts[places] == body.taken(_HASHES, row_count))
    run = Postings(
        np.where(is_there, catalogue.row_keys[places], _no_row_key(catalogue)),
        body.taken(_LENGTHS, row_count),
        body.taken(_TERMS, term_count),
        body.taken(_STARTS, term_count + 1),
        body.taken(_ROWS, pair_count),
        body.taken(_COUNTS, pair_count),
    )
    if (
        run.starts[0] != 0
        or run.starts[-1] != pair_count
        or (np.diff(run.starts) < 0).any()
        or (np.diff(run.terms) <= 0).any()
        or (pair_count and int(run.rows.max()) >= row_count)
        or (row_count and int(run.lengths.min()) < 0)
    ):
        raise ValueError("impossible columns")
    return run


def _no_row_key(catalogue: Catalogue) -> int:
    key = 0
    while (catalogue.row_keys == key).any():
        key += 1
    return key


def _checksum(content: bytes | memoryview = b"") -> "hashlib.blake2b":
    return hashlib.blake2b(content, digest_size=_CHECKSUM_BYTES)
