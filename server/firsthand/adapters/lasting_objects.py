"""Sparing Python's garbage collector what stays as long as the process does."""

import gc

# How many new objects, such collections, and collections of those, lead to the next kind: the second kind looks through
# 30,000 objects at most, some 10 ms.
_THRESHOLDS = (5_000, 5, 10)


def set_lasting_aside() -> None:
    """Have the collector pass over all objects there are now; call it when the libraries are loaded, and no more.

    They are some 170,000, and looking through them all held every thread for 60 to 130 ms, again and again. What is set
    aside is never looked through again, so it must not be made of what comes and goes.
    """
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
