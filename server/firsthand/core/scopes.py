"""Whether a chunk lies in a scope, and what the globs of a scope mean."""

import re
from functools import lru_cache

from firsthand.core.model import Chunk, Scope

GLOB_CHARACTERS = re.compile(r"[*?]")
_GLOB_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+", re.DOTALL)
_REGEX_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


def in_scope(chunk: Chunk, scope: Scope) -> bool:
    """Tell whether a chunk lies in a scope."""
    return (
        (not scope.languages or chunk.language in scope.languages)
        and (not scope.kinds or chunk.kind in scope.kinds)
        and (scope.tests is None or chunk.is_test == scope.tests)
        and (not scope.paths or any(_is_below(chunk.path, path) for path in scope.paths))
    )


def glob_regex(glob: str) -> str:
    """Return a regular expression, for Python and for the Rust `regex` crate, of a glob over whole relative paths.

    A glob without a slash matches a file or folder of that name at any depth, and one that matches a folder
    selects everything below it, as in an ignore file.
    """
    anywhere = "" if "/" in glob else "(.*/)?"
    body = "".join(_glob_token_regex(token) for token in _GLOB_TOKEN.findall(glob.removeprefix("/")))
    return f"(?s)^{anywhere}{body}(/.*)?$"


def _is_below(path: str, wanted: str) -> bool:
    clean = wanted.removeprefix("./").rstrip("/")
    if clean in {"", "."}:
        return True
    if GLOB_CHARACTERS.search(clean):
        return _compiled(clean).match(path) is not None
    return path == clean or path.startswith(f"{clean}/")


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
            return _REGEX_SPECIAL.sub(r"\\\g<0>", token)
