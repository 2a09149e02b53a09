"""The Cutter port over processes of their own: what comes back is ready for the store.

Thousands of files are cut beside each other and beside the server, whose event loop sees only finished rows.
"""

from firsthand.adapters.parser_process import ProcessParser
from firsthand.core.cutting import ParserCutter
from firsthand.core.model import FileStat, FileUpdate, Outline, SourceFile


class ProcessCutter:
    """Cuts files in worker processes. Thread-safe; calls beyond the number of processes wait."""

    def __init__(self, workers: ProcessParser) -> None:
        self._workers = workers
        self._by_lines = ParserCutter(_NoSyntax())

    @property
    def at_once(self) -> int:
        """As many files as there may be processes."""
        return self._workers.most_workers

    def cut(self, stat: FileStat, source: SourceFile) -> FileUpdate:
        """Return the new rows of a file; those of its lines when no process survives its syntax."""
        update = self._workers.cut(stat, source)
        return update if update is not None else self._by_lines.cut(stat, source)

    def rest(self) -> None:
        """End the processes; the next file starts new ones."""
        self._workers.rest()


class _NoSyntax:
    def outline(self, _language: str, _text: str) -> Outline | None:
        return None
