"""What is learned from a repository is judged by what it was not learned from."""

import asyncio
import contextlib
from array import array
from collections.abc import AsyncIterator, Sequence

import pytest

from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from fakes.tree import DictTree, FakeChanges
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.evaluation import Evaluator, IndexedEmbedder
from firsthand.core.evaluation_metrics import Place
from firsthand.core.evaluation_questions import KnownQuestion
from firsthand.core.indexing import Indexer
from firsthand.core.learning import Candidates, Learner, Pairs, parted
from firsthand.core.model import Fingerprint, Progress, Vector
from firsthand.core.question_map import MappedEmbedder, QuestionMap, Verdict
from firsthand.errors import RequestError

SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "ki", "lo", "mu", "ne", "po", "ra")
SUBJECTS = [one + two for one in SYLLABLES for two in SYLLABLES]


def files() -> dict[str, str]:
    """Modules whose documentation shares no word with their code, so that only meaning finds them."""
    return {
        f"src/m{number:03}.py": (
            f'def f{number:03}(x):\n    """Reckon {word} {word}{word} with great care."""\n    return x + {number}\n'
        )
        for number, word in enumerate(SUBJECTS)
    }


class Turned(FakeEmbedder):
    """Embeds every question about one of the modules as the opposite of what it should be."""

    async def embed_query(self, text: str) -> Vector:
        word = text.split()[1].lower()
        number = SUBJECTS.index(word)
        meant = await super().embed_documents([f"src/m{number:03}.py f{number:03}"])
        assert isinstance(meant[0], array)
        return array("f", [-value for value in meant[0]])

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:  # type: ignore[override]
        numbers = [int(text.split("m", 1)[1][:3]) for text in texts]
        return await super().embed_documents([f"src/m{number:03}.py f{number:03}" for number in numbers])  # type: ignore[return-value]


class ScriptedLesson:
    """Offers one map, which it says is better after its first round."""

    def __init__(self, learned: QuestionMap) -> None:
        self._learned = learned
        self._rounds = 0

    def train_round(self) -> None:
        self._rounds += 1

    def mean_reciprocal_rank(self) -> float:
        return float(self._rounds > 0)

    def map(self) -> QuestionMap:
        return self._learned if self._rounds else _same


def _same(vector: Vector) -> Vector:
    return vector


def _opposite(vector: Vector) -> Vector:
    return array("f", [-value for value in vector])


class Bench:
    """A learner over a small workspace with a complete index."""

    def __init__(self, learned: QuestionMap, contents: dict[str, str] | None = None) -> None:
        self.contents = files() if contents is None else contents
        self.embedder = Turned()
        self.index = MemoryStore()
        self.lessons: list[tuple[Candidates, Pairs, Pairs]] = []
        self.kept: list[Verdict] = []
        self.forgotten = 0
        self.learned = learned
        self.evaluator = Evaluator(
            tree=DictTree(self.contents),
            parser=TreeSitterParser(),
            changes=FakeChanges(()),
            embedders=[IndexedEmbedder(self.embedder, self.index)],
            new_store=_new_store,
        )

    async def indexed(self) -> None:
        await Indexer(
            tree=DictTree(self.contents),
            parser=TreeSitterParser(),
            store=self.index,
            embedder=self.embedder,
            writer_lock=contextlib.nullcontext,
        ).refresh(lambda progress: None)

    def learner(self) -> Learner[QuestionMap]:
        return Learner(self.evaluator, self._new_lesson, keep=self._keep, forget=self._forget)

    def _new_lesson(self, candidates: Candidates, learning: Pairs, stopping: Pairs) -> ScriptedLesson:
        self.lessons.append((candidates, learning, stopping))
        return ScriptedLesson(self.learned)

    async def _keep(self, question_map: QuestionMap, verdict: Verdict) -> None:
        assert question_map is self.learned
        self.kept.append(verdict)

    async def _forget(self) -> bool:
        self.forgotten += 1
        return False


@contextlib.asynccontextmanager
async def _new_store(fingerprint: Fingerprint) -> AsyncIterator[MemoryStore]:
    yield MemoryStore()


async def test_a_map_that_helps_is_kept() -> None:
    """Questions that were not learned from are found with it and not without, so searches may use it."""
    bench = Bench(_opposite)
    await bench.indexed()
    seen: list[Progress] = []

    verdict = await bench.learner().learn(seen.append)

    assert bench.kept == [verdict]
    assert verdict.mapped > 0.9 > 0.3 > verdict.without
    assert verdict.gain.low > 0
    assert verdict.learned_from + verdict.judged_by == len(SUBJECTS)
    assert Progress("learning", 15, 15) in seen
    assert not bench.forgotten


