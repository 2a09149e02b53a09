"""Rank again what searches brought: says in a minute what a change of `core/ranking.py` does to every kind of question.

    python tests/eval/run.py … --keep FILE                          # keeps what the ranking is given, once
    python tests/eval/functions_alone.py --work DIR --keep FILE     # the same for functions alone
    python tests/eval/replay.py FILE … --save BEFORE                # ranks it, and keeps the scores
    python tests/eval/replay.py FILE … --against BEFORE             # after a change: with the differences
    python tests/eval/replay.py FILE … --ablation                   # without each rule

Nothing is searched, so a change of what is cut, embedded or found needs new files. Writes Markdown.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ablation import ablated
from baselines import LIMIT, plain_sum
from kept_candidates import KeptHead, KeptQuestion, Lists, kept_questions
from tables import Scored, average, difference, short, signed, table, written

from firsthand.core.evaluation_metrics import ndcg_as_returned, score
from firsthand.core.model import Hit
from firsthand.core.query import understand
from firsthand.core.ranking import rank

_OURS = "Firsthand"
_METRICS = ("mrr10", "ndcg10", "file_ndcg10", "top1")
_HEADS = ("MRR@10", "NDCG@10", "files NDCG@10", "Top-1")

Order = Callable[[str, Lists], Sequence[KeptHead]]
"""From a question and the lists to a ranking."""


def _ours(text: str, lists: Lists) -> Sequence[KeptHead]:
    using = [Hit(head, 1.0, tuple(reasons)) for head, reasons in lists.using]
    found = rank(understand(text), lists.dense, lists.keywords, lists.defining, using, limit=LIMIT)
    return [each.chunk for each in found]


_ORDERS: dict[str, Order] = {
    _OURS: _ours,
    "meaning alone": lambda _, lists: [each.chunk for each in lists.dense[:LIMIT]],
    "keywords alone, no rules": lambda _, lists: [each.chunk for each in lists.keywords[:LIMIT]],
    "meaning .7, keywords .3, no rules": lambda _, lists: plain_sum(lists.dense, lists.keywords),
}


def _scored(questions: Sequence[KeptQuestion], method: str, order: Order) -> list[Scored]:
    rows = []
    for number, each in enumerate(questions):
        results = [head.result for head in order(each.asked.text, each.lists)]
        scores = dict(score(each.asked.targets, results))
        if each.asked.kind == "label":
            scores["ndcg10"] = ndcg_as_returned(each.asked.targets, results)
        names_its_file, language = each.asked.names_its_file, each.asked.language
        rows.append(
            Scored(each.group, each.corpus, each.asked.kind, method, number, scores, names_its_file, language)
        )
    return rows


def _kinds(rows: Sequence[Scored]) -> dict[tuple[str, str], list[Scored]]:
    found: dict[tuple[str, str], list[Scored]] = {}
    for row in rows:
        found.setdefault((row.kind, row.group), []).append(row)
    return found


def _tables(rows: Sequence[Scored], before: Sequence[Scored]) -> list[str]:
    """Return a table for each kind of question: each method, and by how much ours is ahead of what was before."""
    parts = []
    of_before = _kinds(before)
    for (kind, group), of_kind in _kinds(rows).items():
        ours = [row for row in of_kind if row.method == _OURS]
        lines = []
        for method in dict.fromkeys(row.method for row in of_kind):
            of_method = [row for row in of_kind if row.method == method]
            lines.append([method, *(written(average(of_method, metric)) for metric in _METRICS)])
        if (kind, group) in of_before:
            was = of_before[kind, group]
            lines.insert(1, ["… against before", *(signed(difference(ours, was, each)) for each in _METRICS)])
        parts += [f"### {kind}, {group}: {len(ours)} questions\n", table(["", *_HEADS], lines) + "\n"]
    return parts


async def _ablation(questions: Sequence[KeptQuestion]) -> str:
    lines: list[list[str]] = []
    whole: dict[tuple[str, str], list[Scored]] = {}
    async for rule in ablated():
        kinds = _kinds(_scored(questions, rule, _ours))
        metrics = {key: "mrr10" if key[0] == "docstring" else "ndcg10" for key in kinds}
        if not whole:
            whole = kinds
            lines.append([rule, *(short(average(rows, metrics[key]).mean) for key, rows in kinds.items())])
        else:
            cells = [signed(difference(rows, whole[key], metrics[key])) for key, rows in kinds.items()]
            lines.append([rule, *cells])
    heads = [f"{kind}, {group}" for kind, group in whole]
    return table(["MRR@10 of documentation, NDCG@10 of others", *heads], lines) + "\n"


def _write(file: Path, rows: Sequence[Scored]) -> None:
    kept = [
        [row.group, row.repository, row.kind, row.number, dict(row.scores)]
        for row in rows
        if row.method == _OURS
    ]
    file.write_text(json.dumps(kept), encoding="utf-8")


def _read(file: Path) -> list[Scored]:
    rows = json.loads(file.read_text(encoding="utf-8"))
    return [
        Scored(group, corpus, kind, _OURS, number, scores, names_its_file=False, language="")
        for group, corpus, kind, number, scores in rows
    ]


async def main(arguments: argparse.Namespace) -> None:
    """Rank everything again and write what was asked for."""
    questions = list(kept_questions(arguments.files))
    if arguments.ablation:
        sys.stdout.write(await _ablation(questions))
        return
    rows = [row for method, order in _ORDERS.items() for row in _scored(questions, method, order)]
    if arguments.save:
        _write(arguments.save, rows)
    before = _read(arguments.against) if arguments.against else []
    sys.stdout.write("\n".join(_tables(rows, before)) + "\n")


if __name__ == "__main__":
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("files", type=Path, nargs="+", help="what --keep wrote")
    flags.add_argument("--save", type=Path, help="where to keep the scores")
    flags.add_argument("--against", type=Path, help="kept scores to compare with")
    flags.add_argument("--ablation", action="store_true", help="what each rule of the ranking gives")
    asyncio.run(main(flags.parse_args()))
