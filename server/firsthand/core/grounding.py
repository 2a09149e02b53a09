"""Grounding: names in an answer that the workspace does not have, with the nearest ones that it has."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from firsthand.core.answers import CharacterRange, Excerpt, UngroundedName
from firsthand.core.identifiers import split_identifier, words
from firsthand.core.vocabulary import COMMON_NAMES, STANDARD_MODULES

_MOST_NAMES = 25
_MOST_NEAREST = 3
# difflib is slow; only names that share a part with the unknown one are compared, and only so many.
_MOST_CANDIDATES = 1500
_SIMILARITY = 0.6

_NAME = r"[^\W\d][\w$]*"
_CODE = re.compile(
    r"^[ \t]{0,3}(?P<fence>`{3,}|~{3,})(?P<language>[^`\n]*)\n(?P<block>.*?)(?:^[ \t]{0,3}(?P=fence)|\Z)"
    r"|(?P<ticks>`+)(?!`)(?P<inline>[^\n]+?)(?<!`)(?P=ticks)(?!`)",
    re.DOTALL | re.MULTILINE,
)
_PATH = re.compile(
    r"(?<![\w:/.])(?:[\w@.-]+/)+[\w@.-]+\.[A-Za-z]\w{0,7}\b"
    r"|(?<![\w:/.])[\w-]+\.(?:py|pyi|tsx?|jsx?|mjs|go|rs|java|kt|rb|php|cs|cpp|h|hpp|swift|scala|lua|sql|toml|ya?ml"
    r"|json|md)\b"
)
_DOTTED = re.compile(rf"{_NAME}(?:(?:\.|::|->|#){_NAME})+")
_CALLED = re.compile(rf"({_NAME})\(")
_COMPOUND = re.compile(r"\b(?:[A-Za-z$]+_[\w$]*[A-Za-z\d]|[A-Za-z$][\w$]*[a-z\d][A-Z][\w$]*)\b")
_ONE_NAME = re.compile(rf"^@?(?P<name>{_NAME})(?:\(.*\))?[;:,]?$")
_PATH_IN_CODE = re.compile(r"^[\w@./-]*/[\w@./-]+$")
_DEFINED = re.compile(
    rf"\b(?:def|class|function|func|fn|fun|const|let|var|val|type|interface|struct)\s+(?:\([^)]*\)\s*)?({_NAME})"
    rf"|({_NAME})\s*:?=(?!=)"
)
_RECEIVER = re.compile(rf"({_NAME})(?:(?:\.|::){_NAME})*(?:\.|::)$")
_URL = re.compile(r"\b\w+://\S+")


@dataclass(frozen=True, slots=True)
class Known:
    """All names that an answer may use."""

    names: frozenset[str]
    """Names of the index."""
    paths: Collection[str]
    """Files of the index."""
    local: frozenset[str]
    """Words of the excerpts and of the question."""

    def has(self, name: str) -> bool:
        """Tell whether the workspace, the question or the language has the name."""
        bare = name.strip("_$")
        return any(each in where for each in (name, bare) for where in (self.names, self.local, COMMON_NAMES))

    def has_path(self, path: str) -> bool:
        """Tell whether a file of the workspace ends with this path, or the question or an excerpt mentions it."""
        path = path.removeprefix("./")
        return path in self.local or any(
            each == path or each.endswith(f"/{path}") or f"/{path.strip('/')}/" in f"/{each}"
            for each in self.paths
        )


def known_names(
    names: frozenset[str], paths: Collection[str], excerpts: Sequence[Excerpt], question: str
) -> Known:
    """Collect what an answer may name."""
    texts = [question, *(f"{excerpt.path} {excerpt.symbol} {excerpt.text}" for excerpt in excerpts)]
    local = {word for text in texts for word in words(text)}
    local |= {match[0] for text in texts for match in _PATH.finditer(text)}
    stems = {part for path in paths for part in re.split(r"[/.]", path)}
    return Known(names | frozenset(stems), paths, frozenset(local))


def ungrounded_names(text: str, known: Known) -> tuple[UngroundedName, ...]:
    """Return the names that nothing in the workspace has, in the order in which the text uses them."""
    found: dict[str, list[CharacterRange]] = {}
    for name, start in _named(text):
        is_known = known.has_path(name) if "/" in name or _PATH.fullmatch(name) else known.has(name)
        if not is_known:
            found.setdefault(name, []).append(CharacterRange(start, start + len(name)))
    lower = {each.lower() for each in known.names | known.local}
    return tuple(
        UngroundedName(name, tuple(dict.fromkeys(spans)), _nearest(name, known))
        for name, spans in list(found.items())[:_MOST_NAMES]
        if not _is_word_in_prose(text, name, spans, lower)
    )


def _is_word_in_prose(text: str, name: str, spans: Iterable[CharacterRange], lower: Collection[str]) -> bool:
    """In prose, outside code marks, another capitalisation is not another name."""
    in_prose = all(text[span.start - 1 : span.start] != "`" for span in spans)
    return in_prose and name.lower() in lower


def _named(text: str) -> Iterator[tuple[str, int]]:
    position = 0
    for match in _CODE.finditer(text):
        yield from _in_prose(text[position : match.start()], position)
        if match["inline"] is not None:
            yield from _in_inline_code(match["inline"], match.start("inline"))
        else:
            yield from _in_block(match["block"], match.start("block"))
        position = match.end()
    yield from _in_prose(text[position:], position)


def _in_prose(text: str, offset: int) -> Iterator[tuple[str, int]]:
    text = _URL.sub(lambda match: " " * len(match[0]), text)
    for match in _PATH.finditer(text):
        yield match[0], offset + match.start()
    text = _PATH.sub(lambda match: " " * len(match[0]), text)
    for match in _CALLED.finditer(text):
        if not _on_standard_module(text, match.start(1)):
            yield match[1], offset + match.start(1)
    for match in _COMPOUND.finditer(text):
        yield match[0], offset + match.start()


def _in_inline_code(code: str, offset: int) -> Iterator[tuple[str, int]]:
    if _URL.search(code) or "-" in code.split(" ", 1)[0][:1]:
        return
    single = _ONE_NAME.match(code.strip())
    if single:
        yield single["name"], offset + code.index(single["name"])
    elif _PATH.fullmatch(code) or (_PATH_IN_CODE.match(code) and "." in code.rsplit("/", 1)[-1]):
        yield code, offset
    elif _DOTTED.fullmatch(code.strip().removesuffix("()")):
        for match in re.finditer(_NAME, code):
            if not _on_standard_module(code, match.start()) and match[0] not in STANDARD_MODULES:
                yield match[0], offset + match.start()
    else:
        yield from _in_prose(code, offset)


def _in_block(code: str, offset: int) -> Iterator[tuple[str, int]]:
    """In a code block of the answer's own, only what it calls and does not define must exist."""
    defined = {match[1] or match[2] for match in _DEFINED.finditer(code)}
    for match in _CALLED.finditer(code):
        if match[1] not in defined and not _on_standard_module(code, match.start(1)):
            yield match[1], offset + match.start(1)


