"""The root folders of the session: each is opened in the background, kept up to date and closed by its own task."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from firsthand.core.model import Progress
from firsthand.errors import FirsthandError, RequestError, WorkspaceError
from firsthand.lsp import uris
from firsthand.lsp.failures import sentence_of
from firsthand.lsp.tasks import OwnedTasks, stopped
from firsthand.settings import Settings

if TYPE_CHECKING:
    from firsthand.core.workspace import Workspace

log = logging.getLogger(__name__)

OpenWorkspace = Callable[[Path, Settings], Awaitable["Workspace"]]
NO_FOLDER = "No folder is open: open the folder that holds your code, then try again."


class Folder:
    """One root folder, before, while and after its workspace is open."""

    def __init__(self, uri: str, root: Path, name: str, settings: Settings) -> None:
        self.uri = uri
        self.root = root
        self.name = name
        self.settings = settings
        self.current: Workspace | None = None
        """The open workspace; None while it opens and when it could not be opened."""
        self.failure: FirsthandError | None = None
        """Why the workspace could not be opened or its index no longer follows."""
        self.tasks: set[asyncio.Task[None]] = set()
        """The task that serves this folder, and while it is opened anew, the one that is to be replaced."""
        self._real_root = Path(os.path.realpath(root))
        self._decided = asyncio.Event()

    async def workspace(self) -> Workspace:
        """Return the workspace as soon as it is open.

        Raises:
            FirsthandError: it could not be opened.
        """
        await self._decided.wait()
        if self.current is None:
            raise self.failure or WorkspaceError(f"{self.name} is no longer open.")
        return self.current

    def relative(self, path: Path) -> str | None:
        """Return the path below this root, by the root's name or the place it links to; None when it is outside."""
        roots = (self.root, self._real_root)
        found = uris.relative_to(path, roots)
        if found is None:
            found = uris.relative_to(Path(os.path.realpath(path.parent)) / path.name, roots)
        return found

    def uri_of(self, relative: str) -> str:
        """Return the URI of a file of this folder."""
        return uris.joined(self.uri, relative)

    def opened(self, workspace: Workspace) -> None:
        """Say that the workspace is open."""
        self.current, self.failure = workspace, None
        self._decided.set()

    def failed(self, failure: FirsthandError) -> None:
        """Say that the workspace could not be opened."""
        self.failure = failure
        self._decided.set()

    def closed(self, workspace: Workspace) -> None:
        """Say that this workspace is closing; a newer one stays."""
        if self.current is workspace:
            self.current = None


class Folders:
    """The root folders by URI."""

    def __init__(
        self,
        open_workspace: OpenWorkspace,
        tasks: OwnedTasks,
        *,
        on_open: Callable[[Folder, Workspace], None],
        on_progress: Callable[[Folder, Progress], None],
        on_failure: Callable[[Folder], None],
    ) -> None:
        self._open_workspace = open_workspace
        self._tasks = tasks
        self._on_open = on_open
        self._on_progress = on_progress
        self._on_failure = on_failure
        self._folders: dict[str, Folder] = {}
        self._known = asyncio.Event()

    def all(self) -> tuple[Folder, ...]:
        """Return the folders in the order in which they were added."""
        return tuple(self._folders.values())

    async def known(self) -> tuple[Folder, ...]:
        """Return the folders as soon as the client has said which there are.

        Raises:
            RequestError: there is none.
        """
        await self._known.wait()
        if not self._folders:
            raise RequestError(NO_FOLDER)
        return self.all()

    @property
    def are_known(self) -> bool:
        """True as soon as the client has said which folders there are."""
        return self._known.is_set()

    def settle(self) -> None:
        """Say that the client's folders were added."""
        self._known.set()

    def add(self, uri: str, name: str, settings_of: Callable[[Path], Settings]) -> Folder | None:
        """Open a folder; None when it is open already or is not a folder of files."""
        root = uris.to_path(uri)
        if uri in self._folders or root is None:
            return None
        folder = Folder(uri, root, name or root.name or str(root), settings_of(root))
        self._folders[uri] = folder
        self._start(folder)
        return folder

    async def remove(self, uri: str) -> None:
        """Close a folder."""
        folder = self._folders.pop(uri, None)
        if folder is None:
            return
        folder.failed(WorkspaceError(f"{folder.name} was closed."))
        for task in tuple(folder.tasks):
            await stopped(task)

    def reopen(self, folder: Folder, settings: Settings) -> None:
        """Open a folder anew with other settings; what is open answers until the new one can."""
        folder.settings = settings
        self._start(folder)

    def holding(self, uri: str) -> tuple[Folder, str] | None:
        """Return the innermost folder that holds a file, with the file's path in it."""
        path = uris.to_path(uri)
        if path is None:
            return None
        found = [(folder, relative) for folder in self.all() if (relative := folder.relative(path))]
        return min(found, key=lambda pair: len(pair[1]), default=None)

    def _start(self, folder: Folder) -> None:
        before = tuple(folder.tasks)
        task = self._tasks.start(self._serve(folder, before), f"workspace {folder.name}")
        folder.tasks.add(task)
        task.add_done_callback(folder.tasks.discard)

    async def _serve(self, folder: Folder, before: Iterable[asyncio.Task[None]]) -> None:
        try:
            workspace = await self._open_workspace(folder.root, folder.settings)
        except Exception as error:
            self._fail(folder, error)
            return
        try:
            folder.opened(workspace)
            for task in before:
                await stopped(task)
            self._on_open(folder, workspace)
            await self._follow(folder, workspace)
        finally:
            folder.closed(workspace)
            await workspace.close()

    async def _follow(self, folder: Folder, workspace: Workspace) -> None:
        try:
            await workspace.keeper.run(lambda progress: self._on_progress(folder, progress))
        except Exception as error:
            self._fail(folder, error)
        # What is indexed stays searchable; the folder's task ends only by being cancelled.
        await asyncio.Event().wait()

    def _fail(self, folder: Folder, error: Exception) -> None:
        failure = error if isinstance(error, FirsthandError) else WorkspaceError(sentence_of(error))
        folder.failed(failure)
        self._on_failure(folder)
