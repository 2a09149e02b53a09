"""`firsthand search`: find the code that a few words are about."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from firsthand.cli import explaining, rendering, wire
from firsthand.cli.application import Context
from firsthand.cli.arguments import WrongUsageError
from firsthand.cli.opening import SWEEP_SECONDS, bring_up_to_date, opened, patience, scope_of
from firsthand.cli.terminal import visible
from firsthand.core.freshness import Freshness, Passage
from firsthand.core.model import Hit
from firsthand.core.narrowing import filters_sentence, narrowed
from firsthand.core.workspace import Workspace
from firsthand.errors import RequestError


def run(context: Context) -> int:
    """Search; 1 when nothing was found and a person is reading."""
    queries = _queries(context)
    return asyncio.run(_search(context, queries))


def _patience(context: Context) -> float | None:
    """Many queries are worth the whole index."""
    return None if context.arguments.batch else patience(context)


def _queries(context: Context) -> list[str]:
    arguments = context.arguments
    query = " ".join(arguments.query).strip()
    if bool(query) == bool(arguments.batch):
        raise WrongUsageError("Give either a QUERY or --batch FILE: firsthand search --help shows examples.")
    if arguments.batch:
        return _lines_of(context, arguments.batch)
    return [context.terminal.stdin.read().strip() if query == "-" else query]


def _lines_of(context: Context, name: str) -> list[str]:
    try:
        text = context.terminal.stdin.read() if name == "-" else Path(name).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"{name} cannot be read as a list of queries: {error}.") from error
    # Not splitlines(), which also ends lines at signs that a query may hold.
    return text.removesuffix("\n").split("\n") if text else []


async def _search(context: Context, queries: Sequence[str]) -> int:
    arguments = context.arguments
    scope = scope_of(arguments, context.root)
    found = False
    async with opened(context, need_chat=False) as workspace:
        await bring_up_to_date(
            context, workspace, embedding_seconds=_patience(context), sweep_seconds=SWEEP_SECONDS
        )
        for query in queries:
            wanted = await narrowed(query, scope, workspace.history)
            hits = await workspace.searcher.search(wanted.text, scope=wanted.scope, limit=arguments.limit)
            found = found or bool(hits)
            if arguments.json:
                if wanted.filters:
                    context.terminal.say(filters_sentence(wanted.filters))
                context.terminal.write_json([wire.hit(item, explain=arguments.explain) for item in hits])
            else:
                await _show(context, workspace, query, wanted.filters, hits)
    return 0 if found or arguments.json or arguments.batch else 1


async def _show(
    context: Context, workspace: Workspace, query: str, filters: Sequence[str], hits: Sequence[Hit]
) -> None:
    out = context.terminal.out()
    if context.arguments.batch:
        out.print(f"{query}\n", style="bold")
    if filters:
        out.print(visible(filters_sentence(filters)), style="dim")
    if not hits:
        context.terminal.say("Nothing was found; try other words, or fewer limits on where to look.")
    freshness = Freshness(workspace.tree, workspace.parser, workspace.buffers)
    if workspace.unindexed:
        context.terminal.say(workspace.unindexed)
    for number, hit in enumerate(hits, 1):
        lines, excerpt = await _current(freshness, hit, context.arguments.lines)
        for line in rendering.hit_lines(context.terminal, context.root, number, hit, lines, excerpt):
            out.print(line)
        out.print()
    if context.arguments.explain and hits:
        out.print(explaining.rank_table(hits))
        out.print(explaining.EXPLANATION, style="dim")


async def _current(freshness: Freshness, hit: Hit, most_lines: int) -> tuple[tuple[int, int], list[str]]:
    """Read a hit again, so that what is shown is what the file says now."""
    passages, cut = await freshness.passages([hit])
    if not passages:
        span = hit.chunk.span
        return (span.start_line, span.end_line), [f"({cut[0].reason})"]
    passage: Passage = passages[0]
    lines = passage.file.lines[passage.start_line - 1 : passage.end_line]
    return (passage.start_line, passage.end_line), list(lines[:most_lines])
