"""Options that several commands share, and the look of help."""

import argparse
from pathlib import Path
from typing import Any

ROOT_HELP = "the folder (default: the git repository around the current folder, or the current folder)"


def new_parser(name: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """Make the outermost parser."""
    return argparse.ArgumentParser(
        prog=name,
        description=description,
        epilog=epilog,
        formatter_class=_Help,
        allow_abbrev=False,
    )


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help with room for long flags."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32)


def add_command(
    commands: Any, name: str, usage: str, summary: str, examples: str = ""
) -> argparse.ArgumentParser:
    """Add a command; the first part of its summary stands in the list of commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        usage=usage,
        help=summary.partition(";")[0].rstrip("."),
        description=summary,
        epilog=examples,
        formatter_class=_Help,
        allow_abbrev=False,
    )
    return parser


def add_root(parser: argparse.ArgumentParser) -> None:
    """Add `--root`."""
    parser.add_argument("--root", type=Path, metavar="DIR", help=ROOT_HELP)


def add_scope(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say where to look."""
    group = parser.add_argument_group(
        "where to look",
        "Words of the question can say the same: lang:go kind:class path:src/** tests:no tests:only changed:main",
    )
    group.add_argument(
        "--path",
        action="append",
        default=[],
        metavar="PATH",
        help="only in this folder, file or glob, relative to the root (./PATH: to the current folder); again for more",
    )
    group.add_argument(
        "--lang",
        "--language",
        dest="language",
        action="append",
        default=[],
        metavar="NAME",
        help="only this language: python, go, ts, …; again, or with commas, for more",
    )
    group.add_argument(
        "--kind",
        action="append",
        default=[],
        metavar="KIND",
        help="only this kind: function, method, class, interface, test, section, config, …",
    )
    group.add_argument(
        "--tests", action=argparse.BooleanOptionalAction, help="only tests, or no tests (default: both)"
    )
    group.add_argument(
        "--changed-since",
        default="",
        metavar="REVISION",
        help="only files that changed since this branch, tag or commit, uncommitted and new ones included",
    )


def add_no_index(parser: argparse.ArgumentParser) -> None:
    """Add `--no-index`."""
    parser.add_argument(
        "--no-index",
        action="store_true",
        help="use the index as it is, instead of bringing it up to date first",
    )


def add_complete(parser: argparse.ArgumentParser) -> None:
    """Add `--complete`."""
    parser.add_argument(
        "--complete",
        action="store_true",
        help="wait until all of a new index can be found by meaning, not just what there is after some seconds "
        "(--json and --batch always wait)",
    )


def add_json(parser: argparse.ArgumentParser, help_text: str) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help=help_text)


def positive(text: str) -> int:
    """Read a whole number from 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def count(text: str) -> int:
    """Read a whole number from 0."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value
