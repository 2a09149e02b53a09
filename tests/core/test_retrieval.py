"""Search by meaning, keywords and names together, over fakes."""

import asyncio
from collections.abc import Sequence

import pytest

from builders import make_chunk, make_update
from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from firsthand.core import retrieval
from firsthand.core.model import Chunk, ChunkHead, Scope, ScoredHead
from firsthand.core.retrieval import Searcher
from firsthand.errors import ModelUnreachableError, StoreDamagedError, StoreError

DELETE = make_chunk("app/users.py", "def delete_user(user): ...", name="delete_user", calls=["audit"])
MAIL = make_chunk("app/mail.py", "def send_mail(address): ...", name="send_mail", calls=["connect"])
AUDIT = make_chunk("app/audit.py", "def audit(event): ...", name="audit")
TEST = make_chunk("tests/test_users.py", "def test_delete_user(): ...", name="test_delete_user", is_test=True)


class Bench:
    """A searcher over an index that holds the four chunks."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.embedder = FakeEmbedder()
        self.searcher = Searcher(store=self.store, embedder=self.embedder)

    async def index(self, *chunks: Chunk, with_vectors: bool = True) -> None:
        """Put chunks into the index."""
        await self.store.replace([make_update(chunk.path, [chunk]) for chunk in chunks])
        if with_vectors:
            vectors = await self.embedder.embed_documents([chunk.embedding_text for chunk in chunks])
            await self.store.set_vectors(
                {chunk.content_hash: vector for chunk, vector in zip(chunks, vectors, strict=True)}  # type: ignore[misc]
            )
        self.embedder.documents.clear()

    async def paths(self, text: str, **options: object) -> list[str]:
        """The paths that a search returns, best first."""
        return [hit.chunk.path for hit in await self.searcher.search(text, **options)]  # type: ignore[arg-type]


async def bench(*, with_vectors: bool = True) -> Bench:
    """A bench with everything indexed."""
    made = Bench()
    await made.index(DELETE, MAIL, AUDIT, TEST, with_vectors=with_vectors)
    return made


async def test_best_hit_first() -> None:
    """The definition that the question is about stands first, its test behind it."""
    found = await (await bench()).paths("How does user deletion work? delete user")

    assert found[:2] == ["app/users.py", "tests/test_users.py"]


async def test_limit() -> None:
    """No more hits are returned than were asked for."""
    assert len(await (await bench()).paths("user mail audit", limit=2)) == 2


async def test_scope() -> None:
    """Only what is in the scope is found, by every way of searching."""
    found = await (await bench()).paths("delete_user", scope=Scope(tests=True))

    assert found == ["tests/test_users.py"]


async def test_users_of_a_name() -> None:
    """Who uses a name is answered from the index of uses."""
    hits = await (await bench()).searcher.search("who calls audit?")

    assert "uses `audit`" in next(hit for hit in hits if hit.chunk == DELETE).reasons


async def test_blank_question() -> None:
    """Nothing asked, nothing found."""
    assert await (await bench()).paths("  \n") == []


async def test_without_embedder_keywords_serve() -> None:
    """While the embedder is away, keyword search answers alone."""
    made = await bench()
    made.embedder.failure = ModelUnreachableError("Ollama does not answer.")

    assert (await made.paths("send mail"))[0] == "app/mail.py"


async def test_late_vectors_are_made_once_and_kept() -> None:
    """Keyword hits that have no vector yet get one on the spot, and the next search finds it made."""
    made = await bench(with_vectors=False)

    first = await made.searcher.search("delete user", late_vectors=1)
    embedded = list(made.embedder.documents)
    await made.searcher.search("delete user", late_vectors=1)

    assert "close in meaning" in first[0].reasons
    assert len(embedded) == 1
    assert made.embedder.documents == embedded


async def test_late_vectors_that_cannot_be_kept_do_not_stop_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk a question is answered all the same."""
    made = await bench(with_vectors=False)

    async def refuse(vectors: object) -> int:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(made.store, "set_vectors", refuse)

    assert "app/users.py" in await made.paths("delete user", late_vectors=4)


