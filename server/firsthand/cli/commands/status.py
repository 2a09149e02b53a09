"""`firsthand status`: how much is indexed, by which models, and whether that is healthy."""

import asyncio
import os
from dataclasses import asdict
from pathlib import Path

from firsthand.cli import rendering, wire
from firsthand.cli.application import Context
from firsthand.cli.opening import opened


def run(context: Context) -> int:
    """Show the status, 1 when it is an error; or how single files stand, 1 when one of them is not indexed."""
    return asyncio.run(_why(context) if context.arguments.why else _status(context))


async def _status(context: Context) -> int:
    arguments = context.arguments
    async with opened(context, need_chat=True) as workspace:
        status = await workspace.status()
        files = await workspace.files() if arguments.skipped else ()
        embedder = workspace.succession.serving.embedder.fingerprint
    folder = context.application.index_folder(context.settings, context.root)
    sizes = await context.application.cache_sizes(context.settings, context.root)
    learned = await context.application.learned_map(context.root, context.settings, embedder)
    if arguments.json:
        result = wire.status(status, folder, sizes, learned)
        context.terminal.write_json(result | ({"leftOut": wire.left_out(files)} if arguments.skipped else {}))
    else:
        out = context.terminal.out()
        for line in [
            *rendering.status_lines(status, folder, sizes, learned),
            *rendering.left_out_lines(files),
        ]:
            out.print(line)
    return 1 if status.health == "error" else 0


async def _why(context: Context) -> int:
    async with opened(context, need_chat=False) as workspace:
        paths = [_from_root(path, context.root) for path in context.arguments.why]
        standings = [await workspace.standing(path) for path in paths]
    if context.arguments.json:
        context.terminal.write_json([asdict(standing) for standing in standings])
    else:
        for line in rendering.standing_lines(standings):
            context.terminal.out().print(line)
    return 0 if all(standing.state == "indexed" for standing in standings) else 1


def _from_root(path: str, root: Path) -> str:
    """Paths are where the shell completes them; what is not there counts from the root."""
    file = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    if not os.path.lexists(file) and os.path.lexists(root / path):
        file = root / path
    return Path(os.path.relpath(file, root)).as_posix()
