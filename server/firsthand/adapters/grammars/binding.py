"""Which words of a function are its own variables: a reference to one of them is no reference to a definition."""

import re
from itertools import chain

from firsthand.adapters.grammars.drafts import Draft
from firsthand.core.lines import encode

_FUNCTIONS = frozenset({"function", "method", "test", "macro"})
_WORD = re.compile(rb"[\w$\x80-\xff]+")
# What stands before an assignment, or after a word that declares: enough for every language that is read here.
# The looks ahead change nothing but the time. Nothing is looked at twice (`+` after a quantifier) and lists end soon,
# so that tables of numbers cost no time.
_BOUND = re.compile(
    rb"(?=[\w$\x80-\xff,|(])(?:"
    rb"(?<![\w$\x80-\xff])([\w$\x80-\xff]++)(?=\s*+[,:=])(?:\s*+,\s*+[\w$\x80-\xff]++){0,8}\s*+(?::[^=\n]{0,60})?(?::=|=(?![=>]))"
    rb"|(?=[lvcmfa])\b(?:let|var|val|const|mut|local|for|as|catch|auto)\s*+\(?\s*+(?:mut\s+)?([\w$\x80-\xff]++)"
    rb"|,\s*+([\w$\x80-\xff]++)\s*+(?::=|=(?![=>])|\bin\b)"
    rb"|[|(]\s*+([\w$\x80-\xff]++)\s*+(?:\||\)?\s*+=>))"
)
# A longer body is generated, and its variables are not worth the time.
_LONGEST_BODY = 100_000


class Bindings:
    """The variables of the functions of one file, read once a function."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._words: dict[int, set[bytes]] = {}

    def binds(self, draft: Draft, start: int, name: str) -> bool:
        """Tell whether a name in the body of a function is a parameter or variable of it."""
        if draft.kind not in _FUNCTIONS or draft.body is None or start < draft.body.start_byte:
            return False
        words = self._words.get(draft.start)
        if words is None:
            words = self._words[draft.start] = self._read(draft, draft.body.start_byte, draft.body.end_byte)
        return encode(name) in words

    def _read(self, draft: Draft, body_start: int, body_end: int) -> set[bytes]:
        words = set(_WORD.findall(self._data[max(draft.name_range[1], draft.start) : body_start]))
        body = self._data[body_start : min(body_end, body_start + _LONGEST_BODY)]
        words.update(chain.from_iterable(_BOUND.findall(body)))
        return words
