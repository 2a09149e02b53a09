"""From a question to ranked hits: meaning and keywords searched side by side, then ranked as code.

Text that is open and not saved comes before its file.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass

from firsthand.core.direct_hits import Coverage, DirectHits
from firsthand.core.direct_reading import DirectReading
from firsthand.core.fusion import Candidate
from firsthand.core.hit_reasons import with_callers
from firsthand.core.model import Chunk, ChunkHead, Hit, Scope, ScoredHead, Vector
from firsthand.core.neighbours import find_neighbours, hits_of
from firsthand.core.ports import ChunkStore, Embedder, Rejected
from firsthand.core.query import Query, understand
from firsthand.core.ranking import hit, rank
from firsthand.core.references import CodeGraph
from firsthand.core.scopes import in_scope
from firsthand.core.side_by_side import side_by_side
from firsthand.core.succession import EmbeddedIndex, Succession, succession_of
from firsthand.core.unsaved_texts import Shadow, UnsavedTexts
from firsthand.core.unsaved_vectors import UnsavedVectors
from firsthand.errors import ModelError, StoreDamagedError, StoreError

log = logging.getLogger(__name__)

# How deep each list is read. Rules lift good candidates by tens of ranks, hardly ever by hundreds.
_DEPTH = 100
_MOST_DEFINITIONS = 20
# "Who uses X" wants all of them; beyond this many a list helps nobody.
_MOST_USERS = 60
# A search must not read all of the index to learn who uses a name that stands everywhere.
_MOST_MENTIONS = 400
# What was found may be gone before its text is read, when files are stored just then; at last the rest is shown.
_MOST_SEARCHES = 3
# An index that is gone or damaged is opened anew within a second.
_MENDING_SECONDS = 3.0


class Searcher:
    """Hybrid search over one index; by keyword alone when there is no embedder."""

    def __init__(
        self,
        *,
        store: ChunkStore,
        embedder: Embedder | Succession | None,
        unsaved: UnsavedTexts | None = None,
        direct: DirectReading | None = None,
    ) -> None:
        """Take what to search.

        Args:
            embedder: the one that makes the vectors of `store`, or several that take over from each other.
            unsaved: the open documents, which come before their files.
            direct: reads the files that are not indexed yet.
        """
        self._store = store
        self._unsaved = unsaved
        self._direct = direct
        self._unsaved_vectors = UnsavedVectors()
        self._succession = None if embedder is None else succession_of(store, embedder)

    async def search(
        self,
        text: str,
        *,
        scope: Scope = Scope(),
        limit: int = 10,
        near: str | None = None,
        late_vectors: int = 0,
    ) -> tuple[Hit, ...]:
        """Return the best hits, best first; keyword search alone serves while the embedder is away.

        An index that is found damaged is asked once more when it has been mended.

        Args:
            near: path of the file that the user is in.
            late_vectors: how many of the best keyword hits may be embedded on the spot when indexing has not come to
                them yet; the vectors are kept.

        Raises:
            StoreError: the index cannot be read.
        """
        if not text.strip():
            return ()
        query = understand(text)
        try:
            return await self._found(query, scope, limit, near, late_vectors)
        except StoreDamagedError:
            await self._mended()
            return await self._found(query, scope, limit, near, late_vectors)

    async def _mended(self) -> None:
        """Wait for whoever keeps the index to open it anew, as long as that usually takes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_MENDING_SECONDS):
                await self._store.sound()

    async def _found(
        self, query: Query, scope: Scope, limit: int, near: str | None, late_vectors: int
    ) -> tuple[Hit, ...]:
        for _ in range(_MOST_SEARCHES):
            candidates = await self._ranked(query, scope, limit, near, late_vectors)
            chunks = await self._store.read([candidate.chunk for candidate in candidates])
            if None not in chunks:
                break
        pairs = zip(candidates, chunks, strict=True)
        return with_callers([hit(query, candidate, chunk) for candidate, chunk in pairs if chunk is not None])

    @property
    def coverage(self) -> Coverage:
        """How many files waited to be indexed at the last search, and how many of them it read."""
        return self._direct.coverage if self._direct is not None else Coverage()

    async def _ranked(
        self, query: Query, scope: Scope, limit: int, near: str | None, late_vectors: int
    ) -> list[Candidate]:
        depth = max(_DEPTH, 2 * limit)
        shadow = await self._unsaved.shadow() if self._unsaved is not None else Shadow({})
        async with side_by_side() as tasks:
            by_words = tasks.create_task(self._by_words(query, scope, depth))
            nearest = tasks.create_task(self._nearest(query, scope, depth, by_words, late_vectors))
            by_name = tasks.create_task(self._by_name(query, scope))
        words, (defining, using) = by_words.result(), by_name.result()
        direct = words.direct
        dense = await self._with_unsaved(nearest.result(), shadow, scope)
        return rank(
            query,
            dense[:depth],
            shadow.by_keywords(words.found, query.terms, scope)[:depth],
            shadow.defining(direct.defining(defining, query.names, scope), query.names, scope),
            shadow.hits(direct.current_hits(using)),
            near=near,
            limit=limit,
        )

    async def _by_words(self, query: Query, scope: Scope, depth: int) -> "_ByWords":
        """Return the keyword hits, those of files that are not indexed yet among them."""
        if self._direct is None:
            return _ByWords(await self._store.find_keywords(query.terms, scope, depth), DirectHits())
        async with side_by_side() as tasks:
            found = tasks.create_task(self._store.find_keywords(query.terms, scope, depth))
            reading = tasks.create_task(self._direct.find(query, scope))
        joined = await self._direct.joined(found.result(), reading.result(), scope)
        return _ByWords(joined[:depth], reading.result())

    async def _nearest(
        self, query: Query, scope: Scope, depth: int, by_words: Awaitable["_ByWords"], late_vectors: int
    ) -> "_Nearest":
        """Return the nearest chunks by meaning, none while no embedder is there."""
        question = await self._embedded(query)
        if question is None:
            return _Nearest(None, ())
        if not late_vectors:
            dense = await question.index.store.find_dense(question.vector, scope, depth)
            return _Nearest(question, (await by_words).direct.current(dense))
        words = await by_words
        chunks = await self._store.read([scored.chunk for scored in words.found[:late_vectors]])
        vectors = await _embed_late(question.index, [chunk for chunk in chunks if chunk is not None])
        dense = await question.index.store.find_dense(question.vector, scope, depth)
        return _Nearest(question, words.direct.by_meaning(dense, question.vector, vectors, scope))

    async def _with_unsaved(self, nearest: "_Nearest", shadow: Shadow, scope: Scope) -> Sequence[ScoredHead]:
        """Return the nearest chunks as the open documents have them, with what is new there."""
        new = shadow.new(scope) if nearest.question is not None else []
        if nearest.question is None or not new:
            return shadow.scored(nearest.found)
        vectors = await self._unsaved_vectors.of(nearest.question.index, new)
        return shadow.by_meaning(nearest.found, nearest.question.vector, vectors, scope)

    async def _by_name(self, query: Query, scope: Scope) -> tuple[Sequence[ChunkHead], Sequence[Hit]]:
        defining = await self._store.find_defining(query.names, _MOST_DEFINITIONS) if query.names else ()
        using = await self._using(query, scope)
        return [chunk for chunk in defining if in_scope(chunk, scope)], using

    async def _using(self, query: Query, scope: Scope) -> list[Hit]:
        """Return the users of what is asked for: from the graph, and by their words where it knows nothing."""
        if query.relation is not None:
            found = await find_neighbours(self._store, query.relation, scope)
            if found is not None:
                return list(found.hits)[:_MOST_USERS]
        graph = CodeGraph(self._store)
        hits: list[Hit] = []
        for name in query.used:
            definitions = await graph.find(name, any_case=False)
            references = await graph.references(definitions, limit=_MOST_MENTIONS) if definitions else ()
            if references:
                hits += hits_of(each for each in references if in_scope(each.chunk, scope))
                continue
            mentioning = await self._store.mentioning(name, _MOST_USERS)
            hits += [Hit(chunk, 1.0, (f"uses `{name}`",)) for chunk in mentioning if in_scope(chunk, scope)]
        return hits[:_MOST_USERS]

    async def _embedded(self, query: Query) -> "_EmbeddedQuestion | None":
        """Embed a question with the embedder that serves, or with one that stands in for it while it fails."""
        for index in self._succession.to_search() if self._succession else ():
            try:
                return _EmbeddedQuestion(index, await index.embedder.embed_query(query.text))
            except ModelError as error:
                log.warning("%s cannot embed the question: %s", index.model, error)
        return None


