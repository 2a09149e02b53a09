"""Measure search and what it is compared with, on questions that nobody's opinion is in.

    python tests/eval/run.py --work DIR                       # packages from the registry
    python tests/eval/run.py --work DIR --repository ~/src/x  # a clone's commits, too: files and lines
    python tests/eval/run.py … --questions FILE --table FILE --clones DIR   # labels that you have, see file_labels.py
    python tests/eval/run.py … --ablation                           # what each rule of the ranking gives
    python tests/eval/run.py … --semble /path/to/python             # an environment that has semble
    python tests/eval/run.py … --keep FILE                          # nothing but lists to rank, see replay.py

Writes Markdown to standard output. Indexes are kept in the working folder: a second run only asks. So are vectors, by
text: when cutting or ranking changes, only what is new is embedded. `--most` says how much is asked.
"""

import argparse
import asyncio
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablation import ablated
from baselines import Search, bm25, fusion, grep, index_keywords, meaning, ours, semble
from benches import Asked, Bench, open_bench, say
from corpora import Material, add_corpus_arguments, local_repositories, past_repositories, python_packages
from file_labels import LabelledRepository, labelled_repositories
from kept_candidates import Keeper
from kept_vectors import KeptVectors
from tables import Scored, average, difference, short, signed, table, written

from firsthand.adapters.onnx_embedder import load_embedded_embedder
from firsthand.core.evaluation_metrics import ndcg_as_returned, score
from firsthand.core.retrieval import Searcher

OURS = "Firsthand"
_TIMED = 40
_METRICS = ("mrr10", "ndcg10", "file_ndcg10", "top1", "recall5", "recall10", "r2k")
_HEADS = ("MRR@10", "NDCG@10", "files NDCG@10", "Top-1", "R@5", "R@10", "r2k")


async def _methods(bench: Bench, arguments: argparse.Namespace) -> dict[str, Search]:
    methods = {
        OURS: ours(bench.store, bench.embedder),
        "Firsthand, keywords alone": ours(bench.store, None),
        "fusion of both lists, no rules": fusion(bench.store, bench.embedder),
        "meaning alone (bge-small int8)": meaning(bench.store, bench.embedder),
        "its keyword list alone": index_keywords(bench.store),
        "BM25 over the same chunks": await bm25(bench.store, bench.corpus),
        "grep, word by word": grep(bench.corpus),
    }
    if arguments.semble:
        texts = [(each.text, True) for each in bench.questions]
        name = "semble" if arguments.semble_model else "semble, words alone"
        methods[name] = semble(arguments.semble, bench.corpus, texts, arguments.semble_model)
    return methods


async def _ask(bench: Bench, method: str, search: Search) -> list[Scored]:
    rows: list[Scored] = []
    for number, question in enumerate(bench.questions):
        found = await search(question.text, question.scope)
        scores = dict(score(question.targets, found))
        if question.kind == "label":
            scores["ndcg10"] = ndcg_as_returned(question.targets, found)
        rows.append(
            Scored(
                bench.group,
                bench.name,
                question.kind,
                method,
                number,
                scores,
                question.names_its_file,
                question.language,
            )
        )
    return rows


def _main_tables(rows: Sequence[Scored]) -> list[str]:
    parts = []
    for group, kind in dict.fromkeys((row.group, row.kind) for row in rows):
        of_kind = [row for row in rows if (row.group, row.kind) == (group, kind)]
        of_ours = [row for row in of_kind if row.method == OURS]
        lines = []
        for method in dict.fromkeys(row.method for row in of_kind):
            of_method = [row for row in of_kind if row.method == method]
            cells = [written(average(of_method, metric)) for metric in _METRICS[:3]]
            cells += [short(average(of_method, metric).mean) for metric in _METRICS[3:]]
            gain = "" if method == OURS else signed(difference(of_ours, of_method, "ndcg10"))
            lines.append([method, *cells, gain])
        parts.append(f"### {_title(group, kind, of_ours)}\n")
        parts.append(table(["", *_HEADS, "Firsthand's lead in NDCG@10"], lines) + "\n")
        unnamed = [row for row in of_ours if not row.names_its_file]
        if unnamed:
            found = average(unnamed, "file_ndcg10")
            parts.append(
                f"Without a word of the file's name ({len(unnamed)}): files NDCG@10 {written(found)}\n"
            )
        languages = sorted({row.language for row in of_ours if row.language})
        if languages:
            by_language = [
                f"{language} {short(average([row for row in of_ours if row.language == language], 'ndcg10').mean)}"
                for language in languages
            ]
            parts.append(f"By language: {', '.join(by_language)}\n")
    return parts


def _title(group: str, kind: str, rows: Sequence[Scored]) -> str:
    names = {
        "docstring": "documentation → function",
        "test": "test → code",
        "commit": "commit subject → files",
        "hunk": "commit subject → lines it replaced, in an earlier tree",
        "label": "question → files",
    }
    repositories = len({row.repository for row in rows})
    return f"{names[kind]}, {group}: {len(rows)} questions, {repositories} repositories"


