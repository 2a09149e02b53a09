"""What open documents say in the place of their indexed files: unsaved text is cut in memory and shadows its file."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import mul
from typing import TypeVar

from firsthand.core.chunking import chunk_file
from firsthand.core.freshness import OpenBuffers
from firsthand.core.identifiers import terms
from firsthand.core.languages import language_of
from firsthand.core.model import Chunk, ChunkHead, Hit, Scope, ScoredHead, SourceFile, Vector
from firsthand.core.ports import ChunkStore, Parser
from firsthand.core.scopes import in_scope
from firsthand.core.screening import skip_reason_by_content

_Head = TypeVar("_Head", bound=ChunkHead)


class UnsavedTexts:
    """Knows the chunks of the documents that are open; each text is cut once, when a search first needs it."""

    def __init__(self, *, store: ChunkStore, parser: Parser, buffers: OpenBuffers) -> None:
        self._store = store
        self._parser = parser
        self._buffers = buffers
        self._cut: dict[str, tuple[str, tuple[Chunk, ...]]] = {}
        self._indexed: dict[str, Sequence[Chunk]] = {}
        self._version: tuple[int, ...] = ()

    async def shadow(self) -> "Shadow":
        """Return what differs from the index now; only files that are indexed can be shadowed.

        Raises:
            StoreError: the index cannot be read.
        """
        paths = self._buffers.paths()
        if not paths:
            self._cut.clear()
            return Shadow({})
        version = await self._store.version()
        if version != self._version:
            self._indexed, self._version = {}, version
        self._cut = {path: cut for path, cut in self._cut.items() if path in paths}
        files = {path: file for path in paths if (file := await self._file(path)) is not None}
        return Shadow(files)

    async def _file(self, path: str) -> "_Unsaved | None":
        if path not in self._indexed:
            self._indexed[path] = await self._store.chunks_of(path)
        indexed, text = self._indexed[path], self._buffers.text(path)
        if not indexed or text is None:
            return None
        if path not in self._cut or self._cut[path][0] != text:
            self._cut[path] = text, await asyncio.to_thread(self._chunks, path, text)
        chunks = self._cut[path][1]
        known = {chunk.content_hash for chunk in indexed}
        return _Unsaved(chunks, tuple(chunk for chunk in chunks if chunk.content_hash not in known))

    def _chunks(self, path: str, text: str) -> tuple[Chunk, ...]:
        data = text.encode("utf-8", "surrogatepass")
        if skip_reason_by_content(path, data):
            return ()
        source = SourceFile(path, text, language_of(path, text), hashlib.sha256(data).hexdigest())
        return chunk_file(source, self._parser.outline(source.language, text))


@dataclass(frozen=True, slots=True)
class _Unsaved:
    """All chunks of a document, and those of them that the index does not have."""

    chunks: tuple[Chunk, ...]
    new: tuple[Chunk, ...]

    def same(self, chunk: ChunkHead) -> Chunk | None:
        """Return where a chunk of the index stands in the document now; None when it is no longer there."""
        found = [each for each in self.chunks if each.content_hash == chunk.content_hash]
        return min(found, key=lambda each: abs(each.span.start_line - chunk.span.start_line), default=None)


class Shadow:
    """The open documents at one moment, applied to what the index has found."""

    def __init__(self, files: Mapping[str, _Unsaved]) -> None:
        self._files = files

    def chunks(self, found: Iterable[ChunkHead]) -> list[ChunkHead]:
        """Return chunks as they stand now, without those that are gone."""
        return [now for chunk in found if (now := self._now(chunk)) is not None]

    def scored(self, found: Sequence[ScoredHead]) -> list[ScoredHead]:
        """Return scored chunks as they stand now."""
        if not self._files:
            return list(found)
        return [
            ScoredHead(now, scored.score) for scored in found if (now := self._now(scored.chunk)) is not None
        ]

    def hits(self, found: Iterable[Hit]) -> list[Hit]:
        """Return hits as they stand now."""
        return [replace(hit, chunk=now) for hit in found if (now := self._now(hit.chunk)) is not None]

    def by_keywords(
        self, found: Sequence[ScoredHead], words: Sequence[str], scope: Scope
    ) -> list[ScoredHead]:
        """Return keyword hits as they stand now, with new text among them.

        Its weight would need the statistics of the index: a text with all words of the question stands beside the
        best hit, one with half of them has half of its score.
        """
        if not self._files:
            return list(found)
        best = max((scored.score for scored in found), default=1.0)
        wanted = {word.lower() for word in words}
        hits = self.scored(found)
        for chunk in self.new(scope):
            held = {word.lower() for word in terms(f"{chunk.path} {chunk.qualified_name} {chunk.text}")}
            if wanted & held:
                hits.append(ScoredHead(chunk, best * len(wanted & held) / len(wanted)))
        return sorted(hits, key=lambda scored: (-scored.score, scored.chunk.id))

    def by_meaning(
        self, found: Sequence[ScoredHead], question: Vector, vectors: Mapping[str, Vector], scope: Scope
    ) -> list[ScoredHead]:
        """Return the nearest chunks as they stand now, with the new text among them that has a vector."""
        new = [
            ScoredHead(chunk, sum(map(mul, question, vectors[chunk.content_hash])))
            for chunk in self.new(scope)
            if chunk.content_hash in vectors
        ]
        return sorted([*self.scored(found), *new], key=lambda scored: (-scored.score, scored.chunk.id))

    def defining(self, found: Iterable[ChunkHead], names: Iterable[str], scope: Scope) -> list[ChunkHead]:
        """Return definitions as they stand now, new ones first."""
        wanted = {name.lower() for name in names}
        new = [
            chunk
            for chunk in self.new(scope)
            if wanted & {chunk.name.lower(), chunk.qualified_name.lower()} - {""}
        ]
        return [*new, *self.chunks(found)]

    def new(self, scope: Scope) -> list[Chunk]:
        """Return the chunks that the index does not have."""
        return [chunk for file in self._files.values() for chunk in file.new if in_scope(chunk, scope)]

    def _now(self, chunk: _Head) -> _Head | Chunk | None:
        file = self._files.get(chunk.path)
        return chunk if file is None else file.same(chunk)
