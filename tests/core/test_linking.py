"""What a chunk defines, uses and imports is read from the syntax of its file, each place once."""

import pytest

from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.chunking import chunk_file
from firsthand.core.linking import link_chunks, module_name
from firsthand.core.model import Chunk, Links, SourceFile, Use


def linked(path: str, language: str, text: str) -> list[tuple[Chunk, Links]]:
    """Cut a text and link its chunks."""
    source = SourceFile(path, text, language, "")
    outline = TreeSitterParser().outline(language, text)
    chunks = chunk_file(source, outline)
    return list(zip(chunks, link_chunks(source, outline, chunks), strict=True))


def uses(language: str, text: str) -> list[Use]:
    """Return every use of a text, by line."""
    found = [use for _, links in linked("a", language, text) for use in links.uses]
    return sorted(found, key=lambda use: use.line)


def told(language: str, text: str) -> list[str]:
    """Write the uses outside imports the way the tests expect them."""
    return [
        f"{use.line} {use.kind} {use.qualifier}|{use.name}"
        for use in uses(language, text)
        if use.kind != "import"
    ]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "def f(a):\n    self.b.run(a)\n", ["2 call self.b|run"]),
        ("python", "def f() -> Cart: ...\n", ["1 reference |Cart"]),
        ("python", "def f():\n    load().cart()\n", ["2 call |load", "2 call ()|cart"]),
        ("python", "def f():\n    (x\n     .filter(y)\n     .all())\n", ["3 call x|filter", "4 call ()|all"]),
        ("python", "from m import go\n\ndef f(xs):\n    go = 1\n    xs.sort(key=xs)\n", ["5 call xs|sort"]),
        ("typescript", "function f(x: Cart) { this.a?.run(); }\n", ["1 reference |Cart", "1 call this.a|run"]),
        ("go", "package a\n\nfunc f() {\n\tb.c.Run()\n}\n", ["4 call b.c|Run"]),
        ("rust", "fn f() { a::b::run(); }\n", ["1 call a.b|run"]),
        ("cpp", "void f() { a->b.run(); ns::go(); }\n", ["1 call a.b|run", "1 call ns|go"]),
        ("php", "<?php\nfunction f() { $this->a->run(); }\n", ["2 call this.a|run"]),
        ("ruby", "def f\n  @store.load\nend\n", ["2 call store|load"]),
        ("lua", "function f()\n  account:deposit(1)\nend\n", ["2 call account|deposit"]),
    ],
)  # fmt: skip
def test_a_use_has_its_qualifier(language: str, text: str, expected: list[str]) -> None:
    """What stands before a name is kept; parameters and variables are no uses of anything."""
    assert told(language, text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "from a.b import C as D, E\nE()\nD()\n", {"C": "a.b", "D": "a.b", "E": "a.b", "b": "a.b"}),
        ("python", "from a import (\n    B,\n    C,  # why\n)\n", {"a": "a", "B": "a", "C": "a"}),
        ("python", "import a.b\n", {"b": "a.b"}),
        ("typescript", 'import X, { type Y as Z } from "../a/b.js";\n', dict.fromkeys("XYZb", "../a/b.js")),
        ("javascript", 'const { run } = require("./go");\n', {"run": "./go", "go": "./go"}),
        (
            "go",
            'package a\n\nimport r "example.com/x/retry"\n',
            dict.fromkeys(("r", "retry"), "example.com/x/retry"),
        ),
        ("rust", "use a::b::{C, d::E};\n", {"C": "a::b", "d": "a::b", "E": "a::b", "b": "a::b"}),
        ("java", "import com.shop.Cart;\n", {"Cart": "com.shop.Cart"}),
        ("c", '#include "net/socket.h"\n', {"socket": "net/socket.h"}),
    ],
)
def test_what_an_import_brings(language: str, text: str, expected: dict[str, str]) -> None:
    """Every imported name is known with where it comes from, the module itself among them."""
    assert {use.name: use.origin for use in uses(language, text) if use.kind == "import"} == expected


def test_imports_over_several_lines_keep_their_lines() -> None:
    """Each imported name stands at its own line, as a reader would look for it."""
    found = uses("python", "from a import (\n    Bag,\n    Cart,\n)\n\nBag(Cart)\n")

    assert [(use.name, use.line) for use in found if use.name != "a"] == [
        ("Bag", 2),
        ("Cart", 3),
        ("Bag", 6),
        ("Cart", 6),
    ]
    assert {use.origin for use in found} == {"a"}


def test_each_place_stands_in_one_chunk() -> None:
    """However a file is cut, no definition and no use is lost or told twice."""
    body = "".join(f"    step_{number}(value)\n" for number in range(600))
    text = f"import go\n\n\nclass Long:\n    def run(self, value):\n{body.replace('    ', '        ')}"

    found = linked("a.py", "python", text)

    names = [use.name for _, links in found for use in links.uses if use.name.startswith("step_")]
    assert len(found) > 3
    assert names == [f"step_{number}" for number in range(600)]
    assert [each.qualified_name for _, links in found for each in links.definitions] == ["Long", "Long.run"]
    assert all(
        chunk.span.start_line <= use.line <= chunk.span.end_line
        for chunk, links in found
        for use in links.uses
    )


def test_a_file_without_syntax_has_no_links() -> None:
    """Where there is no grammar there is nothing to link."""
    source = SourceFile("a.txt", "words\n", "text", "")

    assert link_chunks(source, None, chunk_file(source, None)) == ()


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("../store/token.js", "token"),
        ("a.b.refresh", "refresh"),
        ("std::sync", "sync"),
        ("x/y.h", "y"),
        ("", ""),
    ],
)
def test_module_name(target: str, name: str) -> None:
    """A module is called by the last part of its path."""
    assert module_name(target) == name
