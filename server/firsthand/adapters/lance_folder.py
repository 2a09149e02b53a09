"""Where an index lives: one sub-folder for each fingerprint and version, so that two never mix."""

import contextlib
import hashlib
import json
import logging
import os
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from firsthand.adapters.lance_lock import is_in_use
from firsthand.adapters.lance_schema import SCHEMA_VERSION
from firsthand.core.model import Fingerprint

_LOG = logging.getLogger(__name__)

_META_FILE = "meta.json"
_SUSPECT_FILE = "suspect"
# The one in use and the one before it: going back to the last model costs nothing, and the disk stays bounded.
_KEPT_INDEXES = 2
_ABANDONED_AFTER_SECONDS = 3600


def index_folder(folder: Path, fingerprint: Fingerprint, chunker_version: int) -> Path:
    """Return the sub-folder of this fingerprint and these versions."""
    identity = json.dumps(_identity(fingerprint, chunker_version), sort_keys=True)
    return folder / hashlib.sha256(identity.encode()).hexdigest()[:16]


def write_meta(index: Path, fingerprint: Fingerprint, chunker_version: int) -> None:
    """Say in the folder, for people and for doctors, what the index was made with."""
    meta = json.dumps(_identity(fingerprint, chunker_version), indent=2)
    (index / _META_FILE).write_text(meta + "\n", encoding="utf-8")


def has_meta(index: Path, fingerprint: Fingerprint, chunker_version: int) -> bool:
    """Tell whether the folder holds a finished index of exactly this fingerprint and these versions."""
    try:
        meta = json.loads((index / _META_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(meta == _identity(fingerprint, chunker_version))


def earlier_index(index: Path, fingerprint: Fingerprint) -> Path | None:
    """Return the index beside this one that was used last, if it was made by the same model: its vectors serve on."""
    if not index.parent.is_dir():
        return None
    beside = [entry for entry in index.parent.iterdir() if entry != index and "." not in entry.name]
    same = [entry for entry in beside if _fingerprint_of(entry) == asdict(fingerprint)]
    return max(same, key=_last_used, default=None)


def mark_used(index: Path) -> None:
    """Remember that this index was opened now."""
    with contextlib.suppress(OSError):
        os.utime(index / _META_FILE)


def mark_suspect(index: Path) -> None:
    """Ask the next opening to read everything once before it trusts this index."""
    with contextlib.suppress(OSError):
        (index / _SUSPECT_FILE).touch()


def is_suspect(index: Path) -> bool:
    """Tell whether reading this index failed at some time."""
    return (index / _SUSPECT_FILE).exists()


def clear_suspicion(index: Path) -> None:
    """Trust the index again."""
    with contextlib.suppress(OSError):
        (index / _SUSPECT_FILE).unlink(missing_ok=True)


def set_aside(index: Path) -> None:
    """Take an unusable index out of the way: renamed at once, so that nobody opens it, then deleted."""
    aside = index.with_name(f"{index.name}.damaged-{os.getpid()}-{time.time_ns()}")
    try:
        index.rename(aside)
    except FileNotFoundError:
        return
    shutil.rmtree(aside, ignore_errors=True)


def new_folder(index: Path) -> Path:
    """Return an empty folder beside the index, to be filled and then published."""
    fresh = index.with_name(f"{index.name}.new-{os.getpid()}-{time.time_ns()}")
    fresh.mkdir(parents=True)
    return fresh


def publish(fresh: Path, index: Path) -> None:
    """Give a filled folder its name; when another process was first, theirs stays."""
    try:
        fresh.rename(index)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        if not index.exists():
            raise


def drop_old_indexes(folder: Path, keep: Path) -> None:
    """Delete indexes that were not used for long, and what a killed process left half made."""
    others = []
    for entry in folder.iterdir():
        if entry == keep or not entry.is_dir():
            continue
        if "." in entry.name:
            _drop_abandoned(entry)
        elif (entry / _META_FILE).exists():
            others.append(entry)
    others.sort(key=_last_used, reverse=True)
    for entry in others[_KEPT_INDEXES - 1 :]:
        if is_in_use(entry):
            continue
        _LOG.info("deleting the index %s, which two newer ones have replaced", entry)
        shutil.rmtree(entry, ignore_errors=True)


def _drop_abandoned(entry: Path) -> None:
    is_ours = ".new-" in entry.name or ".damaged-" in entry.name
    if is_ours and time.time() - _modified(entry) > _ABANDONED_AFTER_SECONDS:
        shutil.rmtree(entry, ignore_errors=True)


def _last_used(index: Path) -> float:
    return _modified(index / _META_FILE)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _fingerprint_of(index: Path) -> Any:
    try:
        return json.loads((index / _META_FILE).read_text(encoding="utf-8"))["fingerprint"]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _identity(fingerprint: Fingerprint, chunker_version: int) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "chunker_version": chunker_version,
        "fingerprint": asdict(fingerprint),
    }
