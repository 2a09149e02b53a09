"""What the indexer is doing now, as it reports it."""

import time
from dataclasses import dataclass, replace
from typing import Literal

from firsthand.core.model import Progress, Report

Stage = Literal["idle", "scanning", "chunking", "embedding", "paused", "waiting", "following", "failed"]


@dataclass(frozen=True, slots=True)
class IndexingState:
    """What the indexer is doing now; `eta_seconds` is None while there is no rate yet."""

    stage: Stage = "idle"
    done: int = 0
    total: int = 0
    eta_seconds: float | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class StageMark:
    """A stage and when it began, to go on with after something short came between."""

    state: IndexingState
    began: float


class IndexingProgress:
    """The stage that indexing is in, its rate and what is left of it."""

    def __init__(self) -> None:
        self._state = IndexingState()
        self._began = 0.0

    @property
    def state(self) -> IndexingState:
        """The stage as it was entered or as it has advanced since."""
        return self._state

    def enter(self, stage: Stage, report: Report, *, total: int = 0, message: str = "") -> None:
        """Begin a stage."""
        self._state = IndexingState(stage=stage, total=total, message=message)
        self._began = time.monotonic()
        report(Progress(stage, 0, total, message))

    def advance(self, done: int, report: Report) -> None:
        """Note that so much of the stage is done."""
        elapsed = time.monotonic() - self._began
        total = max(done, self._state.total)
        eta = elapsed / done * (total - done) if done else None
        self._state = replace(self._state, done=done, total=total, eta_seconds=eta)
        report(Progress(self._state.stage, done, total, eta_seconds=eta))

    def mark(self) -> StageMark:
        """Return where the stage stands, for `go_back`."""
        return StageMark(self._state, self._began)

    def go_back(self, mark: StageMark) -> None:
        """Go on with an earlier stage, its clock running as if nothing had come between."""
        self._state, self._began = mark.state, mark.began
