"""The pattern language of `.gitignore`, one line a pattern, as git's own matcher reads it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# Git's matcher takes `**` for "any folders" only where it stands alone between slashes.
_TOKEN = re.compile(r"\\.|\[(?:[!^]?\]?(?:\[:\w+:\]|\\.|[^\]\\])*)\]|\*+|.", re.DOTALL)
_CLASS_ITEM = re.compile(r"\[:(\w+):\]|\\(.)|(.)", re.DOTALL)
_NEVER = "(?!)"

_NAMED_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": " \\t", "cntrl": "\\x00-\\x1f\\x7f", "digit": "0-9",
    "graph": "!-~", "lower": "a-z", "print": " -~", "punct": "!-/:-@\\[-`{-~", "space": "\\s", "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class IgnorePattern:
    """One pattern; it says something about the files and folders that it matches, not about what is in them."""

    regex: re.Pattern[str]
    ignores: bool
    folders_only: bool
    line: int
    text: str


def parse_ignore_lines(lines: Iterable[str]) -> tuple[IgnorePattern, ...]:
    """Return the patterns of an ignore file, comments and blank lines left out."""
    return tuple(pattern for number, line in enumerate(lines, 1) if (pattern := _parse(line, number)))


def deciding(patterns: tuple[IgnorePattern, ...], path: str, *, is_folder: bool) -> IgnorePattern | None:
    """Return the last pattern that matches, which decides; None when none matches."""
    for pattern in reversed(patterns):
        if (is_folder or not pattern.folders_only) and pattern.regex.match(path):
            return pattern
    return None


def _parse(line: str, number: int) -> IgnorePattern | None:
    text = _without_trailing_spaces(line.removesuffix("\r"))
    if not text or text.startswith("#"):
        return None
    ignores = not text.startswith("!")
    text = text.removeprefix("!") if not ignores else text
    folders_only = text.endswith("/")
    text = text.removesuffix("/")
    if not text:
        return None
    # A pattern without an inner slash is a name at any depth; any other is a path from the ignore file's folder.
    prefix = "" if "/" in text else _ANY_FOLDERS
    return IgnorePattern(
        _compiled(f"{prefix}{_regex(text.removeprefix('/'))}"), ignores, folders_only, number, line.strip()
    )


def _without_trailing_spaces(line: str) -> str:
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    return stripped + " " if backslashes % 2 and len(stripped) < len(line) else stripped


def _compiled(regex: str) -> re.Pattern[str]:
    try:
        return re.compile(rf"{regex}\Z", re.DOTALL)
    except re.error:
        return re.compile(_NEVER)


def _regex(glob: str) -> str:
    """Translate a glob over a whole relative path.

    A wildcard takes as little as it can, and what came before the last one is not tried again (atomic groups):
    that is all a glob needs, and no pattern, however malicious, takes more than quadratic time.
    """
    if _EVERYTHING.fullmatch(glob):
        return ".*"
    rest = _EVERYTHING_BELOW.sub("", glob)
    tail = "/.+" if rest != glob else ""
    start = _LEADING_FOLDERS.match(rest)
    starts_anywhere = start is not None
    pieces = _INNER_FOLDERS.split(rest[start.end() :] if start else rest)
    units = [
        (_ANY_FOLDERS if number or starts_anywhere else "") + _folders_regex(piece)
        for number, piece in enumerate(pieces)
    ]
    return "".join(f"(?>{unit}/)" for unit in units[:-1]) + units[-1] + tail


_EVERYTHING = re.compile(r"\*\*(?:/\*\*)*")
_EVERYTHING_BELOW = re.compile(r"(?:/\*\*)+\Z")
_LEADING_FOLDERS = re.compile(r"(?:\*\*/)+")
_INNER_FOLDERS = re.compile(r"/(?:\*\*/)+")
_ANY_FOLDERS = "(?:.*?/)??"


def _folders_regex(glob: str) -> str:
    """Translate a glob whose wildcards stay inside one folder each."""
    regex, star, run = "", False, ""
    for token in _TOKEN.findall(glob):
        if token.startswith("*"):
            regex += f"(?>[^/]*?{run})" if star else run
            star, run = True, ""
        elif token == "/":
            regex += _last_run(run, after_star=star) + "/"
            star, run = False, ""
        else:
            run += _token_regex(token)
    return regex + _last_run(run, after_star=star)


def _last_run(run: str, *, after_star: bool) -> str:
    return f"[^/]*{run}" if after_star else run


def _token_regex(token: str) -> str:
    match token[0]:
        case "?":
            return "[^/]"
        case "\\":
            return re.escape(token[1:]) if len(token) > 1 else _NEVER
        case "[":
            return _class_regex(token[1:-1]) if len(token) > 1 else _NEVER
        case _:
            return re.escape(token)


def _class_regex(body: str) -> str:
    negation, items = ("^", body[1:]) if body[:1] in {"!", "^"} else ("", body)
    translated = "".join(_class_item_regex(*item.groups()) for item in _CLASS_ITEM.finditer(items))
    return f"(?!/)[{negation}{translated}]"


def _class_item_regex(named: str | None, escaped: str | None, plain: str | None) -> str:
    if named:
        return _NAMED_CLASSES.get(named, "")
    if plain == "-":
        return plain
    return re.escape(escaped or plain or "")
