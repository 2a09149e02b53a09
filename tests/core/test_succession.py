"""While a new embedder's vectors are made, the old ones serve; then the new ones take over in one step."""

import contextlib
from collections.abc import Sequence

import pytest

from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from fakes.tree import DictTree
from fakes.watcher import FakeWatcher
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.indexing import Indexer
from firsthand.core.keeping import IndexKeeper
from firsthand.core.model import IndexReport, Scope, ScoredHead, Vector
from firsthand.core.ports import Rejected
from firsthand.core.retrieval import Searcher
from firsthand.core.succession import Building, EmbeddedIndex, Succession
from firsthand.errors import ModelFailedError, ModelUnreachableError, StoreBusyError

FILES = {f"{number}.md": f"# Number {number}\n\nText about {number} apples.\n" for number in range(12)}


class StoreOfOneSize(MemoryStore):
    """Refuses the vectors of any embedder but its own, which are of another size."""

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.searched = 0

    async def find_dense(self, vector: Vector, scope: Scope, limit: int) -> Sequence[ScoredHead]:
        assert len(vector) == self.dimensions, "vectors of two embedders are mixed"
        self.searched += 1
        return await super().find_dense(vector, scope, limit)

    async def shared(self, other: MemoryStore) -> None:
        """Take the chunks of another store."""
        self._records, self._chunks, self._links = other._records, other._chunks, other._links


class Bench:
    """A folder that the old embedder has indexed, and a new embedder."""

    def __init__(self) -> None:
        self.tree = DictTree(FILES)
        self.old = EmbeddedIndex(FakeEmbedder(32, model="old"), StoreOfOneSize(32))
        self.new = EmbeddedIndex(FakeEmbedder(48, model="new"), StoreOfOneSize(48))

    async def index_with_the_old(self) -> None:
        """Make the old embedder's vectors, and share the chunks with the new one."""
        await self.indexer(Succession(self.old)).refresh(lambda progress: None)
        await self.new.store.shared(self.old.store)  # type: ignore[attr-defined]

    async def start(self) -> Succession:
        """Begin as a process does that is started anew."""
        succession = Succession(self.new, [self.old])
        await succession.begin()
        return succession

    def indexer(self, succession: Succession) -> Indexer:
        """An indexer of the folder."""
        return Indexer(
            tree=self.tree,
            parser=TreeSitterParser(),
            store=succession.chosen.store,
            embedder=succession,
            writer_lock=contextlib.nullcontext,
        )

    async def refresh(self, succession: Succession) -> IndexReport:
        """Bring the index up to date."""
        return await self.indexer(succession).refresh(lambda progress: None)


@pytest.fixture
async def bench() -> Bench:
    made = Bench()
    await made.index_with_the_old()
    return made


async def searched(succession: Succession) -> str:
    """Search once; return the model whose vectors were compared."""
    before = {each.model: each.store.searched for each in succession.to_search()}  # type: ignore[attr-defined]
    searcher = Searcher(store=succession.chosen.store, embedder=succession)
    assert any("close in meaning" in hit.reasons for hit in await searcher.search("apples"))
    (model,) = (
        each.model
        for each in succession.to_search()
        if each.store.searched > before[each.model]  # type: ignore[attr-defined]
    )
    return model


async def test_the_old_vectors_serve_until_the_new_are_complete(bench: Bench) -> None:
    """Every search during the work uses the old embedder from beginning to end, the first one after it the new."""
    succession = await bench.start()
    models: list[str] = []

    class SearchedMeanwhile(FakeEmbedder):
        async def embed_documents(self, texts: Sequence[str]) -> list[Vector | Rejected]:
            models.append(await searched(succession))
            return await super().embed_documents(texts)

    succession = Succession(EmbeddedIndex(SearchedMeanwhile(48, model="new"), bench.new.store), [bench.old])
    await succession.begin()
    await bench.refresh(succession)

    assert models == ["old", "old"]
    assert await searched(succession) == "new"
    assert succession.is_settled


async def test_a_new_embedder_reads_no_file(bench: Bench) -> None:
    """Chunks are there already: nothing is walked through, parsed or indexed by keyword a second time."""
    reads, commits = list(bench.tree.reads), bench.old.store.commits  # type: ignore[attr-defined]

    report = await bench.refresh(await bench.start())

    assert (bench.tree.reads, bench.old.store.commits) == (reads, commits)  # type: ignore[attr-defined]
    assert report.embedded == report.chunks


async def test_an_interruption_leaves_the_old_one_serving(bench: Bench) -> None:
    """After a crash in the middle the next start searches as before, and embeds only what is missing."""
    succession = await bench.start()
    embedder = bench.new.embedder
    assert isinstance(embedder, FakeEmbedder)
    await bench.new.store.set_vectors(await vectors_of(embedder, bench.new.store, 5))
    embedder.documents.clear()

    after = await bench.start()
    model = await searched(after)
    await bench.refresh(after)

    assert (succession.serving.model, model) == ("old", "old")
    assert len(embedder.documents) == len(FILES) - 5
    assert await searched(after) == "new"


