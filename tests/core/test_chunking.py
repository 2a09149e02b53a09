"""What the chunks of a file are: one expected list for a realistic file of each language, then the hard cases."""

from itertools import pairwise
from pathlib import Path

import pytest

from core.samples_text import describe_chunk
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.chunk_sizes import EMBEDDABLE, LARGEST
from firsthand.core.chunking import chunk_file
from firsthand.core.languages import language_of
from firsthand.core.model import Chunk, SourceFile
from firsthand.core.tokens import estimate_tokens

SAMPLES = Path(__file__).parent / "samples"


def chunks_of(path: str, text: str) -> tuple[Chunk, ...]:
    """Chunk a text as the indexer does."""
    language = language_of(path)
    return chunk_file(SourceFile(path, text, language, ""), TreeSitterParser().outline(language, text))


def shape(chunks: tuple[Chunk, ...]) -> list[str]:
    """Return one line a chunk, as in the expected files."""
    return [describe_chunk(chunk) for chunk in chunks]


def sample(language: str) -> Path:
    """Return the sample file of a language."""
    (file,) = (path for path in (SAMPLES / language).iterdir() if not path.name.startswith("expected"))
    return file


@pytest.mark.parametrize("language", sorted(folder.name for folder in SAMPLES.iterdir()))
def test_definitions_become_chunks(language: str) -> None:
    """In every main language, functions stand alone, classes have a header, the rest is grouped."""
    file = sample(language)

    chunks = chunks_of(file.name, file.read_text("utf-8"))

    assert shape(chunks) == (SAMPLES / language / "expected_chunks.txt").read_text("utf-8").splitlines()


def test_a_method_knows_where_it_stands_and_what_it_uses() -> None:
    """A method's chunk carries its class, documentation, calls, references and the imports it uses."""
    file = sample("typescript")

    (pay,) = (chunk for chunk in chunks_of("src/orders.ts", file.read_text("utf-8")) if chunk.name == "pay")

    assert pay.qualified_name == "OrderService.pay"
    assert pay.parent == "OrderService"
    assert pay.signature == "async pay(order: Order): Promise<OrderState>"
    assert pay.docstring == "Charges the customer and marks the order as paid."
    assert pay.calls == ("Transactional", "calculateTotal", "charge", "record")
    assert pay.references == ("Order", "Promise", "OrderState", "order", "TAX_RATE", "total")
    assert pay.imports == ("../audit",)
    assert pay.preamble == "src/orders.ts OrderService.pay"


def test_a_name_stands_beside_the_path_whatever_their_length() -> None:
    """The embedder reads path and qualified name first; of very long ones the ends, which say most."""
    path = "/".join(f"folder_{n}" for n in range(20)) + "/orders.py"
    owner = "Order" * 20

    chunks = chunks_of(
        path, f"class {owner}:\n" + "    total: int = 0\n" * 40 + "    def pay(self):\n        send()\n"
    )

    (place,) = {chunk.preamble.split("\n")[0] for chunk in chunks if chunk.name == "pay"}
    assert place.startswith("folder_")
    assert "/orders.py " in place
    assert place.endswith("Order.pay")
    assert estimate_tokens(place) <= EMBEDDABLE - LARGEST


def test_a_class_header_announces_its_methods() -> None:
    """The header of a class has the fields in its text and the methods in its preamble."""
    file = sample("python")

    header = chunks_of("store.py", file.read_text("utf-8"))[3]

    assert header.kind == "class"
    assert header.bases == ("BaseStore", "Mixin")
    assert "refresh_margin: int = 30" in header.text
    assert "async def refresh(self, user: str) -> Token" in header.preamble


def test_a_class_with_too_many_methods_names_them() -> None:
    """When the signatures do not fit, the preamble of the header lists names only."""
    methods = "\n".join(
        f"    def operation_{n}(self, first: int, second: str) -> None:\n        self.run({n}, first, second)\n"
        for n in range(30)
    )

    header, *_ = chunks_of("many.py", f'class Many:\n    """Many operations."""\n\n{methods}')

    assert "members: operation_0; operation_1; operation_2" in header.preamble
    assert header.tokens <= 480


def test_a_long_function_is_cut_between_statements() -> None:
    """Parts of a long function begin at statements, overlap a little and know the whole definition."""
    blocks = "\n".join(
        f"    if condition_{n}:\n        first = compute(value_{n}, other_{n})\n        store(first, {n})"
        for n in range(40)
    )

    parts = chunks_of("long.py", f"def long_function(values):\n{blocks}\n    return 1\n")

    assert len(parts) > 2
    assert {part.qualified_name for part in parts} == {"long_function"}
    assert {(part.definition.start_line, part.definition.end_line) for part in parts} == {(1, 122)}
    assert all(part.text.startswith("    if condition_") for part in parts[1:])
    assert all(left.span.end_line >= right.span.start_line - 1 for left, right in pairwise(parts))
    assert all("def long_function(values)" in part.preamble for part in parts[1:])


def test_code_stays_whole_below_long_documentation() -> None:
    """Documentation that would push code over the limit is a part of its own; the code part names the topic."""
    documentation = "\n".join(
        f" * Sentence number {n} explains one more detail of how this works." for n in range(25)
    )
    code = "export function charge(order) {\n  audit(order);\n  return gateway.charge(order.total);\n}\n"

    *before, last = chunks_of("pay.js", f"/**\n * Charges an order.\n{documentation}\n */\n{code}")

    assert last.text == code.rstrip("\n")
    assert last.qualified_name == "charge"
    assert "Charges an order" in last.preamble
    assert {chunk.qualified_name for chunk in before} == {"charge"}


