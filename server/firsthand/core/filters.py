"""Filters that a question spells out: `lang:go`, `kind:class`, `path:src/**`, `tests:no`, `changed:main`.

A word is read as a filter only when it stands alone between spaces, outside quotes and backticks, and when its value
makes sense: `std::path`, `a:b`, `kind:string` and `path:str` stay words of the question.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import get_args

from firsthand.core.languages import known_language, language_of
from firsthand.core.model import ChunkKind, Scope

KINDS: tuple[str, ...] = get_args(ChunkKind)
"""What may be asked for by kind."""

_FILTER = re.compile(
    r"(?<!\S)(?P<key>lang|language|kind|path|tests|changed|since):(?P<value>[^\s:\"'`,][^\s:\"'`]*?)[,;.?!]*(?!\S)"
)
_QUOTED = re.compile(r"(`+).+?\1|\"[^\"]*\"|(?<!\w)'[^'\n]*'(?!\w)", re.DOTALL)
_PATH = re.compile(r"[\w.@+*?~-][\w.@+*?~/ -]*")
_REVISION = re.compile(r"[\w@][\w./@{}^~+-]*")
# Values of this kind of word in code and configuration, where "changed" is a name.
_NO_REVISIONS = frozenset(
    "true false null none nil undefined yes no bool boolean int number string str".split()
)
_TESTS = {"only": True, "no": False}


@dataclass(frozen=True, slots=True)
class Filtered:
    """A question without its filters, and what they say."""

    text: str
    scope: Scope
    """What the filters alone say."""
    said: tuple[str, ...]
    """The filters in words for people, in the order in which they were written."""

    def within(self, scope: Scope) -> Scope:
        """Return a scope in which each part that the question names itself is replaced."""
        own = self.scope
        return replace(
            scope,
            paths=own.paths or scope.paths,
            languages=own.languages or scope.languages,
            kinds=own.kinds or scope.kinds,
            tests=scope.tests if own.tests is None else own.tests,
            changed_since=own.changed_since or scope.changed_since,
        )


def read_filters(text: str) -> Filtered:
    """Take the filters out of a question; never fails, whatever the text."""
    quoted = [match.span() for match in _QUOTED.finditer(text)]
    scope, said, kept, end = Scope(), [], [], 0
    for match in _FILTER.finditer(text):
        if any(start < match.end() and match.start() < stop for start, stop in quoted):
            continue
        read = _READERS[match["key"]](scope, match["value"])
        if read is None:
            continue
        scope, words = read
        said.append(words)
        kept.append(text[end : match.start()].rstrip(" \t"))
        end = match.end()
    kept.append(text[end:])
    return Filtered("".join(kept).strip() if said else text, scope, tuple(said))


_Read = tuple[Scope, str] | None


def _languages(scope: Scope, value: str) -> _Read:
    found = [known_language(name) for name in value.split(",")]
    languages = tuple(name for name in found if name is not None)
    if len(languages) < len(found):
        return None
    return replace(scope, languages=(*scope.languages, *languages)), f"language: {', '.join(languages)}"


def _kinds(scope: Scope, value: str) -> _Read:
    kinds = tuple(value.split(","))
    if not set(kinds) <= set(KINDS):
        return None
    return replace(scope, kinds=(*scope.kinds, *kinds)), f"kind: {', '.join(kinds)}"


def _paths(scope: Scope, value: str) -> _Read:
    """A path shows itself by a slash, a star or the ending of a source file."""
    is_path = "/" in value or "*" in value or language_of(value) != "text"
    if not is_path or not _PATH.fullmatch(value) or ".." in value.split("/"):
        return None
    return replace(scope, paths=(*scope.paths, value)), f"path: {value}"


def _tests(scope: Scope, value: str) -> _Read:
    if value not in _TESTS:
        return None
    return replace(scope, tests=_TESTS[value]), "only tests" if _TESTS[value] else "no tests"


def _changes(scope: Scope, value: str) -> _Read:
    if not _REVISION.fullmatch(value) or value.lower() in _NO_REVISIONS:
        return None
    return replace(scope, changed_since=value), f"changed since: {value}"


_READERS: dict[str, Callable[[Scope, str], _Read]] = {
    "lang": _languages,
    "language": _languages,
    "kind": _kinds,
    "path": _paths,
    "tests": _tests,
    "changed": _changes,
    "since": _changes,
}
