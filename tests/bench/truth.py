"""Change folders at random for many minutes and compare their index with one from nothing.

Run by hand: `python tests/bench/truth.py MINUTES`. The same rules as the test of the index's truth, other seeds each
time; what is found is printed with its steps, and the search goes on.
"""

import resource
import sys
import time
import traceback
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "e2e")]

from test_index_truth import ChangingFolder  # noqa: E402 - found through the path above

FOLDERS_AT_A_TIME = 10
STEPS = 60


class CountedFolder(ChangingFolder):
    """Counts what was done."""

    folders = 0
    comparisons = 0

    def __init__(self) -> None:
        super().__init__()
        CountedFolder.folders += 1

    def compare(self) -> None:
        super().compare()
        CountedFolder.comparisons += 1


def search(minutes: float) -> int:
    """Return how many folders ended with a wrong index."""
    found = 0
    until = time.monotonic() + minutes * 60
    while time.monotonic() < until:
        try:
            run_state_machine_as_test(
                CountedFolder,
                settings=settings(
                    max_examples=FOLDERS_AT_A_TIME,
                    stateful_step_count=STEPS,
                    deadline=None,
                    database=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                ),
            )
        except Exception:
            found += 1
            traceback.print_exc(file=sys.stdout)
        used = resource.getrusage(resource.RUSAGE_SELF)
        sys.stdout.write(
            f"{CountedFolder.folders} folders, {CountedFolder.comparisons} comparisons, {found} wrong, "
            f"{used.ru_utime + used.ru_stime:.0f} CPU-s\n"
        )
        sys.stdout.flush()
    return found


if __name__ == "__main__":
    sys.exit(1 if search(float(sys.argv[1])) else 0)
