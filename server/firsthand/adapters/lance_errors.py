"""The one place where errors of LanceDB, Arrow and the file system become the domain's."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from firsthand.errors import StoreError

VENDOR_ERRORS = (RuntimeError, ValueError, OSError, LookupError, pa.ArrowException)

_FULL_DISK = ("no space left", "os error 28", "disk quota", "os error 122")
_NOT_WRITABLE = ("read-only file system", "permission denied", "os error 13", "os error 30")


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Turn every vendor error inside into a StoreError that says what could not be done and what to do next.

    Args:
        action: completes the sentence "The index could not …".
    """
    try:
        yield
    except StoreError:
        raise
    except VENDOR_ERRORS as error:
        raise StoreError(f"The index could not {action}: {_cause_and_remedy(error)}") from error


def _cause_and_remedy(error: Exception) -> str:
    text = str(error).lower()
    code = error.errno if isinstance(error, OSError) else None
    if code in {errno.ENOSPC, errno.EDQUOT} or any(sign in text for sign in _FULL_DISK):
        return "the disk is full; free some space and it goes on."
    if code in {errno.EACCES, errno.EROFS, errno.EPERM} or any(sign in text for sign in _NOT_WRITABLE):
        return "its folder is not writable; set FIRSTHAND_CACHE_DIR to a folder that is."
    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return f"{first_line} (`firsthand clean` makes a fresh one)."
