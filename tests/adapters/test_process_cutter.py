"""Cutting files in processes of their own gives the rows that cutting them here gives."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from firsthand.adapters import lance_schema
from firsthand.adapters.parser_process import ProcessParser
from firsthand.adapters.process_cutter import ProcessCutter
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.cutting import ParserCutter
from firsthand.core.languages import language_of
from firsthand.core.model import FileStat, SourceFile

SAMPLES = Path(__file__).parent.parent / "core" / "samples"
MISBEHAVING = (sys.executable, str(Path(__file__).parent / "misbehaving_parser_worker.py"))


@pytest.fixture(scope="module")
def workers() -> Iterator[ProcessParser]:
    """Real worker processes."""
    with closing(ProcessParser()) as workers:
        yield workers


def read(path: str, text: str, language: str = "") -> tuple[FileStat, SourceFile]:
    return FileStat(path, len(text), 1), SourceFile(
        path, text, language or language_of(path), f"hash of {path}"
    )


@pytest.mark.parametrize("language", ["go", "java", "markdown", "python", "rust", "typescript", "yaml"])
def test_rows_are_the_same_wherever_they_are_made(workers: ProcessParser, language: str) -> None:
    """Every column of every chunk, and the record equal those of the cutter in this process."""
    (file,) = (path for path in (SAMPLES / language).iterdir() if not path.name.startswith("expected"))
    sample = read(f"src/{file.name}", file.read_text("utf-8"))

    packed = ProcessCutter(workers).cut(*sample)
    plain = ParserCutter(TreeSitterParser()).cut(*sample)

    assert packed.chunks == ()
    assert packed.record == plain.record
    assert _rows([packed]) == _rows([plain])
    assert lance_schema.file_table([packed]) == lance_schema.file_table([plain])


def test_rows_made_here_and_there_go_into_one_table(workers: ProcessParser) -> None:
    """A commit may hold files of both kinds, and files without any chunk."""
    here = ParserCutter(TreeSitterParser()).cut(*read("a.py", "def here():\n    pass\n"))
    there = ProcessCutter(workers).cut(*read("b.py", "def there():\n    pass\n"))
    empty = ProcessCutter(workers).cut(*read("c.py", "\n"))

    assert {row["path"]: row["name"] for row in _rows([here, there, empty])} == {
        "a.py": "here",
        "b.py": "there",
    }
    assert lance_schema.file_table([here, there, empty])["chunks"].to_pylist() == [1, 1, 0]


def test_after_a_rest_there_are_new_processes(workers: ProcessParser) -> None:
    """Letting go of the processes costs nothing but their start."""
    cutter = ProcessCutter(workers)
    sample = read("a.py", "def twice():\n    pass\n")
    before = cutter.cut(*sample)
    cutter.rest()

    assert cutter.cut(*sample) == before


@pytest.mark.parametrize("language", ["crash", "hang"])
def test_a_file_that_ends_its_process_is_cut_by_lines(language: str) -> None:
    """What no process survives has chunks all the same, without syntax."""
    stat, source = read("a.txt", "", language)
    with closing(ProcessParser(command=MISBEHAVING, seconds_per_file=0.5)) as workers:
        cutter = ProcessCutter(workers)
        deadly = cutter.cut(stat, source)
        fine = cutter.cut(*read("b.txt", "", "well"))

    assert deadly == ParserCutter(_NoSyntax()).cut(stat, source)
    assert fine.record.status == "indexed"


def test_without_processes_files_are_cut_by_lines() -> None:
    """An installation whose workers do not come up still has an index."""
    with closing(ProcessParser(command=("/no/such/python",))) as workers:
        update = ProcessCutter(workers).cut(*read("a.py", "def f():\n    pass\n"))

    assert [chunk.text for chunk in update.chunks] == ["def f():\n    pass"]
    assert update.chunks[0].kind == "text"


class _NoSyntax:
    def outline(self, _language: str, _text: str) -> None:
        return None


def _rows(updates: list) -> list[dict[str, object]]:
    rows = lance_schema.chunk_table(updates).to_pylist()
    return [row | {"defines": sorted(row["defines"])} for row in rows]
