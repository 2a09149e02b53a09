"""Learns from a repository how its questions are worded, and decides on others whether that helps.

A part of what the repository says about itself is learned from, another is asked. Of commits the newest are asked, for
a map is to foresee them. Of documentation and tests it depends on the file of the answer, and no older commit about
such a file is learned from.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from firsthand.core.evaluation import COMPARED, Evaluator, ask
from firsthand.core.evaluation_metrics import estimate
from firsthand.core.evaluation_questions import KnownQuestion
from firsthand.core.model import Chunk, Progress, Report, Vector
from firsthand.core.ports import ChunkStore, Embedder
from firsthand.core.question_map import MappedEmbedder, OneMap, QuestionMap, Verdict
from firsthand.core.retrieval import Searcher
from firsthand.errors import RequestError

# Of each kind of question; more take longer and teach little more.
_MOST_QUESTIONS = 400
_MOST_JUDGES = 200
# Files that have changed since the index was complete may be embedded once more.
_NEW_CHUNKS = 1_000
# A map of fewer learns single questions by heart, and fewer cannot show that it helps.
_FEWEST_LEARNED = 60
_FEWEST_JUDGES = 30
_HELD_OUT = 0.3
# Of what is learned from, the part that says when to stop.
_STOPPING = 0.25
_ROUNDS = 15


@dataclass(frozen=True, slots=True)
class Candidates:
    """The chunks that may answer, row by row."""

    vectors: Sequence[Vector]
    is_test: Sequence[bool]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Questions, the rows that answer each, and whether tests may not answer it."""

    questions: Sequence[Vector]
    answers: Sequence[Sequence[int]]
    only_code: Sequence[bool]


MapT_co = TypeVar("MapT_co", bound=QuestionMap, covariant=True)
MapT = TypeVar("MapT", bound=QuestionMap)


class Lesson(Protocol[MapT_co]):
    """A map that is being trained. Its methods take long and run in a thread, one at a time."""

    def train_round(self) -> None:
        """Go once over the pairs that are learned from."""
        ...

    def mean_reciprocal_rank(self) -> float:
        """Return how well the map now finds the answers of the pairs that say when to stop, by meaning alone."""
        ...

    def map(self) -> MapT_co:
        """Return the map as it is now."""
        ...


NewLesson = Callable[[Candidates, Pairs, Pairs], Lesson[MapT]]
"""Begins a lesson from the pairs to learn from and those that say when to stop."""


class Learner(Generic[MapT]):
    """Learns a map from a workspace whose index is complete, and keeps it if it helps."""

    def __init__(
        self,
        evaluator: Evaluator,
        new_lesson: NewLesson[MapT],
        *,
        keep: Callable[[MapT, Verdict], Awaitable[None]],
        forget: Callable[[], Awaitable[bool]],
    ) -> None:
        """Take what makes questions, what trains, and what to do with the map.

        Args:
            keep: lets the searches of the workspace use a map.
            forget: lets them use none.
        """
        self._evaluator = evaluator
        self._new_lesson = new_lesson
        self._keep = keep
        self._forget = forget

    async def learn(self, report: Report, *, seed: int = 0) -> Verdict:
        """Learn a map and judge it; one that is not clearly better is not kept, nor is one that was kept before.

        Until the end nothing changes for searches, also when this is cancelled.

        Raises:
            RequestError: the index is not complete, or the repository says too little about itself.
            ModelError: a model could not embed.
        """
        if not await self._evaluator.has_complete_index():
            raise RequestError("There is no complete index to learn from; run firsthand index first.")
        prepared = await self._evaluator.prepared(
            report, questions=_MOST_QUESTIONS, new_chunks=_NEW_CHUNKS, seed=seed
        )
        learned, judges = parted(prepared.asked, prepared.order_of_commits, _HELD_OUT)
        if len(learned) < _FEWEST_LEARNED or len(judges) < _FEWEST_JUDGES:
            raise RequestError(
                f"There is too little to learn from here: documentation, tests and commits give {len(learned)} "
                f"questions to learn and {len(judges)} to judge by; {_FEWEST_LEARNED} and {_FEWEST_JUDGES} are needed."
            )
        async with self._evaluator.indexed(prepared.corpus, report) as (store, embedder):
            question_map = await trained(
                self._new_lesson, store, embedder, learned, prepared.order_of_commits, report
            )
            verdict = await _judged(
                question_map, store, embedder, judges[:_MOST_JUDGES], len(learned), report
            )
        if verdict.is_clear:
            await self._keep(question_map, verdict)
        else:
            await self._forget()
        return verdict


