"""The outline of markdown: headings, nested by their level.

Headings are a property of lines, so lines are all that is read here; a grammar would take apart every paragraph for
nothing.
"""

import re
from dataclasses import replace

from firsthand.core.lines import LineTable, decode
from firsthand.core.model import Outline, Span, Symbol

_ATX = re.compile(rb"^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(rb"^ {0,3}(?:=+|-+)[ \t]*$")
_FENCE = re.compile(rb"^ {0,3}(`{3,}|~{3,})")
# What a line under which `---` is a rule or a table, not the underline of a heading, begins with.
_NO_TITLE = re.compile(rb"^(?:\s*$|\s*[-*+>|#]|\s*\d+[.)]\s| {4}|\t)")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}|<[^>]*>|\s*\{#[^}]*\}$")
_LONGEST_TITLE = 160


def outline(data: bytes) -> Outline:
    """Return the sections of a markdown text."""
    table = LineTable.of_bytes(data)
    sections: list[Symbol] = []
    levels: list[int] = []
    open_sections: list[int] = []
    for level, first, last, title in _headings(table):
        while open_sections and levels[open_sections[-1]] >= level:
            _close(sections, open_sections.pop(), table, first - 1)
        parent = open_sections[-1] if open_sections else None
        open_sections.append(len(sections))
        levels.append(level)
        sections.append(
            _section(table, first, last, title, sections[parent] if parent is not None else None, parent)
        )
    while open_sections:
        _close(sections, open_sections.pop(), table, len(table))
    return Outline("markdown", tuple(sections))


def _headings(table: LineTable) -> list[tuple[int, int, int, str]]:
    """Return level, first and last line and title of every heading outside code and front matter."""
    found: list[tuple[int, int, int, str]] = []
    fence = b""
    for number in range(_after_front_matter(table), len(table) + 1):
        line = table.line(number)
        mark = _FENCE.match(line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = b"" if fence else mark[1]
        if fence or mark:
            continue
        if atx := _ATX.match(line):
            found.append((len(atx[1]), number, number, _title(atx[2] or b"")))
        elif number > 1 and _SETEXT.match(line) and not _NO_TITLE.match(above := table.line(number - 1)):
            found.append((1 if b"=" in line else 2, number - 1, number, _title(above)))
    return found


def _after_front_matter(table: LineTable) -> int:
    if len(table) and table.line(1).rstrip() == b"---":
        for number in range(2, len(table) + 1):
            if table.line(number).rstrip() in (b"---", b"..."):
                return number + 1
    return 1


def _title(source: bytes) -> str:
    text = _MARKS.sub("", _LINK.sub(r"\1", decode(source)))
    return " ".join(text.split())[:_LONGEST_TITLE]


def _section(
    table: LineTable, first: int, last: int, title: str, parent: Symbol | None, parent_index: int | None
) -> Symbol:
    start, end = table.starts[first - 1], table.ends[last - 1]
    return Symbol(
        name=title,
        qualified_name=f"{parent.qualified_name} > {title}" if parent is not None else title,
        kind="section",
        span=Span(first, last, start, end),
        name_span=Span(first, first, start, table.ends[first - 1]),
        signature=title,
        docstring="",
        parent=parent_index,
        body_start_byte=end,
    )


def _close(sections: list[Symbol], index: int, table: LineTable, last: int) -> None:
    span = sections[index].span
    last = max(last, span.end_line)
    sections[index] = replace(
        sections[index], span=Span(span.start_line, last, span.start_byte, table.ends[last - 1])
    )
