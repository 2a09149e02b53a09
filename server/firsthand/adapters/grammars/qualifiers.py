"""What is written before a name: the module, type or variable that it is taken from.

Read from the text, not from the tree, because a dot looks the same in every language and its node does not.
"""

import re
from functools import cache

from firsthand.core.lines import decode

# How far before a name its qualifier is looked for; a longer chain is an expression like any other.
_REACH = 120
_NEAR = 4
_LINKS_BACKWARDS = rb"\.\?|\.!{1,2}|\.&|\.|::|\\"
# Elsewhere these are the arrow before a result and the colon before a type.
_MORE_LINKS_BACKWARDS = dict.fromkeys(("c", "cpp", "objc", "cuda", "arduino", "php", "perl"), rb"|>-") | {
    "lua": rb"|:"
}
_LINK_ENDS = b".:>\\"
_LINKS_OR_BLANKS = _LINK_ENDS + b" \t\n\r\v\f"
_CLOSING = b")]}'\"`>"
_MOST_PARTS = 4

_NAME = re.compile(r"(?:(?P<before>.*?)(?:::|->|[.:#\\/]))?(?P<name>[\w$@]+[?!=]?)", re.DOTALL)

EXPRESSION = "()"
"""Stands for whatever is computed: `load().run` is qualified by it."""


def split_name(text: str) -> tuple[str, str]:
    """Split a captured name at its last separator: `Foo.Bar` → Foo, Bar; a name that is none gives nothing."""
    match = _NAME.fullmatch(text.strip(" \t\"'`"))
    if match is None or any(character.isspace() for character in match["before"] or ""):
        return "", ""
    return (match["before"] or "").replace("::", ".").replace("\\", "."), match["name"]


def qualifier_before(data: bytes, start: int, language: str) -> str:
    """Return what qualifies the name that starts at this byte, its parts joined by dots, or ""."""
    # Most names stand behind a bracket or a blank, which one byte tells or a few.
    last = data[start - 1 : start]
    if last not in _LINKS_OR_BLANKS:
        return ""
    nearest = data[max(0, start - _NEAR) : start].rstrip()
    if nearest and nearest[-1] not in _LINK_ENDS:
        return ""
    before = data[max(0, start - _REACH) : start].rstrip()
    if not before or before[-1] not in _LINK_ENDS:
        return ""
    backwards = before[::-1]
    link = _link_backwards(language)
    parts: list[str] = []
    position = 0
    while len(parts) < _MOST_PARTS and (match := link.match(backwards, position)) is not None:
        part = (match[1] or b"")[::-1]
        if not part or part in _CLOSING:
            parts.append(EXPRESSION)
            break
        parts.append(decode(part).lstrip("$@").rstrip("?!"))
        position = match.end()
    return ".".join(reversed(parts))


@cache
def _link_backwards(language: str) -> re.Pattern[bytes]:
    """Return the pattern of a link and what stands before it, in reversed text: a search forwards tries each byte."""
    links = _LINKS_BACKWARDS + _MORE_LINKS_BACKWARDS.get(language, b"")
    return re.compile(rb"\s*(?:" + links + rb")\s*([?!]?[\w$@\x80-\xff]+|[" + re.escape(_CLOSING) + rb"])?")
