"""Lists of places for prompts and answers: complete, by file and by the definition around each place."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from firsthand.core.answers import Answer, CharacterRange, Citation, Excerpt
from firsthand.core.inert import inline_code
from firsthand.core.neighbours import Neighbourhood
from firsthand.core.references import Reference
from firsthand.core.relations import RelationKind

_MOST_IN_ANSWER = 400
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")

_SAID: dict[RelationKind, str] = {
    "users": "that use",
    "callers": "that call",
    "heirs": "that extend",
    "importers": "that import",
    "tests": "in tests that cover",
    "uses": "that are used by",
}


def prompt_list(neighbourhood: Neighbourhood, most: int) -> str:
    """Write the places as lines for a model, the first `most` of them."""
    name = neighbourhood.relation.name
    lines = [f"All places {_SAID[neighbourhood.relation.kind]} `{name}`, from the index:"]
    lines += [f"- {line}" for line in _lines(neighbourhood, most)]
    return "\n".join(_CONTROL.sub(" ", line) for line in lines)


def answer_list(neighbourhood: Neighbourhood) -> str:
    """Write all places as Markdown for a reader: a heading, then one item a file with its places below."""
    return "".join(text for text, _ in _parts(neighbourhood, neighbourhood.references))


def completed(answer: Answer, neighbourhood: Neighbourhood, excerpts: Sequence[Excerpt]) -> Answer:
    """Return a model's answer with the places that it left out listed behind it, cited where an excerpt shows them."""
    missing = unmentioned(neighbourhood, answer.text)
    if not missing:
        return answer
    text = answer.text.rstrip() + "\n\n"
    spans: dict[int, list[CharacterRange]] = {}
    for part, reference in _parts(neighbourhood, missing, lead="Further "):
        shown = _excerpt_of(reference, excerpts) if reference is not None else None
        if shown is not None:
            spans.setdefault(shown.id, []).append(CharacterRange(len(text), len(text) + len(part)))
        text += part
    return replace(answer, text=text, citations=_cited(answer.citations, excerpts, spans))


def unmentioned(neighbourhood: Neighbourhood, text: str) -> tuple[Reference, ...]:
    """Return the places that a text leaves out: neither their definition nor their file is named in it."""
    words = set(re.findall(r"[\w$]+", text))
    return tuple(
        each
        for each in neighbourhood.references
        if each.relation != "imports" and not _is_named(each, words, text)
    )


def _is_named(reference: Reference, words: set[str], text: str) -> bool:
    if reference.path in text or reference.path.rpartition("/")[2] in text:
        return True
    parts = reference.symbol.replace(" > ", ".").split(".")
    # A method that everything has says nothing; its class does.
    telling = [part for part in parts if part not in ("constructor", "__init__", "new", "")]
    return bool(telling) and any(part in words for part in telling)


def _parts(
    neighbourhood: Neighbourhood, listed: Sequence[Reference], lead: str = ""
) -> Iterator[tuple[str, Reference | None]]:
    """Yield the pieces of a list; those that are a place come with it."""
    kind = neighbourhood.relation.kind
    files = len({each.path for each in listed})
    count = _counted(len(listed), "place")
    name = inline_code(neighbourhood.relation.name)
    where = f"{lead}{count}" if not lead else f"{lead}{count.partition(' ')[2]}"
    yield f"{where} in {_counted(files, 'file')} {_SAID[kind]} {name}:\n", None
    for path, group in _by_file(listed[:_MOST_IN_ANSWER]):
        yield f"\n- {inline_code(path)}", None
        for each in group:
            yield f"\n  - line {each.line}{_inside(each)}: {_what(each, kind)}", each
    left = len(listed) - _MOST_IN_ANSWER
    if left > 0:
        yield f"\n- … and {left} more", None


def _excerpt_of(reference: Reference, excerpts: Sequence[Excerpt]) -> Excerpt | None:
    return next(
        (
            each
            for each in excerpts
            if each.path == reference.path and each.start_line <= reference.line <= each.end_line
        ),
        None,
    )


def _cited(
    known: Sequence[Citation], excerpts: Sequence[Excerpt], spans: Mapping[int, Sequence[CharacterRange]]
) -> tuple[Citation, ...]:
    cited = [replace(each, spans=(*each.spans, *spans.get(each.id, ()))) for each in known]
    present = {each.id for each in known}
    cited += [
        Citation(each.id, each.path, each.start_line, each.end_line, each.content_hash, tuple(spans[each.id]))
        for each in excerpts
        if each.id in spans and each.id not in present
    ]
    return tuple(sorted(cited, key=lambda each: each.id))


def _lines(neighbourhood: Neighbourhood, most: int) -> Iterator[str]:
    listed = neighbourhood.references
    for path, group in _by_file(listed[:most]):
        places = [
            f"line {each.line}{f' in {each.symbol}' if each.symbol else ''} "
            f"({_relation(each, neighbourhood.relation.kind)})"
            for each in group
        ]
        yield f"{path}: {'; '.join(places)}"
    if len(listed) > most:
        yield f"and {len(listed) - most} more"


def _by_file(references: Sequence[Reference]) -> Iterator[tuple[str, list[Reference]]]:
    for path, group in groupby(references, key=lambda each: each.path):
        yield path, list(group)


def _inside(reference: Reference) -> str:
    return f", {inline_code(reference.symbol)}" if reference.symbol else ""


def _what(reference: Reference, kind: RelationKind) -> str:
    said = _relation(reference, kind)
    return said if reference.certainty == "exact" else f"{said} (by its name; likely)"


def _relation(reference: Reference, kind: RelationKind) -> str:
    return f"{reference.relation} {reference.name}" if kind == "uses" else f"{reference.relation} it"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
