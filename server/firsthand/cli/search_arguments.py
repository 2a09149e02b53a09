"""What may be typed to search, and to measure search: `search`, `refs` and `eval`."""

from pathlib import Path
from typing import Any

from firsthand.cli.options import (
    ROOT_HELP,
    add_command,
    add_complete,
    add_json,
    add_no_index,
    add_root,
    add_scope,
    count,
    positive,
)
from firsthand.cli.setting_flags import add_setting_flags


def add_search(commands: Any) -> None:
    """Add `firsthand search`."""
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
  firsthand search "retry lang:go changed:main" --explain
  firsthand search --batch queries.txt --json     one query a line in, one JSON list a line out
""",
    )
    parser.add_argument(
        "query", nargs="*", metavar="QUERY", help="what to look for, or - to read it from stdin"
    )
    parser.add_argument(
        "--explain", action="store_true", help="show the numbers behind each rank: places, scores, rules"
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
    add_complete(parser)
    add_json(parser, "print a JSON list of hits; lines count from 1")
    add_setting_flags(parser, "models", "privacy", "index", "general")


def add_refs(commands: Any) -> None:
    """Add `firsthand refs`."""
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


def add_eval(commands: Any) -> None:
    """Add `firsthand eval`."""
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

--learn trains a small map of questions on a part of these questions (at most 400 of each kind) and asks others
with and without it, as searches do. Only if it is clearly better is it kept beside the index, which must be complete;
then searches of this folder use it while the embedder stays the same. Stored vectors never change. A measurement
without --learn leaves the map out, because it would know some of the answers. It helps most where questions
are worded like commits, documentation or names of tests.

MRR@10, NDCG@10: how high up the right place stands · Top-1: it is first · Recall@5, @10: it is among the first ·
r2k: it is within the first 2,000 tokens, which is what a prompt holds · files: the same for its file.

examples:
  firsthand eval
  firsthand eval ~/src/project --questions 300 --report search.html
  firsthand eval --embedding-model nomic-embed-text --json
  firsthand eval --rerank --multi-query    is the chat model's help worth its time here?
  firsthand eval --learn                   learn how this repository words things, and keep it if that helps
""",
    )
    parser.add_argument("root", nargs="?", type=Path, metavar="DIR", help=ROOT_HELP)
    parser.add_argument(
        "--questions",
        type=positive,
        metavar="N",
        help="most questions of each kind; more make it surer and slower (default: 60; 20 with a chat model)",
    )
    parser.add_argument(
        "--chunks",
        type=positive,
        default=1000,
        metavar="N",
        help="about how many pieces of code may be embedded for this (default: 1000)",
    )
    parser.add_argument("--seed", type=count, default=0, metavar="N", help="draws other samples (default: 0)")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--report", type=Path, metavar="FILE", help="write a page with a plot to this file")
    instead.add_argument(
        "--learn", action="store_true", help="learn from this repository; keep it if it helps"
    )
    instead.add_argument("--forget", action="store_true", help="delete what was learned")
    add_json(parser, "print the result as one JSON object")
    add_setting_flags(parser, "models", "privacy", "search", "index", "general")
