"""Real git repositories for tests, apart from the developer's own configuration."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "LC_ALL": "C",
}


def git(folder: Path, *arguments: str, date: str = "2024-05-01T12:00:00+0000") -> str:
    """Run git in a folder and return what it wrote."""
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    result = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder,
        env=os.environ | _ENVIRONMENT | dates,
        capture_output=True,
        check=True,
    )
    return result.stdout.decode(errors="surrogateescape")


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files with their folders."""
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)


def make_repository(folder: Path, files: Mapping[str, str | bytes], *, message: str = "Begin") -> Path:
    """Create a repository with one commit of these files."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    write_files(folder, files)
    commit_all(folder, message)
    return folder


def commit_all(folder: Path, message: str, *, date: str = "2024-05-01T12:00:00+0000") -> str:
    """Commit everything and return the commit's id."""
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", message, date=date)
    return git(folder, "rev-parse", "HEAD").strip()
