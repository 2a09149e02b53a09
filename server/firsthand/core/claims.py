"""An answer taken apart into the pieces that can each rest on code: sentences, bullets, table rows, code blocks.

Segmentation runs from left to right and a finished piece never changes when more text arrives, so a stream can be
read piece by piece and ends with exactly the pieces that the whole text has.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

PieceKind = Literal["sentence", "row", "code", "heading"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the answer; `start` and `end` are character offsets."""

    kind: PieceKind
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str
    ended: bool


_FENCE = re.compile(r"^\s{0,12}(`{3,}|~{3,})(.*)$")
_HEADING = re.compile(r"^\s{0,3}#{1,6}(\s|$)")
_RULE = re.compile(r"^\s{0,3}(?:[-*_=]\s*){3,}$")
_ROW = re.compile(r"^\s*\|.*\|\s*$")
_ROW_SEPARATOR = re.compile(r"^[\s|:-]+$")
# A bullet, a number or a quotation mark in front of a line of prose.
_LEAD = re.compile(r"^\s*(?:>\s?)*\s*(?:[-*+•]\s+|\d{1,3}[.)]\s+)?(?:\[[ xX]\]\s+)?")
_STARTS_ITEM = re.compile(r"^\s*(?:>\s?)*\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_BACKTICKS = re.compile(r"`+")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]*_]*(?=\s)|[。！？](?=[\s\S])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|resp|incl|no|fig|z\.B|d\.h|bzw|ca|p\.ej)|^\d{1,3})$"
)


def pieces(text: str, *, final: bool = True, start: int = 0) -> list[Piece]:
    """Split a text, from an offset that `resume_offset` gave, into pieces; unless final, only those that are closed."""
    found: list[Piece] = []
    for block in _blocks(text, start):
        closed = final or block.closed
        if block.kind == "sentence":
            found.extend(_sentences(text, block.start, block.end, closed))
        elif closed and block.kind != "blank":
            found.append(_piece(text, block.kind, block.start, block.end))
    return [piece for piece in found if piece.text]


def resume_offset(text: str, start: int = 0) -> int:
    """Return the offset of the first block that more text may still change."""
    for block in _blocks(text, start):
        if not block.closed:
            return block.outer_start
    return len(text)


@dataclass(slots=True)
class _Block:
    kind: Literal["sentence", "row", "code", "heading", "blank"]
    outer_start: int
    start: int
    end: int
    closed: bool


def _blocks(text: str, start: int) -> Iterator[_Block]:
    lines = _lines(text, start)
    index = 0
    while index < len(lines):
        line = lines[index]
        fence = _FENCE.match(line.text)
        if fence and "`" not in fence[2]:
            index, block = _code_block(lines, index, fence[1])
        elif _is_single(line.text) or _is_open_row(line):
            block = _single_line(line)
            index += 1
        else:
            index, block = _paragraph(lines, index)
        yield block


def _lines(text: str, start: int) -> list[_Line]:
    lines: list[_Line] = []
    while start < len(text):
        end = text.find("\n", start)
        ended = end >= 0
        lines.append(_Line(start, text[start : end if ended else len(text)], ended))
        start = end + 1 if ended else len(text)
    return lines


def _is_single(line: str) -> bool:
    return not line.strip() or bool(_HEADING.match(line) or _RULE.match(line) or _ROW.match(line))


def _is_open_row(line: _Line) -> bool:
    """A line that may yet become the row of a table; what it is shows when it ends."""
    return not line.ended and line.text.lstrip().startswith("|")


def _single_line(line: _Line) -> _Block:
    end = line.start + len(line.text)
    if not line.text.strip() or _RULE.match(line.text) or _is_open_row(line):
        return _Block("blank", line.start, line.start, end, line.ended)
    if _HEADING.match(line.text):
        return _Block("heading", line.start, line.start, end, line.ended)
    kind: Literal["blank", "row"] = "blank" if _ROW_SEPARATOR.match(line.text) else "row"
    return _Block(kind, line.start, line.start, end, line.ended)


def _code_block(lines: list[_Line], index: int, fence: str) -> tuple[int, _Block]:
    first = lines[index]
    for position in range(index + 1, len(lines)):
        line = lines[position]
        closing = line.text.strip()
        if closing and set(closing) == {fence[0]} and len(closing) >= len(fence):
            end = line.start + len(line.text)
            return position + 1, _Block("code", first.start, first.start, end, line.ended)
    last = lines[-1]
    return len(lines), _Block("code", first.start, first.start, last.start + len(last.text), False)


def _paragraph(lines: list[_Line], index: int) -> tuple[int, _Block]:
    """Lines of prose up to a blank line, the next bullet, or a block of another kind."""
    first = lines[index]
    lead = _LEAD.match(first.text)
    start = first.start + (lead.end() if lead else 0)
    position = index + 1
    while position < len(lines) and lines[position].ended and _continues(lines[position].text):
        position += 1
    last = lines[position - 1]
    end = last.start + len(last.text)
    # The line after a paragraph decides whether it goes on, so that line must be complete.
    follower = lines[position] if position < len(lines) else None
    if (
        follower is not None
        and not follower.ended
        and _continues(follower.text)
        and not _is_open_row(follower)
    ):
        end = follower.start + len(follower.text)
        return position + 1, _Block("sentence", first.start, start, end, False)
    closed = follower is not None and follower.ended
    return position, _Block("sentence", first.start, start, end, closed)


def _continues(line: str) -> bool:
    return not (_is_single(line) or _FENCE.match(line) or _STARTS_ITEM.match(line))


def _sentences(text: str, start: int, end: int, closed: bool) -> Iterator[Piece]:
    body = text[start:end]
    masked = _without_inline_code(body, closed)
    position = 0
    for match in _SENTENCE_END.finditer(masked):
        if _ABBREVIATION.search(masked[position : match.start()].strip()):
            continue
        yield _piece(text, "sentence", start + position, start + match.end())
        position = match.end()
    if closed and position < len(body):
        yield _piece(text, "sentence", start + position, end)


def _without_inline_code(body: str, closed: bool) -> str:
    """Mask inline code, where a full stop ends nothing; all offsets stay. Code that is still open hides the rest."""
    masked: list[str] = []
    position = 0
    while opening := _BACKTICKS.search(body, position):
        masked.append(body[position : opening.start()])
        closing = next(
            (run for run in _BACKTICKS.finditer(body, opening.end()) if run[0] == opening[0]), None
        )
        if closing is None and not closed:
            return "".join(masked) + "x" * (len(body) - opening.start())
        end = closing.end() if closing else opening.end()
        masked.append("x" * (end - opening.start()))
        position = end
    return "".join(masked) + body[position:]


def _piece(text: str, kind: PieceKind, start: int, end: int) -> Piece:
    raw = text[start:end]
    stripped = raw.strip() if kind != "code" else raw.strip("\n")
    offset = raw.find(stripped) if stripped else 0
    return Piece(kind, start + offset, start + offset + len(stripped), stripped)
