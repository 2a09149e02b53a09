"""Measure a map of question vectors that is learned from the repository itself; RESULTS.md says what it gives.

    python tests/eval/query_map.py --work DIR                       # packages from the registry
    python tests/eval/query_map.py --work DIR --repository ~/src/x  # a clone's commits
    python tests/eval/query_map.py … --questions FILE --table FILE --clones DIR   # labels, see file_labels.py

Map, training and parting are the product's (`firsthand eval --learn`). Labels are asked of a map that has learned from
all other questions, because nothing of a label is in them. Indexes and vectors are kept in the working folder; those of
run.py are taken.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from baselines import meaning, ours
from benches import Asked, Bench, open_bench, say
from corpora import Material, add_corpus_arguments, local_repositories, python_packages
from file_labels import labelled_repositories
from kept_vectors import KeptVectors
from tables import Scored, average, difference, signed, table, written

from firsthand.adapters.git_changes import GitChanges
from firsthand.adapters.onnx_embedder import load_embedded_embedder
from firsthand.adapters.query_map import QueryMapLesson
from firsthand.core.evaluation_metrics import Estimate, score
from firsthand.core.evaluation_questions import questions_of_commits
from firsthand.core.learning import parted, trained
from firsthand.core.question_map import MappedEmbedder, OneMap

_PACKAGES = ("requests", "flask", "click", "networkx")
_COMMITS_READ = 3_000
_MOST_QUESTIONS = 800
_HELD_OUT = 0.3


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
    labels = [each for each in bench.questions if each.kind == "label"]
    others = [each for each in bench.questions if each.kind not in ("label", "hunk")]
    known_before, held_out = parted(others, order, _HELD_OUT)
    rows: list[Scored] = []
    for learning, asked in ((known_before, held_out[:most]), (others, labels)):
        if not asked:
            continue
        learned = await trained(
            QueryMapLesson, bench.store, bench.embedder, learning, order, lambda progress: None
        )
        rows += await _scored(bench, asked, bench.embedder, "")
        rows += await _scored(bench, asked, MappedEmbedder(bench.embedder, OneMap(learned)), " with the map")
    gain = _gain([row for row in rows if row.kind != "label"], "Firsthand", "ndcg10")
    say(f"{bench.name}: learned from {len(known_before)} questions, {len(held_out)} held out")
    return rows, [bench.name, str(len(known_before)), signed(gain), "kept" if gain.low > 0 else "refused"]


def _gain(rows: Sequence[Scored], method: str, metric: str) -> Estimate:
    plain = [row for row in rows if row.method == method]
    mapped = [row for row in rows if row.method == f"{method} with the map"]
    return difference(mapped, plain, metric)


def _table(rows: Sequence[Scored], metric: str) -> str:
    """Return a row for each corpus and one for all: without the map, and what it adds."""
    lines = []
    for name in [*dict.fromkeys(row.repository for row in rows), ""]:
        mine = [row for row in rows if not name or row.repository == name]
        cells = [name or "all"]
        for method in ("meaning alone", "Firsthand"):
            plain = [row for row in mine if row.method == method]
            cells += [written(average(plain, metric)), signed(_gain(mine, method, metric))]
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
    head = ["", "learned from", "gain that decides", ""]
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
