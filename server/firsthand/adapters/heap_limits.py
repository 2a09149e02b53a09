"""Keeping the C library from holding memory that nobody uses."""

import contextlib
import ctypes
import sys

# glibc, `man 3 mallopt`. Left alone it makes up to eight heaps a core, each of which keeps what was freed in it, and
# takes ever larger blocks from them instead of from the system, to which only the latter return at once.
_HEAPS = -8
_BLOCKS_OF_THEIR_OWN_BYTES = -3
_FREE_AT_TOP_BYTES = -1

_MOST_HEAPS = 2
_LARGE_BYTES = 1024 * 1024


def limit_heaps() -> None:
    """Have all threads of this process share two heaps; call it before there are many.

    An index of 67,000 chunks that is searched takes 150 MB less, for the same CPU time.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):  # only glibc has it
        set_option = ctypes.CDLL(None).mallopt
        set_option(_HEAPS, _MOST_HEAPS)
        set_option(_BLOCKS_OF_THEIR_OWN_BYTES, _LARGE_BYTES)
        set_option(_FREE_AT_TOP_BYTES, _LARGE_BYTES)
