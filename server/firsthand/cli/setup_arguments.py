"""What may be typed about Firsthand itself: `serve`, `doctor`, `model` and `settings`."""

import argparse
from typing import Any

from firsthand.cli.options import add_command, add_json, add_root
from firsthand.cli.setting_flags import SETTING_GROUPS, add_setting_flags


def add_serve(commands: Any) -> None:
    """Add `firsthand serve`."""
    parser = add_command(
        commands,
        "serve",
        "firsthand serve [options]",
        "Run the language server; editors start it like this.",
        """\
Over stdio, standard output belongs to the editor; logs go to standard error.

examples:
  firsthand serve
  firsthand serve --tcp 127.0.0.1:7777
""",
    )
    parser.add_argument(
        "--stdio", action="store_true", help="speak over standard input and output (the default)"
    )
    parser.add_argument("--tcp", metavar="HOST:PORT", help="listen on a socket instead, for one editor")
    parser.add_argument(
        "--allow-remote-clients",
        action="store_true",
        help="let --tcp listen on an address that other machines can reach; nothing protects it",
    )
    add_setting_flags(parser, *SETTING_GROUPS)
    # Editors and their plugins add this to whatever they start.
    parser.add_argument("--clientProcessId", help=argparse.SUPPRESS)


def add_doctor(commands: Any) -> None:
    """Add `firsthand doctor`."""
    parser = add_command(
        commands,
        "doctor",
        "firsthand doctor [options]",
        "Check Ollama, models, processor, disk and index; explain what is wrong and how to mend it.",
        """\
The exit code is 1 when an error is found; warnings do not count.

examples:
  firsthand doctor
  firsthand doctor --json | jq '.[] | select(.state != "ok")'
""",
    )
    add_root(parser)
    add_json(parser, "print the findings as a JSON list")
    add_setting_flags(parser, "models", "privacy", "index", "general")


def add_model(commands: Any) -> None:
    """Add `firsthand model`."""
    parser = add_command(
        commands,
        "model",
        "firsthand model ACTION [options]",
        "Manage the chat models that Firsthand runs itself, for machines without Ollama.",
        """\
examples:
  firsthand model list
  firsthand model install          the default: 1.1 GB, right in most of what it says
  firsthand model install small    0.5 GB, for weak machines; wrong more often
  firsthand model remove small
""",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)
    install = add_command(
        actions,
        "install",
        "firsthand model install [NAME] [options]",
        "Fetch a model; an interrupted download goes on where it stopped.",
    )
    install.add_argument("name", nargs="?", default="default", help="name or alias (default: default)")
    remove = add_command(
        actions, "remove", "firsthand model remove NAME [options]", "Delete an installed model."
    )
    remove.add_argument("name", help="name or alias")
    listing = add_command(
        actions,
        "list",
        "firsthand model list [options]",
        "List the models that can be installed and those that are.",
    )
    for action in (install, remove, listing):
        add_json(action, "print the result as JSON")
        add_setting_flags(action, "general")


def add_settings(commands: Any) -> None:
    """Add `firsthand settings`."""
    parser = add_command(
        commands,
        "settings",
        "firsthand settings [options]",
        "List every setting: its value here, its default, and where it can be set.",
        """\
examples:
  firsthand settings
  firsthand settings --json
""",
    )
    add_root(parser)
    add_json(parser, "print the settings as a JSON list")
    add_setting_flags(parser, *SETTING_GROUPS)
