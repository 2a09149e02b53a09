"""Measure a map of question vectors that is learned from the repository itself; RESULTS.md says what it gives.

    python tests/eval/query_map.py --work DIR                       # packages from the registry
    python tests/eval/query_map.py --work DIR --repository ~/src/x  # a clone's commits
    python tests/eval/query_map.py … --questions FILE --table FILE --clones DIR   # labels, see file_labels.py

The map is q + qAB with A and B of rank 32. It is trained with InfoNCE (van den Oord, Li and Vinyals, "Representation
Learning with Contrastive Predictive Coding", 2018) against all chunks of the index, whose vectors stay as they are.
Questions are parted before: of commits the newest 30 % are held out, of others those about 30 % of the files. Labels
are asked of a map that has learned from all of them, because nothing of a label is in them. A quarter of what is
learned from decides how long to train, and whether the map would be used: where it clearly helps that quarter. Indexes
and vectors are kept in the working folder; those of run.py are taken.
"""

import argparse
import asyncio
import hashlib
import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from baselines import meaning, ours
from benches import Asked, Bench, open_bench, say
from corpora import Material, add_corpus_arguments, local_repositories, python_packages
from file_labels import labelled_repositories
from kept_vectors import KeptVectors
from tables import Scored, average, difference, signed, table, written

from firsthand.adapters.git_changes import GitChanges
from firsthand.adapters.onnx_embedder import load_embedded_embedder
from firsthand.core.evaluation_metrics import Estimate, estimate, score
from firsthand.core.evaluation_questions import questions_of_commits
from firsthand.core.model import Chunk, Vector
from firsthand.core.ports import Embedder

_PACKAGES = ("requests", "flask", "click", "networkx")
_COMMITS_READ = 3_000
_MOST_QUESTIONS = 800
_HELD_OUT = 0.3
_DECIDING = 0.25
_RANK = 32
_TEMPERATURE = 0.05
_STEP = 3e-4
_DECAY = 0.01
_BATCH = 128
_MOST_ROUNDS = 15
Array = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Pairs:
    """Questions as vectors, the chunks that answer each, and the chunks that may."""

    questions: Array
    answers: Sequence[Sequence[int]]
    allowed: Sequence[Array]


class QueryMap:
    """q + qAB, brought back to length 1."""

    def __init__(self, dimensions: int) -> None:
        draw = np.random.default_rng(0)
        self.first = (draw.standard_normal((dimensions, _RANK)) / np.sqrt(dimensions)).astype(np.float32)
        self.second = np.zeros((_RANK, dimensions), np.float32)

    def __call__(self, questions: Array) -> Array:
        mapped = questions + (questions @ self.first) @ self.second
        return np.asarray(mapped / np.linalg.norm(mapped, axis=1, keepdims=True), np.float32)

    def gradients(self, pairs: Pairs, chosen: Array, chunks: Array) -> tuple[Array, Array]:
        """Return how the loss of some pairs grows with each of the two matrices."""
        questions = pairs.questions[chosen]
        hidden = questions @ self.first
        mapped = questions + hidden @ self.second
        length = np.linalg.norm(mapped, axis=1, keepdims=True)
        unit = mapped / length
        logits = unit @ chunks.T / _TEMPERATURE
        for row, at in enumerate(chosen):
            logits[row, ~pairs.allowed[at]] = -np.inf
        weights = np.exp(logits - logits.max(1, keepdims=True))
        pull = weights / weights.sum(1, keepdims=True)
        for row, at in enumerate(chosen):
            right = weights[row, pairs.answers[at]]
            pull[row, pairs.answers[at]] -= right / max(right.sum(), 1e-30)
        to_unit = pull @ chunks / _TEMPERATURE / len(chosen)
        to_mapped = (to_unit - unit * (to_unit * unit).sum(1, keepdims=True)) / length
        return questions.T @ (to_mapped @ self.second.T), hidden.T @ to_mapped + _DECAY * self.second


def trained(pairs: Pairs, chunks: Array, rounds: int) -> QueryMap:
    """Return a map after so many rounds of Adam over the pairs."""
    learned, draw = QueryMap(chunks.shape[1]), np.random.default_rng(0)
    moments = [(np.zeros_like(each), np.zeros_like(each)) for each in (learned.first, learned.second)]
    step = 0
    for _ in range(rounds):
        order = draw.permutation(len(pairs.questions))
        for start in range(0, len(order), _BATCH):
            step += 1
            slopes = learned.gradients(pairs, order[start : start + _BATCH], chunks)
            for matrix, slope, (mean, square) in zip(
                (learned.first, learned.second), slopes, moments, strict=True
            ):
                mean += 0.1 * (slope - mean)
                square += 0.001 * (slope * slope - square)
                matrix -= _STEP * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return learned


