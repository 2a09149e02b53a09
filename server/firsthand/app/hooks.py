"""The hooks of git that keep an index up to date where no editor does."""

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from firsthand.app.folders import index_folder
from firsthand.app.workspaces import open_workspace
from firsthand.settings import Settings

if TYPE_CHECKING:
    from firsthand.adapters.git_hooks import HookState

# A rebase runs a hook for each step; the index needs to follow only the last.
_QUIET_SECONDS = 1.0
_LOOK_SECONDS = 0.5
# Whoever writes for longer than this sees the changes of git as well.
_PATIENCE_SECONDS = 600.0
# Without `-P`, or with an empty place in PYTHONPATH, which `-E` leaves aside, a file named firsthand.py in the
# repository would be run instead of the program.
_COMMAND = (sys.executable, "-P", "-E", "-m", "firsthand", "hook", "run")


def hook_states(root: Path) -> "Sequence[HookState]":
    """Say which hooks are installed.

    Raises:
        WorkspaceError: there is no repository.
    """
    from firsthand.adapters import git_hooks

    return git_hooks.hook_states(root)


def install_hooks(root: Path) -> "Sequence[HookState]":
    """Install the hooks.

    Raises:
        WorkspaceError: there is no repository, or its hooks are shared with others or cannot be written.
    """
    from firsthand.adapters import git_hooks

    return git_hooks.install_hooks(root, _COMMAND)


def uninstall_hooks(root: Path) -> "Sequence[HookState]":
    """Take the hooks away.

    Raises:
        WorkspaceError: there is no repository, or its hooks cannot be written.
    """
    from firsthand.adapters import git_hooks

    return git_hooks.uninstall_hooks(root)


async def refresh_after_git(root: Path, settings: Settings) -> bool:
    """Bring the index up to date, once for all hooks that run meanwhile; False when that is somebody else's work.

    Raises:
        FirsthandError: the index cannot be opened or written.
    """
    from firsthand.adapters.lance_lock import is_kept, took_turn

    folder = index_folder(settings, root)
    with contextlib.ExitStack() as running:
        with contextlib.ExitStack() as waiting:
            if not took_turn(waiting, folder, "next") or is_kept(folder):
                return False
            await asyncio.sleep(_QUIET_SECONDS)
            while not took_turn(running, folder, "running"):  # noqa: ASYNC110 - another process has it
                await asyncio.sleep(_LOOK_SECONDS)
        workspace = await open_workspace(root, settings, need_chat=False)
        try:
            await workspace.indexer.refresh(lambda progress: None, patience=_PATIENCE_SECONDS)
        finally:
            await workspace.close()
    return True
