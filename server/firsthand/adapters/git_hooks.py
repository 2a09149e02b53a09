"""Hooks of git that bring the index up to date after a merge, a checkout or a rewrite; other hooks stay as they are.

A shell script gets a marked block after its first line, which does not touch its arguments, input or result. Any other
hook is moved aside and called by ours. Taking the hooks away gives back every file byte for byte.
"""

import contextlib
import os
import re
import shlex
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from firsthand.adapters.git_command import GitError, run_git
from firsthand.errors import WorkspaceError

HOOKS = ("post-merge", "post-checkout", "post-rewrite")

_SECONDS = 10.0
_BEGIN = "# >>> firsthand >>> written by `firsthand hook install`, taken away by `firsthand hook uninstall`"
_END = "# <<< firsthand <<<"
_MADE_FOLDER = "# Firsthand made this folder, too."
_BLOCK = re.compile(re.escape(f"\n{_BEGIN}").encode() + rb".*?" + re.escape(_END).encode(), re.DOTALL)
_SHELL = re.compile(rb"#!\s*(?:/\S*/)?(?:env\s+)?(?:/\S*/)?(?:sh|bash|dash|ash|ksh|zsh)\b")
_ASIDE = ".before-firsthand"


@dataclass(frozen=True, slots=True)
class HookState:
    """One hook of a repository."""

    name: str
    path: Path
    state: Literal["installed", "absent"]


def hook_states(root: Path) -> list[HookState]:
    """Say which hooks are installed.

    Raises:
        WorkspaceError: there is no repository.
    """
    folder = _hooks_folder(root)
    return [
        HookState(name, folder / name, "installed" if _has_block(folder / name) else "absent")
        for name in HOOKS
    ]


def install_hooks(root: Path, command: Sequence[str]) -> list[HookState]:
    """Install the hooks, again where they are installed; `command` is run at the top of the working tree.

    Raises:
        WorkspaceError: there is no repository, or its hooks are shared with others or cannot be written.
    """
    folder = _hooks_folder(root)
    if not _belongs_to_repository(root, folder):
        raise WorkspaceError(
            f"core.hooksPath points to {folder}, where a hook would run in other repositories as well; "
            "set core.hooksPath for this repository first, or use the editor, which follows git by itself."
        )
    uninstall_hooks(root)
    with _written(folder):
        makes_folder = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        for name in HOOKS:
            _install(folder / name, _block(command, makes_folder=makes_folder))
    return hook_states(root)


def uninstall_hooks(root: Path) -> list[HookState]:
    """Take the hooks away.

    Raises:
        WorkspaceError: there is no repository, or its hooks cannot be written.
    """
    folder = _hooks_folder(root)
    with _written(folder):
        made_folder = [_uninstall(folder / name) for name in HOOKS]
        if any(made_folder):
            with contextlib.suppress(OSError):  # somebody else put hooks there
                folder.rmdir()
    return hook_states(root)


def _hooks_folder(root: Path) -> Path:
    try:
        common, top = _answers(root, "rev-parse", "--git-common-dir", "--show-toplevel")
        # Our own run of git has hooks switched off; that setting comes last.
        listed = run_git(
            root, ["config", "-z", "--type=path", "--get-all", "core.hooksPath"], seconds=_SECONDS
        )
    except (GitError, ValueError) as error:
        raise WorkspaceError(
            f"{root} is not in a working tree of git; there is nothing to hook into."
        ) from error
    chosen = [os.fsdecode(value) for value in listed.split(b"\0") if value][:-1]
    folder = Path(top, chosen[-1]) if chosen else Path(root, common, "hooks")
    return Path(os.path.abspath(folder))  # noqa: PTH100 - a link is the user's business


def _belongs_to_repository(root: Path, folder: Path) -> bool:
    common, top = _answers(root, "rev-parse", "--git-common-dir", "--show-toplevel")
    real = Path(os.path.realpath(folder))
    own = (Path(os.path.realpath(root / common)), Path(os.path.realpath(top)))
    return any(real.is_relative_to(place) for place in own)


def _answers(root: Path, *arguments: str) -> list[str]:
    lines = os.fsdecode(run_git(root, arguments, seconds=_SECONDS)).splitlines()
    if len(lines) != len(arguments) - 1:
        raise ValueError("a name with a line break")
    return lines


def _block(command: Sequence[str], *, makes_folder: bool) -> bytes:
    program, arguments = shlex.quote(command[0]), " ".join(map(shlex.quote, command[1:]))
    lines = [
        _BEGIN,
        *([_MADE_FOLDER] if makes_folder else []),
        f"if test -x {program}; then",
        f'  ( unset $(git rev-parse --local-env-vars); {program} {arguments} --root "$(pwd)" & ) '
        "</dev/null >/dev/null 2>&1",
        "fi",
        _END,
    ]
    return ("\n" + "\n".join(lines)).encode("utf-8", "surrogateescape")


def _install(hook: Path, block: bytes) -> None:
    aside = hook.with_name(hook.name + _ASIDE)
    if not os.path.lexists(hook):
        _write(hook, b"#!/bin/sh" + block + b"\n", 0o755)
        return
    found = hook.lstat()
    # A hook that is not executable is switched off, and must not be switched on.
    is_usable = stat.S_ISREG(found.st_mode) and os.access(hook, os.X_OK)
    if is_usable and _SHELL.match(content := hook.read_bytes()):
        first, rest = _split_first_line(content)
        _write(hook, first + block + rest, stat.S_IMODE(found.st_mode))
        return
    if os.path.lexists(aside):
        raise WorkspaceError(
            f"{aside} is a hook from before that would be lost; move it or {hook.name} away and install again."
        )
    hook.rename(aside)
    _write(hook, b"#!/bin/sh" + block + _chain(aside), 0o755)


def _chain(aside: Path) -> bytes:
    """Return the end of a script that hands over to the hook aside."""
    text = f'\naside="$(dirname "$0")"/{shlex.quote(aside.name)}\nif test -x "$aside"; then exec "$aside" "$@"; fi\n'
    return text.encode()


def _uninstall(hook: Path) -> bool:
    """Give a hook back as it was; tell whether its folder was made by us."""
    if not _has_block(hook):
        return False
    content = hook.read_bytes()
    aside = hook.with_name(hook.name + _ASIDE)
    without = _BLOCK.sub(b"", content, count=1)
    # Another program may have written the hook anew since ours called the one aside.
    if without == b"#!/bin/sh" + _chain(aside) and os.path.lexists(aside):
        aside.replace(hook)
        return False
    if without == b"#!/bin/sh\n":
        hook.unlink()
    else:
        _write(hook, without, stat.S_IMODE(hook.stat().st_mode))
    return _MADE_FOLDER.encode() in content


def _has_block(hook: Path) -> bool:
    try:
        return hook.is_file() and not hook.is_symlink() and _BLOCK.search(hook.read_bytes()) is not None
    except OSError:
        return False


def _split_first_line(content: bytes) -> tuple[bytes, bytes]:
    end = content.find(b"\n")
    return (content, b"") if end < 0 else (content[:end], content[end:])


def _write(file: Path, content: bytes, mode: int) -> None:
    """Replace a file at once, so that git never runs half of it."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(content)
        Path(name).chmod(mode)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _written(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WorkspaceError(f"The hooks in {folder} cannot be written: {error.strerror}.") from error
