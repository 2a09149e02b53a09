"""The one place where errors of LanceDB, Arrow and the file system become the domain's."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from firsthand.errors import StoreDamagedError, StoreError

VENDOR_ERRORS = (RuntimeError, ValueError, OSError, LookupError, pa.ArrowException)

CONFLICT = "commit conflict"
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
        raise _store_error(action, error) from error


def _store_error(action: str, error: Exception) -> StoreError:
    text = str(error).lower()
    code = error.errno if isinstance(error, OSError) else None
    if code in {errno.ENOSPC, errno.EDQUOT} or any(sign in text for sign in _FULL_DISK):
        return StoreError(f"The index could not {action}: the disk is full; free some space and it goes on.")
    if code == errno.EFBIG or "file too large" in text:
        return StoreError(
            f"The index could not {action}: its files may not grow as large as they must (ulimit -f); "
            "allow more and it goes on."
        )
    if code in {errno.EACCES, errno.EROFS, errno.EPERM} or any(sign in text for sign in _NOT_WRITABLE):
        return StoreError(
            f"The index could not {action}: its folder is not writable; set FIRSTHAND_CACHE_DIR to a folder that is."
        )
    if CONFLICT in text:
        return StoreError(f"The index could not {action}: another process wrote at the same time; try again.")
    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return StoreDamagedError(
        f"The index could not {action}: {first_line} (it is mended when it is opened again; "
        "`firsthand clean` makes a fresh one)."
    )
