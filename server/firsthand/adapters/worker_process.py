"""What the worker processes have in common."""

import subprocess
import sys
from typing import Any


def own_process_group() -> dict[str, Any]:
    """Keep Ctrl-C in the terminal away from a worker: it ends when its input does."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}
