"""Time as the fake sees it."""

import datetime
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds since the epoch."""

    def __call__(self) -> float:
        """Return the time."""
        ...


class ManualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: float = 1_788_426_862.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.now += seconds


def wall_clock() -> float:
    """The time of this machine."""
    return time.time()


def utc(seconds: float) -> str:
    """Write a time as Ollama writes `created_at`."""
    return _stamp(seconds, datetime.UTC).replace("+00:00", "Z")


def local(seconds: float) -> str:
    """Write a time as Ollama writes `modified_at` and `expires_at`: with an offset."""
    return _stamp(seconds, datetime.timezone(datetime.timedelta(hours=2)))


def _stamp(seconds: float, zone: datetime.tzinfo) -> str:
    latest = datetime.datetime(2318, 1, 1, tzinfo=datetime.UTC).timestamp()
    moment = datetime.datetime.fromtimestamp(min(seconds, latest), zone)
    return moment.isoformat(timespec="microseconds")