@dataclass(frozen=True)
class Learned:
    """A map, and what it adds to MRR by meaning alone on the questions that decided about it."""

    map: QueryMap
    gain: Estimate

    @property
    def would_be_used(self) -> bool:
        """True when the gain is more than chance."""
        return self.gain.low > 0


class MappedEmbedder:
    """An embedder whose questions go through a map."""

    def __init__(self, embedder: Embedder, learned: QueryMap) -> None:
        self._embedder = embedder
        self._learned = learned

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    async def embed_query(self, text: str) -> Vector:
        vector = np.asarray(await self._embedder.embed_query(text), np.float32)
        return array("f", self._learned(vector[None])[0].tolist())


class Lesson:
    """One corpus: its chunks as vectors, and its questions as pairs."""

    def __init__(
        self, bench: Bench, chunks: Sequence[Chunk], vectors: Array, order: Mapping[str, int]
    ) -> None:
        self._bench = bench
        self._chunks = chunks
        self._order = order
        self.vectors = vectors
        self._code = np.array([not chunk.is_test for chunk in chunks])

    def parted(self, questions: Sequence[Asked], share: float) -> tuple[list[Asked], list[Asked]]:
        """Part questions in those to learn from and those to judge by: commits by time, others by file."""
        commits = sorted((each for each in questions if each.kind == "commit"), key=self._age)
        newest = {each.text for each in commits[: int(len(commits) * share)]}

        def is_judge(each: Asked) -> bool:
            if each.kind == "commit":
                return each.text in newest
            digest = hashlib.sha256(f"{share}{each.targets[0].path}".encode()).digest()
            return digest[0] < 256 * share

        return [each for each in questions if not is_judge(each)], list(filter(is_judge, questions))

    async def pairs(self, questions: Sequence[Asked]) -> Pairs:
        """Return what there is to learn from questions; those whose place has no chunk are left out."""
        rows, answers, allowed = [], [], []
        for each in questions:
            right = [at for at, chunk in enumerate(self._chunks) if _answers(chunk, each)]
            if right:
                rows.append(await self._bench.embedder.embed_query(each.text))
                answers.append(right)
                everything = np.ones_like(self._code)
                allowed.append(self._code if each.scope.tests is False else everything)
        return Pairs(np.array(rows, np.float32), answers, allowed)

    async def learned(self, questions: Sequence[Asked]) -> Learned:
        """Train for as many rounds as a quarter of the questions asks for."""
        fitting, deciding = self.parted(questions, _DECIDING)
        pairs, judges = await self.pairs(fitting), await self.pairs(deciding)
        maps = [trained(pairs, self.vectors, rounds) for rounds in (2, 5, 10, _MOST_ROUNDS)]
        ranks = [_reciprocal_ranks(each(judges.questions), judges, self.vectors) for each in maps]
        best = max(range(len(maps)), key=lambda at: sum(ranks[at]))
        plain = _reciprocal_ranks(judges.questions, judges, self.vectors)
        return Learned(maps[best], estimate([new - old for new, old in zip(ranks[best], plain, strict=True)]))

    def _age(self, each: Asked) -> int:
        return self._order.get(each.text, _COMMITS_READ)


def _answers(chunk: Chunk, question: Asked) -> bool:
    return any(
        chunk.path == target.path
        and (
            target.is_whole_file
            or (chunk.span.start_line <= target.end_line and target.start_line <= chunk.span.end_line)
        )
        for target in question.targets
    )


def _reciprocal_ranks(questions: Array, pairs: Pairs, chunks: Array) -> list[float]:
    return [
        1 / (1 + int((row[allowed] > row[right].max()).sum()))
        for row, right, allowed in zip(questions @ chunks.T, pairs.answers, pairs.allowed, strict=True)
    ]


async def _scored(bench: Bench, questions: Sequence[Asked], embedder: Any, suffix: str) -> list[Scored]:
    rows = []
    for name, search in (
        ("meaning alone", meaning(bench.store, embedder)),
        ("Firsthand", ours(bench.store, embedder)),
    ):
        for number, each in enumerate(questions):
            scores = score(each.targets, await search(each.text, each.scope))
            rows.append(
                Scored("", bench.name, each.kind, name + suffix, number, scores, each.names_its_file, "")
            )
    return rows


