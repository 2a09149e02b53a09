"""Opening a workspace for one command, and bringing its index up to date first."""

import argparse
import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from firsthand.cli.application import Context
from firsthand.cli.arguments import WrongUsageError
from firsthand.cli.progress import indexing_progress
from firsthand.core.filters import KINDS
from firsthand.core.languages import known_language
from firsthand.core.model import IndexReport, Scope
from firsthand.core.scopes import exactly
from firsthand.core.workspace import Workspace
from firsthand.errors import StoreError

# A first question should not wait minutes for an index: search by keyword finds what to embed first.
_EMBEDDING_SECONDS = 20.0
# Nor until thousands of files are cut: those that are not are searched by reading them.
SWEEP_SECONDS = 4.0


@contextlib.asynccontextmanager
async def opened(context: Context, *, need_chat: bool) -> AsyncIterator[Workspace]:
    """Open the workspace of a command, say what the user should know of its models, close it at the end."""
    workspace = await context.application.open_workspace(context.root, context.settings, need_chat=need_chat)
    try:
        for notice in workspace.models.notices:
            context.terminal.say(notice)
        yield workspace
    finally:
        await workspace.close()


def patience(context: Context) -> float | None:
    """Return how long a question waits for search by meaning; None when the user or a script wants all of it."""
    arguments = context.arguments
    return None if arguments.complete or arguments.json else _EMBEDDING_SECONDS


async def bring_up_to_date(
    context: Context,
    workspace: Workspace,
    *,
    embedding_seconds: float | None = None,
    sweep_seconds: float | None = None,
    needs_meaning: bool = True,
) -> None:
    """Refresh the index unless the user asked not to; where another writes it or nobody can, what there is is used.

    Args:
        embedding_seconds: how long to wait for search by meaning once search by keyword covers everything; what is
            left is done by the next command. None waits to the end.
        sweep_seconds: how long to wait for search by keyword, where there is a limit on the waiting at all. None waits
            until it covers everything.
        needs_meaning: False when the command does not search by meaning, so that a lack of it is not worth a word.
    """
    if workspace.without_index:
        context.terminal.say(workspace.without_index)
        return
    if context.arguments.no_index:
        if not (await workspace.stats()).files:
            context.terminal.say("Nothing is indexed here yet: leave out --no-index, or run: firsthand index")
        return
    with indexing_progress(context.terminal) as report:
        refreshing = asyncio.create_task(workspace.indexer.refresh(report))
        try:
            if embedding_seconds is not None:
                await _until_searchable(workspace, refreshing, sweep_seconds)
            if embedding_seconds is None or not workspace.sweeping:
                await asyncio.wait({refreshing}, timeout=embedding_seconds)
        finally:
            await _ended(refreshing)
    if needs_meaning or not refreshing.cancelled():
        await _say_what_is_missing(context, workspace, refreshing)


async def _until_searchable(
    workspace: Workspace, refreshing: asyncio.Task[IndexReport], seconds: float | None
) -> None:
    searchable = asyncio.create_task(workspace.indexer.searchable())
    await asyncio.wait({refreshing, searchable}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    await _ended(searchable)


async def _ended(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait({task})


async def _say_what_is_missing(
    context: Context, workspace: Workspace, refreshing: asyncio.Task[IndexReport]
) -> None:
    if refreshing.cancelled() and workspace.sweeping:
        context.terminal.say(
            "Indexing was cut short for this; files that are not indexed yet are searched by reading them. "
            "To finish that now, run: firsthand index"
        )
        return
    if refreshing.cancelled():
        stats = await workspace.stats()
        context.terminal.say(
            f"{stats.embedded} of {stats.chunks} pieces can be found by meaning so far, all of them by keyword; "
            "to finish that now, run: firsthand index"
        )
        return
    try:
        problem = refreshing.result().problem
    except StoreError as error:
        # Whoever writes the index, the files that are missing from it can be read.
        workspace.indexer.fail(str(error), lambda progress: None)
        problem = f"{error} This answer uses what is indexed so far."
    if problem:
        context.terminal.say(problem)


def scope_of(arguments: argparse.Namespace, root: Path) -> Scope:
    """Read the scope flags; lists may also be written with commas.

    Raises:
        WrongUsageError: there is no such language or kind.
    """
    return Scope(
        paths=tuple(_below_root(path, root) for path in arguments.path),
        languages=tuple(map(_language, _words(arguments.language))),
        kinds=tuple(map(_kind, _words(arguments.kind))),
        tests=arguments.tests,
        changed_since=arguments.changed_since,
    )


def _words(values: list[str]) -> list[str]:
    return [word.strip().lower() for value in values for word in value.split(",") if word.strip()]


def _language(name: str) -> str:
    language = known_language(name)
    if language is None:
        raise WrongUsageError(f"{name!r} is no language that Firsthand knows.")
    return language


def _kind(name: str) -> str:
    if name not in KINDS:
        raise WrongUsageError(f"{name!r} is none of the kinds: {', '.join(KINDS)}.")
    return name


def _below_root(path: str, root: Path) -> str:
    """Paths count from the root, but absolute ones and those that begin with a dot are where the shell says."""
    if Path(path).is_absolute() or path.split("/")[0] in (".", ".."):
        below = Path(os.path.relpath(path, root)).as_posix()
    else:
        below = path.replace(os.sep, "/")
    # What is there is meant itself, even where its name could be read as a glob.
    return exactly(below) if os.path.lexists(root / below) else below
