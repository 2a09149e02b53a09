"""What a question asks for, read from its words alone: names, paths, search terms, tests or not."""

import re
from dataclasses import dataclass
from typing import Literal

from firsthand.core.identifiers import terms
from firsthand.core.languages import language_of
from firsthand.core.relations import Relation, asked_relation

QueryKind = Literal["symbol", "path", "prose"]

_QUOTED = re.compile(r"`([^`\n]{1,120})`|\"([^\"\n]{1,120})\"|(?<!\w)'([^'\n]{1,120})'(?!\w)")
_PATH = re.compile(r"(?<![\w/.-])[\w.-]*(?:/[\w.-]+)+|(?<![\w/.-])[\w-]+\.[a-z]{1,5}(?![\w.(])")
_DOTTED = re.compile(r"(?<![\w.])[^\W\d]\w*(?:(?:\.|::|#|->)[^\W\d]\w*)+")
_CODE_WORD = re.compile(
    r"(?<![\w.])(?:[a-z]+[a-z0-9]*(?:[A-Z]\w*)+"  # camelCase
    r"|[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+"  # PascalCase of two words or more
    r"|[A-Z]{2,}[a-z]\w*"  # HTTPServer
    r"|\w*[^\W_]_+[^\W_]\w*"  # snake_case and SCREAMING_CASE
    r"|__\w+__"
    r"|[^\W\d]\w*(?=\(\)))"  # call()
)
# "Who calls X", "which services depend on the X class", "where is X used": the users are asked for, not X itself.
_USAGE_OF = re.compile(
    r"\b(?:call|calls|calling|use|uses|using|depend|depends|depending|import|imports|importing|reference|references"
    r"|extend|extends|implement|implements|inherit|inherits|subclass|subclasses|subclassing|consume|consumes)"
    r"\s+(?:on|from|of)?\s*(?:the\s+|a\s+|an\s+|our\s+)?[`\"']?(?P<name>[^\W\d][\w.:]*)",
    re.IGNORECASE,
)
_USED = re.compile(
    r"\bwhere\b.{0,40}?\b(?:is|are)\s+(?:the\s+)?[`\"']?(?P<name>[^\W\d][\w.:]*)[`\"']?(?:\(\))?\s+(?:\w+\s+)?"
    r"(?:called|used|imported|referenced|extended|implemented|instantiated|created)\b"
    r"|\b(?:callers|users|usages|uses|references|subclasses|implementations|implementers|dependents)\s+of\s+"
    r"(?:the\s+)?[`\"']?(?P<other>[^\W\d][\w.:]*)",
    re.IGNORECASE,
)
_PLAIN_EXTENSIONS = frozenset({"txt", "cfg", "conf", "ini", "env", "lock", "log"})
_LONE_WORD = re.compile(r"\s*[^\W\d]\w*\s*\??\s*")
_TEST_WORDS = frozenset(
    {"test", "tests", "tested", "testing", "spec", "specs", "fixture", "fixtures", "mock", "mocks"}
)

# Words that carry the form of a question, not its subject. Words that are also common names in code
# ("get", "set", "use", "type", "class") stay: BM25 weighs them down by itself where they are frequent.
_STOP_WORDS = frozenset(
    """a about all also am an and any are as at be been being between but by can could did do does doing done for from
    had has have how i if in into is it its me my of on one or our shall should so some such than that the their them
    then there these they this those through to us was we were what when where which while who whom whose why will
    with within would you your work works working happen happens handled code codebase function project repository
    repo please show find tell explain give implemented implementation""".split()
)  # fmt: skip

# Words that hold a sentence together. Those that a question begins with are left out: they say nothing of the rest.
# "And" and "or" are left out, too: they make a list of names longer, not a sentence.
_FUNCTION_WORDS = frozenset(
    """a all an any as at be been being by each for from given had has have if in into is it its no not on only so such
    than that the their them then there these this those to using was were whether with without are of""".split()
)  # fmt: skip
_PLAIN_WORD = re.compile(r"[^\W\d][\w']*")
# Shares of such words: from the one on a text begins to describe code, from the other on it does nothing else.
_BEGINS_TO_DESCRIBE = 0.05
_DESCRIBES = 0.25
_ASKS = re.compile(r"\s*(?:how|wh(?:at|en|ere|ich|o|ose|y))\b", re.IGNORECASE)
# What a question counts as a description: it asks for all that belongs to the answer, and that may be several files.
_QUESTION = 0.4


