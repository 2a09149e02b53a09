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


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("haskell", "foldl' :: Int -> Int\nfoldl' x = x\n", ["foldl' 1-2"]),
        ("haskell", "f :: Int -> Int\n{-# INLINE f #-}\nf x = x\n", ["f 1-3"]),
        ("lua", "M.a = {\n  run = function(x)\n    go(x)\n  end,\n}\n", ["M.a 1-5", "M.a.run 2-4"]),
        ("lua", "M.run = wrap {\n  pre = 1,\n}\n", ["M.run 1-3"]),
        ("ocaml", "let rec f x = g x\nand g y = f y\nlet a = 1\n", ["f 1-1", "g 2-2", "a 3-3"]),
        ("ocaml", "module M = struct\n  let f x =\n    let local = x in\n    local\nend\n", ["M 1-5", "M.f 2-4"]),
        ("ocaml_interface", "(** Says. *)\nval get : t -> string\n", ["get 1-2"]),
        ("fsharp", "module A\nlet f a =\n    let g b = b\n    g a\n", ["f 2-4"]),
        ("fsharp", "module A\ntype T(x: int) =\n    member this.M y = x\n", ["T 2-3", "T.M 3-3"]),
        ("fsharp", "\ufeffnamespace A\n\nmodule B =\n    let f a = a\n", ["B 3-4", "B.f 4-4"]),
        ("fsharp", "type T =\n    { A: int\n#if X\n      B: int\n#endif\n    }\nlet f a = a\n", ["T 1-6", "f 7-7"]),
        ("cpp", "class {\n  int a;\n};\nint f() {\n  return 1;\n}\n", ["f 4-6"]),
        ("javascript", "export default isNode && function send(a) {\n  go();\n}\n", ["send 1-3"]),
        ("javascript", "export default memo(function Button(a) {\n  go();\n});\n", ["Button 1-3"]),
        ("javascript", "exports.load = once((a) => {\n  go();\n});\n", ["load 1-3"]),
        ("bash", "@test \"on $x\" {\n  run f\n}\n  @test 'two' { # tags\n  g\n}\n", ["on__x 1-3", "two 4-6"]),
        ("bash", "@test without_quotes\nf() {\n  g\n}\n", ["f 2-4"]),
    ],
)  # fmt: skip
def test_each_language_has_its_own_ways_to_define(language: str, text: str, expected: list[str]) -> None:
    """Primes belong to names, pragmas to functions, tables to the names that they are given."""
    assert _places(language, text) == expected


def _places(language: str, text: str) -> list[str]:
    symbols = outline_of(language, text).symbols
    return [f"{each.qualified_name} {each.span.start_line}-{each.span.end_line}" for each in symbols]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (  # A brace in each branch.
            "c",
            "int f(int a) {\n#ifdef A\n  if (a) {\n#else\n  if (!a) {\n#endif\n    a();\n  }\n}\n"
            "int g(void) {\n  return 1;\n}\n",
            ["f 1-9", "g 10-12"],
        ),
        (  # Whole definitions in both branches: the file is read as it is.
            "c",
            "#ifdef A\nint f(void) {\n  return 1;\n}\n#else\nint f(void) {\n  return 2;\n}\n#endif\n",
            ["f 2-4", "f 6-8"],
        ),
        (
            "c",
            "#ifdef __cplusplus\nextern \"C\" {\n#endif\nLIB_EXTERN unsigned int f(void);\n"
            "LIB_EXTERN struct s* g(int a) {\n  return 0;\n}\n#ifdef __cplusplus\n}\n#endif\n",
            ["f 4-4", "g 5-7"],
        ),
        (
            "cpp",
            "LIB_BEGIN_NAMESPACE\nclass LIB_API Logger {\n public:\n  void log() LIB_NOEXCEPT {}\n};\n",
            ["Logger 2-5", "Logger.log 4-4"],
        ),
        ("cpp", "LIB_INLINE void Logger::log(int a) LIB_NOEXCEPT {\n  a();\n}\n", ["Logger.log 1-3"]),
        (  # What stands in strings and comments opens and closes nothing.
            "c",
            "int f(void) {\n#if A /* { */\n  g(\"{\"); // {\n#else\n  g('{' {);\n#endif\n}\n"
            "int h(void) {\n  return 1;\n}\n",
            ["f 1-7", "h 8-10"],
        ),
        (
            "csharp",
            "class A {\n  int[] x = {\n    1,\n#if NET\n    2,\n#endif\n  };\n  void F() {\n#if NET\n"
            "    if (a) {\n#else\n    if (b) {\n#endif\n    }\n  }\n  void G() { }\n}\n",
            ["A 1-17", "A.x 2-7", "A.F 8-15", "A.G 16-16"],
        ),
        (  # Prototypes are definitions where no function is around them.
            "cpp",
            "#ifdef A\n#if B\nint f(int);\n#else\nint* g(int);\n#endif\n#endif\n"
            "int h() {\n  Lock held(a());\n  int inner(int);\n  return 1;\n}\n",
            ["f 3-3", "g 5-5", "h 8-12"],
        ),
        ("c", "#else\n#endif\n#endif\nint f(void {\n}}}\n", []),
    ],
)  # fmt: skip
def test_conditionals_and_macros_do_not_hide_definitions(
    language: str, text: str, expected: list[str]
) -> None:
    """Where a preprocessor's words cut through the syntax, the file is read without them."""
    assert _places(language, text) == expected


@pytest.mark.parametrize(
    "hostile",
    [
        "int a = " + "(b + " * 2_000 + "f(1 2)" + ")" * 2_000 + ";\n", "template<> " * 60 + "x\n", "#/*a\n" * 2_000,
        "/*a" * 2_000, "int a;" + "'b\\\n" * 50_000, "#if A {\n" * 10_000,
    ],
    ids=["nested", "templates", "comments of directives", "comments", "strings", "conditionals"],
)  # fmt: skip
def test_errors_in_hostile_text_end_nothing(hostile: str) -> None:
    """However deep an error stands, and however much begins without an end, the definitions around it are found."""
    assert "f 1-3" in _places("cpp", "int f() {\n  return 1;\n}\n}} @@\n" + hostile)


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


@pytest.mark.parametrize(
    ("language", "text", "calls"),
    [
        ("ocaml", "let f x = Store.load (g x)\n", ["g", "load"]),
        ("fsharp", "module A\nlet f x = Store.load (g x)\n", ["g", "load"]),
        ("fsharp", "module A\nlet f x = x.Cart.Add 1\n", ["Add"]),
    ],
)
def test_calls_are_told_by_their_last_name(language: str, text: str, calls: list[str]) -> None:
    """A module or an object in front of a function is no part of the name that is called."""
    (symbol,) = outline_of(language, text).symbols

    assert sorted(symbol.calls) == calls
