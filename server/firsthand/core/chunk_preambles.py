"""What the embedder reads before the code of a chunk: where it is, what is around it, what it imports."""

from collections.abc import Iterable, Sequence

from firsthand.core.chunk_sizes import EMBEDDABLE, PREAMBLE
from firsthand.core.model import Import, Symbol
from firsthand.core.tokens import CHARACTERS_PER_TOKEN, estimate_tokens

# Half of the preamble for the place, the rest for what is around the code and what it imports.
_LONGEST_PATH = int(PREAMBLE * CHARACTERS_PER_TOKEN) // 2
_LONGEST_HEADER = 90
_LONGEST_MEMBER = 80
# Names that one import statement contributes; a statement may list fifty.
_MOST_NAMES = 4
# The methods of a class are what its header is found by, but the header must still hold its fields.
_MEMBERS = 150


def preamble(
    path: str,
    headers: Sequence[str],
    topic: str,
    imports: Iterable[str],
    members: Sequence[Symbol],
    text: str,
) -> str:
    """Return the lines that are put before `text`, within the budget that they share with it."""
    lines = [_short_path(path)]
    room = EMBEDDABLE - estimate_tokens(text)
    budget = min(PREAMBLE, room) - estimate_tokens(lines[0]) - 1
    for line in (
        _short(" > ".join(headers), _LONGEST_HEADER),
        _short(topic, _LONGEST_HEADER),
        _fitting("imports: ", imports, budget // 2),
    ):
        cost = estimate_tokens(line) + 1
        if line and cost <= budget:
            lines.append(line)
            budget -= cost
    spent = sum(estimate_tokens(line) + 1 for line in lines)
    lines.append(_member_line(members, min(_MEMBERS, room - spent)))
    return "\n".join(line for line in lines if line)


def import_phrase(statement: Import, used: Sequence[str]) -> str:
    """Return an import as few words: what it names, then the names used of it."""
    names = [name for name in used if name not in statement.target][:_MOST_NAMES]
    return " ".join((statement.target, *names))


def _member_line(members: Sequence[Symbol], room: int) -> str:
    """Return the signatures of the members if they all fit, else as many names as do."""
    label = "members: "
    signatures = [_short(member.signature, _LONGEST_MEMBER) for member in members]
    if sum(estimate_tokens(signature) + 1 for signature in signatures) + estimate_tokens(label) <= room:
        return _fitting(label, signatures, room)
    return _fitting(label, dict.fromkeys(member.name for member in members), room)


def header_of(symbol: Symbol) -> str:
    """Return how a definition is named above its members."""
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
    """Return the path, without its first folders when it is very long: the last ones say most."""
    while len(path) > _LONGEST_PATH and "/" in path:
        path = path.split("/", 1)[1]
    return path[-_LONGEST_PATH:]
