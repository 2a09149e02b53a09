"""Memory goes back to the system when nothing is read any more."""

import asyncio

import pytest

from firsthand.adapters import freed_memory
from firsthand.adapters.freed_memory import QuietMemory


async def test_memory_is_given_back_once_it_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often something was read, memory is given back once after it, and again after the next use."""
    loop = asyncio.get_running_loop()
    given: asyncio.Queue[None] = asyncio.Queue()
    monkeypatch.setattr(freed_memory, "_QUIET_SECONDS", 0.01)
    monkeypatch.setattr(freed_memory, "give_back", lambda: loop.call_soon_threadsafe(given.put_nowait, None))
    memory = QuietMemory()
    for _ in range(3):
        memory.used()
    await given.get()
    memory.used()
    await given.get()
    await memory.close()

    assert given.empty()


async def test_what_is_closed_gives_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """After closing nothing waits any more."""
    monkeypatch.setattr(freed_memory, "_QUIET_SECONDS", 0.0)
    given: list[None] = []
    monkeypatch.setattr(freed_memory, "give_back", lambda: given.append(None))
    memory = QuietMemory()
    memory.used()
    await memory.close()
    for _ in range(3):
        await asyncio.sleep(0)

    assert given == []


def test_giving_back_leaves_what_is_used() -> None:
    """It can be done at any time, and what is in use stays."""
    kept = bytearray(b"x" * 1_000_000)

    freed_memory.give_back()

    assert kept.count(b"x") == len(kept)