async def trained(
    new_lesson: NewLesson[MapT],
    store: ChunkStore,
    embedder: Embedder,
    questions: Sequence[KnownQuestion],
    order_of_commits: Mapping[str, int],
    report: Report,
) -> MapT:
    """Return the map of the round in which it found most answers of a quarter of the questions, by meaning alone.

    Raises:
        ModelError: a question could not be embedded.
    """
    chunks, candidates = await _candidates(store)
    fitting, stopping = _parted(questions, order_of_commits, _STOPPING)
    answers = _Answers(chunks)
    pairs = [await _pairs(each, answers, embedder, report) for each in (fitting, stopping)]
    lesson = await asyncio.to_thread(new_lesson, candidates, *pairs)
    best, best_map = await asyncio.to_thread(lesson.mean_reciprocal_rank), lesson.map()
    for number in range(1, _ROUNDS + 1):
        await asyncio.to_thread(lesson.train_round)
        found = await asyncio.to_thread(lesson.mean_reciprocal_rank)
        if found > best:
            best, best_map = found, lesson.map()
        report(Progress("learning", number, _ROUNDS))
    return best_map


def parted(
    questions: Sequence[KnownQuestion], order_of_commits: Mapping[str, int], share: float
) -> tuple[list[KnownQuestion], list[KnownQuestion]]:
    """Part questions into those to learn from and those to judge by, about this share of all.

    Of commits, the newest judge; of others, those whose file has a small digest. What has answers in files of both
    parts is left out, and so are older commits that changed a file of which others judge.

    Args:
        order_of_commits: which commit says a text, from 0 for the newest.
    """
    learned, judges = _parted(questions, order_of_commits, share)
    held_out = {target.path for each in judges if each.kind != "commit" for target in each.targets}
    return [each for each in learned if held_out.isdisjoint(target.path for target in each.targets)], judges


def _parted(
    questions: Sequence[KnownQuestion], order_of_commits: Mapping[str, int], share: float
) -> tuple[list[KnownQuestion], list[KnownQuestion]]:
    """Part as `parted` does, but keep every older commit: enough to say when to stop, which judges nothing.

    A part of a part is drawn by another digest.
    """
    commits = [question for question in questions if question.kind == "commit"]
    commits.sort(key=lambda question: order_of_commits.get(question.text, len(order_of_commits)))
    newest = int(len(commits) * share)
    learned, judges = commits[newest:], commits[:newest]
    for question in questions:
        if question.kind == "commit":
            continue
        held_out = {_is_held_out(target.path, share) for target in question.targets}
        if len(held_out) == 1:
            (judges if held_out.pop() else learned).append(question)
    return learned, _mixed(judges)


def _is_held_out(path: str, share: float) -> bool:
    digest = hashlib.sha256(f"{share}{path}".encode("utf-8", "surrogateescape")).digest()
    return digest[0] < 256 * share


def _mixed(questions: Sequence[KnownQuestion]) -> list[KnownQuestion]:
    """Return questions in an order in which every kind is near the beginning."""
    return sorted(
        questions, key=lambda question: hashlib.sha256(question.text.encode("utf-8", "replace")).digest()
    )


async def _candidates(store: ChunkStore) -> tuple[list[Chunk], Candidates]:
    chunks = [chunk for path in sorted(await store.manifest()) for chunk in await store.chunks_of(path)]
    known = await store.known_vectors([chunk.content_hash for chunk in chunks])
    chunks = [chunk for chunk in chunks if chunk.content_hash in known]
    return chunks, Candidates(
        [known[chunk.content_hash] for chunk in chunks], [chunk.is_test for chunk in chunks]
    )


class _Answers:
    """Which rows of chunks answer a question."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._rows: dict[str, list[tuple[int, Chunk]]] = {}
        for row, chunk in enumerate(chunks):
            self._rows.setdefault(chunk.path, []).append((row, chunk))

    def of(self, question: KnownQuestion) -> list[int]:
        """Return the rows of the chunks that share a line with a place of the answer."""
        return [
            row
            for target in question.targets
            for row, chunk in self._rows.get(target.path, ())
            if target.meets(chunk.path, chunk.span.start_line, chunk.span.end_line)
            and not (question.scope.tests is False and chunk.is_test)
        ]


async def _pairs(
    questions: Sequence[KnownQuestion], answers: _Answers, embedder: Embedder, report: Report
) -> Pairs:
    """Embed questions; those whose place has no chunk are left out."""
    answered = [(question, rows) for question in questions if (rows := answers.of(question))]
    vectors = []
    for number, (question, _) in enumerate(answered, 1):
        vectors.append(await embedder.embed_query(question.text))
        report(Progress("asking", number, len(answered)))
    return Pairs(
        vectors, [rows for _, rows in answered], [question.scope.tests is False for question, _ in answered]
    )


async def _judged(
    question_map: QuestionMap,
    store: ChunkStore,
    embedder: Embedder,
    judges: Sequence[KnownQuestion],
    learned_from: int,
    report: Report,
) -> Verdict:
    """Ask the whole ranking with and without a map."""
    mapped = MappedEmbedder(embedder, OneMap(question_map))
    scores = [
        [each[COMPARED] for each in await ask(Searcher(store=store, embedder=one), judges, report)]
        for one in (embedder, mapped)
    ]
    without, with_map = scores
    gains = [after - before for before, after in zip(without, with_map, strict=True)]
    return Verdict(
        learned_from, len(judges), sum(without) / len(judges), sum(with_map) / len(judges), estimate(gains)
    )
