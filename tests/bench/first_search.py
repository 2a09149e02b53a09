"""Measure how soon a question about a folder that was never indexed is answered right.

Run by hand: `python tests/bench/first_search.py FOLDER [LINES...]`. FOLDER takes the corpora (see `scale_corpora`). The
questions name definitions that are drawn from files that indexing comes to last, so that none of them is indexed when
it is asked for. An answer is right when the first hit is in that file. Wall time means much only on an idle machine;
CPU time is that of this process, without the processes that cut.
"""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from scale_corpora import corpus

from firsthand.adapters.git_files import WorkspaceTree
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.app import open_workspace
from firsthand.core.model import SourceFile
from firsthand.core.workspace import Workspace
from firsthand.settings import load

SIZES = (100_000, 1_000_000)
QUESTIONS = 5
_KINDS = ("class", "function")
_SHORTEST_NAME = 12


def cpu() -> float:
    """Return the CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def late_definitions(root: Path) -> list[tuple[str, str]]:
    """Return names that the corpus defines once, each with its file, from the last files of the scan."""
    tree, parser = WorkspaceTree(root), TreeSitterParser()
    stats = (await tree.scan()).files
    found: list[tuple[str, str]] = []
    for stat in reversed(stats):
        source = await tree.read(stat.path)
        outline = parser.outline(source.language, source.text) if isinstance(source, SourceFile) else None
        names = [symbol.name for symbol in outline.symbols if symbol.kind in _KINDS] if outline else []
        name = next((name for name in names if len(name) >= _SHORTEST_NAME), "")
        if name and await asyncio.to_thread(_files_with, root, name) == 1:
            found.append((name, stat.path))
        if len(found) == QUESTIONS:
            break
    return found


def _files_with(root: Path, name: str) -> int:
    tree = WorkspaceTree(root)
    needle = name.encode()
    return sum(needle in (tree.peek(str(path.relative_to(root))) or b"") for path in root.rglob("*.*"))


@asynccontextmanager
async def fresh(root: Path) -> AsyncIterator[Workspace]:
    """Open a folder with no index, and begin to index it as a session does."""
    with tempfile.TemporaryDirectory() as cache:
        flags = {"provider": "embedded", "chat_model": "none", "cache_dir": cache}
        settings, _ = load(None, command_line=flags, environment={})
        workspace = await open_workspace(root, settings, need_chat=False)
        keeping = asyncio.create_task(workspace.keeper.run(lambda progress: None))
        try:
            yield workspace
        finally:
            keeping.cancel()
            await asyncio.wait({keeping})
            await workspace.close()


async def measure(root: Path) -> None:
    """Ask each question of a folder that was opened anew for it; print a row each."""
    for name, path in await late_definitions(root):
        began = time.perf_counter()
        async with fresh(root) as workspace:
            opened, used = time.perf_counter(), cpu()
            question = f"where is `{name}` defined"
            await workspace.swept(question)
            hits = await workspace.searcher.search(question)
            answered = time.perf_counter()
            right = bool(hits) and hits[0].chunk.path == path
            sys.stdout.write(
                f"| {root.name} | {name} | {'yes' if right else 'NO'} | {opened - began:.2f} | {answered - opened:.2f} "
                f"| {cpu() - used:.2f} | {workspace.unindexed} |\n"
            )
            sys.stdout.flush()


async def main() -> None:
    """Measure every size."""
    sys.stdout.write(
        "| corpus | name | right | opening, s | answer after opening, s | CPU, s | |\n" + "|---" * 7 + "|\n"
    )
    for lines in map(int, sys.argv[2:] or SIZES):
        await measure(corpus(Path(sys.argv[1]), int(lines)))


if __name__ == "__main__":
    asyncio.run(main())
