"""Progress as it goes to a client, whose time is spared but who always hears the last word."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from lsprotocol import types

from firsthand.core.model import Progress
from firsthand.lsp.progress import WorkDoneProgress, message_of
from firsthand.lsp.session import FirsthandServer


class FakeServer:
    """Keeps what goes to the client."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.work_done_progress = SimpleNamespace(tokens={})
        self.has_sent = asyncio.Event()

    def progress(self, params: types.ProgressParams) -> None:
        self.sent.append(params.value)
        self.has_sent.set()

    @property
    def percentages(self) -> list[int | None]:
        return [value.percentage for value in self.sent if value.kind == "report"]


def begun(server: FakeServer) -> WorkDoneProgress:
    """Return a progress that has begun and has reported once."""
    progress = WorkDoneProgress(cast(FirsthandServer, server), "Pulling m", "token", cancel=None)
    progress.begin()
    progress.report(Progress("", 1, 100))
    return progress


async def test_the_last_report_comes_before_the_end() -> None:
    """Of reports that come at once the first and the last are said, and none after the end."""
    server = FakeServer()
    progress = begun(server)

    for percent in range(2, 101):
        progress.report(Progress("", percent, 100))
    progress.end()

    assert server.percentages == [1, 100]
    assert [value.kind for value in server.sent] == ["begin", "report", "report", "end"]


async def test_a_report_that_nothing_follows_is_said() -> None:
    """Where the work stands is not kept back until there is more to say."""
    server = FakeServer()
    progress = begun(server)
    server.has_sent.clear()

    progress.report(Progress("", 26, 100))
    progress.report(Progress("", 27, 100))
    await server.has_sent.wait()

    assert server.percentages == [1, 27]
    progress.end()
    assert server.percentages == [1, 27]


async def test_rate_and_remaining_time_are_said_where_they_are_known() -> None:
    """In any editor that shows progress; of the last step nothing remains."""
    steps = [
        Progress("embedding", 20, 120, eta_seconds=50.0),
        Progress("embedding", 1, 31, eta_seconds=600.0),
        Progress("embedding", 120, 120, eta_seconds=0.0),
        Progress("scanning"),
    ]

    assert [message_of(step) for step in steps] == [
        "embedding 20/120 · 2.0/s · 50 s left",
        "embedding 1/31 · 0.1/s · 10 min left",
        "embedding 120/120",
        "scanning",
    ]


async def test_a_new_stage_is_said_at_once() -> None:
    """Nobody reads of a stage that is over."""
    server = FakeServer()
    progress = begun(server)

    progress.report(Progress("", 2, 100))
    progress.report(Progress("verifying", 2, 100))

    assert [value.message for value in server.sent[1:]] == ["1/100", "verifying 2/100"]
    progress.end()
    assert [value.kind for value in server.sent] == ["begin", "report", "report", "end"]
