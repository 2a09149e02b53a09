"""Watches indexing and tells the client: status notifications and one progress per folder."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from firsthand.core.model import Progress
from firsthand.lsp.json_values import to_json
from firsthand.lsp.messages import STATUS_DID_CHANGE
from firsthand.lsp.progress import WorkDoneProgress, start_progress
from firsthand.lsp.status import session_status

if TYPE_CHECKING:
    from firsthand.lsp.folders import Folder
    from firsthand.lsp.session import FirsthandServer

# At most four status notifications a second.
_SECONDS_BETWEEN_NOTIFICATIONS = 0.25
_WORKING_STAGES = ("scanning", "chunking", "embedding")
# A saved file is indexed in less time than it takes to read that it is being indexed.
_FEWEST_STEPS_WORTH_SHOWING = 20


class StatusWatch:
    """Gathers changes of state and passes them on at a pace that people and editors can bear."""

    def __init__(self, server: FirsthandServer) -> None:
        self._server = server
        self._changed = asyncio.Event()
        self._progress: dict[Folder, WorkDoneProgress] = {}

    def changed(self) -> None:
        """Note that the status may be another one now."""
        self._changed.set()

    def indexing(self, folder: Folder, progress: Progress) -> None:
        """Note where the indexing of a folder stands."""
        self.changed()
        shown = self._progress.get(folder)
        if progress.stage not in _WORKING_STAGES:
            self.forget(folder, progress.detail or None)
        elif shown is not None:
            shown.report(progress)
        elif progress.total >= _FEWEST_STEPS_WORTH_SHOWING:
            started = start_progress(self._server, f"Indexing {folder.name}")
            started.report(progress)
            self._progress[folder] = started

    def forget(self, folder: Folder, message: str | None = None) -> None:
        """End the progress of a folder."""
        shown = self._progress.pop(folder, None)
        if shown is not None:
            shown.end(message)

    async def run(self) -> None:
        """Send the status whenever it changed, until cancelled."""
        previous = None
        while True:
            await self._changed.wait()
            self._changed.clear()
            status = to_json(await session_status(self._server))
            if status != previous:
                previous = status
                self._server.protocol.notify(STATUS_DID_CHANGE, status)
            await asyncio.sleep(_SECONDS_BETWEEN_NOTIFICATIONS)
