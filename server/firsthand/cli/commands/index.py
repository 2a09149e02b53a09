"""`firsthand index`: bring the index of a folder up to date."""

import asyncio

from firsthand.cli import rendering, wire
from firsthand.cli.application import Context
from firsthand.cli.opening import opened
from firsthand.cli.progress import indexing_progress


def run(context: Context) -> int:
    """Index; 1 when the embedder failed and only keywords can be searched."""
    return asyncio.run(_index(context))


async def _index(context: Context) -> int:
    terminal, arguments = context.terminal, context.arguments
    async with opened(context, need_chat=False) as workspace:
        with indexing_progress(terminal) as report:
            done = await workspace.indexer.refresh(report, patience=arguments.wait)
        embedder = workspace.models.embedder
        files = await workspace.files() if arguments.skipped else ()
    if arguments.json:
        result = wire.index_report(done, embedder, context.root)
        terminal.write_json(result | ({"leftOut": wire.left_out(files)} if arguments.skipped else {}))
    else:
        out = terminal.out()
        out.print(rendering.index_summary(done, embedder, context.root))
        for line in rendering.left_out_lines(files):
            out.print(line)
    if done.problem:
        terminal.say(f"firsthand: {done.problem}")
    return 1 if done.problem else 0
