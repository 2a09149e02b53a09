"""Where an index lives: one sub-folder for each version of what makes chunks, and in it vectors for each embedder.

meta.json              what the chunks were made with; written last, so that it stands for a whole index
chunks.lance, files.lance
vectors-ID.lance       the vectors of one embedder; ID is a hash of its fingerprint, so that two never mix
vectors-ID.json        that fingerprint; written last; its time says when these vectors were last used
terms                  which chunks hold which terms, as a process has read them that searched (`saved_terms`)
"""

import contextlib
import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from firsthand.adapters.lance_lock import is_in_use
from firsthand.adapters.lance_schema import SCHEMA_VERSION
from firsthand.core.model import Fingerprint

_LOG = logging.getLogger(__name__)

_META_FILE = "meta.json"
_VECTORS = "vectors-"
DROPPED = ".dropped-"
"""What the name of vectors that are being deleted holds."""
_SUSPECT_FILE = "suspect"
# The one in use and the one before it: going back to the last version costs nothing, and the disk stays bounded.
_KEPT_INDEXES = 2
_ABANDONED_AFTER_SECONDS = 3600


def index_folder(folder: Path, chunker_version: int) -> Path:
    """Return the sub-folder of the present versions."""
    return folder / _hash_of(_identity(chunker_version))


def vectors_name(fingerprint: Fingerprint) -> str:
    """Return the name of the table that holds an embedder's vectors."""
    return f"{_VECTORS}{_hash_of(asdict(fingerprint))}"


def terms_file(index: Path) -> Path:
    """Return the file that keeps which chunks hold which terms."""
    return index / "terms"


def write_meta(index: Path, chunker_version: int) -> None:
    """Say in the folder, for people and for doctors, what the index was made with."""
    _write_json(index / _META_FILE, _identity(chunker_version))


def has_meta(index: Path, chunker_version: int) -> bool:
    """Tell whether the folder holds a finished index of exactly these versions."""
    return bool(_read_json(index / _META_FILE) == _identity(chunker_version))


def write_vectors_meta(index: Path, fingerprint: Fingerprint) -> None:
    """Say that the table of this embedder's vectors is there."""
    _write_json(_vectors_meta(index, fingerprint), asdict(fingerprint))


def has_vectors(index: Path, fingerprint: Fingerprint) -> bool:
    """Tell whether there is a table for this embedder's vectors."""
    return bool(_read_json(_vectors_meta(index, fingerprint)) == asdict(fingerprint))


def embedders_of(index: Path) -> list[Fingerprint]:
    """Return the embedders that the index has vectors of, the one that was used last first."""
    found = sorted(index.glob(f"{_VECTORS}*.json"), key=_modified, reverse=True)
    fingerprints = (_fingerprint_from(_read_json(file)) for file in found)
    return [each for each in fingerprints if each is not None]


def indexes_with_vectors(workspaces: Path, fingerprint: Fingerprint) -> list[Path]:
    """Return the indexes of all workspaces that have vectors of this embedder, the one that was used last first."""
    found = workspaces.glob(f"*/*/{vectors_name(fingerprint)}.json")
    return [meta.parent for meta in sorted(found, key=_modified, reverse=True) if "." not in meta.parent.name]


def vectors_table(index: Path, fingerprint: Fingerprint) -> Path:
    """Return the folder of an embedder's vectors."""
    return index / f"{vectors_name(fingerprint)}.lance"


def indexes_in(folder: Path) -> list[Path]:
    """Return the indexes of a workspace, the one that was used last first."""
    found = [meta.parent for meta in folder.glob(f"*/{_META_FILE}") if "." not in meta.parent.name]
    return sorted(found, key=_last_used, reverse=True)


def last_used_of(folder: Path) -> float:
    """Return when a workspace was used last, in seconds since the epoch; 0 when it has no index."""
    return max(map(_last_used, indexes_in(folder)), default=0.0)


def drop_vectors(index: Path, fingerprint: Fingerprint) -> None:
    """Delete the vectors of an embedder, or what was left half made of them."""
    _vectors_meta(index, fingerprint).unlink(missing_ok=True)
    table = vectors_table(index, fingerprint)
    aside = table.with_name(f"{table.name}{DROPPED}{os.getpid()}-{time.time_ns()}")
    with contextlib.suppress(FileNotFoundError):
        table.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def earlier_vectors(index: Path, fingerprint: Fingerprint) -> tuple[Path, str] | None:
    """Return the index of another version that has vectors of this embedder, the newest, and its table of them."""
    if not index.parent.is_dir():
        return None
    beside = [entry for entry in index.parent.iterdir() if entry != index and "." not in entry.name]
    found = [(entry, name) for entry in beside if (name := _table_of_vectors(entry, fingerprint))]
    return max(found, key=lambda pair: _last_used(pair[0]), default=None)


def other_versions(index: Path) -> list[Path]:
    """Return the indexes of earlier and later versions that stand beside this one."""
    beside = {meta.parent for meta in index.parent.glob(f"*/{_META_FILE}")} - {index}
    return sorted(entry for entry in beside if "." not in entry.name)


def mark_used(index: Path, fingerprint: Fingerprint) -> None:
    """Remember that this index and these of its vectors are in use now."""
    for file in (index / _META_FILE, _vectors_meta(index, fingerprint)):
        with contextlib.suppress(OSError):
            os.utime(file)


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


def _table_of_vectors(index: Path, fingerprint: Fingerprint) -> str | None:
    if has_vectors(index, fingerprint):
        return vectors_name(fingerprint)
    # Until version 2 of the schema an index was made for one embedder, which its meta file names.
    meta = _read_json(index / _META_FILE)
    return "vectors" if isinstance(meta, dict) and meta.get("fingerprint") == asdict(fingerprint) else None


def _vectors_meta(index: Path, fingerprint: Fingerprint) -> Path:
    return index / f"{vectors_name(fingerprint)}.json"


def _fingerprint_from(values: Any) -> Fingerprint | None:
    try:
        return Fingerprint(**values)
    except TypeError:
        return None


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write_json(file: Path, value: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def _hash_of(identity: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def _identity(chunker_version: int) -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, "chunker_version": chunker_version}