async def test_a_map_that_does_not_help_is_not_kept() -> None:
    """Nor does one stay that was kept before: what was decided last is in force."""
    bench = Bench(_same)
    await bench.indexed()

    verdict = await bench.learner().learn(lambda progress: None)

    assert not verdict.is_clear
    assert (bench.kept, bench.forgotten) == ([], 1)


async def test_what_judges_was_not_learned_from() -> None:
    """The chunks that were learned as answers are those of other files than the questions that judge ask for."""
    bench = Bench(_opposite)
    await bench.indexed()
    asked: list[str] = []
    embed = bench.embedder.embed_query

    async def noting(text: str) -> Vector:
        asked.append(text)
        return await embed(text)

    bench.embedder.embed_query = noting  # type: ignore[method-assign]
    verdict = await bench.learner().learn(lambda progress: None)

    ((_, learning, stopping),) = bench.lessons
    learned = len(learning.questions) + len(stopping.questions)
    judges = asked[learned:]
    assert learned == verdict.learned_from
    assert not set(asked[:learned]) & set(judges)
    assert len(judges) == 2 * verdict.judged_by
    assert 0 < len(stopping.questions) < len(learning.questions)


async def test_nothing_is_learned_without_a_complete_index() -> None:
    """The reason says what to run."""
    with pytest.raises(RequestError, match="run firsthand index first"):
        await Bench(_opposite).learner().learn(lambda progress: None)


async def test_too_few_questions_are_counted() -> None:
    """A repository that says little about itself hears how much there is and how much it takes."""
    bench = Bench(_opposite, dict(list(files().items())[:40]))
    await bench.indexed()

    with pytest.raises(RequestError, match=r"give \d+ questions to learn and \d+ to judge by; 60 and 30"):
        await bench.learner().learn(lambda progress: None)


async def test_one_that_is_cancelled_changes_nothing() -> None:
    """Neither is a map kept nor the old one forgotten."""
    bench = Bench(_opposite)
    await bench.indexed()
    begun = asyncio.Event()

    def note(progress: Progress) -> None:
        if progress.stage == "learning":
            begun.set()

    learning = asyncio.create_task(bench.learner().learn(note))
    await begun.wait()
    learning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await learning

    assert (bench.kept, bench.forgotten) == ([], 0)


def test_the_newest_commits_judge() -> None:
    """A map that learned from the past is judged by what came after it."""
    commits = [KnownQuestion("commit", f"commit {age}", (Place("a.py"),)) for age in range(10)]

    learned, judges = parted(commits[::-1], {each.text: age for age, each in enumerate(commits)}, 0.3)

    assert {each.text for each in judges} == {"commit 0", "commit 1", "commit 2"}
    assert len(learned) == 7


def test_no_file_is_on_both_sides() -> None:
    """Questions of one file stay together, and one with answers on both sides is left out."""
    places = [Place(f"{number}.py", 1, 2) for number in range(40)]
    single = [KnownQuestion("docstring", f"{place.path} {n}", (place,)) for place in places for n in range(2)]
    double = [KnownQuestion("test", f"all {place.path}", (place, *places)) for place in places]

    commits = [KnownQuestion("commit", f"change {place.path}", (Place(place.path),)) for place in places]

    learned, judges = parted([*single, *double, *commits], {}, 0.3)
    judges = [each for each in judges if each.kind != "commit"]
    of_commits = [each for each in learned if each.kind == "commit"]
    learned = [each for each in learned if each.kind != "commit"]

    learned_files = {target.path for each in learned for target in each.targets}
    judging_files = {target.path for each in judges for target in each.targets}
    assert learned_files | judging_files == {place.path for place in places}
    assert not learned_files & judging_files
    assert len(learned) + len(judges) == len(single)
    assert judges
    assert {each.targets[0].path for each in of_commits} <= learned_files
    assert of_commits


async def test_only_questions_are_mapped() -> None:
    """Documents get the vectors of the embedder; so do questions while there is no map."""

    class Maps:
        def __init__(self) -> None:
            self.current_map: QuestionMap | None = _opposite

        async def current(self, fingerprint: Fingerprint) -> QuestionMap | None:
            return self.current_map if fingerprint == plain.fingerprint else None

    plain, maps = FakeEmbedder(), Maps()
    mapped = MappedEmbedder(plain, maps)
    question = await plain.embed_query("where?")

    assert await mapped.embed_query("where?") == _opposite(question)
    assert await mapped.embed_documents(["text"]) == await plain.embed_documents(["text"])
    assert (mapped.fingerprint, mapped.batch_size, mapped.max_tokens) == (
        plain.fingerprint,
        plain.batch_size,
        plain.max_tokens,
    )
    maps.current_map = None
    assert await mapped.embed_query("where?") == question
