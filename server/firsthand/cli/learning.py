"""`firsthand eval --learn` and `--forget`: a map of questions that is learned from the repository."""

import asyncio
from collections.abc import Iterator

from rich.text import Text

from firsthand.cli import wire
from firsthand.cli.application import Context
from firsthand.cli.evaluation_wording import METRIC_NAMES, number
from firsthand.cli.progress import indexing_progress
from firsthand.cli.rendering import signed
from firsthand.core.evaluation import COMPARED
from firsthand.core.question_map import Verdict


def learn(context: Context) -> int:
    """Learn, and tell whether searches use what was learned."""
    verdict = asyncio.run(_learn(context))
    if context.arguments.json:
        context.terminal.write_json(wire.learning(verdict, context.root))
    else:
        for line in _lines(verdict):
            context.terminal.out().print(line)
    return 0


def forget(context: Context) -> int:
    """Delete what was learned, and tell whether there was anything."""
    had_one = asyncio.run(context.application.forget_map(context.root, context.settings))
    if context.arguments.json:
        context.terminal.write_json({"root": str(context.root), "forgotten": had_one})
    else:
        context.terminal.out().print(
            "Forgotten: searches use the embedder as it is."
            if had_one
            else "Nothing was learned for this folder; to learn: firsthand eval --learn"
        )
    return 0


async def _learn(context: Context) -> Verdict:
    async with context.application.open_learner(context.root, context.settings) as opened:
        for notice in opened.notices:
            context.terminal.say(notice)
        with indexing_progress(context.terminal) as report:
            return await opened.learner.learn(report, seed=context.arguments.seed)


def _lines(verdict: Verdict) -> Iterator[Text]:
    name = METRIC_NAMES[COMPARED]
    yield Text(
        f"Learned from {verdict.learned_from} questions of this repository, judged by {verdict.judged_by} others.",
        style="dim",
    )
    yield Text(
        f"{name} of search {number(verdict.without)} → {number(verdict.mapped)}: {signed(verdict.gain)}."
    )
    if verdict.is_clear:
        yield Text(
            "Kept: searches of this folder use it from now on (firsthand eval --forget ends that).", "green"
        )
    else:
        yield Text("Not kept: chance may explain the difference, so searches use the embedder as it is.")
