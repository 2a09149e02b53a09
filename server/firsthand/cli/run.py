"""From arguments to an exit code: finds the root, loads the settings, runs the command, words the failure."""

import argparse
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from firsthand import settings
from firsthand.cli.arguments import WrongUsageError, parse
from firsthand.cli.setting_flags import given_settings
from firsthand.cli.terminal import Terminal
from firsthand.errors import FirsthandError, WorkspaceError

if TYPE_CHECKING:
    from firsthand.cli.application import Application, Context

log = logging.getLogger(__name__)

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130


def run(argv: Sequence[str], terminal: Terminal, application: "Application | None" = None) -> int:
    """Run one command line.

    Args:
        application: what does the work; by default `firsthand.app`, imported only when a command needs it.
    """
    try:
        arguments = parse(argv)
        return _run_command(arguments, terminal, application)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else WRONG_USAGE
    except FirsthandError as error:
        terminal.say(f"firsthand: {error}")
        return WRONG_USAGE if isinstance(error, WrongUsageError) else FAILED
    except KeyboardInterrupt:
        terminal.say("Stopped.")
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:
        log.debug("the command broke", exc_info=True)
        terminal.say(
            f"firsthand: this should not have happened ({type(error).__name__}: {error}); "
            "please report it with what --log-level debug prints."
        )
        return FAILED


def default_root(folder: Path) -> Path:
    """Return the top of the git repository around a folder, or the folder itself."""
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)


def _run_command(arguments: argparse.Namespace, terminal: Terminal, application: "Application | None") -> int:
    flags = given_settings(arguments)
    _, wrong = settings.from_command_line(flags)
    if wrong:
        # Elsewhere a wrong value falls back to the default; someone who just typed it would rather correct it.
        terminal.say(f"firsthand: {str(wrong[0]).partition(';')[0]}.")
        return WRONG_USAGE
    root = _root_of(arguments)
    values, problems = settings.load(root, command_line=flags, environment=terminal.environment)
    terminal.set_log_level(values.log_level)
    for problem in problems:
        terminal.say(f"warning: {problem}")
    from firsthand.cli.application import Context

    command = _command(arguments.command)
    load = (lambda: application) if application is not None else _real_application
    return command(Context(load, terminal, arguments, root, values))


def _root_of(arguments: argparse.Namespace) -> Path:
    given: Path | None = getattr(arguments, "root", None)
    if given is None:
        return default_root(Path.cwd())
    root = Path(os.path.abspath(given.expanduser()))  # noqa: PTH100 - resolve() would follow links
    if not root.is_dir():
        raise WorkspaceError(f"{given} is not a folder; give the folder of a project.")
    return root


def _command(name: str) -> "Callable[[Context], int]":
    """Import one command: each brings what it needs, and only the one that runs is paid for."""
    match name:
        case "ask":
            from firsthand.cli.commands.ask import run as command
        case "chat":
            from firsthand.cli.commands.chat import run as command
        case "clean":
            from firsthand.cli.commands.clean import run as command
        case "doctor":
            from firsthand.cli.commands.doctor import run as command
        case "eval":
            from firsthand.cli.commands.eval import run as command
        case "hook":
            from firsthand.cli.commands.hook import run as command
        case "index":
            from firsthand.cli.commands.index import run as command
        case "model":
            from firsthand.cli.commands.model import run as command
        case "refs":
            from firsthand.cli.commands.refs import run as command
        case "search":
            from firsthand.cli.commands.search import run as command
        case "serve":
            from firsthand.cli.commands.serve import run as command
        case "settings":
            from firsthand.cli.commands.settings import run as command
        case "status":
            from firsthand.cli.commands.status import run as command
        case _:
            raise ValueError(name)
    return command


def _real_application() -> "Application":
    from firsthand import app

    return app
