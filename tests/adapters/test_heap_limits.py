"""The C library's heaps stay few."""

import os
import subprocess
import sys
from pathlib import Path

_MANY_THREADS = """
import ctypes, sys, threading
from firsthand.adapters.heap_limits import limit_heaps

limit_heaps()
library = ctypes.CDLL(None)
library.malloc.restype = library.fopen.restype = ctypes.c_void_p
together = threading.Barrier(8)

def take():
    together.wait()
    library.malloc(1000)
    together.wait()

threads = [threading.Thread(target=take) for _ in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()
if hasattr(library, "malloc_info"):
    file = ctypes.c_void_p(library.fopen(sys.argv[1].encode(), b"w"))
    library.malloc_info(0, file)
    library.fclose(file)
"""


def test_threads_share_two_heaps(tmp_path: Path) -> None:
    """Eight threads that allocate at once make no heap of their own each, where the C library makes any."""
    report = tmp_path / "heaps.xml"
    report.touch()

    subprocess.run([sys.executable, "-c", _MANY_THREADS, str(report)], check=True)

    assert report.read_text().count("<heap nr=") <= 2


_POOL = """
from firsthand.adapters.heap_limits import limit_heaps

limit_heaps()
import pyarrow
print(pyarrow.default_memory_pool().backend_name)
"""


def test_arrow_takes_its_memory_from_these_heaps() -> None:
    """What it frees goes back to the system with the rest, where heaps are limited at all."""
    environment = {name: value for name, value in os.environ.items() if "ARROW" not in name}

    looked = subprocess.run(
        [sys.executable, "-c", _POOL], check=True, capture_output=True, text=True, env=environment
    )

    assert (looked.stdout == "system\n") == (sys.platform == "linux")