def _query_times(bench: Bench, seconds: Sequence[float], chunks: int) -> str:
    milliseconds = sorted(1000 * each for each in seconds)
    middle, late = statistics.median(milliseconds), milliseconds[int(0.95 * len(milliseconds))]
    return f"{bench.name}: {chunks:,} chunks, p50 {middle:.0f} ms, p95 {late:.0f} ms"


async def _measure(
    material: Material, embedder: Any, labelled: Sequence[Asked], arguments: argparse.Namespace
) -> tuple[list[Scored], list[Scored], str]:
    rows: list[Scored] = []
    cache = arguments.work / "indexes"
    async with open_bench(
        material, embedder, cache, most_questions=arguments.most, labelled=labelled
    ) as bench:
        if not bench.questions:
            return [], [], ""
        if arguments.keep:
            await Keeper(arguments.keep, bench.store, bench.embedder).keep(
                bench.group, bench.name, bench.questions
            )
            return [], [], ""
        seconds = []
        for question in bench.questions[:_TIMED]:
            began = time.perf_counter()
            await Searcher(store=bench.store, embedder=bench.embedder).search(
                question.text, scope=question.scope
            )
            seconds.append(time.perf_counter() - began)
        times = _query_times(bench, seconds, (await bench.store.stats()).chunks)
        for name, search in (await _methods(bench, arguments)).items():
            rows += await _ask(bench, name, search)
            say(f"{material.name}: asked {name}")
        ablation = []
        if arguments.ablation:
            async for rule in ablated():
                ablation += await _ask(bench, rule, ours(bench.store, bench.embedder))
            say(f"{material.name}: ablated")
    return rows, ablation, times


def _ablation_table(rows: Sequence[Scored]) -> list[str]:
    columns = list(dict.fromkeys((row.group, row.kind) for row in rows))
    whole = [row for row in rows if row.method == OURS]
    lines = []
    for rule in dict.fromkeys(row.method for row in rows):
        cells = [rule]
        for group, kind in columns:
            of_whole = [row for row in whole if (row.group, row.kind) == (group, kind)]
            without = [row for row in rows if row.method == rule and (row.group, row.kind) == (group, kind)]
            if rule == OURS:
                cells.append(written(average(of_whole, "ndcg10")))
            else:
                cells.append(signed(difference(without, of_whole, "ndcg10")))
        lines.append(cells)
    return [table(["NDCG@10", *(f"{kind}, {group}" for group, kind in columns)], lines) + "\n"]


async def main(arguments: argparse.Namespace) -> None:
    """Measure everything that was named, one corpus after the other."""
    work: list[tuple[Material, list[Asked]]] = []
    if not arguments.no_packages:
        work += [(each, []) for each in python_packages(arguments.work, arguments.package)]
    work += [(each, []) for each in local_repositories(arguments.repository)]
    work += [(each, []) for each in past_repositories(arguments.repository, arguments.work)]
    if arguments.questions:
        found = labelled_repositories(arguments.questions, arguments.table, arguments.clones)
        work += [(each.material, _labels(each)) for each in found if _wanted(each, arguments)]
    model = await load_embedded_embedder(0)
    embedder = KeptVectors(model, arguments.work / "vectors.db")
    rows: list[Scored] = []
    ablation: list[Scored] = []
    times: list[str] = []
    try:
        for material, labelled in work:
            measured = await _measure(material, embedder, labelled, arguments)
            rows += measured[0]
            ablation += measured[1]
            times.append(measured[2])
    finally:
        embedder.close()
        await model.close()
    if arguments.keep:
        return
    out = [f"`python {' '.join(sys.argv)}` · {platform.machine()}, Python {platform.python_version()}\n"]
    out += _main_tables(rows)
    if ablation:
        out += ["### Without each rule\n", *_ablation_table(ablation)]
    out += ["### Query time, all included\n", *(f"- {line}" for line in times if line)]
    sys.stdout.write("\n".join(out) + "\n")


def _labels(repository: LabelledRepository) -> list[Asked]:
    return [Asked("label", each.text, each.targets, language=each.language) for each in repository.questions]


def _wanted(repository: LabelledRepository, arguments: argparse.Namespace) -> bool:
    return not arguments.package or repository.material.name in arguments.package


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_corpus_arguments(parser)
    parser.add_argument("--most", type=int, default=300, help="most questions of a kind and corpus")
    parser.add_argument("--keep", type=Path, help="only keep what the ranking is given, for replay.py")
    parser.add_argument("--ablation", action="store_true", help="measure what each rule gives")
    parser.add_argument("--semble", type=Path, help="a Python that has semble")
    parser.add_argument("--semble-model", default="", help="its model; without one only words count")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(_arguments()))
