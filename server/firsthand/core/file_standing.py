"""How one file stands to the index: in it, waiting, outdated or left out, and why."""

from dataclasses import dataclass
from typing import Literal

from firsthand.core.model import FileRecord, SkippedFile, SourceFile
from firsthand.core.ports import ChunkStore, RuledTree


@dataclass(frozen=True, slots=True)
class FileStanding:
    """One file; `rule` is what leaves it out, where a person wrote that rule.

    A file is `read` where no index can be kept: searches look into the file itself.
    """

    path: str
    state: Literal["indexed", "outdated", "waiting", "read", "failed", "left out", "missing"]
    reason: str
    rule: str = ""
    chunks: int = 0
    embedded: int = 0


async def standing_of(path: str, tree: RuledTree, store: ChunkStore, without_index: str = "") -> FileStanding:
    """Look at the file and at what the index knows of it, now.

    Args:
        without_index: why there can be no index, if so.

    Raises:
        StoreError: the index cannot be read.
    """
    found = (await tree.stat_all([path]))[path]
    if found is None:
        rule = await tree.rule_against(path)
        if rule:
            return FileStanding(path, "left out", "ignored", rule)
        return FileStanding(path, "missing", "there is no such file in this folder")
    if isinstance(found, SkippedFile):
        return FileStanding(path, "left out", found.reason, await tree.rule_against(path))
    try:
        source = await tree.read(path)
    except OSError as error:
        return FileStanding(path, "failed", f"cannot be read: {error.strerror}")
    if source is None:
        return FileStanding(path, "missing", "there is no such file in this folder")
    if isinstance(source, SkippedFile):
        return FileStanding(path, "left out", source.reason)
    if without_index:
        return FileStanding(path, "read", without_index)
    return await _standing_in_index(source, (await store.manifest()).get(path), store)


async def _standing_in_index(
    source: SourceFile, record: FileRecord | None, store: ChunkStore
) -> FileStanding:
    path = source.path
    if record is None or record.status == "skipped":
        return FileStanding(path, "waiting", "not indexed yet; to index it now, run: firsthand index")
    if record.status == "failed":
        return FileStanding(path, "failed", record.reason)
    hashes = [chunk.content_hash for chunk in await store.chunks_of(path)]
    known = await store.known_vectors(hashes) if hashes else {}
    embedded = sum(key in known for key in hashes)
    if record.content_hash != source.content_hash:
        reason = "changed since it was indexed; to index it now, run: firsthand index"
        return FileStanding(path, "outdated", reason, "", len(hashes), embedded)
    waiting = len(hashes) - embedded
    reason = f"{waiting} of its pieces can be found by keyword only so far" if waiting else "up to date"
    return FileStanding(
        path, "indexed", "; ".join(filter(None, (record.reason, reason))), "", len(hashes), embedded
    )
