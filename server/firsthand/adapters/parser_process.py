"""The Parser port over processes of their own, so that no file can stall or crash the server.

A worker, `parser_worker`, is started when a file needs it. It ends itself when a file takes too long or when the
server is gone; the next file gets a new one.
"""

import contextlib
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from firsthand.adapters import parser_frames
from firsthand.adapters.worker_process import own_process_group, widen
from firsthand.core.model import FileStat, FileUpdate, Outline, SourceFile

log = logging.getLogger(__name__)

_COMMAND = (sys.executable, "-P", "-m", "firsthand.adapters.parser_worker")
IN_BACKGROUND = (*_COMMAND, "background")
"""The command of workers that let others go first on a busy machine: a first indexing can wait, a save cannot."""
# A save keeps one busy; a hover must not wait for the file it is at, nor for the grammar it compiles.
_FEWEST_WORKERS = 2
# A first indexing takes half the machine, and no more than what one server process stores in time and memory allows:
# a worker with all grammars takes 100 MB.
_MOST_WORKERS = 4
# The parser stops itself after five seconds and queries follow; whatever takes longer has run away.
_SECONDS_PER_FILE = 10.0
# An installation whose worker does not come up will not mend itself, and each attempt takes its time.
_MOST_FAILED_STARTS = 3
# A process that closed its pipes is on its way out.
_END_SECONDS = 1.0


def workers_for_many(cores: int) -> int:
    """Return how many workers a first indexing may have on a machine with so many cores."""
    return max(_FEWEST_WORKERS, min(_MOST_WORKERS, cores // 2))


class ProcessParser:
    """Outlines files in worker processes. Thread-safe; threads that wait leave Python's global lock to others."""

    def __init__(
        self,
        *,
        command: Sequence[str] = _COMMAND,
        seconds_per_file: float = _SECONDS_PER_FILE,
        most_workers: int = _FEWEST_WORKERS,
    ) -> None:
        self.most_workers = most_workers
        self._command = command
        self._seconds = seconds_per_file
        self._turns = threading.BoundedSemaphore(most_workers)
        self._state = threading.Lock()  # guards the three below; never held while a worker works
        self._workers: set[_Worker] = set()
        self._idle: list[_Worker] = []
        self._closed = False
        self._failed_starts = 0
        # Hashes of texts that ended a worker. Each cost a second or more, so there are never many.
        self._deadly: set[int] = set()

    def outline(self, language: str, text: str) -> Outline | None:
        """Return the outline of `text`, or None when no grammar reads it in reasonable time and without harm."""
        outline: Outline | None = self._ask(language, text, None)
        return outline

    def cut(self, stat: FileStat, source: SourceFile) -> FileUpdate | None:
        """Return the new rows of a file, packed; None when its syntax cannot be read without harm."""
        update: FileUpdate | None = self._ask(source.language, source.text, (stat, source))
        return update

    def rest(self) -> None:
        """End the workers that have nothing to do; the next file starts a new one."""
        with self._state:
            idle, self._idle = self._idle, []
        for worker in idle:
            self._dismiss(worker)

    def end_unused(self, *, but: int = 0) -> None:
        """End the workers that nobody needed since the last call, `but` for so many: those that were needed last."""
        with self._state:
            unused = [worker for worker in self._idle if not worker.was_needed]
            ended = unused[: max(0, len(self._idle) - but)]
            self._idle = [worker for worker in self._idle if worker not in ended]
            for worker in self._idle:
                worker.was_needed = False
        for worker in ended:
            self._dismiss(worker)

    def _ask(self, language: str, text: str, file: tuple[FileStat, SourceFile] | None) -> Any:
        key = hash((language, text))
        with self._turns:
            worker = None if key in self._deadly else self._take()
            if worker is None:
                return None
            began = time.monotonic()
            try:
                answer = worker.ask(
                    (self._seconds, language, text) if file is None else (self._seconds, *file)
                )
            except (EOFError, OSError):
                status = self._dismiss(worker)
            else:
                self._give_back(worker)
                return answer
        if not self._closed:
            self._deadly.add(key)
            late = time.monotonic() - began >= self._seconds
            log.warning(
                "The parser %s on a %s text of %d characters; this text is split by lines.",
                f"took more than {self._seconds:g} s" if late else f"crashed (exit status {status})",
                language,
                len(text),
            )
        return None

    def close(self) -> None:
        """End the workers at once; calls under way and later ones return None."""
        with self._state:
            self._closed = True
            idle, self._idle = self._idle, []
            for worker in self._workers:
                worker.kill()
        for worker in idle:
            self._dismiss(worker)

    def _take(self) -> "_Worker | None":
        while (worker := self._pop_idle()) is not None:
            if not worker.ended:
                return worker
            self._dismiss(worker)
        try:
            return self._start()
        except OSError as error:
            self._note_failed_start(error.strerror)
        return None

    def _pop_idle(self) -> "_Worker | None":
        with self._state:
            return self._idle.pop() if self._idle else None

    def _give_back(self, worker: "_Worker") -> None:
        with self._state:
            if not self._closed:
                self._idle.append(worker)
                return
        self._dismiss(worker)

    def _start(self) -> "_Worker | None":
        with self._state:  # `close` must not miss a worker that comes up
            if self._closed or self._failed_starts >= _MOST_FAILED_STARTS:
                return None
            worker = _Worker(self._command)
            self._workers.add(worker)
        try:
            worker.wait_ready()
        except EOFError:
            self._note_failed_start(f"exit status {self._dismiss(worker)}")
            return None
        self._failed_starts = 0
        return worker

    def _note_failed_start(self, reason: object) -> None:
        if not self._closed:
            self._failed_starts += 1
            log.error("The parser's process cannot be started (%s); files are split by lines.", reason)

    def _dismiss(self, worker: "_Worker") -> int:
        with self._state:
            self._workers.discard(worker)
        return worker.end()


class _Worker:
    """One process; only `kill` may be called while another call is under way."""

    def __init__(self, command: Sequence[str]) -> None:
        self.was_needed = True
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **own_process_group()
        )
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            widen(pipe)

    @property
    def ended(self) -> bool:
        """True when the process is no longer there."""
        return self._process.poll() is not None

    def wait_ready(self) -> None:
        """Return when files can be parsed; EOFError when that will not happen."""
        assert self._process.stdout is not None
        parser_frames.receive(self._process.stdout)

    def ask(self, request: tuple[object, ...]) -> Any:
        """Have one file read; EOFError or OSError when the process did not survive it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self.was_needed = True
        parser_frames.send(self._process.stdin, request)
        return parser_frames.receive(self._process.stdout)

    def kill(self) -> None:
        """Stop the process, whatever it does."""
        self._process.kill()

    def end(self) -> int:
        """Release the pipes, see the process end and return its exit status."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(OSError):  # what was never sent goes with it
            self._process.stdin.close()
        self._process.stdout.close()
        try:
            return self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
