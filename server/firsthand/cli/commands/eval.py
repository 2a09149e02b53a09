"""`firsthand eval`: measure search on what the repository says about itself, and learn from that."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from firsthand.cli import evaluation_page, wire
from firsthand.cli.application import Context
from firsthand.cli.evaluation_wording import (
    METRIC_NAMES,
    kind_title,
    number,
    sample_sentence,
    scope_sentence,
    verdict,
)
from firsthand.cli.learning import forget, learn
from firsthand.cli.progress import indexing_progress
from firsthand.cli.terminal import visible
from firsthand.core.evaluation import COMPARED, Evaluation, Outcome
from firsthand.core.evaluation_metrics import METRICS
from firsthand.errors import RequestError

# With a thousand pieces embedded this is about a minute on two cores; the intervals say what it is worth.
_QUESTIONS = 60
_QUESTIONS_WITH_CHAT = 20
_COLUMN = 11
_INTERVAL_COLUMN = 24


def run(context: Context) -> int:
    """Measure and show; or learn from the repository, or forget what was learned."""
    if context.arguments.forget:
        return forget(context)
    if context.arguments.learn:
        return learn(context)
    report: Path | None = context.arguments.report
    if report is not None:
        _check_writable(report)
    evaluation = asyncio.run(_measure(context))
    if report is not None:
        _write(report, evaluation_page.page(evaluation, context.root.name))
    if context.arguments.json:
        context.terminal.write_json(wire.evaluation(evaluation, context.root))
    else:
        out = context.terminal.out()
        for line in _lines(evaluation):
            out.print(line)
    if report is not None:
        context.terminal.say(f"The report is in {report}.")
    return 0


async def _measure(context: Context) -> Evaluation:
    arguments = context.arguments
    async with context.application.open_evaluator(context.root, context.settings) as opened:
        for notice in opened.notices:
            context.terminal.say(notice)
        with indexing_progress(context.terminal) as report:
            return await opened.evaluator.run(
                report, questions=_questions(context), new_chunks=arguments.chunks, seed=arguments.seed
            )


def _questions(context: Context) -> int:
    """A chat model takes seconds for each question, so fewer are asked of it unless the user wants more."""
    given: int | None = context.arguments.questions
    settings = context.settings
    return given or (_QUESTIONS_WITH_CHAT if settings.rerank or settings.multi_query else _QUESTIONS)


def _check_writable(report: Path) -> None:
    """Say before the work, not after it, that its result cannot be kept."""
    if report.is_dir() or not report.absolute().parent.is_dir():
        raise RequestError(f"{report} cannot be written: give a file in a folder that exists.")


def _write(report: Path, text: str) -> None:
    try:
        report.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RequestError(f"{report} cannot be written ({error.strerror}); choose another file.") from error


def _lines(evaluation: Evaluation) -> Iterator[Text]:
    width = max(len(method) for method in evaluation.methods) + 2
    yield Text(scope_sentence(evaluation), style="dim")
    for sample in evaluation.samples:
        yield Text()
        yield Text.assemble((kind_title(sample.kind), "bold"))
        yield Text(sample_sentence(sample), style="dim")
        outcomes = [outcome for outcome in evaluation.outcomes if outcome.kind == sample.kind]
        if outcomes:
            yield _heading(width)
        for outcome in outcomes:
            yield _row(outcome, width)
        for comparison in evaluation.comparisons:
            if comparison.kind == sample.kind:
                yield Text(verdict(comparison), style="green" if comparison.is_clear else "")
    for note in evaluation.notes:
        yield Text(visible(note), style="dim")


def _heading(width: int) -> Text:
    names = [METRIC_NAMES[metric].rjust(_width_of(metric)) for metric in METRICS]
    return Text(" " * width + "".join(names), style="dim")


def _row(outcome: Outcome, width: int) -> Text:
    cells = []
    for metric in METRICS:
        found = outcome.scores[metric]
        text = number(found.mean)
        if metric == COMPARED:
            text += f" [{number(found.low)}, {number(found.high)}]"
        cells.append(text.rjust(_width_of(metric)))
    return Text(visible(outcome.method).ljust(width) + "".join(cells))


def _width_of(metric: str) -> int:
    return _INTERVAL_COLUMN if metric == COMPARED else max(_COLUMN, len(METRIC_NAMES[metric]) + 2)
