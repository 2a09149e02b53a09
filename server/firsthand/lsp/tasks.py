"""Background tasks with an owner: kept alive, their failures logged, cancelled together."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from firsthand.errors import FirsthandError

log = logging.getLogger(__name__)

# An editor that quits waits for the server; whoever needs longer than this to stop is left behind.
_SECONDS_TO_END = 5.0


class OwnedTasks:
    """Tasks that live at most as long as their owner."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `work` in the background."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    async def close(self) -> None:
        """Cancel what is running and wait until it has ended, but not for ever."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_SECONDS_TO_END)
            for task in late:
                log.warning("%s does not end", task.get_name())

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, FirsthandError):
            log.warning("%s: %s", task.get_name(), error)
        elif error is not None:
            log.error("%s failed", task.get_name(), exc_info=error)


async def stopped(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it has ended, however it ends."""
    task.cancel()
    await asyncio.wait([task])
