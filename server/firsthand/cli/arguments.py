"""What may be typed: the list of commands; each brings its own options."""

import argparse
from collections.abc import Sequence

from firsthand import __version__
from firsthand.cli.asking_arguments import add_ask, add_chat
from firsthand.cli.index_arguments import add_clean, add_hook, add_index, add_status
from firsthand.cli.options import new_parser
from firsthand.cli.search_arguments import add_eval, add_refs, add_search
from firsthand.cli.setup_arguments import add_doctor, add_model, add_serve, add_settings
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
        add_ask,
        add_chat,
        add_search,
        add_refs,
        add_index,
        add_eval,
        add_serve,
        add_status,
        add_doctor,
        add_clean,
        add_hook,
        add_model,
        add_settings,
    ):
        add(commands)
    return parser.parse_args(list(argv))
