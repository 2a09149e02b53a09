"""Positions of every encoding, in texts as they really are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firsthand.lsp.messages import Position, Range
from firsthand.lsp.positions import Encoding, SpanConverter, TextPositions

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")

# The text, with the place marked, and its position as (line, units in UTF-8, UTF-16, UTF-32).
PLACES = [
    ("‹", (0, 0, 0, 0)),
    ("abc‹", (0, 3, 3, 3)),
    ("a\nb‹c", (1, 1, 1, 1)),
    ("a\r\nb‹c", (1, 1, 1, 1)),
    ("a\rb‹c", (1, 1, 1, 1)),
    ("a\r\r\n\n‹", (3, 0, 0, 0)),
    ("\tx‹", (0, 2, 2, 2)),
    ("é‹", (0, 2, 1, 1)),
    ("€‹", (0, 3, 1, 1)),
    ("🙂‹", (0, 4, 2, 1)),
    ("x = '🙂ü' + ‹y", (0, 15, 12, 11)),
    ("🙂\r\n🙂🙂‹", (1, 8, 4, 2)),
    ("a\u2028b\x0cc\x85d‹", (0, 10, 7, 7)),
    ("e\u0301‹", (0, 3, 2, 2)),
]


@pytest.mark.parametrize(("marked", "expected"), PLACES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_place_has_one_position_in_each_encoding(
    marked: str, expected: tuple[int, int, int, int], encoding: Encoding
) -> None:
    """Position, code points and bytes of a place name each other, in both directions."""
    offset, text = marked.index("‹"), marked.replace("‹", "")
    position = Position(expected[0], expected[1 + ENCODINGS.index(encoding)])
    positions = TextPositions(text, encoding)

    assert positions.position(offset) == position
    assert positions.offset(position) == offset
    assert positions.byte_offset(position) == len(text[:offset].encode())
    assert positions.range_of_bytes(0, len(text[:offset].encode())).end == position


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("ab\ncd", Position(0, 99), 2),
        ("ab\r\ncd", Position(0, 99), 2),
        ("ab\ncd", Position(9, 0), 5),
        ("ab\n", Position(1, 5), 3),
        ("", Position(3, 3), 0),
        ("🙂x", Position(0, 1), 0),
    ],
)
def test_what_lies_outside_is_moved_to_the_nearest_place(
    text: str, position: Position, expected: int
) -> None:
    """Beyond a line is its end, beyond the text its end, inside a character its start."""
    assert TextPositions(text, "utf-16").offset(position) == expected


@given(text=st.text(st.sampled_from("a\n\r\tü€🙂\u2028"), max_size=30), data=st.data())
def test_positions_survive_the_way_there_and_back(text: str, data: st.DataObject) -> None:
    """Every offset that is not inside a line ending comes back the same, in every encoding."""
    offset = data.draw(st.integers(0, len(text)))
    encoding = data.draw(st.sampled_from(ENCODINGS))
    positions = TextPositions(text, encoding)
    is_inside_line_ending = text[:offset].endswith("\r") and text[offset:].startswith("\n")

    back = positions.offset(positions.position(offset))

    assert back == (offset - 1 if is_inside_line_ending else offset)


def test_a_range_that_is_turned_around_is_the_same_range() -> None:
    """Some editors send the cursor first and the anchor second."""
    positions = TextPositions("hello", "utf-16")

    assert positions.byte_range(Range(Position(0, 4), Position(0, 1))) == (1, 4)


@pytest.mark.parametrize(
    ("encoding", "expected"), [("utf-8", (5, 7)), ("utf-16", (3, 4)), ("utf-32", (2, 3))]
)
def test_spans_of_a_text_are_converted_whole(encoding: Encoding, expected: tuple[int, int]) -> None:
    """Spans count from the start of the whole text, line ends included."""
    span = SpanConverter("🙂\nü", encoding).span(2, 3)

    assert (span.start, span.end) == expected
