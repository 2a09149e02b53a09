"""A whole measurement over a small workspace, with the fakes of the ports and the real parser."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence

import pytest

from fakes.chat import FakeChat
from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from fakes.tree import DictTree, FakeChanges
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.aided_search import AidedSearch
from firsthand.core.evaluation import KEYWORDS, Evaluation, Evaluator, IndexedEmbedder
from firsthand.core.evaluation_questions import Change
from firsthand.core.indexing import Indexer
from firsthand.core.model import Fingerprint, Progress
from firsthand.errors import ModelFailedError, RequestError

SUBJECTS = (
    *("invoice", "customer", "payment", "shipping", "discount", "refund"),
    *("catalogue", "warehouse", "delivery", "voucher", "currency", "address"),
)


def function_file(subject: str) -> str:
    """A module whose function can be found by its words, also without its documentation."""
    return (
        f'def compute_{subject}(order):\n    """Compute the {subject} of one order for the ledger."""\n'
        f"    {subject} = order.{subject}\n    return {subject}\n"
    )


FILES = {f"src/{subject}_rules.py": function_file(subject) for subject in SUBJECTS}
TESTS = {
    f"tests/test_{subject}.py": f"def test_the_{subject}_of_an_order_is_computed():\n    compute_{subject}(1)\n"
    for subject in SUBJECTS
}


COMMITS = [
    Change(f"Round the {subject} of an order up", (f"src/{subject}_rules.py",)) for subject in SUBJECTS
]


class Bench:
    """An evaluator, and what it made."""

    def __init__(
        self,
        files: dict[str, str],
        *embedders: IndexedEmbedder,
        commits: Sequence[Change] = (),
        chat: FakeChat | None = None,
    ) -> None:
        self.stores: list[MemoryStore] = []
        self.progress: list[Progress] = []
        self.embedder = FakeEmbedder()
        self.evaluator = Evaluator(
            tree=DictTree(files),
            parser=TreeSitterParser(),
            changes=FakeChanges(commits),
            embedders=embedders or (IndexedEmbedder(self.embedder),),
            new_store=self._new_store,
            aids={"with help": lambda plain: AidedSearch(plain, chat, multi_query=False, rerank=True)}
            if chat
            else {},
        )

    async def run(self, *, questions: int = 100, new_chunks: int = 1_000, seed: int = 0) -> Evaluation:
        return await self.evaluator.run(
            self.progress.append, questions=questions, new_chunks=new_chunks, seed=seed
        )

    @contextlib.asynccontextmanager
    async def _new_store(self, fingerprint: Fingerprint) -> AsyncIterator[MemoryStore]:
        self.stores.append(MemoryStore())
        yield self.stores[-1]


async def test_every_kind_is_asked_of_every_method() -> None:
    """Documentation, tests and commits become questions, each asked of hybrid search and of keywords alone."""
    result = await Bench(FILES | TESTS, commits=COMMITS).run()

    assert result.methods == ("hybrid, fake", KEYWORDS)
    assert [(sample.kind, sample.asked, sample.available) for sample in result.samples] == [
        ("docstring", 12, 12),
        ("test", 12, 12),
        ("commit", 12, 12),
    ]
    assert {(outcome.method, outcome.kind) for outcome in result.outcomes} == {
        (method, kind) for method in result.methods for kind in ("docstring", "test", "commit")
    }
    assert all(outcome.scores["recall10"].mean == 1.0 for outcome in result.outcomes)
    assert (result.files, result.files_in_workspace) == (24, 24)


async def test_help_of_a_chat_model_is_compared_with_the_plain_ranking() -> None:
    """It is one more way of searching over the same questions; how often it could be used is noted."""
    turns = itertools.cycle(['{"order": [2, 1]}', "no idea"])
    result = await Bench(FILES, chat=FakeChat(lambda messages: next(turns))).run()

    assert result.methods == ("hybrid, fake", KEYWORDS, "with help")
    assert [(each.first, each.other) for each in result.comparisons] == [
        ("hybrid, fake", KEYWORDS),
        ("hybrid, fake", "with help"),
    ]
    plain, _, helped = (outcome.scores["top1"].mean for outcome in result.outcomes)
    assert helped == plain / 2
    assert result.notes == (
        "with help: of 12 answers of the model 6 could be used; the others changed nothing.",
    )


async def test_the_answer_is_not_in_what_is_searched() -> None:
    """The documentation that asks is neither indexed nor embedded."""
    bench = Bench(FILES)
    await bench.run()

    searched = [chunk.text for path in FILES for chunk in await bench.stores[0].chunks_of(path)]
    assert searched and not any("for the ledger" in text for text in searched)
    assert not any("for the ledger" in text for text in bench.embedder.documents)
    assert any("for the ledger" in text for text in bench.embedder.queries)


async def test_questions_are_sampled_with_a_fixed_seed() -> None:
    """The same seed asks the same questions; the number that there are is said."""
    first, again = Bench(FILES), Bench(FILES)
    one, two = await first.run(questions=10), await again.run(questions=10)

    assert (one.samples[0].asked, one.samples[0].available) == (10, 12)
    assert first.embedder.queries == again.embedder.queries
    assert one.outcomes == two.outcomes


async def test_a_large_workspace_is_sampled() -> None:
    """No more is embedded than was allowed, about, and files that people work on are in the sample."""
    many = {f"src/m{number}.py": "x = 1\n" * 100 for number in range(200)}
    bench = Bench(FILES | many, commits=COMMITS)

    result = await bench.run(new_chunks=40)

    assert result.files < result.files_in_workspace == 212
    assert set(FILES) <= {record.path for record in (await bench.stores[0].manifest()).values()}


async def test_vectors_of_the_index_are_used() -> None:
    """Only what lost its documentation is embedded again, and a whole index allows a whole measurement."""
    embedder, index, tree = FakeEmbedder(), MemoryStore(), DictTree(FILES | TESTS)
    indexer = Indexer(
        tree=tree,
        parser=TreeSitterParser(),
        store=index,
        embedder=embedder,
        writer_lock=contextlib.nullcontext,
    )
    await indexer.refresh(lambda progress: None)
    commits = index.commits
    embedder.documents.clear()

    result = await Bench(FILES | TESTS, IndexedEmbedder(embedder, index)).run(new_chunks=1)

    assert result.files == 24
    assert len(embedder.documents) == 12
    assert all("compute_" in text for text in embedder.documents)
    assert index.commits == commits


async def test_a_second_embedder_is_compared_with_the_first() -> None:
    """Each embedder has an index of its own, and the first is compared with keywords and with the second."""
    bench = Bench(
        FILES,
        IndexedEmbedder(FakeEmbedder(model="one")),
        IndexedEmbedder(FakeEmbedder(model="two", dimensions=32)),
    )

    result = await bench.run()

    assert result.methods == ("hybrid, one", KEYWORDS, "hybrid, two")
    assert [(each.first, each.other) for each in result.comparisons] == [
        ("hybrid, one", KEYWORDS),
        ("hybrid, one", "hybrid, two"),
    ]
    assert len(bench.stores) == 2


async def test_equal_ways_of_searching_have_no_clear_difference() -> None:
    """Two embedders that are the same model differ by nothing."""
    bench = Bench(FILES, IndexedEmbedder(FakeEmbedder()), IndexedEmbedder(FakeEmbedder(model="same")))

    comparison = (await bench.run()).comparisons[-1]

    assert (comparison.difference.mean, comparison.is_clear) == (0.0, False)


async def test_what_cannot_be_measured_says_why() -> None:
    """A kind without enough questions is named with its reason, and the others are measured."""
    result = await Bench(FILES).run()

    missing = {sample.kind: sample.missing for sample in result.samples if sample.missing}
    assert missing == {
        "test": "too few tests call a function or class that is defined once",
        "commit": "git knows no commits of this folder",
    }
    assert {outcome.kind for outcome in result.outcomes} == {"docstring"}


async def test_nothing_to_ask_about() -> None:
    """A folder without documentation, tests and history is refused in one sentence, before anything is embedded."""
    bench = Bench({"notes.txt": "nothing\n"})

    with pytest.raises(RequestError, match="There is nothing to measure search with here: too few functions"):
        await bench.run()

    assert bench.stores == []


async def test_an_embedder_that_fails_ends_the_measurement() -> None:
    """A measurement with half of its vectors would be wrong: the embedder's own words are the error."""
    bench = Bench(FILES)
    bench.embedder.failure = ModelFailedError("The model ran out of memory; free some.")

    with pytest.raises(ModelFailedError, match="ran out of memory"):
        await bench.run()


async def test_progress_goes_through_its_stages() -> None:
    """A person sees what is going on: reading, cutting, embedding, asking."""
    bench = Bench(FILES)
    await bench.run()

    stages = [progress.stage for progress in bench.progress]
    wanted = ["reading", "chunking", "embedding", "asking"]
    assert [stage for stage in dict.fromkeys(stages) if stage in wanted] == wanted
    assert bench.progress[-1] == Progress("asking", 12, 12)
