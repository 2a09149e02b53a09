"""What is written before a name: the module, type or variable that it is taken from.

Read from the text, not from the tree, because a dot looks the same in every language and its node does not.
"""

import re
from functools import cache

from firsthand.core.lines import decode

# How far before a name its qualifier is looked for; a longer chain is an expression like any other.
_REACH = 120
_LINKS = rb"\?\.|!{1,2}\.|&\.|\.|::|\\"
# Elsewhere these are the arrow before a result and the colon before a type.
_MORE_LINKS = dict.fromkeys(("c", "cpp", "objc", "cuda", "arduino", "php", "perl"), rb"|->") | {"lua": rb"|:"}
_PART = rb"[\w$@\x80-\xff]+[?!]?"
_LINK_ENDS = b".:>\\"
_BLANK = b" \t\r\n"
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
    previous = data[max(0, start - 1) : start]
    if not previous or (previous not in _LINK_ENDS and previous not in _BLANK):
        return ""
    chain = _chain(language)
    window = data[max(0, start - _REACH) : start]
    parts: list[str] = []
    while len(parts) < _MOST_PARTS:
        match = chain.search(window)
        if match is None:
            break
        part = match[1] or b""
        if not part or part[:1] in b")]}'\"`>":
            parts.append(EXPRESSION)
            break
        parts.append(decode(part).lstrip("$@").rstrip("?!"))
        window = window[: match.start()]
    return ".".join(reversed(parts))


@cache
def _chain(language: str) -> re.Pattern[bytes]:
    links = _LINKS + _MORE_LINKS.get(language, b"")
    return re.compile(rb"(" + _PART + rb"|[)\]}'\"`>])?\s*(?:" + links + rb")\s*$")
