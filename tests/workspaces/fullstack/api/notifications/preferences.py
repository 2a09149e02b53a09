"""What users want to hear about, and when not."""

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True)
class Preferences:
    channels: tuple[str, ...] = ("email",)
    quiet_from: time = time(22)
    quiet_until: time = time(7)
    muted_topics: frozenset[str] = frozenset()
