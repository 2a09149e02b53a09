"""Commands at work: each runs in the background, shows its progress and can be stopped by its token."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from lsprotocol import types

from firsthand.lsp.failures import sentence_of
from firsthand.lsp.progress import WorkDoneProgress, new_token, start_progress

if TYPE_CHECKING:
    from firsthand.lsp.session import FirsthandServer

Work = Callable[[WorkDoneProgress], Awaitable[None]]


class Jobs:
    """The commands that are still at work, by token."""

    def __init__(self, server: FirsthandServer) -> None:
        self._server = server
        self._tasks: dict[str | int, asyncio.Task[None]] = {}

    def start(self, title: str, work: Work) -> str:
        """Do `work` in the background and return its token; what goes wrong is shown to the user."""
        token = new_token()
        task = self._server.tasks.start(self._run(title, token, work), title)
        self._tasks[token] = task
        task.add_done_callback(lambda _: self._tasks.pop(token, None))
        return token

    def cancel(self, token: str | int | None) -> int:
        """Stop one job, or all without a token; return how many were stopped."""
        tokens = list(self._tasks) if token is None else [token]
        found = [task for name in tokens if (task := self._tasks.get(name)) is not None]
        for task in found:
            task.cancel()
        return len(found)

    async def _run(self, title: str, token: str, work: Work) -> None:
        if not self._server.client.work_done_progress:
            self._server.say(f"{title}…")
        progress = start_progress(self._server, title, own_token=token, cancel=lambda: self.cancel(token))
        try:
            await work(progress)
        except asyncio.CancelledError:
            progress.end("cancelled")
            raise
        except Exception as error:
            self._server.say(sentence_of(error), types.MessageType.Error)
        finally:
            progress.end()