@dataclass(frozen=True, slots=True)
class _EmbeddedQuestion:
    """A question's vector, and the index whose vectors it may be compared with."""

    index: EmbeddedIndex
    vector: Vector


@dataclass(frozen=True, slots=True)
class _Nearest:
    """The chunks nearest to a question, best first; without an embedder no question has a vector."""

    question: _EmbeddedQuestion | None
    found: Sequence[ScoredHead]


@dataclass(frozen=True, slots=True)
class _ByWords:
    """The keyword hits, best first, and what those of them say that the index does not have."""

    found: Sequence[ScoredHead]
    direct: DirectHits


async def _embed_late(index: EmbeddedIndex, chunks: Sequence[Chunk]) -> Mapping[str, Vector]:
    """Give chunks their vector ahead of indexing: what matches a question by its words is worth it now.

    Returns:
        The vectors of these chunks by their hash, as far as there are any.
    """
    known = await index.store.known_vectors([chunk.content_hash for chunk in chunks])
    missing = {chunk.content_hash: chunk for chunk in chunks if chunk.content_hash not in known}
    if not missing:
        return known
    try:
        results = await index.embedder.embed_documents([chunk.embedding_text for chunk in missing.values()])
    except ModelError as error:
        log.warning("not embedded ahead of indexing: %s", error)
        return known
    found = zip(missing, results, strict=True)
    made = {key: result for key, result in found if not isinstance(result, Rejected)}
    try:
        await index.store.set_vectors(made)
    except StoreError as error:
        log.warning("vectors are not kept ahead of indexing: %s", error)
    return {**known, **made}
