"""Watching the folders of one workspace with what the operating system offers, until it fails or is closed.

On Linux each folder costs a watch, so only those are watched in which something may be indexed; elsewhere a whole
tree costs one. Synchronous: it lives in a thread of its own.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from watchfiles import Change
from watchfiles._rust_notify import RustNotify

from firsthand.adapters.git_command import GitError
from firsthand.adapters.git_listing import ignored_by_git
from firsthand.adapters.git_state import state_files
from firsthand.adapters.source_folders import IGNORE_FILES, SourceFolders, source_folders
from firsthand.core.ports import Changes

_LOG = logging.getLogger(__name__)

_IS_PER_FOLDER = sys.platform == "linux"
_LIMIT_FILE = Path("/proc/sys/fs/inotify/max_user_watches")
# The editor and every other program of the user live on the same watches.
_MOST_SHARE_OF_LIMIT = 0.5

# Events are gathered until none comes for a step, but for no longer than a burst.
_STEP_MS = 50
_BURST_MS = 400
_TURN_MS = 1_000
# Folders that appear are watched beside the others; each such group costs an inotify instance, of which there are few.
_MOST_GROUPS = 3
# A change of so many files is followed by looking at all.
_MANY_CHANGES = 2_000
_MOST_REMEMBERED = 20_000
# Looking for folders anew may take this share of the time at most, however often git writes its index.
_REST_AFTER_LOOK = 10.0
_ATTEMPTS = 5
# What the library says of a name that it cannot pass on.
_NOT_UTF8 = "unable to decode path"


class WatchLimitError(OSError):
    """The system does not allow so many watches."""


class WatchSession:
    """One life of a watch."""

    def __init__(self, root: Path, exclude: Sequence[str]) -> None:
        self._root = os.path.realpath(root)
        self._exclude = tuple(exclude)
        self._groups: list[RustNotify] = []
        self._folders: set[str] = set()
        self._state_files: frozenset[str] = frozenset()
        self._ignored: dict[str, bool] = {}
        self._look_is_due = False
        self._next_look = 0.0

    def start(self) -> Changes:
        """Begin to watch; whatever happened before is unknown.

        Raises:
            OSError: the folders cannot be watched.
        """
        self._watch_anew(self._look())
        return Changes(everything=True)

    def next(self, stop: threading.Event) -> Changes:
        """Wait about a second at most for changes.

        Raises:
            OSError: the folders can no longer be watched.
        """
        events: set[tuple[int, str]] = set()
        for group in self._groups:
            turn = _TURN_MS // len(self._groups)
            try:
                noticed = group.watch(_BURST_MS, _STEP_MS, turn, stop)
            except RuntimeError as error:
                if _NOT_UTF8 not in str(error).lower():
                    raise
                return self._begin_again(stop)
            if isinstance(noticed, set):
                events |= noticed
        if stop.is_set():
            return Changes()
        changes = self._changes(events)
        if self._look_is_due and time.monotonic() >= self._next_look:
            return _both(changes, self._follow_folders())
        return changes

    def close(self) -> None:
        """Stop watching."""
        for group in self._groups:
            group.close()
        self._groups.clear()

    def _begin_again(self, stop: threading.Event) -> Changes:
        """A name that is not UTF-8 ends a watch for good; whatever else it had to tell is unknown."""
        stop.wait(max(0.0, self._next_look - time.monotonic()))
        if stop.is_set():
            return Changes()
        self._watch_anew(self._look())
        return Changes(everything=True)

    def _changes(self, events: set[tuple[int, str]]) -> Changes:
        paths: set[str] = set()
        moved: set[str] = set()
        everything = len(events) > _MANY_CHANGES
        for kind, file in events:
            if file in self._state_files:
                everything = self._look_is_due = True
                continue
            path = self._relative(file)
            if path is None or path.rpartition("/")[0] not in self._folders:
                continue
            name = path.rpartition("/")[2]
            if name in IGNORE_FILES or name == ".git":
                everything = self._look_is_due = True
            if kind != Change.modified:
                moved.add(path)
            paths.add(path)
        self._forget_folders(moved & self._folders)
        if everything:
            self._ignored.clear()
            paths = {path for path in paths if self._is_new_folder(path)}
        kept = self._without_ignored(paths)
        if any(self._is_new_folder(path) for path in kept):
            self._look_is_due, self._next_look = True, 0.0
        return Changes(frozenset() if everything else frozenset(kept - self._folders), everything)

    def _relative(self, file: str) -> str | None:
        path = os.path.relpath(file, self._root).replace(os.sep, "/")
        return None if path == "." or path.startswith(("../", ".git/")) else path

    def _is_new_folder(self, path: str) -> bool:
        file = f"{self._root}/{path}"
        return path not in self._folders and os.path.isdir(file) and not os.path.islink(file)  # noqa: PTH112, PTH114

    def _forget_folders(self, moved: set[str]) -> None:
        """Folders that went or came lost their watch, also when others of these names are there by now."""
        if moved:
            self._folders = {folder for folder in self._folders if moved.isdisjoint(_with_parents(folder))}

    def _without_ignored(self, paths: Iterable[str]) -> set[str]:
        """Drop files that git ignores, so that a log that is always being written costs nothing."""
        if len(self._ignored) > _MOST_REMEMBERED:
            self._ignored.clear()
        unknown = [path for path in paths if path not in self._ignored]
        if unknown:
            try:
                ignored = ignored_by_git(Path(self._root), unknown)
            except GitError as error:
                _LOG.debug("git does not say what is ignored: %s", error)
                ignored = set()
            self._ignored.update((path, path in ignored) for path in unknown)
        return {path for path in paths if not self._ignored[path]}

    def _look(self) -> SourceFolders:
        began = time.monotonic()
        found = source_folders(Path(self._root), self._exclude)
        self._look_is_due = False
        self._next_look = time.monotonic() + (time.monotonic() - began) * _REST_AFTER_LOOK
        return found

    def _follow_folders(self) -> Changes:
        """Watch the folders that appeared, forget those that went, and return the files in the new ones."""
        found = self._look()
        if len(self._groups) >= _MOST_GROUPS:
            self._watch_anew(found)
            # What the old groups had not told yet is unknown.
            return Changes(everything=True)
        appeared = found.folders - self._folders
        state = self._all_state_files(found)
        outside = _existing_folders(state) - _existing_folders(self._state_files)
        self._watch_more([*map(self._absolute, appeared if _IS_PER_FOLDER else ()), *outside])
        self._folders, self._state_files = found.folders, state
        # A folder may have come after its parent was read and before that was watched.
        self._look_is_due = self._look_is_due or bool(appeared)
        return Changes(frozenset(path for folder in appeared for path in self._files_in(folder)))

    def _watch_anew(self, found: SourceFolders) -> None:
        for attempt in range(_ATTEMPTS):
            state = self._all_state_files(found)
            watched = found.folders if _IS_PER_FOLDER else {""}
            try:
                group = self._new_group([*map(self._absolute, watched), *_existing_folders(state)])
            except FileNotFoundError:
                # A folder went after it was found.
                if attempt == _ATTEMPTS - 1:
                    raise
                found = self._look()
                continue
            self.close()
            self._groups = [group]
            self._folders, self._state_files = found.folders, state
            # A folder may have come after its parent was read and before that was watched.
            self._look_is_due = True
            return

    def _watch_more(self, folders: Iterable[str]) -> None:
        present = [folder for folder in folders if os.path.isdir(folder)]  # noqa: PTH112 - many, and strings
        if present:
            try:
                self._groups.append(self._new_group(present))
            except FileNotFoundError:
                self._look_is_due, self._next_look = True, 0.0

    def _new_group(self, folders: Sequence[str]) -> RustNotify:
        if _IS_PER_FOLDER and len(folders) + len(self._folders) > _watch_limit() * _MOST_SHARE_OF_LIMIT:
            raise WatchLimitError(f"{len(folders)} folders")
        return RustNotify(
            watch_paths=list(folders),
            debug=False,
            force_polling=False,
            poll_delay_ms=0,
            recursive=not _IS_PER_FOLDER,
            ignore_permission_denied=True,
        )

    def _all_state_files(self, found: SourceFolders) -> frozenset[str]:
        repositories = {"", *found.repositories}
        return frozenset().union(*(state_files(Path(self._root, folder)) for folder in repositories))

    def _absolute(self, folder: str) -> str:
        return f"{self._root}/{folder}" if folder else self._root

    def _files_in(self, folder: str) -> list[str]:
        prefix = f"{folder}/" if folder else ""
        try:
            with os.scandir(self._absolute(folder)) as entries:
                return [
                    f"{prefix}{entry.name}" for entry in entries if not entry.is_dir(follow_symlinks=False)
                ]
        except OSError:
            return []


def _with_parents(folder: str) -> list[str]:
    parts = folder.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _existing_folders(state: Iterable[str]) -> set[str]:
    """Return the folders of these files so far as they exist."""
    folders = {os.path.dirname(file) for file in state}  # noqa: PTH120 - strings, as the events have them
    return {folder for folder in folders if os.path.isdir(folder)}  # noqa: PTH112


def _watch_limit() -> int:
    try:
        return int(_LIMIT_FILE.read_text("ascii"))
    except (OSError, ValueError):
        return sys.maxsize


def _both(first: Changes, second: Changes) -> Changes:
    return Changes(first.paths | second.paths, first.everything or second.everything)
