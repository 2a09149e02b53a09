"""How many cores may be used, and whether they can run LanceDB: loading it would end the process where they cannot."""

import os
import platform
import sys
from pathlib import Path

from firsthand.errors import StoreError

# What LanceDB's wheels for Linux on x86-64 are compiled for.
_NEEDED_FLAGS = frozenset({"avx2", "fma"})
_CPU_INFO = Path("/proc/cpuinfo")


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def missing_features() -> list[str]:
    """Return what the processor lacks, by the kernel's names; empty also where that cannot be known."""
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64"):
        return []
    flags = _flags()
    return sorted(_NEEDED_FLAGS - flags) if flags else []


def check_processor() -> None:
    """Make sure that the index library can be loaded.

    Raises:
        StoreError: loading it would end this process.
    """
    missing = missing_features()
    if missing:
        raise StoreError(
            f"This machine's processor lacks {' and '.join(name.upper() for name in missing)}, without which the index "
            "library (LanceDB) cannot run: nothing is indexed here, and searches read the files themselves. For more, "
            "run Firsthand on another machine, for example by Remote-SSH."
        )


def _flags() -> frozenset[str]:
    try:
        lines = _CPU_INFO.read_text("utf-8", "replace").splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line.split(":", 1)[1].split() for line in lines if line.startswith("flags")), []))
