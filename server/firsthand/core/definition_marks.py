"""Whether a text seems to define a name, as far as the characters around the name tell, in any language."""

import re

# What stands before the name of a definition.
_BEFORE = re.compile(
    rb"\b(?:def|class|func|fun|function|fn|sub|proc|struct|interface|trait|enum|union|type|typedef|module|object"
    rb"|protocol|extension|macro|define|const|let|var|val|defn|defp|defmodule|defmacro|record|namespace)\b[^;={}]*\Z"
)
# What stands behind it: parameters and a body, or a function that is its value.
_BEHIND = re.compile(rb"\s*(?:\([^;{}]*\{|(?::|:?=)\s*(?:async\b|function\b|lambda\b|\([^;{}]*=>))")
_BYTES_BEFORE = 100
_BYTES_BEHIND = 300
# A name that stands more often than this before it is defined is seldom looked for.
_MOST_PLACES = 50


def seems_to_define(name: bytes, data: bytes) -> bool:
    """Tell whether lower-case text seems to define a lower-case name; it may be wrong either way."""
    at = -1
    for _ in range(_MOST_PLACES):
        at = data.find(name, at + 1)
        if at < 0:
            return False
        end = at + len(name)
        if not (_is_inside_word(data, at - 1) or _is_inside_word(data, end)):
            line = max(data.rfind(b"\n", 0, at) + 1, at - _BYTES_BEFORE)
            if _BEFORE.search(data[line:at]) or _BEHIND.match(data[end : end + _BYTES_BEHIND]):
                return True
    return False


def _is_inside_word(data: bytes, at: int) -> bool:
    return 0 <= at < len(data) and (data[at : at + 1].isalnum() or data[at] in b"_")
