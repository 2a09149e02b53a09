"""What a piece of an answer shares with lines of code: names, literals and words, weighed by how rare they are."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from firsthand.core.answers import Excerpt
from firsthand.core.identifiers import split_identifier, stem, terms
from firsthand.core.markers import Hint
from firsthand.core.vocabulary import COMMON_NAMES

# A citation should be read at a glance.
LONGEST_WINDOW = 12

# Weights of a shared term, times its rarity: the very name says most, a word of prose least.
_NAME_WEIGHT = 2.0
_PART_WEIGHT = 0.5
_WORD_WEIGHT = 0.7
# Prose paraphrases: a word that the code never uses is weak evidence against a sentence, a name is strong.
_ABSENT_WORD_WEIGHT = 0.3
_ABSENT_NAME_WEIGHT = 3.0
# A product that the code never mentions, like Redis, is nearly as strong.
_ABSENT_PROPER_NAME_WEIGHT = 1.5
# Some languages write every noun with a capital; there a capital says nothing.
_MOST_PROPER_NAMES = 2
# Path and name of an excerpt speak for all of its lines, but less than the lines themselves.
_CONTEXT_SHARE = 0.6
# Each further line must bring this share of the whole to be worth reading.
_LINE_PRICE = 0.02
_DEFINITION_BONUS = 0.15
_IMPORT_PENALTY = 0.5
# Where the model itself points counts when the lines say about as much as others.
_HINT_BONUS = 0.08

_CODE_WORD = re.compile(
    r"[A-Za-z_$][\w$]*(?:(?:\.|::|->|#)[A-Za-z_$][\w$]*)+"  # dotted
    r"|[A-Za-z_$][\w$]*(?=\()"  # called
    r"|[A-Za-z$]*_[\w$]*[A-Za-z\d][\w$]*"  # snake
    r"|[A-Za-z$][\w$]*[a-z\d$][A-Z][\w$]*|[A-Z]{2,}[a-z][\w$]*"  # camel
)
_INLINE_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_PATH = re.compile(
    r"[\w@.-]*/[\w@./-]+\.\w{1,8}(?::\d+(?:[-–]\d+)?)?|\b[\w-]+\.[A-Za-z]{1,4}:\d+(?:[-–]\d+)?"
)
_PROPER_NAME = re.compile(r"(?<=[a-z,] )([A-Z][a-z]{2,})\b")
_IDENTIFIER = re.compile(r"[^\W\d][\w$]*|\d{2,}")
_IMPORT_LINE = re.compile(
    r"^\s*(?:import\b|from\s+\S+\s+import\b|use\s|using\s|#\s*include|require|export\s+(?:\*|\{)|package\s"
    r"|(?:const|let|var)\s.*=\s*require\(|\"[\w./-]+\"$)"
)
_DEFINING_WORD = re.compile(
    r"\b(?:def|class|function|func|fn|fun|interface|struct|enum|trait|impl|type|record|protocol|module|object"
    r"|const|let|var|val|static|public|private|protected|async)\b"
)

STOP_WORDS = frozenset(
    "a about above after all also an and any are as at be been before being both but by can code could did do does "
    "each either else etc every first following for from function had has have here how i if in into is it its "
    "itself just like made make makes may means method might more most must no not of on once one only or other "
    "otherwise our out over own same see should since so some such than that the their them then there these they "
    "this those through thus to two under until up us use used uses using value via was way we were what when "
    "where whether which while who will with within without would you your "
    "called calls call class file line lines excerpt excerpts der die das und ist ein eine wird mit von den dem "
    "le la les des une est dans et du el los las que del por para con".split()
)


def code_names(text: str) -> tuple[str, ...]:
    """Return the names that a piece of prose sets as code or that look like code, without repeats."""
    found: list[str] = []
    rest: list[str] = []
    position = 0
    for match in _INLINE_CODE.finditer(text):
        rest.append(text[position : match.start()])
        found.extend(name for name in _IDENTIFIER.findall(match[2]) if not name.isdigit())
        position = match.end()
    rest.append(text[position:])
    for match in _CODE_WORD.finditer(" ".join(rest)):
        found.extend(re.split(r"\.|::|->|#", match[0]))
    return tuple(dict.fromkeys(name for name in found if len(name) > 1))


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a sentence says and lines may show."""

    term: str
    weight: float
    is_name: bool
    is_invented: bool = False
    """A name that no excerpt has and no language either."""


@dataclass(frozen=True, slots=True)
class Window:
    """Lines of an excerpt (indexes into its lines, end excluded) and how much of a sentence they show."""

    excerpt: int
    start: int
    end: int
    covered: int
    """Bit set over the needs of the sentence."""
    value: float


