"""The index in dictionaries: the same promises as the real one, none of its speed."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from firsthand.core.identifiers import terms
from firsthand.core.model import (
    Chunk,
    ChunkHead,
    FileRecord,
    FileUpdate,
    IndexStats,
    LinkedChunk,
    Links,
    Scope,
    ScoredChunk,
    ScoredHead,
    Vector,
)
from firsthand.core.scopes import in_scope


class MemoryStore:
    """A ChunkStore; `commits` counts calls that wrote, `compactions` those that tidied up."""

    def __init__(self, *, on_mending: Callable[[], object] = lambda: None) -> None:
        self._records: dict[str, FileRecord] = {}
        self._chunks: dict[str, tuple[Chunk, ...]] = {}
        self._links: dict[str, tuple[Links, ...]] = {}
        self._vectors: dict[str, Vector] = {}
        self._unembeddable: dict[str, str] = {}
        self.commits = 0
        self.touched = 0
        self.compactions = 0
        self.files_when_words_were_indexed: list[int] = []
        self.files_when_prepared: asyncio.Queue[int] = asyncio.Queue()
        self.untidy = True
        self.can_wait = False
        self.given_up = 0
        """How many of the first compactions are given up when they may be."""
        self.compacted = asyncio.Event()
        self.may_compact = asyncio.Event()
        self.may_compact.set()
        self.closed = False
        self.mended = 0
        self.was_mended = asyncio.Event()
        self._damage = asyncio.Event()
        self._sound = asyncio.Event()
        self._sound.set()
        self._on_mending = on_mending
        self._failures: list[Exception] = []
        self.elsewhere: dict[str, Vector] = {}
        """Vectors that other workspaces have."""

    def fail_once(self, *errors: Exception) -> None:
        """Raise one of these errors each time that the files are asked for."""
        self._failures = list(errors)

    async def manifest(self) -> Mapping[str, FileRecord]:
        if self._failures:
            raise self._failures.pop(0)
        return dict(self._records)

    async def replace(self, updates: Sequence[FileUpdate]) -> None:
        self.commits += 1
        for update in updates:
            self._records[update.record.path] = update.record
            self._chunks[update.record.path] = update.chunks
            self._links[update.record.path] = update.links
        self._forget_orphans()

    async def touch(self, records: Sequence[FileRecord]) -> None:
        self.touched += len(records)
        self._records.update({record.path: record for record in records})

    async def remove(self, paths: Sequence[str]) -> None:
        self.commits += 1
        for path in paths:
            self._records.pop(path, None)
            self._chunks.pop(path, None)
            self._links.pop(path, None)
        self._forget_orphans()

    async def known_vectors(self, content_hashes: Sequence[str]) -> Mapping[str, Vector]:
        return {key: self._vectors[key] for key in content_hashes if key in self._vectors}

    async def without_vector(self, limit: int) -> Sequence[Chunk]:
        waiting = [
            chunk
            for chunk in self._all()
            if chunk.content_hash not in self._vectors and chunk.content_hash not in self._unembeddable
        ]
        return waiting[:limit]

    async def adopt_vectors(self) -> int:
        waiting = await self.without_vector(len(self._chunks) * 1000)
        keys = [chunk.content_hash for chunk in waiting if chunk.content_hash in self.elsewhere]
        if keys:
            await self.set_vectors({key: self.elsewhere[key] for key in keys})
        return len(keys)

    async def set_vectors(self, vectors: Mapping[str, Vector]) -> None:
        self.commits += 1
        present = {chunk.content_hash for chunk in self._all()}
        self._vectors.update({key: vector for key, vector in vectors.items() if key in present})

    async def set_unembeddable(self, reasons: Mapping[str, str]) -> None:
        self._unembeddable.update(reasons)

    async def find_dense(self, vector: Vector, scope: Scope, limit: int) -> Sequence[ScoredHead]:
        scored = [
            ScoredChunk(
                chunk, sum(a * b for a, b in zip(vector, self._vectors[chunk.content_hash], strict=True))
            )
            for chunk in self._all()
            if chunk.content_hash in self._vectors and in_scope(chunk, scope)
        ]
        return sorted(scored, key=lambda item: -item.score)[:limit]

    async def search_keywords(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[ScoredChunk]:
        documents = [(chunk, Counter(_terms_of(chunk))) for chunk in self._all()]
        rarity = {
            term: math.log(1 + len(documents) / (1 + sum(1 for _, counts in documents if counts[term])))
            for term in terms
        }
        scored = [
            ScoredChunk(chunk, sum(rarity[term] * counts[term] / (counts[term] + 1) for term in terms))
            for chunk, counts in documents
            if in_scope(chunk, scope) and any(counts[term] for term in terms)
        ]
        return sorted(scored, key=lambda item: -item.score)[:limit]

    async def find_keywords(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[ScoredHead]:
        return await self.search_keywords(terms, scope, limit)

    async def find_defining(self, names: Sequence[str], limit: int) -> Sequence[ChunkHead]:
        return await self.defining(names, limit)

    async def read(self, heads: Sequence[ChunkHead]) -> Sequence[Chunk | None]:
        present = {(chunk.id, chunk.content_hash): chunk for chunk in self._all()}
        return [
            head if isinstance(head, Chunk) else present.get((head.id, head.content_hash)) for head in heads
        ]

    async def chunks_of(self, path: str) -> Sequence[Chunk]:
        return self._chunks.get(path, ())

    async def defining(self, names: Sequence[str], limit: int) -> Sequence[Chunk]:
        wanted = {name.lower() for name in names}
        return [
            chunk for chunk in self._all() if {chunk.name.lower(), chunk.qualified_name.lower()} & wanted
        ][:limit]

    async def mentioning(self, name: str, limit: int) -> Sequence[Chunk]:
        return [
            chunk
            for chunk in self._all()
            if name in {*chunk.calls, *chunk.references, *chunk.bases}
            or any(name in terms_and_words(text) for text in chunk.imports)
        ][:limit]

    async def linked(self, names: Sequence[str], limit: int) -> Sequence[LinkedChunk]:
        wanted = set(names)
        found = [
            LinkedChunk(each.chunk, links)
            for path in self._links
            for each in await self.links_of(path)
            for links in [
                Links(
                    tuple(item for item in each.links.definitions if item.name in wanted),
                    tuple(item for item in each.links.uses if item.name in wanted),
                )
            ]
            if links != Links()
        ]
        return found[:limit]

    async def links_of(self, path: str) -> Sequence[LinkedChunk]:
        pairs = zip(self._chunks.get(path, ()), self._links.get(path, ()), strict=False)
        return [LinkedChunk(chunk, links) for chunk, links in pairs if links != Links()]

    async def names(self) -> frozenset[str]:
        found: set[str] = set()
        for chunk in self._all():
            found.update((chunk.name, *chunk.calls, *chunk.references, *chunk.bases))
            for text in chunk.imports:
                found.update(terms_and_words(text))
        return frozenset(found - {""})

    async def stats(self) -> IndexStats:
        count = Counter(record.status for record in self._records.values())
        chunks = list(self._all())
        embedded = sum(1 for chunk in chunks if chunk.content_hash in self._vectors)
        return IndexStats(count["indexed"], count["skipped"], count["failed"], len(chunks), embedded)

    async def version(self) -> tuple[int, ...]:
        return (self.commits,)

    async def prepare_searches(self) -> None:
        """Note it; nothing here is read from elsewhere."""
        self.files_when_prepared.put_nowait(len(self._records))

    async def index_words(self) -> None:
        """Note it; search here reads every row as it is."""
        self.files_when_words_were_indexed.append(len(self._records))

    async def tidy(self, *, calm: bool = True) -> bool:
        return self.untidy and (calm or not self.can_wait)

    async def optimize(self, *, may_give_up: bool = False) -> bool:
        self.compactions += 1
        self.untidy = may_give_up and self.compactions <= self.given_up
        self.compacted.set()
        await self.may_compact.wait()
        return not self.untidy

    async def forget_past(self) -> None:
        """Hold nothing of the past."""

    def break_down(self) -> None:
        """Be damaged from now on."""
        self._damage.set()
        self._sound.clear()

    @property
    def is_damaged(self) -> bool:
        return self._damage.is_set()

    async def damaged(self) -> None:
        await self._damage.wait()

    async def sound(self) -> None:
        await self._sound.wait()

    async def mend(self) -> None:
        self._on_mending()
        self.mended += 1
        self.was_mended.set()
        self._records.clear()
        self._chunks.clear()
        self._damage.clear()
        self._sound.set()

    async def close(self) -> None:
        self.closed = True

    def _all(self) -> Iterable[Chunk]:
        for chunks in self._chunks.values():
            yield from chunks

    def _forget_orphans(self) -> None:
        present = {chunk.content_hash for chunk in self._all()}
        self._vectors = {key: vector for key, vector in self._vectors.items() if key in present}


def terms_and_words(text: str) -> set[str]:
    """Return the names that an import spells out."""
    return set("".join(letter if letter.isalnum() or letter == "_" else " " for letter in text).split())


def _terms_of(chunk: Chunk) -> list[str]:
    return terms(f"{chunk.path} {chunk.qualified_name} {chunk.signature} {chunk.docstring} {chunk.text}")
