"""`firsthand status`: how much is indexed, by which models, and whether that is healthy."""

import asyncio

from firsthand.cli import rendering, wire
from firsthand.cli.application import Context
from firsthand.cli.opening import opened


def run(context: Context) -> int:
    """Show the status; 1 when it is an error."""
    return asyncio.run(_status(context))


async def _status(context: Context) -> int:
    arguments = context.arguments
    async with opened(context, need_chat=True) as workspace:
        status = await workspace.status()
        files = await workspace.files() if arguments.skipped else ()
    folder = context.application.index_folder(context.settings, context.root)
    if arguments.json:
        result = wire.status(status, folder)
        context.terminal.write_json(result | ({"leftOut": wire.left_out(files)} if arguments.skipped else {}))
    else:
        out = context.terminal.out()
        for line in [*rendering.status_lines(status, folder), *rendering.left_out_lines(files)]:
            out.print(line)
    return 1 if status.health == "error" else 0
