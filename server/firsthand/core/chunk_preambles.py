"""What the embedder reads before the code of a chunk: where it is, what it is called, what else belongs to it.

The name with its path says most of a piece of code in few words. Imports and the header of the class around were
tried and left out: they made a function less like a sentence about it and more like its neighbours.
"""

from collections.abc import Iterable, Sequence

from firsthand.core.chunk_sizes import EMBEDDABLE, LARGEST, PREAMBLE
from firsthand.core.model import Symbol
from firsthand.core.tokens import CHARACTERS_PER_TOKEN, estimate_tokens

# Path and name together fit beside the largest chunk; the name has what the path leaves.
_LONGEST_PLACE = int((EMBEDDABLE - LARGEST - 1) * CHARACTERS_PER_TOKEN)
_LONGEST_PATH = _LONGEST_PLACE * 2 // 3
_LONGEST_HEADER = 90
_LONGEST_MEMBER = 80
# The methods of a class are what its header is found by, but the header must still hold its fields.
_MEMBERS = 150


def preamble(path: str, name: str, part_of: Symbol | None, members: Sequence[Symbol], text: str) -> str:
    """Return the lines that are put before `text`, within the budget that they share with it.

    Args:
        name: qualified name of the definition that the text is or belongs to, or "".
        part_of: the definition of which the text is only a part.
        members: methods that a class header leads, but does not hold.
    """
    lines = [_place(path, name)]
    room = EMBEDDABLE - estimate_tokens(text)
    budget = min(PREAMBLE, room) - estimate_tokens(lines[0]) - 1
    for line in _about(part_of, text) if part_of is not None else ():
        cost = estimate_tokens(line) + 1
        if line and cost <= budget:
            lines.append(line)
            budget -= cost
    spent = sum(estimate_tokens(line) + 1 for line in lines)
    lines.append(_member_line(members, min(_MEMBERS, room - spent)))
    return "\n".join(line for line in lines if line)


def _place(path: str, name: str) -> str:
    """Return path and name on one line, without the beginning of either when it is very long: the end says most."""
    short = _short_path(path)
    return f"{short} {name[-(_LONGEST_PLACE - len(short) - 1) :]}".rstrip()


def _about(definition: Symbol, text: str) -> tuple[str, str]:
    """Return the header of a definition, and what it is for where its documentation went to another part."""
    topic = first_sentence(definition.docstring)
    return (
        _short(_header(definition), _LONGEST_HEADER),
        "" if topic[:40] in text else _short(topic, _LONGEST_HEADER),
    )


def _member_line(members: Sequence[Symbol], room: int) -> str:
    """Return the signatures of the members if they all fit, else as many names as do."""
    label = "members: "
    signatures = [_short(member.signature, _LONGEST_MEMBER) for member in members]
    if sum(estimate_tokens(signature) + 1 for signature in signatures) + estimate_tokens(label) <= room:
        return _fitting(label, signatures, room)
    return _fitting(label, dict.fromkeys(member.name for member in members), room)


def _header(symbol: Symbol) -> str:
    """Return how a definition is named above its parts."""
    return symbol.signature if symbol.kind not in ("section", "test", "key") else symbol.name


def _fitting(label: str, phrases: Iterable[str], room: int) -> str:
    kept: list[str] = []
    room -= estimate_tokens(label)
    for phrase in phrases:
        room -= estimate_tokens(phrase) + 1
        if room < 0:
            break
        kept.append(phrase)
    return label + "; ".join(kept) if kept else ""


def first_sentence(documentation: str) -> str:
    """Return the first sentence of a documentation, on one line."""
    paragraph = " ".join(documentation.split("\n\n", 1)[0].split())
    return paragraph.split(". ", 1)[0].rstrip(".")


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _short_path(path: str) -> str:
    """Return the path, without its first folders when it is very long."""
    while len(path) > _LONGEST_PATH and "/" in path:
        path = path.split("/", 1)[1]
    return path[-_LONGEST_PATH:]
