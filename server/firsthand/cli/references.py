"""Users of a name, for people and for scripts."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.text import Text

from firsthand.cli.rendering import location, seen_from_here
from firsthand.cli.terminal import Terminal, visible
from firsthand.core.references import Reference
from firsthand.core.resolution import PlacedDefinition

_LONGEST_LINE = 120
_WIDEST_FACT = 44


def reference_lines(
    terminal: Terminal,
    root: Path,
    definitions: Sequence[PlacedDefinition],
    references: Sequence[Reference],
    texts: Mapping[tuple[str, int], str],
) -> list[Text]:
    """Return where a name is defined, then who uses it: by file, and in it by the definition around each place."""
    lines = [
        Text.assemble(
            location(terminal, root, each.path, each.definition.line, each.definition.line),
            (f"  {each.definition.kind} ", "dim"),
            (visible(each.definition.qualified_name), "bold"),
        )
        for each in definitions
    ]
    if references:
        places = _counted(len(references), "place")
        files = _counted(len({each.path for each in references}), "file")
        lines.append(Text(f"{places} in {files}", style="dim"))
    several = len({each.name for each in references}) > 1
    width = min(max((len(_what(each, several=several)) for each in references), default=0), _WIDEST_FACT)
    for path, group in groupby(references, key=lambda each: each.path):
        lines += [Text(), Text(visible(seen_from_here(root / path, root)), style="bold")]
        for symbol, inside in groupby(group, key=lambda each: each.symbol):
            lines += [Text(f"  {visible(symbol)}", style="bold")] if symbol else []
            for each in inside:
                link = terminal.link(root / each.path)
                fact = visible(_what(each, several=several))
                lines.append(
                    Text.assemble(
                        (f"  {each.line:>6}  ", f"cyan link {link}" if link else "cyan"),
                        (f"{fact:<{width}}  ", "dim"),
                        visible(_shortened(texts.get((each.path, each.line), ""))),
                    )
                )
    return lines


def references_json(
    symbol: str,
    definitions: Iterable[PlacedDefinition],
    found: Iterable[Reference],
    nearest: Iterable[str],
    lines: Mapping[tuple[str, int], str],
) -> dict[str, Any]:
    """Return what `--json` prints of the users of a name; lines count from 1."""
    return {
        "symbol": symbol,
        "definitions": [_definition(each) for each in definitions],
        "references": [
            {
                "path": each.path,
                "line": each.line,
                "symbol": each.symbol,
                "relation": each.relation,
                "name": each.name,
                "certainty": each.certainty,
                "test": each.is_test,
                "definition": None if each.target is None else _definition(each.target),
                "text": lines.get((each.path, each.line), ""),
            }
            for each in found
        ],
        "nearest": list(nearest),
    }


def _definition(placed: PlacedDefinition) -> dict[str, Any]:
    return {
        "path": placed.path,
        "line": placed.definition.line,
        "endLine": placed.definition.end_line,
        "symbol": placed.definition.qualified_name,
        "kind": placed.definition.kind,
        "test": placed.is_test,
    }


def _what(reference: Reference, *, several: bool) -> str:
    said = f"{reference.relation} {reference.name}" if several else reference.relation
    return f"{said} (likely)" if reference.certainty == "likely" else said


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
