"""How well search finds what this repository says about itself, and which way of searching does it best."""

import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol, TypeVar

from firsthand.core.aided_search import AidedSearch, Tally
from firsthand.core.evaluation_corpus import (
    Corpus,
    CorpusParser,
    CorpusTree,
    RememberingEmbedder,
    gather,
    without_documentation,
)
from firsthand.core.evaluation_metrics import METRICS, Estimate, Result, estimate, score
from firsthand.core.evaluation_questions import (
    Change,
    KnownQuestion,
    QuestionKind,
    documented_functions,
    questions_of_commits,
    questions_of_docstrings,
    questions_of_tests,
)
from firsthand.core.indexing import Indexer
from firsthand.core.model import Fingerprint, Hit, Progress, Report
from firsthand.core.ports import ChunkStore, Embedder, Parser, SourceTree
from firsthand.core.retrieval import Searcher
from firsthand.core.sources import Search
from firsthand.errors import ModelFailedError, RequestError

# Fewer questions than this say nothing.
_FEWEST_QUESTIONS = 10
# A prompt of 2,000 tokens seldom holds more results.
_LIMIT = 50
_COMMITS_READ = 1_000
# Not every documentation can be cut out of its file without a trace.
_SPARE_FUNCTIONS = 1.3
_TOO_FEW: Mapping[QuestionKind, str] = {
    "docstring": "too few functions say in a sentence of their own what they do",
    "test": "too few tests call a function or class that is defined once",
    "commit": "too few commits have a subject about a few files of code",
}
_NO_HISTORY = "git knows no commits of this folder"
KEYWORDS = "keywords alone"
"""The name of searching without an embedder."""
COMPARED = "ndcg10"
"""The metric by which ways of searching are compared."""

_Scored = dict[str, list[Mapping[str, float]]]
_Item = TypeVar("_Item")


class ChangeLog(Protocol):
    """What was changed, newest first."""

    async def changes(self, limit: int) -> Sequence[Change]:
        """Return the newest commits that are no merges; none outside version control."""
        ...


Aid = Callable[[Search], AidedSearch]
"""Puts the help of a chat model around a search."""
NewStore = Callable[[Fingerprint], AbstractAsyncContextManager[ChunkStore]]
"""Makes an empty index that is gone at the end of the block."""


@dataclass(frozen=True, slots=True)
class IndexedEmbedder:
    """An embedder to measure, and the index that may have vectors of it already."""

    embedder: Embedder
    index: ChunkStore | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one way of searching scored with one kind of question."""

    method: str
    kind: QuestionKind
    scores: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Comparison:
    """By how much NDCG@10 of the first way of searching is above that of another, over the same questions."""

    kind: QuestionKind
    first: str
    other: str
    difference: Estimate

    @property
    def is_clear(self) -> bool:
        """True when chance alone hardly explains the difference."""
        return self.difference.low > 0 or self.difference.high < 0


@dataclass(frozen=True, slots=True)
class Sample:
    """How many questions of a kind were asked, of how many that there are; `missing` says why none were."""

    kind: QuestionKind
    asked: int
    available: int
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of a measurement."""

    methods: tuple[str, ...]
    """Every way of searching: the configured one first, then keywords alone, then others."""
    samples: tuple[Sample, ...]
    outcomes: tuple[Outcome, ...]
    comparisons: tuple[Comparison, ...]
    files: int
    files_in_workspace: int
    chunks: int
    seed: int
    seconds: float
    notes: tuple[str, ...] = ()
    """What a reader should know of how it came about, a sentence each."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is searched, without what would give answers away, and the questions."""

    corpus: Corpus
    asked: tuple[KnownQuestion, ...]
    samples: tuple[Sample, ...]
    order_of_commits: Mapping[str, int]
    """Which commit says a text, from 0 for the newest."""


