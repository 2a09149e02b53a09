"""A question does not wait for the whole of a new index."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from fakes.application import FakeApplication, new_terminal
from fakes.embedder import FakeEmbedder
from firsthand.cli.application import Context
from firsthand.cli.opening import bring_up_to_date, patience
from firsthand.core.model import Scope, Vector
from firsthand.core.ports import Rejected
from firsthand.errors import StoreBusyError, StoreError
from firsthand.settings import Settings


class EndlessEmbedder(FakeEmbedder):
    """Never gets a document done."""

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector | Rejected]:
        await asyncio.Event().wait()
        raise AssertionError("never set")


def context(application: FakeApplication, **arguments: bool) -> Context:
    """One run of `ask` with these flags."""
    flags = argparse.Namespace(**{"no_index": False, "complete": False, "json": False, **arguments})
    return Context(lambda: application, new_terminal(), flags, Path.cwd(), Settings())


async def test_keyword_search_covers_all_before_an_answer_that_does_not_wait() -> None:
    """When embedding takes longer than a question waits, everything is searchable by keyword, and that is said."""
    application = FakeApplication(files={"a.py": "def first(): ...\n", "b.py": "def second(): ...\n"})
    application.embedder = EndlessEmbedder()
    asked = context(application)
    workspace = await application.open_workspace(Path.cwd(), Settings())

    await bring_up_to_date(asked, workspace, embedding_seconds=0)
    found = await workspace.store.search_keywords(["second"], Scope(), 5)

    assert [scored.chunk.path for scored in found] == ["b.py"]
    assert "0 of 2 pieces can be found by meaning so far" in asked.terminal.stderr.getvalue()
    assert "firsthand index" in asked.terminal.stderr.getvalue()


async def test_without_a_limit_everything_is_embedded() -> None:
    """Without a limit the index is complete afterwards and nothing is said."""
    application = FakeApplication(files={"a.py": "def first(): ...\n"})
    asked = context(application)
    workspace = await application.open_workspace(Path.cwd(), Settings())

    await bring_up_to_date(asked, workspace)
    stats = await workspace.store.stats()

    assert stats.embedded == stats.chunks == 1
    assert asked.terminal.stderr.getvalue() == ""


@pytest.mark.parametrize("error", [StoreBusyError("Process 7 writes it."), StoreError("The disk is full.")])
async def test_an_index_that_cannot_be_written_is_used_as_it_is(error: StoreError) -> None:
    """Another writer, a full disk or a folder without permissions costs a sentence, not the answer."""
    application = FakeApplication(files={"a.py": "def first(): ...\n"})
    asked = context(application)
    workspace = await application.open_workspace(Path.cwd(), Settings())
    workspace.store.fail_once(error)

    await bring_up_to_date(asked, workspace)

    assert asked.terminal.stderr.getvalue() == f"{error} This answer uses what is indexed so far.\n"


async def test_the_index_may_be_left_alone() -> None:
    """`--no-index` reads no file; where none was ever indexed, that is said."""
    application = FakeApplication(files={"a.py": "def first(): ...\n"})
    workspace = await application.open_workspace(Path.cwd(), Settings())
    asked = context(application, no_index=True)

    await bring_up_to_date(asked, workspace)

    assert application.tree.reads == []
    assert asked.terminal.stderr.getvalue() == (
        "Nothing is indexed here yet: leave out --no-index, or run: firsthand index\n"
    )


@pytest.mark.parametrize(
    ("flags", "waits"), [({}, False), ({"complete": True}, True), ({"json": True}, True)]
)
def test_who_waits_to_the_end(flags: dict[str, bool], waits: bool) -> None:
    """Scripts wait for the whole index, people only when they ask for it."""
    assert (patience(context(FakeApplication(), **flags)) is None) == waits
