"""`firsthand hook`: keep the index up to date after merges, checkouts and rewrites, also where no editor runs."""

import asyncio
import os

from rich.text import Text

from firsthand.cli.application import Context
from firsthand.cli.terminal import visible

# The hook works beside whatever its user goes on with.
_NICENESS = 10


def run(context: Context) -> int:
    """Install the hooks, take them away, or say which there are; 1 when one is absent."""
    application, root = context.application, context.root
    match context.arguments.action:
        case "install":
            states = application.install_hooks(root)
        case "uninstall":
            states = application.uninstall_hooks(root)
        case "run":
            if hasattr(os, "nice"):
                os.nice(_NICENESS)
            asyncio.run(application.refresh_after_git(root, context.settings))
            return 0
        case _:
            states = application.hook_states(root)
    if context.arguments.json:
        found = [{"name": hook.name, "path": str(hook.path), "state": hook.state} for hook in states]
        context.terminal.write_json(found)
    else:
        for hook in states:
            line = Text.assemble(f"{hook.state:<10}{hook.name:<15}", (visible(str(hook.path)), "dim"))
            context.terminal.out().print(line)
    is_done = all(hook.state == "installed" for hook in states)
    return 0 if is_done or context.arguments.action == "uninstall" else 1
