"""`firsthand clean`: delete indexes, which can be built again at any time."""

import asyncio

from firsthand.cli.application import Context
from firsthand.cli.rendering import size
from firsthand.errors import RequestError


def run(context: Context) -> int:
    """Delete the index of the root, or all of them; 1 when the user declines."""
    arguments = context.arguments
    sizes = asyncio.run(context.application.cache_sizes(context.settings, context.root))
    count = sizes.indexes if arguments.all else sizes.index
    what = "the indexes of all folders" if arguments.all else f"the index of {context.root}"
    if not _confirmed(context, what):
        context.terminal.say("Nothing was deleted.")
        return 1
    deleted = asyncio.run(_clean(context))
    if arguments.json:
        context.terminal.write_json(
            {
                "deleted": deleted,
                "bytes": count if deleted else 0,
                "root": None if arguments.all else str(context.root),
            }
        )
    elif deleted:
        context.terminal.out().print(f"Deleted {what} ({size(count)}).")
    else:
        context.terminal.out().print("There was nothing to delete.")
    return 0


async def _clean(context: Context) -> int:
    if context.arguments.all:
        return await context.application.clean_all(context.settings)
    return int(await context.application.clean_index(context.settings, context.root))


def _confirmed(context: Context, what: str) -> bool:
    if context.arguments.yes:
        return True
    if context.arguments.json or not context.terminal.can_ask:
        raise RequestError(f"Deleting {what} needs a yes: add --yes.")
    return context.terminal.confirms(f"Delete {what}?")
