"""Kill an indexing process at many random moments, and look each time at what it leaves behind.

Run by hand: `python tests/bench/crash.py [KILLS] [SEED]`. A table says how far the processes were; whatever was wrong
is printed.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "e2e")]

from killed_indexer import KilledIndexer, Work  # noqa: E402 - found through the path above

KILLS = 200
FILES = 150
WORKS: tuple[Work, ...] = ("fresh", "changed", "serve", "changed")


def kill_many(indexer: KilledIndexer, kills: int) -> int:
    """Return after how many kills something was wrong."""
    wrong = number = 0
    phases: Counter[tuple[Work, str]] = Counter()
    while phases.total() < kills:
        work = WORKS[number % len(WORKS)]
        number += 1
        if not indexer.kill_one(work):
            continue
        remains = indexer.look()
        phases[work, remains.phase] += 1
        if remains.lost or remains.twice or remains.differences:
            wrong += 1
            say(f"{work}, {remains}")
    say("| work | how far it was | kills |")
    say("|---|---|---|")
    for (work, phase), count in sorted(phases.items()):
        say(f"| {work} | {phase} | {count} |")
    say(f"{kills} kills, {wrong} with something wrong; {number - kills} processes ended before")
    return wrong


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    with tempfile.TemporaryDirectory(prefix="crash-") as home:
        count, seed = (*numbers, *(KILLS, 1)[len(numbers) :])
        with KilledIndexer(Path(home), files=FILES, seed=seed) as indexer:
            sys.exit(1 if kill_many(indexer, count) else 0)
