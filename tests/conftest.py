"""What every test may use: copies of the small workspaces, and a cache of its own for each test."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import firsthand.adapters  # noqa: F401 - sets how much Lance logs, which counts only before the first import of it

WORKSPACES = Path(__file__).parent / "workspaces"


@pytest.fixture
def cache_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder that belongs to this test, also in processes that it starts."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("FIRSTHAND_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def workspace_copy(tmp_path: Path) -> Callable[[str], Path]:
    """Make a git repository out of one of `tests/workspaces` and return its folder."""

    def copy(name: str) -> Path:
        root = tmp_path / name
        shutil.copytree(WORKSPACES / name, root)
        identity = [
            "-c",
            "user.name=Test",
            "-c",
            "user.email=test@example.invalid",
            "-c",
            "commit.gpgsign=false",
        ]
        for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "Start"]):
            subprocess.run(["git", *command], cwd=root, check=True)
        return root

    return copy
