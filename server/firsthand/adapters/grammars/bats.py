"""Tests of Bats, which Bash cannot read: `@test "title" {` is read as a function whose name is the title, in place."""

import re

_TEST = re.compile(rb"""^([ \t]*@test[ \t]+["'])([^\r\n]+?)(["'][ \t])(?=[ \t]*\{)""", re.MULTILINE)
_NO_WORD = re.compile(rb"[^\w\x80-\xff]")


def as_bash(data: bytes) -> bytes:
    """Return a shell script with its tests as functions; lines and bytes stay what they are in the file."""
    return _TEST.sub(_function, data) if b"@test" in data else data


def _function(match: re.Match[bytes]) -> bytes:
    return b" " * len(match[1]) + _NO_WORD.sub(b"_", match[2]) + b"()"