def _on_standard_module(text: str, start: int) -> bool:
    """Tell whether a name is called on a module or object of the language, as in `fmt.Sprint`."""
    receiver = _RECEIVER.search(text, max(0, start - 60), start)
    return receiver is not None and receiver[1] in STANDARD_MODULES


def _nearest(name: str, known: Known) -> tuple[str, ...]:
    if "/" in name or _PATH.fullmatch(name):
        base = name.rsplit("/", 1)[-1]
        ending = [path for path in known.paths if path.rsplit("/", 1)[-1] == base]
        candidates = ending or [path for path in known.paths if path.rsplit(".", 1)[0].endswith(base[:4])]
        return tuple(ending[:_MOST_NEAREST]) or tuple(
            get_close_matches(name, candidates[:_MOST_CANDIDATES], _MOST_NEAREST, _SIMILARITY)
        )
    parts = set(split_identifier(name))
    first = name[:2].lower()
    near = (
        each
        for each in (*known.local, *known.names)
        if abs(len(each) - len(name)) <= max(4, len(name) // 2)
        and (each[:2].lower() == first or not parts.isdisjoint(split_identifier(each)))
    )
    candidates = [each for each, _ in zip(near, range(_MOST_CANDIDATES), strict=False)]
    return tuple(get_close_matches(name, list(dict.fromkeys(candidates)), _MOST_NEAREST, _SIMILARITY))
