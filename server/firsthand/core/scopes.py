"""Whether a chunk lies in a scope, and what the globs of a scope mean."""

import re
from functools import lru_cache

from firsthand.core.model import ChunkHead, Scope

_WILDCARDS = {"**/", "**", "*", "?"}
_GLOB_TOKEN = re.compile(r"\\[\\*?]|\*\*/|\*\*|\*|\?|[^\\*?]+|\\", re.DOTALL)
_NEEDS_BACKSLASH = re.compile(r"[\\*?]")
_REGEX_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


def in_scope(chunk: ChunkHead, scope: Scope) -> bool:
    """Tell whether a chunk lies in a scope."""
    return (
        (not scope.languages or chunk.language in scope.languages)
        and (not scope.kinds or chunk.kind in scope.kinds or (chunk.is_test and "test" in scope.kinds))
        and (scope.tests is None or chunk.is_test == scope.tests)
        and path_in_scope(chunk.path, scope)
    )


def path_in_scope(path: str, scope: Scope) -> bool:
    """Tell whether a file is one of those that a scope names."""
    return (scope.files is None or path in scope.files) and (
        not scope.paths or any(_is_below(path, wanted) for wanted in scope.paths)
    )


def exactly(path: str) -> str:
    """Return the glob that means this very path, whatever characters are in it."""
    return _NEEDS_BACKSLASH.sub(r"\\\g<0>", path)


def literal_path(glob: str) -> str | None:
    """Return the one path that a glob without wildcards means, or None when it has some."""
    tokens = _GLOB_TOKEN.findall(glob)
    return None if _WILDCARDS.intersection(tokens) else "".join(map(_unescaped, tokens))


def glob_regex(glob: str) -> str:
    """Return a regular expression, for Python and for the Rust `regex` crate, of a glob over whole relative paths.

    A glob without a slash matches a file or folder of that name at any depth, and one that matches a folder
    selects everything below it, as in an ignore file. A backslash takes the meaning from `*`, `?` and itself.
    """
    anywhere = "" if "/" in glob else "(.*/)?"
    body = "".join(_glob_token_regex(token) for token in _GLOB_TOKEN.findall(glob.removeprefix("/")))
    return f"(?s)^{anywhere}{body}(/.*)?$"


def _is_below(path: str, wanted: str) -> bool:
    clean = wanted.removeprefix("./").rstrip("/")
    if clean in {"", "."}:
        return True
    literal = literal_path(clean)
    if literal is None:
        return _compiled(clean).match(path) is not None
    return path == literal or path.startswith(f"{literal}/")


def _unescaped(token: str) -> str:
    return token[1:] if len(token) == 2 and token[0] == "\\" else token


@lru_cache(maxsize=64)
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile(glob_regex(glob))


def _glob_token_regex(token: str) -> str:
    match token:
        case "**/":
            return "(.*/)?"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case _:
            return _REGEX_SPECIAL.sub(r"\\\g<0>", _unescaped(token))
