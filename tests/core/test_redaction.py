"""Documentation is found in the syntax of each language and cut out without moving a line."""

import pytest

from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.lines import LineTable
from firsthand.core.redaction import documentation_lines, undocumented, without_lines

PARSER = TreeSitterParser()

PYTHON = '''\
class Store:
    """Keeps things."""

    def refresh(self, token):
        """Fetch a new token.

        It is kept for an hour.
        """
        return token
'''
GO = """\
package store

// Refresh fetches a new token
// and keeps it.
func Refresh(token string) string {
\treturn token
}
"""
JAVA = """\
class Store {
    /**
     * Fetches a new token.
     *
     * @param token the old one
     */
    @Override
    public String refresh(String token) {
        return token;
    }
}
"""
RUST = """\
/// Fetches a new token.
#[inline]
pub fn refresh(token: &str) -> &str {
    token
}
"""
TYPESCRIPT = """\
/** Fetches a new token. */
export function refresh(token: string): string {
  return token;
}
"""
RUBY = """\
class Store
  # Fetches a new token.
  def refresh(token)
    token
  end
end
"""
ELIXIR = '''\
defmodule Store do
  @doc """
  Fetches a new token.
  """
  def refresh(token) do
    token
  end
end
'''


@pytest.mark.parametrize(
    ("language", "text", "gone"),
    [
        ("python", PYTHON, range(5, 9)),
        ("go", GO, range(3, 5)),
        ("java", JAVA, range(2, 7)),
        ("rust", RUST, range(1, 2)),
        ("typescript", TYPESCRIPT, range(1, 2)),
        ("ruby", RUBY, range(2, 3)),
        ("elixir", ELIXIR, range(2, 5)),
    ],
)
def test_documentation_is_cut_out(language: str, text: str, gone: range) -> None:
    """The lines of the documentation are empty, the others untouched, and the parser finds no documentation there."""
    outline = PARSER.outline(language, text)
    assert outline is not None
    symbol = next(each for each in outline.symbols if each.name.lower() == "refresh")

    lines = documentation_lines(symbol, LineTable.of(text))
    redacted = without_lines(text, [lines])

    assert lines == gone
    expected = ["" if number in gone else line for number, line in enumerate(text.splitlines(), 1)]
    assert redacted.splitlines() == expected
    found = undocumented(symbol, PARSER.outline(language, redacted))
    assert found is not None and found.docstring == ""


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", 'def refresh(token): "Fetch a new token."; return token\n'),
        ("javascript", "/** Fetches a new token. */ function refresh(token) { return token; }\n"),
    ],
)
def test_documentation_that_shares_its_line_with_code_stays(language: str, text: str) -> None:
    """A line that holds code as well cannot be emptied."""
    outline = PARSER.outline(language, text)
    assert outline is not None
    symbol = next(each for each in outline.symbols if each.name == "refresh")

    assert not documentation_lines(symbol, LineTable.of(text))


def test_line_endings_stay() -> None:
    """A file with the line endings of Windows keeps them, also those of emptied lines."""
    assert without_lines("one\r\ntwo\r\nthree", [range(2, 3)]) == "one\r\n\r\nthree"
    assert without_lines("one\r\ntwo\r\nthree", [range(3, 4)]) == "one\r\ntwo\r\n"


def test_a_definition_that_is_gone_is_not_undocumented() -> None:
    """A definition that the parser no longer finds at its line is no question."""
    outline = PARSER.outline("python", PYTHON)
    assert outline is not None
    symbol = next(each for each in outline.symbols if each.name == "refresh")

    assert undocumented(symbol, PARSER.outline("python", "\n" + PYTHON)) is None
    assert undocumented(symbol, None) is None


def test_quotes_below_an_empty_line_are_documentation_too() -> None:
    """Where empty lines stand before the closing quotes, no quote is left behind to swallow what follows."""
    code = PYTHON.replace('        """\n        return', '\n\n        """\n        return')

    outline = PARSER.outline("python", code)
    assert outline is not None
    (refresh,) = (symbol for symbol in outline.symbols if symbol.name == "refresh")
    bare = without_lines(code, [documentation_lines(refresh, LineTable.of(code))])

    assert bare.count('"""') == 2  # those of the class
    assert undocumented(refresh, PARSER.outline("python", bare)) is not None
