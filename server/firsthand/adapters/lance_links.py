"""Links as one text a chunk: compact JSON, in which names of definitions and origins stand once.

Words of the `mentions` column find the rows: a name that is used stands there as it is, one that is defined with
`=` before it.
"""

import json
from collections.abc import Collection, Iterator
from typing import Any

from firsthand.core.model import Definition, Links, Use, UseKind

_KINDS: tuple[UseKind, ...] = ("call", "base", "import", "reference")
_KIND_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}

_to_json = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def encode(links: Links) -> str:
    """Return the text of these links; "" when there are none."""
    if not links.definitions and not links.uses:
        return ""
    symbols: dict[str, int] = {}
    origins: dict[str, int] = {}
    # Imports are qualified by their origin; 0 stands for it.
    uses = [
        (
            use.name,
            use.qualifier if use.qualifier != use.origin else 0,
            _KIND_NUMBERS[use.kind],
            use.line,
            symbols.setdefault(use.symbol, len(symbols)),
            origins.setdefault(use.origin, len(origins)),
        )
        for use in links.uses
    ]
    definitions = [
        (each.name, each.qualified_name, each.kind, each.line, each.end_line, each.is_local)
        for each in links.definitions
    ]
    return _to_json((definitions, list(symbols), list(origins), uses))


def decode(text: str, names: Collection[str] | None = None) -> Links:
    """Return the links of a text, or those of these names alone."""
    if not text:
        return Links()
    definitions, symbols, origins, uses = json.loads(text)
    return Links(
        tuple(Definition(*values) for values in definitions if names is None or values[0] in names),
        tuple(_use(values, symbols, origins) for values in uses if names is None or values[0] in names),
    )


def words(links: Links) -> Iterator[str]:
    """Yield the words by which the links are found."""
    for definition in links.definitions:
        yield defined(definition.name)
    for use in links.uses:
        yield use.name


def defined(name: str) -> str:
    """Return the word by which the definitions of a name are found."""
    return f"={name}"


def _use(values: list[Any], symbols: list[str], origins: list[str]) -> Use:
    name, qualifier, kind, line, symbol, origin = values
    whence = origins[origin]
    return Use(name, whence if qualifier == 0 else qualifier, _KINDS[kind], line, symbols[symbol], whence)
