"""The map of a workspace in a file beside its index, and whoever searches taking it from there.

A file is one header in JSON, the two matrices as float32, little-endian, and a checksum. What is damaged, of another
make or learned for another embedder is as if there were none.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from firsthand.adapters.query_map import QueryMap
from firsthand.core.evaluation_metrics import Estimate
from firsthand.core.model import Fingerprint
from firsthand.core.question_map import Verdict

_LOG = logging.getLogger(__name__)

_VERSION = 1
_FRESH = ".new-"
_LENGTH = struct.Struct("<I")
_CHECKSUM_BYTES = 16
# A rank of 32 for vectors of 4,096 dimensions takes one megabyte.
_MOST_BYTES = 16_000_000
_NUMBER = np.dtype("<f4")
_FORGET = "firsthand eval --learn makes a new one"


class _DamagedMapError(ValueError):
    """A file that is no map."""


@dataclass(frozen=True, slots=True)
class KeptMap:
    """A map as it was kept: for which embedder, when it was learned, and what it was worth."""

    question_map: QueryMap
    fingerprint: Fingerprint
    learned_at: datetime
    verdict: Verdict


def map_file(folder: Path) -> Path:
    """Return the file that holds the map of a workspace with this folder of indexes."""
    return folder / "question-map"


def write_map(file: Path, question_map: QueryMap, fingerprint: Fingerprint, verdict: Verdict) -> None:
    """Put a map in the place of what the file holds: whole, or not at all.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    fresh = file.with_name(f"{file.name}{_FRESH}{os.getpid()}")
    try:
        with fresh.open("wb") as written:
            written.write(_content(question_map, fingerprint, verdict))
            written.flush()
            os.fsync(written.fileno())
        fresh.replace(file)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


def read_map(file: Path) -> KeptMap | None:
    """Return the map that a file holds; None when there is none, or none that can be used, which is logged."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise _DamagedMapError("it is too large")
        return _parsed(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, _DamagedMapError) as error:
        _LOG.warning("%s is not used: %s; %s", file, error, _FORGET)
        return None


class KeptMaps:
    """The `QuestionMaps` of a workspace: follows its file, which another process may write or delete."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: object = None
        self._kept: KeptMap | None = None

    async def current(self, fingerprint: Fingerprint) -> QueryMap | None:
        """Return the map that was learned for the vectors of this embedder, if there is one."""
        kept = await asyncio.to_thread(self._read)
        return kept.question_map if kept is not None and kept.fingerprint == fingerprint else None

    def _read(self) -> KeptMap | None:
        seen = _state(self._file)
        if seen != self._seen:
            self._kept, self._seen = (read_map(self._file) if seen else None), seen
            if self._kept is not None:
                _LOG.info(
                    "questions to %s go through the map in %s", self._kept.fingerprint.model, self._file
                )
        return self._kept


def _state(file: Path) -> tuple[int, int, int] | None:
    """Return what changes with every new content of a file that is replaced as a whole."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _content(question_map: QueryMap, fingerprint: Fingerprint, verdict: Verdict) -> bytes:
    header = json.dumps(
        {
            "version": _VERSION,
            "fingerprint": asdict(fingerprint),
            "rank": question_map.first.shape[1],
            "learned_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "verdict": asdict(verdict),
        }
    ).encode()
    matrices = b"".join(each.astype(_NUMBER).tobytes() for each in (question_map.first, question_map.second))
    content = _LENGTH.pack(len(header)) + header + matrices
    return content + _checksum(content)


def _parsed(content: bytes) -> KeptMap:
    body = content[:-_CHECKSUM_BYTES]
    if len(body) < _LENGTH.size or _checksum(body) != content[-_CHECKSUM_BYTES:]:
        raise _DamagedMapError("it is damaged")
    start = _LENGTH.size + _LENGTH.unpack_from(body)[0]
    try:
        header = json.loads(body[_LENGTH.size : start])
        if header["version"] != _VERSION:
            raise _DamagedMapError("another version of Firsthand made it")
        fingerprint = Fingerprint(**header["fingerprint"])
        return KeptMap(
            _matrices(body[start:], fingerprint.dimensions, header["rank"]),
            fingerprint,
            datetime.fromisoformat(header["learned_at"]),
            _verdict(header["verdict"]),
        )
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        if isinstance(error, _DamagedMapError):
            raise
        raise _DamagedMapError("it is damaged") from error


def _matrices(content: bytes, dimensions: int, rank: int) -> QueryMap:
    numbers = np.frombuffer(content, _NUMBER).astype(np.float32)
    if len(numbers) != 2 * dimensions * rank or not np.isfinite(numbers).all():
        raise _DamagedMapError("it is damaged")
    first, second = numbers[: dimensions * rank], numbers[dimensions * rank :]
    return QueryMap(first.reshape(dimensions, rank), second.reshape(rank, dimensions))


def _verdict(fields: Mapping[str, Any]) -> Verdict:
    verdict = Verdict(**(dict(fields) | {"gain": Estimate(**fields["gain"])}))
    if not all(map(math.isfinite, (verdict.without, verdict.mapped, *asdict(verdict.gain).values()))):
        raise _DamagedMapError("it is damaged")
    return verdict


def _checksum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_CHECKSUM_BYTES).digest()
