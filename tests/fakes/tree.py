"""A workspace's files in a dictionary, and a history that is empty unless told."""

import hashlib
from collections.abc import Collection, Mapping, Sequence

from firsthand.core.evaluation_questions import Change
from firsthand.core.languages import language_of
from firsthand.core.model import Commit, FileStat, Scan, SkippedFile, SourceFile
from firsthand.errors import RequestError


class DictTree:
    """Files by path; a write changes the time, so that a sweep sees it."""

    def __init__(
        self, files: Mapping[str, str] | None = None, skipped: Mapping[str, str] | None = None
    ) -> None:
        self.files: dict[str, str] = {}
        self.skipped = dict(skipped or {})
        self.reads: list[str] = []
        self.peeks: list[str] = []
        self.secret: set[str] = set()
        self.unreadable: set[str] = set()
        self.rules: dict[str, str] = {}
        self._times: dict[str, int] = {}
        self._clock = 0
        for path, text in (files or {}).items():
            self.write(path, text)

    def write(self, path: str, text: str) -> None:
        """Create or overwrite a file."""
        self._clock += 1
        self.files[path] = text
        self._times[path] = self._clock

    def delete(self, path: str) -> None:
        """Delete a file."""
        del self.files[path]

    async def scan(self) -> Scan:
        return Scan(
            tuple(self._stat(path) for path in sorted(self.files)),
            tuple(SkippedFile(path, reason) for path, reason in self.skipped.items()),
        )

    async def stat_all(self, paths: Sequence[str]) -> dict[str, FileStat | SkippedFile | None]:
        return {path: self._found(path) for path in paths}

    async def read(self, path: str) -> SourceFile | SkippedFile | None:
        self.reads.append(path)
        if path in self.unreadable:
            raise PermissionError(13, "Permission denied", path)
        if path not in self.files:
            return None
        if path in self.secret:
            return SkippedFile(path, "may hold secrets")
        text = self.files[path]
        data = text.encode("utf-8", "surrogatepass")
        return SourceFile(path, text, language_of(path, text), hashlib.sha256(data).hexdigest())

    def peek(self, path: str) -> bytes | None:
        self.peeks.append(path)
        return self.files[path].encode("utf-8", "surrogatepass") if path in self.files else None

    async def rule_against(self, path: str) -> str:
        return self.rules.get(path, "")

    def _found(self, path: str) -> FileStat | SkippedFile | None:
        if path in self.skipped:
            return SkippedFile(path, self.skipped[path])
        return self._stat(path) if path in self.files else None

    def _stat(self, path: str) -> FileStat:
        return FileStat(path, len(self.files[path].encode("utf-8", "surrogatepass")), self._times[path])


class FakeHistory:
    """A history that says what it was told."""

    def __init__(
        self,
        change: Commit | None = None,
        head: str | None = None,
        recent: Sequence[str] = (),
        revisions: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self._change = change
        self._head = head
        self._recent = recent
        self._revisions = revisions or {}

    async def head(self) -> str | None:
        return self._head

    async def last_change(self, path: str, start_line: int, end_line: int) -> Commit | None:
        return self._change

    async def changed_since(self, revision: str) -> frozenset[str]:
        if revision not in self._revisions:
            raise RequestError(f"git knows no revision {revision}.")
        return frozenset(self._revisions[revision])

    async def recent_files(self, limit: int) -> Sequence[str]:
        return self._recent[:limit]


class FakeChanges:
    """The commits that it was told, newest first."""

    def __init__(self, changes: Sequence[Change] = ()) -> None:
        self.told = list(changes)

    async def changes(self, limit: int) -> Sequence[Change]:
        return self.told[:limit]
