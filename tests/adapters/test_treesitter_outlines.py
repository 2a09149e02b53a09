"""What is read from the syntax of each main language: names, lines, bases, calls, documentation."""

from pathlib import Path

import pytest

from core.samples_text import describe_symbol
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.model import Outline

SAMPLES = Path(__file__).parent.parent / "core" / "samples"


def outline_of(language: str, text: str) -> Outline:
    """Return the outline of a text in a language that has a grammar."""
    outline = TreeSitterParser().outline(language, text)
    assert outline is not None
    return outline


@pytest.mark.parametrize("language", sorted(folder.name for folder in SAMPLES.iterdir()))
def test_definitions_and_imports_are_read(language: str) -> None:
    """Imports, then definitions with their kind, qualified name, lines, bases, calls and documentation."""
    (file,) = (path for path in (SAMPLES / language).iterdir() if not path.name.startswith("expected"))

    outline = outline_of(language, file.read_text("utf-8"))

    found = [f"import {statement.target}" for statement in outline.imports]
    found += [describe_symbol(outline, symbol) for symbol in outline.symbols]
    assert found == (SAMPLES / language / "expected_outline.txt").read_text("utf-8").splitlines()
    assert not outline.has_errors


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", 'def f():\n    r"""Raw\n\n    text."""\n', "Raw\n\ntext."),
        ("python", "# Above.\ndef f():\n    pass\n", "Above."),
        ("go", "// F does\n// two things.\nfunc F() {}\n", "F does\ntwo things."),
        ("rust", "/// One.\n///\n/// Two.\n#[inline]\nfn f() {}\n", "One.\n\nTwo."),
        ("java", "/**\n * Says.\n * @return it\n */\nclass A {}\n", "Says.\n@return it"),
        ("lua", "--- Adds.\n-- More.\nfunction f() end\n", "Adds.\nMore."),
        ("haskell", "-- | Doubles.\n-- Twice.\nf x = x\n", "Doubles.\nTwice."),
        ("ruby", "# Sends\n# mail.\ndef f; end\n", "Sends\nmail."),
        ("sql", "/* People. */\nCREATE TABLE a (b int);\n", "People."),
        ("csharp", "/// <summary>\n/// Sums <see cref=\"X\"/> up.\n/// </summary>\nclass A {}\n", "Sums  up."),
        ("elixir", 'defmodule A do\n  @moduledoc """\n  Mod.\n  """\nend\n', "Mod."),
        ("javascript", "const a = 1 // trailing\nfunction f() {}\n", ""),
        ("javascript", "// far away\n\nfunction f() {}\n", ""),
    ],
)  # fmt: skip
def test_documentation_is_read_without_its_marks(language: str, text: str, expected: str) -> None:
    """Comments directly above a definition, and documentation inside it, are its documentation."""
    assert outline_of(language, text).symbols[-1].docstring == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "@a\nasync def f(\n    x: int,\n) -> str:\n    pass\n", "async def f( x: int, ) -> str"),
        ("tsx", "export const f = async (a: T) => {\n  g()\n}\n", "export const f = async (a: T) =>"),
        ("go", "func (s *S) F(a int) error {\n\treturn nil\n}\n", "func (s *S) F(a int) error"),
        ("cpp", "template <class T>\nint A<T>::f() const {\n  return 1;\n}\n", "int A<T>::f() const"),
        ("rust", "fn f<T>(a: T) -> u8\nwhere\n    T: Copy,\n{\n    1\n}\n", "fn f<T>(a: T) -> u8 where T: Copy,"),
        ("kotlin", "fun String.f(): Int = length\n", "fun String.f(): Int"),
    ],
)  # fmt: skip
def test_the_signature_is_the_header_on_one_line(language: str, text: str, expected: str) -> None:
    """A signature ends where the body begins."""
    assert outline_of(language, text).symbols[-1].signature == expected


def test_statements_of_a_body_are_known() -> None:
    """The body's own statements are the places where a definition may be cut."""
    text = "func f() {\n\ta()\n\tif b {\n\t\tc()\n\t}\n\td()\n}\n"
    (symbol,) = outline_of("go", text).symbols

    assert [text[start:].split("\n")[0] for start in symbol.statement_bytes] == ["a()", "if b {", "d()"]
    assert symbol.body_start_byte == text.index("{")


def test_uses_outside_definitions_belong_to_the_file() -> None:
    """What a script calls at its top is the outline's own."""
    outline = outline_of("python", "import app\n\napp.run(Config)\n")

    assert outline.calls == ("run",)
    assert outline.references == ("Config",)


def test_a_macro_does_not_rename_a_class() -> None:
    """A keyword that a grammar takes for a name, because a macro hides the syntax, names nothing."""
    outline = outline_of(
        "cpp", "LIB_BEGIN\nnamespace detail\n{\nclass lexer\n{\n  int scan() { return 1; }\n};\n}\nLIB_END\n"
    )

    assert "namespace" not in {symbol.name for symbol in outline.symbols}
    assert "scan" in {symbol.name for symbol in outline.symbols}
