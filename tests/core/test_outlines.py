"""Places in a file: lines, offsets and the definitions around them."""

import pytest

from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.lines import LineTable, decode, encode
from firsthand.core.outlines import ancestors, byte_offset_of_line, symbol_at

SOURCE = '''\
class Store:
    """Käfig."""

    def load(self, path):
        def read():
            return path

        return read()


def after():
    pass
'''


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("class Store", "Store"),
        ('"""Käfig', "Store"),
        ("def load", "Store.load"),
        ("return path", "Store.load.read"),
        ("return read", "Store.load"),
        ("def after", "after"),
        ("pass", "after"),
    ],
)
def test_the_innermost_definition_is_found(mark: str, expected: str) -> None:
    """An offset belongs to the innermost definition that contains it."""
    outline = TreeSitterParser().outline("python", SOURCE)
    assert outline is not None

    symbol = symbol_at(outline, len(encode(SOURCE[: SOURCE.index(mark)])))

    assert symbol is not None
    assert symbol.qualified_name == expected


def test_between_definitions_there_is_none() -> None:
    """An offset outside all definitions has no symbol."""
    outline = TreeSitterParser().outline("python", SOURCE)
    assert outline is not None

    assert symbol_at(outline, len(encode(SOURCE[: SOURCE.index("\n\ndef after") + 1]))) is None


def test_ancestors_are_listed_from_the_inside() -> None:
    """The definitions around a symbol come innermost first."""
    outline = TreeSitterParser().outline("python", SOURCE)
    assert outline is not None
    (read,) = (symbol for symbol in outline.symbols if symbol.name == "read")

    assert [symbol.name for symbol in ancestors(outline, read)] == ["load", "Store"]


@pytest.mark.parametrize(
    ("text", "line", "offset"),
    [
        ("a\nb", 1, 0),
        ("a\nb", 2, 2),
        ("ä\r\nb", 2, 4),
        ("a\rb", 2, 2),
        ("a\u2028b\nc", 2, 6),
        ("a", 9, 1),
        ("a", 0, 0),
    ],
)
def test_lines_have_byte_offsets(text: str, line: int, offset: int) -> None:
    """A line begins after the ending of the line before it, counted in UTF-8 bytes."""
    assert byte_offset_of_line(text, line) == offset


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", 0),
        ("a", 1),
        ("a\n", 1),
        ("a\n\n", 2),
        ("a\r\nb\rc\n", 3),
        ("\n", 1),
        ("a\x0bb\x0cc\x85d\u2029e", 1),
    ],
)
def test_lines_are_counted_as_editors_do(text: str, lines: int) -> None:
    """Only \\n, \\r\\n and \\r end lines; a final ending opens no further line."""
    assert len(LineTable.of(text)) == lines


def test_lone_surrogates_survive() -> None:
    """What a lenient decoder leaves behind is encoded and decoded without loss."""
    assert decode(encode("a\udcffb")) == "a\udcffb"


def test_a_cut_character_is_replaced() -> None:
    """A slice that ends inside a character decodes all the same."""
    assert decode(encode("aä")[:2]) == "a\ufffd"
