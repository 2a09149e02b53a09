"""Two windows, a terminal and git on one folder: real servers, a real index, one of them keeps it."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from lsp_session import Session, answer_requests
from lsprotocol import types
from pytest_lsp import client_capabilities, make_test_lsp_client

PROGRAM = [sys.executable, "-m", "firsthand"]
EMBEDDED = ["--provider", "embedded", "--chat-model", "none"]
OpenWindow = Callable[[], Awaitable[Session]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small git repository."""
    folder = tmp_path / "shop"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "orders.py").write_text("def place_order(basket):\n    return basket.total()\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Start")
    return folder


@pytest_asyncio.fixture
async def open_window(root: Path, tmp_path: Path, cache_dir: Path) -> AsyncIterator[OpenWindow]:
    """Open windows on the folder, each with a server process of its own."""
    windows: list[Session] = []

    async def window() -> Session:
        session = Session(make_test_lsp_client(), root, tmp_path / "notes")
        answer_requests(session)
        windows.append(session)
        await session.client.start_io(*PROGRAM, "serve", *EMBEDDED)
        # Like Neovim, this client watches no files.
        await session.initialize(client_capabilities("neovim@v0.11"), options={"streaming": True})
        return session

    yield window
    for session in windows:
        with contextlib.suppress(Exception):
            await session.shut_down()


def git(folder: Path, *arguments: str) -> None:
    """Run git as some developer."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def process_of(window: Session) -> int:
    """The process id of a window's server."""
    server = window.client._server
    assert server is not None
    return server.pid


def stage(window: Session) -> str:
    """What the window last heard its folder is doing, once there is an index."""
    folders = window.statuses[-1]["folders"] if window.statuses else []
    return folders[0]["indexing"]["stage"] if folders and folders[0]["embedded"] else ""


async def until_found(window: Session, name: str, *, is_there: bool = True) -> None:
    """Search until a definition is found, or is not any more."""
    async with asyncio.timeout(60):
        while True:
            hits = (await window.request("firsthand/search", {"query": name}))["hits"]
            if any(hit["symbol"] == name for hit in hits) is is_there:
                return


async def test_two_windows_share_one_index(open_window: OpenWindow, root: Path) -> None:
    """The second window finds what the first one indexes, says who does it, and succeeds it when it is killed."""
    first = await open_window()
    await first.until(lambda: stage(first) == "idle")
    second = await open_window()
    await second.until(lambda: stage(second) == "following")

    status = await second.request("firsthand/status", {})
    (root / "src" / "saved.py").write_text("def saved_in_either_window():\n    return 1\n")
    await until_found(first, "saved_in_either_window")
    await until_found(second, "saved_in_either_window")
    os.kill(process_of(first), signal.SIGKILL)
    (root / "src" / "late.py").write_text("def saved_while_nobody_kept_the_index():\n    return 2\n")
    await until_found(second, "saved_while_nobody_kept_the_index")
    await second.until(lambda: stage(second) == "idle")
    (root / "src" / "later.py").write_text("def saved_after_the_change():\n    return 3\n")
    await until_found(second, "saved_after_the_change")

    assert f"another Firsthand (pid {process_of(first)}) keeps this index" in status["message"]
    assert [message for message in second.client.messages if message.type == types.MessageType.Error] == []


async def test_a_window_that_is_closed_hands_over(open_window: OpenWindow, root: Path) -> None:
    """Closing the first window leaves the second one in charge."""
    first = await open_window()
    await first.until(lambda: stage(first) == "idle")
    second = await open_window()
    await second.until(lambda: stage(second) == "following")

    await first.shut_down()

    await second.until(lambda: stage(second) == "idle")
    (root / "src" / "late.py").write_text("def written_after_closing():\n    return 2\n")
    await until_found(second, "written_after_closing")


async def test_a_terminal_beside_a_window(open_window: OpenWindow, root: Path) -> None:
    """Commands answer and index while a window keeps the index, and status names its process."""
    window = await open_window()
    await window.until(lambda: stage(window) == "idle")

    async def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*PROGRAM, *arguments, "--root", str(root)]
        return await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, timeout=120, check=False
        )

    search, status, clean = await asyncio.gather(
        run("search", "place_order", *EMBEDDED), run("status", *EMBEDDED), run("clean", "--yes")
    )

    assert "src/orders.py" in search.stdout
    assert (search.returncode, search.stderr) == (0, "")
    assert f"another Firsthand (pid {process_of(window)}) keeps this index" in status.stdout
    assert clean.returncode == 1
    assert f"is in use by process {process_of(window)}" in clean.stderr


async def test_what_changes_while_a_window_pauses_is_not_missed(open_window: OpenWindow, root: Path) -> None:
    """A pause is one for a save, a deletion and a branch switch, too; all of them are indexed when it is over."""
    window = await open_window()
    await window.until(lambda: stage(window) == "idle")
    paused = await window.execute("firsthand.pause")
    git(root, "switch", "-q", "-c", "other")
    (root / "src" / "orders.py").unlink()
    (root / "src" / "refunds.py").write_text("def refund_order(order):\n    return order.refund()\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Refunds")
    during = await window.request("firsthand/status", {})
    await window.execute("firsthand.resume")
    await until_found(window, "refund_order")
    await until_found(window, "place_order", is_there=False)

    stages = [status["folders"][0]["indexing"]["stage"] for status in (paused, during)]
    assert stages == ["paused", "paused"]
    await window.until(lambda: stage(window) == "idle")


async def test_git_is_followed_without_the_editor(open_window: OpenWindow, root: Path) -> None:
    """A branch switch, a stash and its return reach the search, although the client reports nothing."""
    git(root, "switch", "-q", "-c", "other")
    (root / "src" / "refunds.py").write_text("def refund_on_other_branch():\n    return 1\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Refunds")
    git(root, "switch", "-q", "main")
    window = await open_window()
    await window.until(lambda: stage(window) == "idle")

    git(root, "switch", "-q", "other")
    await until_found(window, "refund_on_other_branch")
    git(root, "switch", "-q", "main")
    await until_found(window, "refund_on_other_branch", is_there=False)
    (root / "src" / "orders.py").write_text("def place_order_differently(basket):\n    return 0\n")
    await until_found(window, "place_order_differently")
    git(root, "stash", "-q")
    await until_found(window, "place_order")
    git(root, "stash", "pop", "-q")
    await until_found(window, "place_order_differently")
