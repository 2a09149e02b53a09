"""What the index remembers of a file, and whether that still agrees with the file."""

from collections.abc import Mapping

from firsthand.core.model import FileRecord, FileStat, SkippedFile


def same_stat(stat: FileStat, record: FileRecord | None) -> bool:
    """Tell whether a file has the size and time at which it was indexed."""
    return record is not None and (record.size, record.mtime_ns) == (stat.size, stat.mtime_ns)


def same_skip(item: SkippedFile, record: FileRecord | None) -> bool:
    """Tell whether a file is known to be left out for this reason."""
    return record is not None and record.status == "skipped" and record.reason == item.reason


def skip_record(item: SkippedFile, stat: FileStat | None = None) -> FileRecord:
    """Return the record of a file that is left out; without a stat it is looked at again each time."""
    size, mtime_ns = (stat.size, stat.mtime_ns) if stat else (0, 0)
    return FileRecord(item.path, "", size, mtime_ns, "skipped", item.reason)


def failure_record(stat: FileStat, reason: str) -> FileRecord:
    """Return the record of a file that could not be indexed."""
    return FileRecord(stat.path, "", stat.size, stat.mtime_ns, "failed", reason)


def known_below(path: str, manifest: Mapping[str, FileRecord]) -> list[str]:
    """Return the files that the index knows in a folder."""
    return [known for known in manifest if known.startswith(f"{path}/")]