@dataclass(frozen=True, slots=True)
class Query:
    """A question, taken apart."""

    text: str
    kind: QueryKind
    terms: tuple[str, ...]
    """Lower-case terms for keyword search, without the words that only make it a question."""
    names: tuple[str, ...]
    """Identifiers that the question spells out, as written, last parts of dotted names included."""
    paths: tuple[str, ...]
    """File names or paths that the question spells out, lower case."""
    used: tuple[str, ...]
    """Names whose users are asked for."""
    wants_tests: bool
    sentence: float
    """Share of the words that only hold a sentence together: 0 for a list of words, about 0.4 for a full sentence."""
    describes: float
    """How far the text describes code instead of naming it: 0 for names and lists of words, 1 for a statement of what
    code does, between them for a question."""
    asks: bool
    """True for a question, False for a list of words, a name or a statement."""
    relation: Relation | None = None
    """Which neighbours of a name are asked for, when a list of them is."""


def understand(text: str) -> Query:
    """Take a question apart; never fails, whatever the text."""
    text = text[:4000]
    paths = tuple(
        dict.fromkeys(match.lower().lstrip("./") for match in _PATH.findall(text) if _looks_like_path(match))
    )
    names = tuple(name for name in _names(text) if not _is_part_of(name, paths))
    every_term = terms(text)
    used = _used(text)
    subject = {name.lower() for name in (*names, *used)}
    kept = tuple(dict.fromkeys(term for term in every_term if term not in _STOP_WORDS or term in subject))
    kind, sentence, asks = _kind(text, names, paths), _sentence(text), _asks(text)
    return Query(
        text=text,
        kind=kind,
        terms=kept or tuple(dict.fromkeys(every_term)),
        names=names,
        paths=paths,
        used=used,
        wants_tests=not _TEST_WORDS.isdisjoint(every_term),
        sentence=sentence,
        describes=_describes(sentence, asks) if kind == "prose" else 0.0,
        asks=asks,
        relation=asked_relation(text),
    )


def _sentence(text: str) -> float:
    words = _PLAIN_WORD.findall(text.lower())
    return sum(word in _FUNCTION_WORDS for word in words) / max(len(words), 1)


def _asks(text: str) -> bool:
    return _ASKS.match(text) is not None or text.rstrip().endswith("?")


def _describes(sentence: float, asks: bool) -> float:
    share = (sentence - _BEGINS_TO_DESCRIBE) / (_DESCRIBES - _BEGINS_TO_DESCRIBE)
    return min(max(share, 0.0), 1.0) * (_QUESTION if asks else 1.0)


def _kind(text: str, names: tuple[str, ...], paths: tuple[str, ...]) -> QueryKind:
    if _LONE_WORD.fullmatch(text) or (names and len(text.split()) <= 2):
        return "symbol"
    if paths and len(text.split()) <= 2:
        return "path"
    return "prose"


def _names(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for groups in _QUOTED.findall(text):
        quoted = next(filter(None, groups), "").strip().removesuffix("()")
        if re.fullmatch(r"[^\W\d][\w.:#>-]*", quoted):
            found.append(quoted)
    found.extend(_DOTTED.findall(text))
    found.extend(_CODE_WORD.findall(text))
    if _LONE_WORD.fullmatch(text):
        found.append(text.strip(" \t\r\n?"))
    last_parts = [re.split(r"\.|::|#|->", name)[-1] for name in found]
    return tuple(
        dict.fromkeys(name for name in [*found, *last_parts] if len(name) > 1 and name not in ("e.g", "i.e"))
    )


def _used(text: str) -> tuple[str, ...]:
    matches = [*_USAGE_OF.finditer(text), *_USED.finditer(text)]
    found = [name for match in matches for name in match.groupdict().values() if name]
    last_parts = [re.split(r"[.:]+", name.rstrip(".:"))[-1] for name in found]
    return tuple(dict.fromkeys(name for name in last_parts if len(name) > 2 and name not in _STOP_WORDS))


def _is_part_of(name: str, paths: tuple[str, ...]) -> bool:
    return any(name.lower() in re.split(r"/", path) or path.endswith(f".{name.lower()}") for path in paths)


def _looks_like_path(text: str) -> bool:
    """`a/b.py` and `setup.cfg` are paths; `Cart.total`, `and/or`, `read/write` and `e.g` are not."""
    last = text.rsplit("/", 1)[-1]
    stem, _, extension = last.rpartition(".")
    if len(stem) > 1 and (language_of(last) != "text" or extension in _PLAIN_EXTENSIONS):
        return True
    return text.count("/") > 1
