"""What holds for the chunks of any text in any language."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.chunking import chunk_file
from firsthand.core.lines import LineTable, encode
from firsthand.core.model import SourceFile

SAMPLES = Path(__file__).parent / "samples"
PARSER = TreeSitterParser()
LANGUAGES = (*sorted(folder.name for folder in SAMPLES.iterdir()), "dockerfile", "css", "zig", "text")
LINES = [
    line
    for file in sorted(SAMPLES.glob("*/*"))
    if not file.name.startswith("expected")
    for line in file.read_text("utf-8").split("\n")
]

any_text = st.text(st.characters(codec=None), max_size=400)
# Lines of real files in any order are broken code that grammars still recognise as code.
shuffled_lines = st.lists(st.sampled_from(LINES), max_size=60).map("\n".join)
line_endings = st.sampled_from(["\n", "\r\n", "\r"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(language=st.sampled_from(LANGUAGES), text=any_text | shuffled_lines, ending=line_endings)
def test_chunks_are_exact_and_complete(language: str, text: str, ending: str) -> None:
    """Every line with content is in a chunk; text, lines and bytes of a chunk agree; none is too large."""
    text = text.replace("\n", ending)
    source = SourceFile("src/file", text, language, "")
    data, table = encode(text), LineTable.of(text)

    chunks = chunk_file(source, PARSER.outline(language, text))

    covered: set[int] = set()
    for chunk in chunks:
        span = chunk.span
        assert data[span.start_byte : span.end_byte] == encode(chunk.text)
        assert chunk.definition.start_line <= span.start_line <= span.end_line <= len(table)
        assert chunk.tokens <= 480
        if span.start_line < span.end_line or len(chunk.text) < 800:
            assert (span.start_byte, span.end_byte) == (
                table.starts[span.start_line - 1],
                table.ends[span.end_line - 1],
            )
        covered.update(range(span.start_line, span.end_line + 1))
    assert covered >= {number for number in range(1, len(table) + 1) if table.line(number).strip()}
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    assert chunks == chunk_file(source, PARSER.outline(language, text))