async def test_late_vectors_that_fail_leave_keywords() -> None:
    """A chunk that cannot be embedded late is still found by its words."""
    made = await bench(with_vectors=False)
    made.searcher = Searcher(store=made.store, embedder=FakeEmbedder(reject="delete_user"))

    assert "app/users.py" in await made.paths("delete user", late_vectors=4)


async def test_a_search_that_fails_leaves_nothing_running() -> None:
    """When one way of searching fails, the others are ended with it, and the search says what went wrong."""
    searching = asyncio.Event()

    class Failing(MemoryStore):
        async def find_keywords(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[ScoredHead]:
            searching.set()
            await asyncio.Event().wait()
            return ()

        async def find_defining(self, names: Sequence[str], limit: int) -> Sequence[ChunkHead]:
            await searching.wait()
            raise StoreError("The index cannot be read.")

    with pytest.raises(StoreError, match="cannot be read"):
        await Searcher(store=Failing(), embedder=FakeEmbedder()).search("where is `audit`", late_vectors=4)

    assert asyncio.all_tasks() == {asyncio.current_task()}


class ShiftingStore(MemoryStore):
    """A store whose first find is stored anew before it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.later: list[Chunk] = []

    async def read(self, heads: Sequence[ChunkHead]) -> Sequence[Chunk | None]:
        if self.later:
            chunk = self.later.pop()
            await self.replace([make_update(chunk.path, [chunk])])
        present = {chunk.content_hash: chunk for chunk in await self.chunks_of("app/audit.py")}
        return [present.get(head.content_hash) for head in heads]


async def test_what_is_stored_anew_during_a_search_is_found() -> None:
    """When a hit is gone before its text is read, the search is made again and shows what took its place."""
    store = ShiftingStore()
    await store.replace([make_update(AUDIT.path, [AUDIT])])
    store.later = [make_chunk(AUDIT.path, "def audit(event, user): ...", name="audit")]

    hits = await Searcher(store=store, embedder=None).search("audit")

    assert [hit.chunk.text for hit in hits] == ["def audit(event, user): ..."]


async def test_what_is_gone_at_last_is_left_out() -> None:
    """Hits whose text is never there are not shown, and the search ends."""

    class Vanishing(MemoryStore):
        async def read(self, heads: Sequence[ChunkHead]) -> Sequence[Chunk | None]:
            return [None for _ in heads]

    store = Vanishing()
    await store.replace([make_update(AUDIT.path, [AUDIT])])

    assert await Searcher(store=store, embedder=None).search("audit") == ()


class DamagedStore(MemoryStore):
    """Cannot be searched while it is damaged; tells when that was tried."""

    def __init__(self) -> None:
        super().__init__()
        self.tried = asyncio.Event()

    async def find_keywords(self, words: Sequence[str], scope: Scope, limit: int) -> Sequence[ScoredHead]:
        if self.is_damaged:
            self.tried.set()
            raise StoreDamagedError("The index could not be searched.")
        return await super().find_keywords(words, scope, limit)


async def test_a_search_waits_for_a_damaged_index_to_be_mended() -> None:
    """Whoever asks just when the index is gone gets the answer of the new one, not an error."""
    made = Bench()
    made.store = store = DamagedStore()
    made.searcher = Searcher(store=store, embedder=None)
    store.break_down()
    searching = asyncio.create_task(made.paths("delete user"))
    await store.tried.wait()
    await store.mend()
    await made.index(DELETE, with_vectors=False)

    assert await searching == ["app/users.py"]


async def test_an_index_that_nobody_mends_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait has an end, and then the error is told."""
    monkeypatch.setattr(retrieval, "_MENDING_SECONDS", 0.0)
    store = DamagedStore()
    store.break_down()

    with pytest.raises(StoreDamagedError):
        await Searcher(store=store, embedder=None).search("delete user")