def test_nested_definitions_of_a_long_factory_stand_alone() -> None:
    """A function that mostly holds other functions is divided into them."""
    inner = "\n".join(
        f"  function handler{n}(request) {{\n" + f"    process(request, {n});\n" * 12 + "  }\n"
        for n in range(4)
    )

    chunks = chunks_of("factory.js", f"function createApp(options) {{\n{inner}  return {{ handler0 }};\n}}\n")

    names = [chunk.qualified_name for chunk in chunks]
    assert [f"createApp.handler{n}" in names for n in range(4)] == [True] * 4


def test_tests_beside_the_code_are_tests() -> None:
    """A Rust module of tests is marked as test although its file is none."""
    chunks = chunks_of("src/queue.rs", sample("rust").read_text("utf-8"))

    assert [chunk.qualified_name for chunk in chunks if chunk.is_test] == ["tests"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", ""),
        ("a.py", "\n\n"),
        ("a.md", " \t\n"),
        ("a.txt", ""),
        ("a.json", "\r\n\r\n"),
        ("a.go", "\f"),
    ],
)
def test_nothing_gives_no_chunks(path: str, text: str) -> None:
    """A file without content has no chunks."""
    assert chunks_of(path, text) == ()


def test_windows_line_endings_change_nothing_but_the_text() -> None:
    """CRLF files have the same chunks on the same lines."""
    text = sample("python").read_text("utf-8")

    assert shape(chunks_of("a.py", text.replace("\n", "\r\n"))) == shape(chunks_of("a.py", text))


def test_only_editor_line_endings_end_lines() -> None:
    """Form feeds and U+2028 are characters; lines are counted as an editor counts them."""
    text = "\fdef first():\n    return 'a\u2028b'\n\n\ndef second():\n\treturn 'a\x0bb\x85c'\n"

    chunks = chunks_of("a.py", text)

    assert [(chunk.name, chunk.span.start_line, chunk.span.end_line) for chunk in chunks] == [
        ("first", 1, 2),
        ("second", 5, 6),
    ]


def test_old_mac_line_endings_end_lines() -> None:
    """A lone carriage return ends a line."""
    chunks = chunks_of("notes.txt", "one\rtwo\r\rthree")

    assert [(chunk.span.start_line, chunk.span.end_line) for chunk in chunks] == [(1, 4)]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.py", "def good():\n    return 1\n\ndef broken(:\n    x = (\n", "good"),
        ("a.ts", "export class Cart { add(item: Item) { this.push(item)\n\nfunction total() { return 1 }\n", "total"),
        ("a.go", "package a\n\nfunc Good() int {\n\treturn 1\n}\n\nfunc Broken( {\n", "Good"),
        ("a.rs", "fn good() -> i32 {\n    1\n}\n\nfn broken( {\n", "good"),
        ("a.java", "class A {\n  int good() { return 1; }\n  int broken( {\n", "good"),
    ],
)  # fmt: skip
def test_broken_syntax_still_gives_what_can_be_read(path: str, text: str, expected: str) -> None:
    """Definitions beside a syntax error are found, and no line is lost."""
    chunks = chunks_of(path, text)

    outline = TreeSitterParser().outline(language_of(path), text)
    assert outline is not None
    assert outline.has_errors
    assert expected in [symbol.name for symbol in outline.symbols]
    covered = {line for chunk in chunks for line in range(chunk.span.start_line, chunk.span.end_line + 1)}
    assert covered >= {number for number, line in enumerate(text.split("\n"), 1) if line.strip()}


def test_minified_code_falls_back_to_pieces() -> None:
    """A line of ten megabytes becomes pieces that fit, without a byte lost, whatever its language."""
    text = "function a(b){return b+1};" * 400_000

    chunks = chunks_of("dist/app.js", text)

    assert "".join(chunk.text for chunk in chunks) == text
    assert max(chunk.tokens for chunk in chunks) <= 480


def test_a_long_line_of_wide_characters_is_cut_between_characters() -> None:
    """Scripts that take several bytes a character are never cut inside one."""
    text = "запрос к серверу 要求を送信する" * 2000

    chunks = chunks_of("notes.md", text)

    assert "".join(chunk.text for chunk in chunks) == text
    assert max(chunk.tokens for chunk in chunks) <= 480


def test_text_without_a_grammar_is_cut_by_lines() -> None:
    """Plain text is cut where paragraphs end."""
    paragraph = "A line of prose that says something about the matter at hand.\n" * 8
    text = f"{paragraph}\n" * 6

    chunks = chunks_of("notes.txt", text)

    assert {chunk.kind for chunk in chunks} == {"text"}
    assert all(text.split("\n")[chunk.span.end_line] == "" for chunk in chunks)


def test_the_hash_covers_preamble_and_text() -> None:
    """The same code at another place has another hash, since it is embedded with its place."""
    here, there = chunks_of("a.py", "def f():\n    return 1\n"), chunks_of("b.py", "def f():\n    return 1\n")

    assert here[0].text == there[0].text
    assert here[0].content_hash != there[0].content_hash
