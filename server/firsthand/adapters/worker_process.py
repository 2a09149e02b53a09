"""What the worker processes have in common."""

import contextlib
import os
import subprocess
import sys
import threading
from typing import IO, Any

if sys.platform == "linux":
    import fcntl


def own_process_group() -> dict[str, Any]:
    """Keep Ctrl-C in the terminal away from a worker: it ends when its input does."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


# A file's rows take 50 KB: fewer turns of reader and writer. It is as much as Linux gives anybody.
_PIPE_BYTES = 1024 * 1024


def widen(pipe: IO[bytes]) -> None:
    """Let a pipe hold a whole message, where the system can do that."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # the user has many such pipes
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


# A quarter of what an ordinary program gets while there is such a program, and everything when there is none.
_BACKGROUND_NICENESS = 5


def yield_to_others() -> None:
    """Let what people wait for go first on a busy machine: this thread where threads have priorities, else nothing."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # it may be nicer already
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _BACKGROUND_NICENESS)
