"""Progress bars for long work, on standard error and only where a person can see them."""

import asyncio
import contextlib
from collections.abc import Iterator

from rich.progress import (
    BarColumn,
    DownloadColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from firsthand.cli.terminal import Terminal, visible
from firsthand.core.model import Progress, Report

# What is counted in the stages of indexing and measuring.
_UNITS = {
    "reading": "files",
    "chunking": "files",
    "embedding": "chunks",
    "asking": "questions",
    "learning": "rounds",
}
# Bringing an index up to date is mostly over sooner; a bar that flashes by would only disturb.
_DELAY_SECONDS = 0.3
# Stages in which nothing moves.
_RESTING = ("idle", "paused", "failed")


@contextlib.contextmanager
def indexing_progress(terminal: Terminal, *, delay: float = _DELAY_SECONDS) -> Iterator[Report]:
    """Show the stages of indexing while the block runs, with rate and remaining time."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<10}"),
        BarColumn(bar_width=30),
        _CountColumn(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    with _bars(terminal, columns, delay) as report:
        yield report


@contextlib.contextmanager
def download_progress(terminal: Terminal) -> Iterator[Report]:
    """Show a download in bytes while the block runs."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
    )
    with _bars(terminal, columns, 0) as report:
        yield report


@contextlib.contextmanager
def _bars(terminal: Terminal, columns: tuple[ProgressColumn, ...], delay: float) -> Iterator[Report]:
    console = terminal.err()
    if not console.is_terminal:
        yield _ignore
        return
    bars = Bars(*columns, console=console, transient=True)
    start = asyncio.get_running_loop().call_later(delay, bars.start) if delay else None
    try:
        if start is None:
            bars.start()
        yield _Stages(bars).report
    finally:
        if start is not None:
            start.cancel()
        if bars.live.is_started:
            bars.stop()


class _Stages:
    """One bar for each stage, in the order in which they begin."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def report(self, progress: Progress) -> None:
        nothing_to_do = progress.stage in _UNITS and not progress.total
        if progress.stage in _RESTING or nothing_to_do:
            return
        if progress.stage not in self._tasks:
            self._finish_others()
            name = visible(progress.detail if progress.stage == "waiting" else progress.stage)
            self._tasks[progress.stage] = self._bars.add_task(
                name, total=None, unit=_UNITS.get(progress.stage, "")
            )
        self._bars.update(self._tasks[progress.stage], completed=progress.done, total=progress.total or None)

    def _finish_others(self) -> None:
        for task in self._bars.tasks:
            if task.total is None:
                self._bars.update(task.id, total=1, completed=1, visible=False)


class _CountColumn(ProgressColumn):
    """`120/800 files · 42/s`."""

    def render(self, task: Task) -> Text:
        if not task.total or not task.fields.get("unit"):
            return Text("")
        count = f"{int(task.completed):,}/{int(task.total):,} {task.fields['unit']}"
        return Text(f"{count} · {task.speed:,.0f}/s" if task.speed else count)


def _ignore(progress: Progress) -> None:
    """Nobody is looking."""