class EvidenceIndex:
    """The lines of the excerpts by the terms they hold."""

    def __init__(self, excerpts: Sequence[Excerpt]) -> None:
        self.lines = [excerpt.text.split("\n") for excerpt in excerpts]
        self._postings: dict[str, dict[int, list[int]]] = defaultdict(dict)
        self._context = [_terms_of(f"{excerpt.path} {excerpt.symbol}") for excerpt in excerpts]
        self._line_counts: Counter[str] = Counter()
        self._total = 0
        for number, lines in enumerate(self.lines):
            self._add(number, lines)

    def _add(self, number: int, lines: Sequence[str]) -> None:
        for position, line in enumerate(lines):
            found = _terms_of(line)
            self._total += bool(found)
            for term in found:
                self._postings[term].setdefault(number, []).append(position)
                self._line_counts[term] += 1

    def knows(self, term: str) -> bool:
        """Tell whether any line, path or symbol has the term."""
        return term in self._postings or any(term in context for context in self._context)

    def needs(self, text: str) -> list[Need]:
        """Return what a piece of text says: its names, their parts, its words."""
        weights: dict[str, Need] = {}
        # Where a statement points to is not what it says.
        text = _PATH.sub(" ", text)
        for name in code_names(text):
            exact = _exact(name)
            known = self.knows(exact)
            invented = not known and name not in COMMON_NAMES
            weight = _NAME_WEIGHT * self._rarity(exact) if known else _ABSENT_WORD_WEIGHT
            weights[exact] = Need(exact, _ABSENT_NAME_WEIGHT if invented else weight, True, invented)
            for part in split_identifier(name):
                self._need(weights, stem(part), _PART_WEIGHT)
        for word in _proper_names(text):
            if not self.knows(stem(word.lower())) and word not in COMMON_NAMES:
                weights[stem(word.lower())] = Need(stem(word.lower()), _ABSENT_PROPER_NAME_WEIGHT, False)
        for word in _IDENTIFIER.findall(text):
            lowered = word.lower()
            if lowered not in STOP_WORDS and len(word) > 1:
                self._need(weights, stem(lowered), _WORD_WEIGHT)
        return list(weights.values())

    def _need(self, weights: dict[str, Need], term: str, weight: float) -> None:
        if term in weights or term in STOP_WORDS or _exact(term) in weights:
            return
        known = self.knows(term)
        weights[term] = Need(term, weight * self._rarity(term) if known else _ABSENT_WORD_WEIGHT, False)

    def _rarity(self, term: str) -> float:
        return math.log(1 + self._total / (1 + self._line_counts[term])) / math.log(2 + self._total) + 0.1

    def windows(self, needs: Sequence[Need], hints: Sequence[Hint] = ()) -> Iterator[Window]:
        """Return the best window of every excerpt that shows anything of the needs."""
        total = sum(need.weight for need in needs) or 1.0
        for number in range(len(self.lines)):
            ranges = [range(hint.start, hint.end) for hint in hints if hint.excerpt == number]
            window = self._best_window(number, needs, total, ranges)
            if window is not None:
                yield window

    def context_mask(self, number: int, needs: Sequence[Need]) -> int:
        """Return which needs the path or the symbol of an excerpt meets."""
        context = self._context[number]
        return sum(1 << bit for bit, need in enumerate(needs) if need.term in context)

    def covered(self, number: int, start: int, end: int, needs: Sequence[Need]) -> int:
        """Return which needs these lines of an excerpt meet."""
        found = 0
        for position, mask in self._masks(number, needs).items():
            if start <= position < end:
                found |= mask
        return found

    def _best_window(
        self, number: int, needs: Sequence[Need], total: float, hinted: Sequence[range]
    ) -> Window | None:
        masks = self._masks(number, needs)
        context = self.context_mask(number, needs)
        context_value = _CONTEXT_SHARE * weigh(context, needs)
        best: Window | None = None
        for start in masks:
            covered, shown = 0, 0.0
            bonus = self._bonus(number, start, needs, masks[start]) * total
            bonus += _HINT_BONUS * total * any(start in lines for lines in hinted)
            for end in range(start + 1, min(start + LONGEST_WINDOW, len(self.lines[number])) + 1):
                if end - 1 not in masks:
                    continue
                fresh = masks[end - 1] & ~covered
                covered |= fresh
                shown += weigh(fresh, needs)
                overlap = _CONTEXT_SHARE * weigh(context & covered, needs)
                price = _LINE_PRICE * total * (end - start - 1)
                value = shown + context_value - overlap + bonus - price
                if shown > 0 and (best is None or value > best.value):
                    best = Window(number, start, end, covered, value)
        return best

    def _masks(self, number: int, needs: Sequence[Need]) -> dict[int, int]:
        masks: dict[int, int] = {}
        for bit, need in enumerate(needs):
            for position in self._postings.get(need.term, {}).get(number, ()):
                masks[position] = masks.get(position, 0) | 1 << bit
        return dict(sorted(masks.items()))

    def _bonus(self, number: int, position: int, needs: Sequence[Need], mask: int) -> float:
        line = self.lines[number][position]
        if _IMPORT_LINE.match(line):
            return -_IMPORT_PENALTY
        names_something = any(need.is_name and mask >> bit & 1 for bit, need in enumerate(needs))
        return _DEFINITION_BONUS if names_something and _DEFINING_WORD.search(line) else 0.0


def weigh(mask: int, needs: Sequence[Need]) -> float:
    """Return the weight of the needs in a bit set."""
    return sum(need.weight for bit, need in enumerate(needs) if mask >> bit & 1)


def _proper_names(text: str) -> list[str]:
    """Return capitalised words that do not begin a sentence."""
    found = [match[1] for match in _PROPER_NAME.finditer(_INLINE_CODE.sub(" ", text))]
    return found if len(found) <= _MOST_PROPER_NAMES else []


def _exact(name: str) -> str:
    return f"={name.strip('_$').lower()}"


def _terms_of(text: str) -> frozenset[str]:
    found = terms(text)
    exact = (_exact(name) for name in _IDENTIFIER.findall(text))
    return frozenset((*map(stem, found), *exact))
