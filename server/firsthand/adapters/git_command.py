"""Running git on a repository that nobody vouched for: no shell, no hooks, no helpers, no prompts, a time limit."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# A repository's own configuration can name programs for git to run. These keys close every way that the commands
# used here could take; filters have names of their own, see `filters_off`.
_SAFE_CONFIG = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.sshCommand": "false",
    "core.askPass": "false",
    "credential.helper": "",
    "log.showSignature": "false",
    "protocol.allow": "never",
    "core.quotePath": "false",
    "status.submoduleSummary": "false",
}
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
}
# A process that was started from a git hook inherits these; they would point at another repository.
_FOREIGN_VARIABLES = frozenset(
    "GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX GIT_OBJECT_DIRECTORY GIT_NAMESPACE GIT_COMMON_DIR "
    "GIT_EXTERNAL_DIFF GIT_CONFIG_PARAMETERS GIT_CONFIG_COUNT GIT_ALTERNATE_OBJECT_DIRECTORIES "
    "GIT_LITERAL_PATHSPECS GIT_GLOB_PATHSPECS GIT_NOGLOB_PATHSPECS GIT_ICASE_PATHSPECS".split()
)


class GitError(Exception):
    """Git is absent, took too long or refused; the text is for the log."""


def run_git(
    folder: Path,
    arguments: Sequence[str],
    *,
    seconds: float,
    stdin: bytes = b"",
    accept: Sequence[int] = (0,),
    config: Mapping[str, str] | None = None,
) -> bytes:
    """Run git in a folder and return what it wrote to stdout. Blocks: call it in a thread.

    Args:
        accept: exit codes that are answers rather than failures.
        config: settings for this run, on top of the safe ones.

    Raises:
        GitError: there is no answer.
    """
    try:
        result = subprocess.run(
            ["git", "--no-pager", *arguments],
            cwd=folder,
            env=_environment(_SAFE_CONFIG | dict(config or {})),
            input=stdin,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise GitError(str(error)) from error
    if result.returncode not in accept:
        raise GitError(
            result.stderr.decode(errors="replace").strip()[:500] or f"git ended with {result.returncode}"
        )
    return result.stdout


def filters_off(folder: Path, *, seconds: float) -> dict[str, str]:
    """Return the settings that switch off every clean and smudge filter that the configuration defines.

    Git runs them whenever it looks into a file of the working tree (status, blame).
    """
    listed = run_git(
        folder, ["config", "-z", "--name-only", "--get-regexp", r"^filter\."], seconds=seconds, accept=(0, 1)
    )
    drivers = {key.rpartition(".")[0] for key in listed.decode(errors="surrogateescape").split("\0") if key}
    return {
        f"{driver}.{key}": value
        for driver in drivers
        for key, value in (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
    }


def _environment(config: Mapping[str, str]) -> dict[str, str]:
    """Return the environment; settings go through it because a key may hold any character but NUL."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in _FOREIGN_VARIABLES and not name.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))
    }
    settings = {"GIT_CONFIG_COUNT": str(len(config))}
    for number, (key, value) in enumerate(config.items()):
        settings[f"GIT_CONFIG_KEY_{number}"] = key
        settings[f"GIT_CONFIG_VALUE_{number}"] = value
    return inherited | _ENVIRONMENT | settings
