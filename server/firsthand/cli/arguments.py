"""What may be typed: commands and their options."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from firsthand import __version__
from firsthand.cli.options import (
    ROOT_HELP,
    add_command,
    add_complete,
    add_json,
    add_no_index,
    add_root,
    add_scope,
    count,
    new_parser,
    positive,
)
from firsthand.cli.setting_flags import SETTING_GROUPS, add_setting_flags
from firsthand.errors import FirsthandError

_OVERVIEW = "Answers about your code, from your code, on your machine, with the lines they rest on."

_EXAMPLES = """\
examples:
  firsthand ask "How does our authentication middleware handle token refresh?"
  firsthand search "retry with backoff" --language go --no-tests
  firsthand refs PaymentGateway     who uses it, complete
  firsthand chat                    talk about the repository you are in
  firsthand index ~/src/project     index it now, so that the first question is quick
  firsthand eval                    measure how well search works on your code
  firsthand doctor                  find out what is wrong and how to mend it
  firsthand model install           get the chat model that runs without Ollama
  firsthand hook install            index after each merge and checkout, without an editor
  firsthand serve                   what an editor starts: a language server over stdio

Every command has its own help: firsthand ask --help

exit codes: 0 done · 1 failed, or search found nothing, or doctor found an error · 2 wrong usage ·
            130 interrupted · 141 the reader of the output went away