class Evaluator:
    """Measures ways of searching on one workspace; nothing that the user has is changed."""

    def __init__(
        self,
        *,
        tree: SourceTree,
        parser: Parser,
        changes: ChangeLog,
        embedders: Sequence[IndexedEmbedder],
        new_store: NewStore,
        aids: Mapping[str, Aid] | None = None,
    ) -> None:
        """Take what is measured, and with what.

        Args:
            embedders: the one that the workspace uses, then those to compare it with.
            aids: further ways of searching with the embedder that the workspace uses, by name.
        """
        self._tree = tree
        self._parser = parser
        self._changes = changes
        self._embedders = embedders
        self._new_store = new_store
        self._aids = aids or {}

    async def run(self, report: Report, *, questions: int, new_chunks: int, seed: int = 0) -> Evaluation:
        """Make questions, index what is searched, ask, and compare.

        Args:
            questions: most questions of each kind.
            new_chunks: about how many chunks may be embedded for this; a workspace with more is sampled.

        Raises:
            RequestError: this workspace has too little to ask about.
            ModelError: a model could not embed.
        """
        began = time.monotonic()
        prepared = await self.prepared(report, questions=questions, new_chunks=new_chunks, seed=seed)
        asked = prepared.asked
        if not asked:
            reasons = "; ".join(sample.missing for sample in prepared.samples)
            raise RequestError(f"There is nothing to measure search with here: {reasons}.")
        scored, chunks, notes = await self._scores(prepared.corpus, asked, report)
        return Evaluation(
            methods=tuple(scored),
            samples=prepared.samples,
            outcomes=tuple(_outcomes(asked, scored)),
            comparisons=tuple(_comparisons(asked, scored)),
            files=len(prepared.corpus.sources),
            files_in_workspace=prepared.corpus.files_in_workspace,
            chunks=chunks,
            seed=seed,
            seconds=time.monotonic() - began,
            notes=notes,
        )

    async def has_complete_index(self) -> bool:
        """Tell whether every chunk of the workspace's index has its vector."""
        index = self._embedders[0].index
        return index is not None and bool(await _embedded_files(index))

    async def prepared(self, report: Report, *, questions: int, new_chunks: int, seed: int = 0) -> Prepared:
        """Read the workspace, or a sample of it, and make questions; arguments as for `run`."""
        report(Progress("reading"))
        changes = await self._changes.changes(_COMMITS_READ)
        read = await gather(
            self._tree,
            self._parser,
            known=await self._known_files(),
            recent=list(dict.fromkeys(path for change in changes for path in change.paths)),
            new_chunks=new_chunks,
            seed=seed,
            report=report,
        )
        corpus, asked, samples = await self._questions(read, changes, questions, seed)
        commits = questions_of_commits(changes, read.outlines)
        return Prepared(
            corpus, tuple(asked), tuple(samples), {each.text: at for at, each in enumerate(commits)}
        )

    @asynccontextmanager
    async def indexed(self, corpus: Corpus, report: Report) -> AsyncIterator[tuple[ChunkStore, Embedder]]:
        """Index a corpus with the embedder of the workspace, for as long as the block runs.

        Raises:
            ModelError: a model could not embed.
        """
        first = self._embedders[0]
        async with self._new_store(first.embedder.fingerprint) as store:
            await _fill(store, first, corpus, report)
            yield store, first.embedder

    async def _known_files(self) -> Mapping[str, str]:
        """Return the hashes of files whose chunks have a vector of every embedder: these cost nothing."""
        known: set[tuple[str, str]] | None = None
        for each in self._embedders:
            files = await _embedded_files(each.index) if each.index is not None else set()
            known = files if known is None else known & files
        return dict(known or ())

    async def _questions(
        self, corpus: Corpus, changes: Sequence[Change], most: int, seed: int
    ) -> tuple[Corpus, list[KnownQuestion], list[Sample]]:
        """Return the corpus without what would give answers away, the questions, and how they were sampled."""
        documented = documented_functions(corpus.outlines)
        chosen = _sampled(documented, int(most * _SPARE_FUNCTIONS), seed)
        redacted, functions = await without_documentation(corpus, self._parser, chosen)
        found: Mapping[QuestionKind, list[KnownQuestion]] = {
            "docstring": questions_of_docstrings(functions)[:most],
            "test": questions_of_tests(corpus.outlines),
            "commit": questions_of_commits(changes, corpus.outlines),
        }
        asked: list[KnownQuestion] = []
        samples: list[Sample] = []
        for kind, questions in found.items():
            available = len(documented) if kind == "docstring" else len(questions)
            if len(questions) < _FEWEST_QUESTIONS:
                has_no_history = kind == "commit" and not changes
                samples.append(Sample(kind, 0, available, _NO_HISTORY if has_no_history else _TOO_FEW[kind]))
                continue
            some = _sampled(questions, most, seed)
            samples.append(Sample(kind, len(some), available))
            asked += some
        return redacted, asked, samples

    async def _scores(
        self, corpus: Corpus, asked: Sequence[KnownQuestion], report: Report
    ) -> tuple[_Scored, int, tuple[str, ...]]:
        """Return the scores of every question, in order, by method; the size of the index; and what to note."""
        scored: _Scored = {}
        notes: list[str] = []
        chunks = 0
        for each in self._embedders:
            async with self._new_store(each.embedder.fingerprint) as store:
                await _fill(store, each, corpus, report)
                chunks = (await store.stats()).chunks
                name = f"hybrid, {each.embedder.fingerprint.model}"
                scored[name] = await ask(Searcher(store=store, embedder=each.embedder), asked, report)
                if each is self._embedders[0]:
                    scored[KEYWORDS] = await ask(Searcher(store=store, embedder=None), asked, report)
                    for aid_name, aid in self._aids.items():
                        search = aid(Searcher(store=store, embedder=each.embedder))
                        scored[aid_name] = await ask(search, asked, report)
                        notes.append(_usefulness(aid_name, search.tally))
        return scored, chunks, tuple(notes)


