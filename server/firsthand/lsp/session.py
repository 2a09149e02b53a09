"""The language server object: what one session with one client remembers."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import FeatureRequestError
from pygls.lsp.server import LanguageServer

from firsthand import __version__
from firsthand.lsp.client_facts import ClientFacts, ClientOptions
from firsthand.lsp.configuration import Configuration
from firsthand.lsp.documents import hand_over_buffers
from firsthand.lsp.folders import Folder, Folders, OpenWorkspace
from firsthand.lsp.jobs import Jobs
from firsthand.lsp.maintenance import follow_models, introduce
from firsthand.lsp.open_documents import OpenDocuments
from firsthand.lsp.positions import Encoding
from firsthand.lsp.protocol import FirsthandProtocol, create_converter
from firsthand.lsp.status_watch import StatusWatch
from firsthand.lsp.tasks import OwnedTasks
from firsthand.settings import Settings

if TYPE_CHECKING:
    from firsthand.core.model import Progress
    from firsthand.core.workspace import Workspace

log = logging.getLogger(__name__)

CacheFolder = Callable[[Settings], Path]


class FirsthandServer(LanguageServer):
    """One session: the client's facts, its folders and documents, and the tasks that work for it."""

    protocol: FirsthandProtocol

    def __init__(self, open_workspace: OpenWorkspace, cache_folder: CacheFolder | None = None) -> None:
        super().__init__(
            "firsthand", __version__, protocol_cls=FirsthandProtocol, converter_factory=create_converter
        )
        self.client = ClientFacts()
        self.options = ClientOptions()
        self.configuration = Configuration(self)
        self.documents = OpenDocuments()
        self.tasks = OwnedTasks()
        self.jobs = Jobs(self)
        self.status_watch = StatusWatch(self)
        self.folders = Folders(
            open_workspace,
            self.tasks,
            on_open=self._folder_opened,
            on_progress=self._folder_progressed,
            on_failure=self._folder_failed,
        )
        self.conversations: dict[str, Folder] = {}
        """Which folder each conversation is about."""
        self.preferred: Folder | None = None
        """The folder of the document that the user opened, changed or asked about last."""
        self._done_once: set[str] = set()
        self._cache_folder = cache_folder
        self._own_folder: Path | None = None

    @property
    def encoding(self) -> Encoding:
        """The position encoding that was negotiated."""
        encoding = self.workspace.position_encoding or types.PositionEncodingKind.Utf16
        return types.PositionEncodingKind(encoding).value

    def answers_folder(self, settings: Settings) -> Path:
        """Return where answers are kept: in the cache, or where nobody said which that is, for this session only."""
        if self._cache_folder is not None:
            return self._cache_folder(settings) / "answers"
        if settings.cache_dir:
            return Path(settings.cache_dir).expanduser().absolute() / "answers"
        self._own_folder = self._own_folder or Path(tempfile.mkdtemp(prefix="firsthand-answers-"))
        return self._own_folder

    def say(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Show a message to the user."""
        self.window_show_message(types.ShowMessageParams(type=kind, message=message))

    def say_once(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Show a message to the user unless this session has shown it before."""
        if self.first_time(message):
            self.say(message, kind)

    def first_time(self, deed: str) -> bool:
        """Say whether this is the first time in this session, and remember it."""
        is_first = deed not in self._done_once
        self._done_once.add(deed)
        return is_first

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log what went wrong outside of a request; requests carry their own errors."""
        if source is not FeatureRequestError:
            log.error("%s", error)

    def _folder_opened(self, folder: Folder, workspace: Workspace) -> None:
        hand_over_buffers(self, folder, workspace)
        self.status_watch.changed()
        if not self.options.notices:
            self.tasks.start(introduce(self, workspace), f"introducing {folder.name}")
        self.tasks.start(follow_models(self, folder, workspace), f"following the models of {folder.name}")

    def _folder_progressed(self, folder: Folder, progress: Progress) -> None:
        self.status_watch.indexing(folder, progress)

    def _folder_failed(self, folder: Folder) -> None:
        self.status_watch.forget(folder)
        self.status_watch.changed()
        if not self.options.notices:
            self.say_once(f"{folder.name}: {folder.failure}", types.MessageType.Error)
