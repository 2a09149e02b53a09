"""Neovim with the plugin installed as its README says, the real server and a fake Ollama."""

import contextlib
import itertools
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from neovim_process import Neovim
from neovim_session import StartNeovim, configured, reset, until_indexed

from fake_ollama.server import FakeOllamaThread

WORKSPACES = Path(__file__).parents[1] / "workspaces"


@pytest.fixture
def ollama() -> Iterator[FakeOllamaThread]:
    """An Ollama with a chat model and an embedding model."""
    with FakeOllamaThread() as server:
        yield server


@pytest.fixture
def root(workspace_copy: Callable[[str], Path]) -> Path:
    """A small project."""
    return workspace_copy("accounts")


@pytest.fixture
def start_neovim(tmp_path: Path, cache_dir: Path) -> Iterator[StartNeovim]:
    """Start editors; each ends with the test."""
    with contextlib.ExitStack() as editors:
        homes = itertools.count()

        def start(*files: Path, **given: Any) -> Neovim:
            home = tmp_path / f"home{next(homes)}"
            return editors.enter_context(configured(home, cache_dir, *files, **given))

        yield start


@pytest.fixture
def neovim(start_neovim: StartNeovim, root: Path, ollama: FakeOllamaThread) -> Neovim:
    """An editor in the project, with the index complete and the cursor in the code."""
    editor = start_neovim(root / "accounts" / "service.py", endpoint=ollama.url)
    until_indexed(editor)
    return editor


@pytest.fixture(scope="session")
def desk_ollama() -> Iterator[FakeOllamaThread]:
    """The Ollama of the shared editor; a test takes from it all that it scripted."""
    with FakeOllamaThread() as server:
        yield server


@pytest.fixture(scope="session")
def shared_neovim(
    tmp_path_factory: pytest.TempPathFactory, desk_ollama: FakeOllamaThread
) -> Iterator[Neovim]:
    """An editor and a server for many tests, because starting them costs more than most tests do."""
    folder = tmp_path_factory.mktemp("desk")
    root = folder / "accounts"
    shutil.copytree(WORKSPACES / "accounts", root)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    file = root / "accounts" / "service.py"
    with configured(folder / "home", folder / "cache", file, endpoint=desk_ollama.url) as editor:
        until_indexed(editor)
        yield editor


@pytest.fixture
def desk(shared_neovim: Neovim) -> Neovim:
    """The shared editor, tidied up: one window with the code, no conversation. Its files must not be written."""
    reset(shared_neovim)
    return shared_neovim
