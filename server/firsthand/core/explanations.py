"""Explanations that were given already, for the hover to show again while the code is the same."""

from collections import OrderedDict

from firsthand.core.excerpts import excerpt_hash

_MOST_KEPT = 200


class Explanations:
    """Explanations by path and code; the oldest is forgotten first."""

    def __init__(self) -> None:
        self._texts: OrderedDict[tuple[str, str], str] = OrderedDict()

    def remember(self, path: str, code: str, text: str) -> None:
        """Keep what was said about these lines."""
        self._texts[path, excerpt_hash(code)] = text
        while len(self._texts) > _MOST_KEPT:
            self._texts.popitem(last=False)

    def find(self, path: str, code: str) -> str | None:
        """Return what was said about these very lines."""
        return self._texts.get((path, excerpt_hash(code)))
