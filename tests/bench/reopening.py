"""Measure how soon 10,000 files that did not change are known to be unchanged, in a process that has just started.

Run by hand: `python tests/bench/reopening.py FOLDER [FILES]`. FOLDER takes the files and their index, which are made
where they are not there yet. Vectors are drawn, not computed. The unavoidable part is git's list of the
files and one look at the size and time of each.
"""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

from scale import Bench, cpu

FILES = 10_000
FILES_A_FOLDER = 50
ROUNDS = 5


def made(folder: Path, count: int) -> Path:
    """Return a repository of so many modules of two functions, committed; made where it is not there yet."""
    root = folder / f"{count}-files"
    if not (root / ".git").is_dir():
        for number in range(count):
            file = root / f"package_{number // FILES_A_FOLDER}" / f"module_{number}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(
                f"def first_{number}(value):\n    return value + {number}\n\n\n"
                f"def second_{number}(value):\n    return first_{number}(value) * 2\n"
            )
        for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "files"]):
            identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
            subprocess.run(["git", "-C", str(root), *identity, *command], check=True)
    return root


async def refreshed(bench: Bench) -> tuple[float, float, int]:
    """Open the index, bring it up to date, and return seconds, CPU seconds and how many files it has."""
    began, used = time.perf_counter(), cpu()
    store, indexer = await bench.open()
    await indexer.refresh(lambda _: None)
    took, used = time.perf_counter() - began, cpu() - used
    files = (await store.stats()).files
    await store.close()
    return took, used, files


def bare(root: Path) -> tuple[float, float]:
    """Return seconds and CPU seconds of listing the files with git and looking at each."""
    began, used = time.perf_counter(), cpu()
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], check=True, capture_output=True)
    for name in listed.stdout.split(b"\0")[:-1]:
        (root / os.fsdecode(name)).lstat()
    return time.perf_counter() - began, cpu() - used


def main(folder: Path, count: int, *, is_round: bool) -> None:
    """Make what is missing in one process, then open it in new ones."""
    bench = Bench(made(folder, count), folder / f"index-{count}-files")
    try:
        took, used, files = asyncio.run(refreshed(bench))
    finally:
        bench.close()
    if is_round:
        least, least_cpu = bare(bench.root)
        sys.stdout.write(
            f"| {files:,} files, nothing changed: quiescent | {took:.2f} s, {used:.2f} s CPU "
            f"| bare: {least:.2f} s, {least_cpu:.2f} s CPU |\n"
        )
        return
    for _ in range(ROUNDS):
        subprocess.run([sys.executable, __file__, str(folder), str(count), "round"], check=True)


if __name__ == "__main__":
    main(
        Path(sys.argv[1]).absolute(),
        int(sys.argv[2]) if len(sys.argv) > 2 else FILES,
        is_round=sys.argv[3:] == ["round"],
    )
