"""What may be typed about an index: `index`, `status`, `clean` and `hook`."""

from pathlib import Path
from typing import Any

from firsthand.cli.options import ROOT_HELP, add_command, add_json, add_root, count
from firsthand.cli.setting_flags import add_setting_flags


def add_index(commands: Any) -> None:
    """Add `firsthand index`."""
    parser = add_command(
        commands,
        "index",
        "firsthand index [DIR] [options]",
        "Bring the index of a folder up to date; what did not change is not read again.",
        """\
examples:
  firsthand index                  the repository you are in
  firsthand index ~/src/project --skipped
  firsthand index . --json         {"files": …, "skipped": …, "chunks": …, "embedded": …, …}
""",
    )
    parser.add_argument("root", nargs="?", type=Path, metavar="DIR", help=ROOT_HELP)
    parser.add_argument(
        "--skipped",
        "--verbose",
        "-v",
        action="store_true",
        help="list the files that are not indexed, or by lines only, and why",
    )
    parser.add_argument(
        "--wait",
        type=count,
        default=10,
        metavar="SECONDS",
        help="how long to wait for another process that is writing this index (default: 10)",
    )
    add_json(parser, "print what was done as one JSON object")
    add_setting_flags(parser, "models", "privacy", "index", "general")


def add_status(commands: Any) -> None:
    """Add `firsthand status`."""
    parser = add_command(
        commands,
        "status",
        "firsthand status [options]",
        "Say how much of a folder is indexed, by which models, and whether that is healthy.",
        """\
examples:
  firsthand status
  firsthand status --skipped       with every file that is not indexed, or by lines only, and why
  firsthand status --why src/a.py  why this file is or is not indexed; exits with 0 when it is
""",
    )
    add_root(parser)
    parser.add_argument(
        "--skipped",
        "--verbose",
        "-v",
        action="store_true",
        help="list files that are skipped, failed, or indexed by lines only",
    )
    parser.add_argument(
        "--why",
        action="append",
        default=[],
        metavar="PATH",
        help="say why this file is or is not indexed (can be given more than once)",
    )
    add_json(parser, "print it as one JSON object")
    add_setting_flags(parser, "models", "privacy", "index", "general")


def add_clean(commands: Any) -> None:
    """Add `firsthand clean`."""
    parser = add_command(
        commands,
        "clean",
        "firsthand clean [options]",
        "Delete the index of a folder; it can be built again at any time. Your files and models are not touched.",
        """\
examples:
  firsthand clean                  the index of the repository you are in
  firsthand clean --all --yes      every index, without asking
""",
    )
    add_root(parser)
    parser.add_argument("--all", action="store_true", help="delete the indexes of all folders")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    add_json(parser, "print what was deleted as one JSON object; needs --yes")
    add_setting_flags(parser, "general")


def add_hook(commands: Any) -> None:
    """Add `firsthand hook`."""
    parser = add_command(
        commands,
        "hook",
        "firsthand hook ACTION [options]",
        "Bring the index up to date in the background after each merge, checkout and rewrite of git.",
        """\
An editor with Firsthand follows git by itself; the hooks are for folders in which only the terminal is used.
Other hooks stay as they are, and uninstalling gives back every file as it was.

examples:
  firsthand hook install
  firsthand hook status            exits with 1 when a hook is absent
  firsthand hook uninstall
""",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)
    install = add_command(actions, "install", "firsthand hook install [options]", "Install the hooks.")
    uninstall = add_command(
        actions, "uninstall", "firsthand hook uninstall [options]", "Take the hooks away."
    )
    status = add_command(
        actions, "status", "firsthand hook status [options]", "Say which hooks are installed."
    )
    refresh = add_command(
        actions, "run", "firsthand hook run [options]", "Do what the hooks do, quietly and with low priority."
    )
    for action in (install, uninstall, status, refresh):
        add_root(action)
        add_json(action, "print the hooks as a JSON list")
    for action in (install, uninstall, status):
        add_setting_flags(action, "general")
    add_setting_flags(refresh, "models", "privacy", "index", "general")
