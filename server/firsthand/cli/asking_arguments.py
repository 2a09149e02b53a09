"""What may be typed to ask: `ask` and `chat`."""

from typing import Any

from firsthand.cli.options import add_command, add_complete, add_json, add_no_index, add_root, add_scope
from firsthand.cli.setting_flags import SETTING_GROUPS, add_setting_flags


def add_ask(commands: Any) -> None:
    """Add `firsthand ask`."""
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


def add_chat(commands: Any) -> None:
    """Add `firsthand chat`."""
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
