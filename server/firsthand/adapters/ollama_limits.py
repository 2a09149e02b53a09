"""How long to wait for Ollama, and how often to try again."""

import random
from dataclasses import dataclass

from firsthand.adapters.ollama_errors import OllamaError, Retry

_MOST_PAUSES = 4
_LONGEST_PAUSE = 8.0


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds. Inference has no short read timeout: a client that gives up during a load aborts the load."""

    connect: float = 4.0
    write: float = 30.0
    pool: float = 60.0
    probe: float = 2.0
    """For `/api/version` and `/api/ps`, which answer at once or not at all."""
    metadata: float = 20.0
    """For `/api/tags` and `/api/show`, which wait while the server builds its list after a start."""
    first_byte: float = 600.0
    """Queue, load and prompt evaluation: nothing is sent before the first token."""
    idle: float = 90.0
    """Between two tokens."""
    pull_idle: float = 300.0
    """Between two lines of a pull: verifying the digest of a large file sends none."""
    poll: float = 0.4
    """Between two looks at what a silent server is doing."""
    pause: float = 0.5
    """Before the first retry of a busy server; doubles each time."""


class Attempts:
    """Decides whether a failed request is tried again, and after which pause."""

    def __init__(self, limits: TimeLimits) -> None:
        self._limits = limits
        self._pauses = 0
        self._repeated = False

    def pause_after(self, fault: OllamaError) -> float | None:
        """Return the seconds to wait before trying again; None: give up."""
        if fault.retry is Retry.AT_ONCE and not self._repeated:
            self._repeated = True
            return 0.0
        if fault.retry is Retry.LATER_ONCE and not self._repeated:
            self._repeated = True
            return self._next_pause()
        if fault.retry is Retry.LATER and self._pauses < _MOST_PAUSES:
            return self._next_pause()
        return None

    def _next_pause(self) -> float:
        longest: float = min(self._limits.pause * 2.0**self._pauses, _LONGEST_PAUSE)
        self._pauses += 1
        # Several editors may share one server: without jitter they would all come back at the same moment.
        return longest * random.uniform(0.5, 1.0)
