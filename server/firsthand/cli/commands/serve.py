"""`firsthand serve`: the language server that editors start."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from firsthand import settings
from firsthand.cli.application import Context
from firsthand.cli.arguments import WrongUsageError
from firsthand.cli.setting_flags import given_settings
from firsthand.settings import Settings

if TYPE_CHECKING:
    from firsthand.core.workspace import Workspace

_LAST_PORT = 65535


def run(context: Context) -> int:
    """Serve until the editor ends the session."""
    arguments = context.arguments
    address = _address(arguments.tcp, arguments.allow_remote_clients) if arguments.tcp else None
    flags, _ = settings.from_command_line(given_settings(arguments))

    async def open_workspace(root: Path, wanted: Settings) -> Workspace:
        # The editor's wishes come over the wire; what was typed on the command line is stronger.
        application = await asyncio.to_thread(context.load_application)
        return await application.open_workspace(root, replace(wanted, **flags))

    def cache_folder(wanted: Settings) -> Path:
        return context.load_application().cache_folder(replace(wanted, **flags))

    if address is None:
        # Imports nothing of the protocol before the first answer is out.
        from firsthand.lsp.stdio import serve

        serve(open_workspace, cache_folder)
    else:
        from firsthand.lsp.server import create_server

        context.terminal.say(f"Listening on {arguments.tcp}; Ctrl-C stops.")
        create_server(open_workspace, cache_folder).start_tcp(*address)
    return 0


def _address(text: str, allow_remote: bool) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not separator or not (port.isascii() and port.isdigit()) or int(port) > _LAST_PORT:
        raise WrongUsageError(f'--tcp "{text}" is not HOST:PORT; an example is 127.0.0.1:7777.')
    if not allow_remote and not _is_loopback(host):
        raise WrongUsageError(
            f"{host} can be reached by other machines and nothing protects it; "
            "use 127.0.0.1, or add --allow-remote-clients if that is what you want."
        )
    return host, int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
