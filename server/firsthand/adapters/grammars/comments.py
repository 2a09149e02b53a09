"""Documentation without the marks of the comment or string that holds it."""

import re

_OPENING = re.compile(r"^\s*(?:/\*[*!]?|\(\*+|\{-\s*[|^]?|<!--|--\[=*\[|=begin\b|\"\"\"|'''|###?\s*$)")
_CLOSING = re.compile(r"(?:\*+/|\*+\)|-\}|-->|\]=*\]|=end|\"\"\"|''')\s*$")
# Marks at the start of each line; a lone star continues a block comment. A mark must not eat `#include` or `--flag`.
_LINE_MARK = re.compile(
    r"^\s*(?://[/!]?<?|#+!?:?(?=\s|$)|--+(?=\s|$)(?:\s[|^])?|;+|%+|\*(?!\*)|'(?!')|\"(?!\"))[ \t]?"
)
# Elixir gives documentation to an attribute.
_ATTRIBUTE = re.compile(r"^@\w+\s+")
# Documentation of C# and Java is marked up; the words are what it says.
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_STRING_MARKS = re.compile(r"^(?:[rRuUbBfF]{0,2}|~[sS])(\"\"\"|'''|\"|')(.*)\1$", re.DOTALL)

# A documentation is kept to its beginning: the text of the chunk has all of it.
_LONGEST = 2000


def clean_comment(comment: str) -> str:
    """Return what a comment says, without its marks and with common indentation removed."""
    lines = [_LINE_MARK.sub("", line) for line in _without_ends(comment).splitlines()]
    cleaned = _dedented(lines)
    return _TAG.sub("", cleaned).strip() if "<summary>" in cleaned else cleaned


def clean_string(literal: str) -> str:
    """Return what a documentation string says, without quotes and indentation."""
    plain = _ATTRIBUTE.sub("", literal.strip())
    match = _STRING_MARKS.match(plain)
    return _dedented((match[2] if match else plain).splitlines())


def _without_ends(comment: str) -> str:
    opened = _OPENING.sub("", comment, count=1)
    return opened if opened is comment else _CLOSING.sub("", opened, count=1)


def _dedented(lines: list[str]) -> str:
    indents = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    margin = min(indents, default=0)
    kept = [lines[0].strip(), *(line[margin:].rstrip() for line in lines[1:])] if lines else []
    return "\n".join(kept).strip()[:_LONGEST].rstrip()
