"""Marks from many sides become few looks at the files."""

import asyncio
import time

import pytest

from firsthand.core.dirty_marks import DirtyMarks
from firsthand.core.ports import Changes


async def test_marks_are_taken_together() -> None:
    """Paths are counted once, and nothing is left."""
    marks = DirtyMarks()
    marks.add(["a", "b"])
    marks.add(["b"], everything=True)

    assert (marks.take(), bool(marks), marks.take()) == (
        Changes(frozenset({"a", "b"}), everything=True),
        False,
        Changes(),
    )


async def test_nothing_is_no_mark() -> None:
    """An empty report wakes nobody."""
    marks = DirtyMarks()
    marks.add([])

    assert (bool(marks), marks.are_due()) == (False, False)


async def test_a_name_that_is_not_utf8_marks_everything() -> None:
    """The index has such a file under another name, by which nobody can look at it alone."""
    marks = DirtyMarks()
    marks.add(["a", "b/\udcff.py"])

    assert marks.take() == Changes(frozenset({"a"}), everything=True)


async def test_a_burst_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Marks that follow at once belong to the same look."""
    marks = DirtyMarks()
    marks.add(["0"])
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def next_write(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) < 4:
            marks.add([str(len(pauses))])
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", next_write)
    await marks.ready()

    assert len(marks.take().paths) == len(pauses) == 4


@pytest.mark.parametrize(("saved", "seconds"), [(True, 0.03), (False, 0.15)])
async def test_a_save_is_over_when_it_is_announced(
    monkeypatch: pytest.MonkeyPatch, saved: bool, seconds: float
) -> None:
    """What an editor has saved is looked at sooner than what a watcher saw, whose writer may go on."""
    marks = DirtyMarks()
    marks.add(["a"], saved=True)
    marks.add(["a"])
    marks.add(["b"], saved=saved)
    pauses: list[float] = []

    async def rest(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", rest)
    await marks.ready()

    assert pauses == [seconds]


async def test_a_sweep_takes_its_rest_but_a_save_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a long look at everything the next one is put off, while single files are followed at once."""
    marks = DirtyMarks()
    marks.swept(1_000)
    marks.add(everything=True)
    assert not marks.are_due()
    waiting = asyncio.create_task(marks.ready())
    await asyncio.sleep(0)

    marks.add(["saved.py"])
    await waiting
    due, rest = marks.take_due(), marks.take_due()

    assert (due, rest, bool(marks)) == (Changes(frozenset({"saved.py"})), Changes(), True)
    later = time.monotonic() + 3_001
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert marks.take_due() == Changes(everything=True)