async def _measure(bench: Bench, order: Mapping[str, int], most: int) -> tuple[list[Scored], list[str]]:
    chunks = [chunk for path in sorted(bench.corpus.sources) for chunk in await bench.store.chunks_of(path)]
    known = await bench.store.known_vectors([chunk.content_hash for chunk in chunks])
    chunks = [chunk for chunk in chunks if chunk.content_hash in known]
    vectors = np.array([known[chunk.content_hash] for chunk in chunks], np.float32)
    lesson = Lesson(bench, chunks, vectors, order)
    labels = [each for each in bench.questions if each.kind == "label"]
    others = [each for each in bench.questions if each.kind != "label"]
    known_before, held_out = lesson.parted(others, _HELD_OUT)
    rows: list[Scored] = []
    verdicts = [bench.name, str(len(known_before))]
    for learning, asked in ((known_before, held_out[:most]), (others, labels)):
        learned = await lesson.learned(learning)
        verdicts += [signed(learned.gain), "used" if learned.would_be_used else "refused"]
        if asked:
            mapped = MappedEmbedder(bench.embedder, learned.map)
            rows += await _scored(bench, asked, bench.embedder, "")
            rows += await _scored(bench, asked, mapped, " with the map")
    say(f"{bench.name}: learned from {len(known_before)} questions, {len(held_out)} held out")
    return rows, verdicts


def _table(rows: Sequence[Scored], metric: str) -> str:
    """Return a row for each corpus and one for all: without the map, and what it adds."""
    lines = []
    for name in [*dict.fromkeys(row.repository for row in rows), ""]:
        mine = [row for row in rows if not name or row.repository == name]
        cells = [name or "all"]
        for method in ("meaning alone", "Firsthand"):
            plain = [row for row in mine if row.method == method]
            mapped = [row for row in mine if row.method == f"{method} with the map"]
            cells += [written(average(plain, metric)), signed(difference(mapped, plain, metric))]
        lines.append(cells)
    return table(["", "meaning alone", "the map adds", "Firsthand", "the map adds"], lines)


def _materials(arguments: argparse.Namespace) -> list[tuple[Material, list[Asked]]]:
    work: list[tuple[Material, list[Asked]]] = []
    if not arguments.no_packages:
        packages = python_packages(arguments.work, arguments.package or list(_PACKAGES))
        work += [(each, []) for each in packages]
    work += [(each, []) for each in local_repositories(arguments.repository)]
    if arguments.questions:
        for each in labelled_repositories(arguments.questions, arguments.table, arguments.clones):
            labels = [Asked("label", item.text, item.targets) for item in each.questions]
            work.append((each.material, labels))
    return work


async def main(arguments: argparse.Namespace) -> None:
    """Measure and write Markdown."""
    model = await load_embedded_embedder(0)
    embedder = KeptVectors(model, arguments.work / "vectors.db")
    rows: list[Scored] = []
    verdicts: list[list[str]] = []
    try:
        for material, labels in _materials(arguments):
            changes = await GitChanges(material.root).changes(_COMMITS_READ) if material.has_history else ()
            async with open_bench(
                material,
                embedder,
                arguments.work / "indexes",
                most_questions=_MOST_QUESTIONS,
                labelled=labels,
            ) as bench:
                commits = questions_of_commits(changes, bench.corpus.outlines)
                order = {each.text: at for at, each in enumerate(commits)}
                measured = await _measure(bench, order, arguments.most)
                rows += measured[0]
                verdicts.append(measured[1])
    finally:
        embedder.close()
        await model.close()
    labelled = [row for row in rows if row.kind == "label"]
    others = [row for row in rows if row.kind != "label"]
    for title, some, metric in (
        ("Held out: NDCG@10", others, "ndcg10"),
        ("Labels: NDCG@10 of files", labelled, "file_ndcg10"),
    ):
        if some:
            sys.stdout.write(f"### {title}\n\n{_table(some, metric)}\n\n")
    head = ["", "learned from", "gain that decides", "", "… from all", ""]
    sys.stdout.write(f"### Whether the map would be used\n\n{table(head, verdicts)}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_corpus_arguments(parser)
    parser.add_argument("--most", type=int, default=200, help="most held-out questions asked of a corpus")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(_arguments()))