def _usefulness(name: str, tally: Tally) -> str:
    return f"{name}: of {tally.asked} answers of the model {tally.used} could be used; the others changed nothing."


async def _embedded_files(index: ChunkStore) -> set[tuple[str, str]]:
    stats = await index.stats()
    if stats.embedded < stats.chunks:
        return set()
    records = (await index.manifest()).values()
    return {(record.path, record.content_hash) for record in records if record.status == "indexed"}


async def _fill(store: ChunkStore, each: IndexedEmbedder, corpus: Corpus, report: Report) -> None:
    indexer = Indexer(
        tree=CorpusTree(corpus),
        parser=CorpusParser(corpus),
        store=store,
        embedder=RememberingEmbedder(each.embedder, each.index),
        writer_lock=nullcontext,
    )
    done = await indexer.refresh(report)
    if done.problem:
        raise ModelFailedError(done.problem)


async def ask(searcher: Search, asked: Sequence[KnownQuestion], report: Report) -> list[Mapping[str, float]]:
    """Return every metric of each question's ranking."""
    scores = []
    for number, question in enumerate(asked, 1):
        hits = await searcher.search(question.text, scope=question.scope, limit=_LIMIT)
        scores.append(score(question.targets, [result_of(hit) for hit in hits]))
        report(Progress("asking", number, len(asked)))
    return scores


def result_of(hit: Hit) -> Result:
    """Return a hit as metrics see it."""
    chunk = hit.chunk
    return Result(chunk.path, chunk.span.start_line, chunk.span.end_line, len(chunk.text))


def _sampled(items: Sequence[_Item], most: int, seed: int) -> list[_Item]:
    return random.Random(seed).sample(items, min(most, len(items)))


def _of_kind(
    asked: Sequence[KnownQuestion], scores: Sequence[Mapping[str, float]], kind: QuestionKind
) -> list[Mapping[str, float]]:
    return [each for question, each in zip(asked, scores, strict=True) if question.kind == kind]


def _outcomes(asked: Sequence[KnownQuestion], scored: _Scored) -> Iterator[Outcome]:
    for kind in dict.fromkeys(question.kind for question in asked):
        for method, scores in scored.items():
            of_kind = _of_kind(asked, scores, kind)
            yield Outcome(
                method, kind, {metric: estimate([each[metric] for each in of_kind]) for metric in METRICS}
            )


def _comparisons(asked: Sequence[KnownQuestion], scored: _Scored) -> Iterator[Comparison]:
    first, *others = scored
    for kind in dict.fromkeys(question.kind for question in asked):
        ours = _of_kind(asked, scored[first], kind)
        for other in others:
            theirs = _of_kind(asked, scored[other], kind)
            gains = [one[COMPARED] - two[COMPARED] for one, two in zip(ours, theirs, strict=True)]
            yield Comparison(kind, first, other, estimate(gains))
