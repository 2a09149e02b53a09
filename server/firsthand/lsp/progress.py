"""Long work as the client shows it: `$/progress`, started by the server or asked for by the client."""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from firsthand.core.model import Progress

if TYPE_CHECKING:
    from firsthand.lsp.session import FirsthandServer

log = logging.getLogger(__name__)

# People see about ten changes a second; more only costs the client's time. What comes last is always said.
_LEAST_SECONDS_BETWEEN_REPORTS = 0.1
# What takes longer is told in minutes.
_SECONDS_TOLD = 100
# Where the stages of indexing lie on the whole bar; parsing is quick, embedding is not.
_STAGE_PERCENT = {"scanning": (0, 0), "chunking": (0, 20), "embedding": (20, 100)}


class WorkDoneProgress:
    """One progress: begun once, never going back, ended once; its token is released at the end."""

    def __init__(
        self,
        server: "FirsthandServer",
        title: str,
        token: types.ProgressToken,
        *,
        cancel: Callable[[], object] | None,
    ) -> None:
        self._server = server
        self._title = title
        self._cancel = cancel
        self.token = token
        self._latest = Progress("")
        self._percentage: int | None = None
        self._reported_at = 0.0
        self._late_report: asyncio.TimerHandle | None = None
        self._has_begun = False
        self._has_ended = False

    def begin(self) -> None:
        """Show the progress; the client may cancel it from now on."""
        if self._has_ended:
            return
        self._has_begun = True
        if self._cancel is not None:
            self._server.work_done_progress.tokens[self.token] = _cancelling(self._cancel)
        self._send(
            types.WorkDoneProgressBegin(
                title=self._title,
                cancellable=self._cancel is not None,
                message=message_of(self._latest),
                percentage=self._risen(),
            )
        )

    def report(self, progress: Progress) -> None:
        """Say where the work stands; of what comes too quickly after the last report, the latest is said late."""
        is_new_stage = progress.stage != self._latest.stage
        self._latest = progress
        if not self._has_begun or self._has_ended:
            return
        wait = self._reported_at + _LEAST_SECONDS_BETWEEN_REPORTS - time.monotonic()
        if is_new_stage or wait <= 0:
            self._report_latest()
        elif self._late_report is None:
            self._late_report = asyncio.get_running_loop().call_later(wait, self._report_latest)

    def end(self, message: str | None = None) -> None:
        """Say where the work came to, unless that was said, and take the progress away."""
        if self._has_ended:
            return
        if self._late_report is not None:
            self._report_latest()
        self._has_ended = True
        self._server.work_done_progress.tokens.pop(self.token, None)
        if self._has_begun:
            self._send(types.WorkDoneProgressEnd(message=message))

    def _report_latest(self) -> None:
        if self._late_report is not None:
            self._late_report.cancel()
            self._late_report = None
        self._reported_at = time.monotonic()
        self._send(types.WorkDoneProgressReport(message=message_of(self._latest), percentage=self._risen()))

    def _risen(self) -> int | None:
        percentage = _percentage(self._latest)
        if percentage is not None:
            self._percentage = max(self._percentage or 0, percentage)
        return self._percentage

    def _send(self, value: Any) -> None:
        self._server.progress(types.ProgressParams(token=self.token, value=value))


def start_progress(
    server: "FirsthandServer",
    title: str,
    *,
    token: types.ProgressToken | None = None,
    own_token: str | None = None,
    cancel: Callable[[], object] | None = None,
) -> WorkDoneProgress:
    """Begin a progress: at once with the client's `token`, else when the client has created one of the server's.

    A client that cannot show progress, or refuses to, gets none; the work does not wait for it.
    """
    if token is not None:
        progress = WorkDoneProgress(server, title, token, cancel=cancel)
        progress.begin()
        return progress
    progress = WorkDoneProgress(server, title, own_token or new_token(), cancel=cancel)
    if server.client.work_done_progress:
        server.tasks.start(_create(server, progress), "creating a progress")
    return progress


def new_token() -> str:
    """Return a token that no one has used."""
    return f"firsthand-{uuid.uuid4().hex[:12]}"


def message_of(progress: Progress) -> str | None:
    """Return the line that a user reads: stage, counts, detail, and what is known of rate and remaining time."""
    counts = f"{progress.done}/{progress.total}" if progress.total and not progress.detail else ""
    line = " ".join(part for part in (progress.stage, counts, progress.detail) if part)
    return " · ".join(part for part in (line, *_pace(progress)) if part) or None


def _pace(progress: Progress) -> tuple[str, ...]:
    left = progress.eta_seconds
    if not left:
        return ()
    rate = (progress.total - progress.done) / left
    seconds = max(1, round(left))
    remaining = f"{seconds} s left" if seconds < _SECONDS_TOLD else f"{round(seconds / 60)} min left"
    return f"{rate:,.{0 if rate >= 10 else 1}f}/s", remaining


async def _create(server: "FirsthandServer", progress: WorkDoneProgress) -> None:
    try:
        await server.window_work_done_progress_create_async(
            types.WorkDoneProgressCreateParams(token=progress.token)
        )
    except asyncio.CancelledError:
        raise
    except Exception as error:
        log.info("the client shows no progress: %s", error)
        return
    progress.begin()


def _cancelling(cancel: Callable[[], object]) -> "Future[None]":
    future: Future[None] = Future()
    future.add_done_callback(lambda _: cancel())
    return future


def _percentage(progress: Progress) -> int | None:
    if not progress.total:
        return None
    low, high = _STAGE_PERCENT.get(progress.stage, (0, 100))
    return round(low + (high - low) * min(progress.done, progress.total) / progress.total)