"""


class WrongUsageError(FirsthandError):
    """What was typed cannot be meant; found out after parsing."""


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments of one run.

    Raises:
        SystemExit: help or version was asked for (0), or the usage is wrong (2); its text has been printed.
    """
    parser = new_parser("firsthand", _OVERVIEW, _EXAMPLES)
    parser.add_argument("--version", action="version", version=f"firsthand {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True)
    for add in (
        _ask,
        _chat,
        _search,
        _refs,
        _index,
        _eval,
        _serve,
        _status,
        _doctor,
        _clean,
        _hook,
        _model,
        _settings,
    ):
        add(commands)
    return parser.parse_args(list(argv))


def _ask(commands: Any) -> None:
    parser = add_command(
        commands,
        "ask",
        "firsthand ask QUESTION [options]",
        "Answer a question about a repository, with the lines that the answer rests on.",
        """\
examples:
  firsthand ask "Which services depend on the PaymentGateway class?"
  firsthand ask How does user deletion work --path src/users
  git diff | firsthand ask -        the question comes from standard input
  firsthand ask "…" --json          the whole answer as one JSON object
""",
    )
    parser.add_argument(
        "question", nargs="+", metavar="QUESTION", help="the question, or - to read it from stdin"
    )
    add_root(parser)
    add_scope(parser)
    add_no_index(parser)
    add_complete(parser)
    parser.add_argument(
        "--install-model",
        choices=("default", "small", "none"),
        default="none",
        help="when neither Ollama nor an installed model can answer, fetch this one first (default: none)",
    )
    add_json(parser, "print the answer as one JSON object instead of streaming its text")
    add_setting_flags(parser, *SETTING_GROUPS.keys() - {"editor"})


def _chat(commands: Any) -> None:
    parser = add_command(
        commands,
        "chat",
        "firsthand chat [options]",
        "Talk about a repository: every question knows the ones before it.",
        """\
inside the conversation:
  clear          forget what was said
  help           show this list
  exit, quit     leave (Ctrl-D too); Ctrl-C stops an answer, not the program

examples:
  firsthand chat --root ~/src/project
  firsthand chat --json < questions.txt     one question a line in, one JSON answer a line out
""",
    )
    add_root(parser)
    add_scope(parser)
    add_no_index(parser)
    add_complete(parser)
    add_json(parser, "print each answer as one line of JSON; questions come from stdin, one a line")
    add_setting_flags(parser, *SETTING_GROUPS.keys() - {"editor"})


def _search(commands: Any) -> None:
    parser = add_command(
        commands,
        "search",
        "firsthand search QUERY [options]\n       firsthand search --batch FILE [options]",
        "Find the code that a few words or a question are about.",
        """\
Without --json, the exit code is 1 when nothing is found, like grep's.

examples:
  firsthand search "where are tokens refreshed" --limit 5
  firsthand search PaymentGateway --kind class --language python
  firsthand search "rate limit" --path src/api --no-tests --json
  firsthand search --batch queries.txt --json     one query a line in, one JSON list a line out
""",
    )
    parser.add_argument(
        "query", nargs="*", metavar="QUERY", help="what to look for, or - to read it from stdin"
    )
    parser.add_argument("--batch", metavar="FILE", help="read one query a line from FILE (- is stdin)")
    parser.add_argument(
        "--limit", type=positive, default=10, metavar="N", help="most hits for a query (default: 10)"
    )
    parser.add_argument(
        "--lines",
        type=count,
        default=6,
        metavar="N",
        help="most lines shown of a hit, 0 for none (default: 6)",
    )
    add_root(parser)
    add_scope(parser)
    add_no_index(parser)
    add_json(parser, "print a JSON list of hits; lines count from 1")
    add_setting_flags(parser, "models", "privacy", "index", "general")


def _refs(commands: Any) -> None:
    parser = add_command(
        commands,
        "refs",
        "firsthand refs SYMBOL [options]",
        "List who uses a name: every place, with how sure it is that this very definition is meant.",
        """\
Places are found by names, imports and qualifiers, not by types: "likely" marks those where a hint decided.
Without --json, the exit code is 1 when nothing is found, like grep's.

examples:
  firsthand refs PaymentGateway
  firsthand refs TokenStore.refresh --kind calls
  firsthand refs calculateShippingCost --kind tests
  firsthand refs src/auth/tokens.ts         who imports this file
  firsthand refs checkout --outgoing        what checkout itself uses
""",
    )
    parser.add_argument(
        "symbol", metavar="SYMBOL", help="a name, with its owner if need be, or the path of a file"
    )
    parser.add_argument(
        "--kind",
        choices=("all", "calls", "imports", "inherits", "tests"),
        default="all",
        help="only these (default: all)",
    )
    parser.add_argument(
        "--outgoing", action="store_true", help="list what SYMBOL itself uses, instead of what uses it"
    )
    add_root(parser)
    add_no_index(parser)
    add_json(parser, "print one JSON object: definitions, references, nearest names; lines count from 1")
    add_setting_flags(parser, "models", "privacy", "index", "general")


def _index(commands: Any) -> None:
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
        help="list the files that are not indexed, and why",
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


def _eval(commands: Any) -> None:
    parser = add_command(
        commands,
        "eval",
        "firsthand eval [DIR] [options]",
        "Measure how well search works on a folder; its own documentation, tests and commits are the questions.",
        """\
Functions are looked for by their documentation (which is taken out of what is searched), code by the names of its
tests, files by the subjects of the commits that changed them. The configured embedder is compared with keywords alone
and, if it is another, with the embedded model. Takes about a minute; a folder that is too large for that is sampled,
unless its index is complete. Your index is not changed.

MRR@10, NDCG@10: how high up the right place stands · Top-1: it is first · Recall@5, @10: it is among the first ·
r2k: it is within the first 2,000 tokens, which is what a prompt holds · files: the same for its file.

examples:
  firsthand eval
  firsthand eval ~/src/project --questions 300 --report search.html
  firsthand eval --embedding-model nomic-embed-text --json
""",
    )
    parser.add_argument("root", nargs="?", type=Path, metavar="DIR", help=ROOT_HELP)
    parser.add_argument(
        "--questions",
        type=positive,
        default=100,
        metavar="N",
        help="most questions of each kind; more make it surer and slower (default: 100)",
    )
    parser.add_argument(
        "--chunks",
        type=positive,
        default=1000,
        metavar="N",
        help="about how many pieces of code may be embedded for this (default: 1000)",
    )
    parser.add_argument("--seed", type=count, default=0, metavar="N", help="draws other samples (default: 0)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a page with a plot to this file")
    add_json(parser, "print the result as one JSON object")
    add_setting_flags(parser, "models", "privacy", "index", "general")


def _serve(commands: Any) -> None:
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


def _status(commands: Any) -> None:
    parser = add_command(
        commands,
        "status",
        "firsthand status [options]",
        "Say how much of a folder is indexed, by which models, and whether that is healthy.",
        """\
examples:
  firsthand status
  firsthand status --skipped       with every file that is not indexed, and why
  firsthand status --why src/a.py  why this file is or is not indexed; exits with 0 when it is
""",
    )
    add_root(parser)
    parser.add_argument(
        "--skipped", "--verbose", "-v", action="store_true", help="list skipped and failed files"
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


def _doctor(commands: Any) -> None:
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


def _clean(commands: Any) -> None:
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


def _model(commands: Any) -> None:
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


def _hook(commands: Any) -> None:
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


def _settings(commands: Any) -> None:
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
