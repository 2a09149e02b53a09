"""`firsthand model`: the chat models that Firsthand runs itself."""

import asyncio

from firsthand.cli import rendering, wire
from firsthand.cli.application import Context
from firsthand.cli.installing import install


def run(context: Context) -> int:
    """Install, remove or list models."""
    match context.arguments.action:
        case "install":
            _install(context)
        case "remove":
            _remove(context)
        case _:
            _list(context)
    return 0


def _install(context: Context) -> None:
    path = asyncio.run(install(context, context.arguments.name))
    if context.arguments.json:
        context.terminal.write_json({"path": str(path)})
    else:
        context.terminal.out().print(f"Installed {path}")


def _remove(context: Context) -> None:
    name = context.arguments.name
    context.application.remove_model(context.settings, name)
    if context.arguments.json:
        context.terminal.write_json({"removed": name})
    else:
        context.terminal.out().print(f"Removed {name}")


def _list(context: Context) -> None:
    catalogue = context.application.catalogue()
    installed = context.application.installed_models(context.settings)
    if context.arguments.json:
        context.terminal.write_json(wire.models(catalogue, installed))
        return
    out = context.terminal.out()
    for line in rendering.model_lines(catalogue, installed):
        out.print(line)
