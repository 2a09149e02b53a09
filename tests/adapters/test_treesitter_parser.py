"""The parser itself: every grammar of the pack, hostile input, threads."""

from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import pytest
from tree_sitter_language_pack import SupportedLanguage

from firsthand.adapters.grammars import loading
from firsthand.adapters.treesitter_parser import TreeSitterParser

PARSER = TreeSitterParser()
LANGUAGES = sorted(set(get_args(SupportedLanguage)) - {"cobol"})

GENERIC = [
    ("zig", "const std = @import(\"std\");\n\npub fn add(a: i32, b: i32) i32 {\n    return a + b;\n}\n", "add"),
    ("dart", "class Cart {\n  void add(Item item) {\n    items.push(item);\n  }\n}\n", "Cart"),
    ("proto", "message Order {\n  string id = 1;\n}\nservice Orders {\n  rpc Get (Id) returns (Order);\n}\n", "Order"),
    ("solidity", "contract Token {\n  function transfer(address to) {\n    move(to);\n  }\n}\n", "Token.transfer"),
    ("julia", "function area(r)\n  pi * r^2\nend\n", "area"),
    ("ocaml", "module Store = struct\n  let load path = read path\nend\n", "Store"),
    ("erlang", "-module(a).\nloop(X) ->\n  handle(X).\n", "loop"),
    ("perl", "package Shop;\nsub total {\n  return 1;\n}\n", "total"),
    ("objc", "@interface Cart : NSObject\n- (void)add:(Item *)item;\n@end\n", "Cart"),
    ("groovy", "class Build {\n  def run() {\n    println 1\n  }\n}\n", "Build"),
    ("r", "area <- function(r) {\n  pi * r^2\n}\n", "area"),
    ("clojure", "(defn area [r]\n  (* 3 r))\n", "area"),
    ("graphql", "type Order {\n  id: ID!\n}\n", "Order"),
    ("terraform", "resource \"aws_s3_bucket\" \"logs\" {\n  bucket = \"logs\"\n}\n", "aws_s3_bucket.logs"),
    ("cmake", "function(add_app name)\n  add_executable(${name})\nendfunction()\n", "add_app"),
    ("make", "all: build\n\nbuild:\n\tgcc main.c\n", "build"),
    ("powershell", "function Get-Total {\n  param($a)\n  Write-Output $a\n}\n", "Get-Total"),
    ("css", ".cart > .item {\n  color: red;\n}\n", ".cart > .item"),
    ("vue", "<p/>\n<script lang=\"ts\">\nexport function total(a: number) {\n  return a\n}\n</script>\n", "total"),
    ("svelte", "<script>\n  function total(a) {\n    return a\n  }\n</script>\n<p>{total(1)}</p>\n", "total"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "name"), GENERIC)
def test_other_languages_are_outlined_by_how_grammars_name_things(
    language: str, text: str, name: str
) -> None:
    """A language without queries of its own still gives its definitions."""
    outline = PARSER.outline(language, text)

    assert outline is not None
    assert name in {symbol.qualified_name for symbol in outline.symbols}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_grammar_of_the_pack_can_be_used(language: str) -> None:
    """All grammars load, their queries compile and read a text that is not theirs."""
    outline = PARSER.outline(language, "function f(a) { return [1, 'b']; }\n# x = y\n" * 5)

    assert outline is not None
    assert outline.language == language


@pytest.mark.parametrize("language", ["cobol", "text", "no-such-language"])
def test_without_a_grammar_there_is_no_outline(language: str) -> None:
    """An unknown language has no outline; neither has the one whose grammar never returns."""
    assert PARSER.outline(language, "IDENTIFICATION DIVISION.\n") is None


@pytest.mark.parametrize("language", ["python", "typescript", "c", "json", "rust"])
@pytest.mark.parametrize("text", ["(" * 50_000, "{" * 50_000, '"' * 50_001, "[ { " * 50_000])
def test_text_that_only_hurts_has_no_outline(language: str, text: str) -> None:
    """Thousands of brackets or quotes in a row, which would hold the parser for minutes, are left to lines."""
    assert PARSER.outline(language, text) is None


@pytest.mark.parametrize("language", ["python", "typescript", "c", "json", "rust"])
def test_deep_nesting_is_no_problem(language: str) -> None:
    """A thousand brackets inside each other are read without recursion."""
    assert PARSER.outline(language, "(" * 1_000 + "a" + ")" * 1_000) is not None


def test_a_very_large_text_has_no_outline() -> None:
    """Data of many megabytes is not parsed."""
    assert PARSER.outline("json", "[" + "1," * 3_000_000 + "1]") is None


def test_threads_share_a_parser() -> None:
    """One parser serves many threads at once, each with its own result."""
    texts = [f"def function_{n}():\n    return call_{n}()\n" * 50 for n in range(24)]

    with ThreadPoolExecutor(8) as threads:
        outlines = list(threads.map(lambda text: PARSER.outline("python", text), texts))

    assert [{symbol.name for symbol in outline.symbols} for outline in outlines if outline] == [
        {f"function_{n}"} for n in range(24)
    ]


def test_a_grammar_is_loaded_once() -> None:
    """Queries are compiled the first time only."""
    assert loading.load("go") is loading.load("go")