async def test_progress_of_the_successor(bench: Bench) -> None:
    """It counts what the new embedder has done, and ends when that serves."""
    succession = await bench.start()
    embedder = bench.new.embedder
    assert isinstance(embedder, FakeEmbedder)
    await bench.new.store.set_vectors(await vectors_of(embedder, bench.new.store, 5))

    during = await succession.building()
    await bench.refresh(succession)

    assert during == Building("new", 5, len(FILES))
    assert await succession.building() is None


async def test_the_old_one_stands_in_when_the_new_one_fails(bench: Bench) -> None:
    """Ollama went away: its vectors stay, and questions are answered with the others at once."""
    succession = await bench.start()
    await bench.refresh(succession)
    assert isinstance(bench.new.embedder, FakeEmbedder)
    bench.new.embedder.failure = ModelUnreachableError("Ollama does not answer.")

    assert await searched(succession) == "old"
    bench.new.embedder.failure = None
    assert await searched(succession) == "new"


async def test_what_changes_meanwhile_is_found_by_meaning(bench: Bench) -> None:
    """A file that is saved while the new vectors are made gets its vector for the search that serves, first."""
    order: list[str] = []

    class SavedMeanwhile(FakeEmbedder):
        async def embed_documents(self, texts: Sequence[str]) -> list[Vector | Rejected]:
            if not self.documents:
                bench.tree.write("3.md", "# Pears\n\nNo fruit but pears.\n")
                indexer.mark_dirty(["3.md"])
            order.append("new")
            return await super().embed_documents(texts)

    class Noting(FakeEmbedder):
        async def embed_documents(self, texts: Sequence[str]) -> list[Vector | Rejected]:
            order.extend("pears" for text in texts if "Pears" in text)
            return await super().embed_documents(texts)

    old = EmbeddedIndex(Noting(32, model="old"), bench.old.store)
    new = SavedMeanwhile(48, model="new")
    new.batch_size = 4
    succession = Succession(EmbeddedIndex(new, bench.new.store), [old])
    await succession.begin()
    indexer = bench.indexer(succession)

    await indexer.refresh(lambda progress: None)

    # Two batches were with the new model when the file was saved.
    assert order == ["new", "new", "pears", "new", "new"]
    assert (await bench.old.store.stats()).embedded == (await bench.new.store.stats()).embedded


async def test_an_old_embedder_that_fails_does_not_stop_the_new_one(bench: Bench) -> None:
    """It is to go anyway."""
    succession = await bench.start()
    bench.tree.write("3.md", "# Changed\n")
    assert isinstance(bench.old.embedder, FakeEmbedder)
    bench.old.embedder.failure = ModelFailedError("The model was removed.")

    report = await bench.refresh(succession)

    assert (report.problem, succession.serving.model) == ("", "new")


async def test_a_new_embedder_that_fails_leaves_the_old_one(bench: Bench) -> None:
    """What it made is kept for the next attempt."""
    succession = await bench.start()
    assert isinstance(bench.new.embedder, FakeEmbedder)
    bench.new.embedder.failure = ModelUnreachableError("Ollama does not answer.")

    report = await bench.refresh(succession)

    assert report.problem == "Ollama does not answer."
    assert await searched(succession) == "old"


async def test_a_complete_choice_serves_from_the_beginning(bench: Bench) -> None:
    """Going back to an embedder that has been used before costs nothing."""
    await bench.refresh(await bench.start())

    again = await bench.start()

    assert again.is_settled


async def test_who_stands_by_takes_over_too(bench: Bench) -> None:
    """A process that follows the index of another one sees that the new vectors are complete."""
    following, keeping = await bench.start(), await bench.start()
    before = following.serving.model
    await bench.refresh(keeping)

    class Elsewhere:
        async def __aenter__(self) -> None:
            raise StoreBusyError("busy", holder=1)

        async def __aexit__(self, *error: object) -> None:
            raise AssertionError("nothing was held")

    settled: list[bool] = []

    async def quiet() -> None:
        await following.settle()
        settled.append(following.is_settled)
        raise EnoughSeenError

    keeper = IndexKeeper(
        indexer=bench.indexer(following),
        store=following.chosen.store,
        watcher=FakeWatcher(),
        keeper_lock=Elsewhere,
        quiet=quiet,
    )
    with contextlib.suppress(EnoughSeenError):
        await keeper.run(lambda progress: None)

    assert (before, settled) == ("old", [True])


class EnoughSeenError(Exception):
    """Ends what would run for ever."""


async def vectors_of(embedder: FakeEmbedder, store: MemoryStore | object, count: int) -> dict[str, Vector]:
    """The vectors of the first chunks."""
    assert isinstance(store, MemoryStore)
    chunks = await store.without_vector(count)
    made = await embedder.embed_documents([chunk.embedding_text for chunk in chunks])
    return {
        chunk.content_hash: vector
        for chunk, vector in zip(chunks, made, strict=True)
        if not isinstance(vector, Rejected)
    }
