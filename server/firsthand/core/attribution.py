"""Attribution: which lines each statement of an answer rests on, and which statements rest on none.

Small models do not cite when they are asked to, and larger ones cite wrongly now and then, so the product does it:
every piece of the answer is matched to the lines that share its names and words. The evidence is lexical. It finds
where a statement comes from and that an invented name has no source; it does not understand a "not", and a sentence
that swaps two true names keeps its citation. Marks of the model's own only tip the balance between close candidates.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from firsthand.core.answers import CharacterRange, Citation, Excerpt
from firsthand.core.claims import Piece, pieces, resume_offset
from firsthand.core.evidence import (
    LONGEST_WINDOW,
    STOP_WORDS,
    EvidenceIndex,
    Need,
    Window,
    code_names,
    weigh,
)
from firsthand.core.excerpts import excerpt_hash
from firsthand.core.identifiers import stem
from firsthand.core.markers import Hint, MarkFilter

# Shares of a statement's weight that lines must show to support it; a mark of the model lowers the bar a little.
_SUPPORT = 0.36
_HINTED_SUPPORT = 0.28
# Beside a name that is nowhere, what is true must outweigh it.
_SUPPORT_BESIDE_INVENTED = 0.5
# A second place is cited when it shows this much that the first does not.
_FURTHER_SUPPORT = 0.18
_MOST_CITATIONS_PER_PIECE = 3
# Lines that are already cited are cited again rather than others that show hardly more.
_REUSE = 0.85
_COPIED_SHARE = 0.6

_NO_CLAIM = re.compile(
    r"^(?:sure|certainly|of course|great|hello|hi|okay|ok|i hope|let me|let's|feel free|if you (?:have|need|want|would)"
    r"|would you|in summary|to summarize|note that the excerpts|please)\b",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:excerpts?|snippets?)\b.*\b(?:not|n't|no|only|lack)\b|\b(?:not|n't|no)\b.*\b(?:excerpts?|snippets?)\b"
    r"|\b(?:not|n't) (?:shown|included|visible|provided|clear|possible to (?:tell|say))\b|\bunclear\b"
    r"|\bi (?:do not|don't|cannot|can't|could not|couldn't)\b|\bcannot be determined\b|\bno information\b"
    r"|\bnothing in this workspace\b",
    re.IGNORECASE,
)
_DEED = frozenset(
    stem(word)
    for word in (
        "accepts adds allows applies authenticates awaits blocks builds caches calculates catches checks cleans closes "
        "commits computes configures connects contains converts copies counts creates deletes depends disables emits "
        "enables encodes ensures executes extends fails falls fetches filters finds generates handles holds ignores "
        "implements inherits initializes injects inserts invokes loads locks logs looks maps marks merges notifies "
        "opens parses passes prevents processes provides publishes purges queries raises reads receives records "
        "redirects refreshes registers rejects releases removes renews replaces requires resets resolves retries "
        "returns revokes rotates runs saves schedules searches selects sends serves sets signs skips sorts starts "
        "stops "
        "stores streams subscribes throws tracks transforms triggers updates uploads validates verifies waits wraps "
        "writes"
    ).split()
)
_WORD = re.compile(r"[^\W\d_][\w-]*")


@dataclass(frozen=True, slots=True)
class Attribution:
    """A cleaned answer, what it rests on, and the parts that rest on nothing."""

    text: str
    citations: tuple[Citation, ...]
    unsupported: tuple[CharacterRange, ...]


def attribute(raw: str, excerpts: Sequence[Excerpt]) -> Attribution:
    """Match a whole answer to excerpts."""
    attributor = Attributor(excerpts)
    attributor.feed(raw)
    return attributor.finish()


class Attributor:
    """Matches an answer while it streams; the end result does not depend on how the text was cut."""

    def __init__(self, excerpts: Sequence[Excerpt]) -> None:
        self._excerpts = excerpts
        self._index = EvidenceIndex(excerpts)
        self._marks = MarkFilter(excerpts)
        self._text = ""
        self._resume = 0
        self._seen = 0
        self._used_hints = 0
        self._citations: list[Citation] = []
        self._unsupported: list[CharacterRange] = []

    @property
    def text(self) -> str:
        """The cleaned answer so far."""
        return self._text

    def feed(self, raw: str) -> tuple[str, tuple[Citation, ...]]:
        """Take more of the model's text; return the cleaned part that is certain, and citations new or extended."""
        cleaned = self._marks.feed(raw)
        self._text += cleaned
        return cleaned, self._advance(final=False)

    def rest(self) -> tuple[str, tuple[Citation, ...]]:
        """End the text: return what was held back, and the last citations."""
        cleaned = self._marks.finish()
        self._text += cleaned
        return cleaned, self._advance(final=True)

    def finish(self) -> Attribution:
        """Return the whole; `rest` is taken first when it was not."""
        self.rest()
        return Attribution(self._text, tuple(self._citations), tuple(self._unsupported))

    def _advance(self, *, final: bool) -> tuple[Citation, ...]:
        changed: dict[int, Citation] = {}
        for piece in pieces(self._text, final=final, start=self._resume):
            if piece.start >= self._seen:
                self._seen = piece.end
                for citation in self._attribute(piece):
                    changed[citation.id] = citation
        self._resume = resume_offset(self._text, self._resume)
        return tuple(changed.values())

    def _attribute(self, piece: Piece) -> list[Citation]:
        if piece.kind == "heading" or (piece.text.endswith(":") and not code_names(piece.text)):
            return []
        if piece.kind == "code":
            copied = self._copied_lines(piece)
            if copied is not None:
                return [self._cite(*copied, piece)]
        needs, hints = self._index.needs(piece.text), self._hints(piece)
        if not needs:
            # A list of sources says nothing but where to look.
            return [self._cite(hint.excerpt, hint.start, hint.end, piece) for hint in hints]
        windows = self._supporting(needs, hints)
        if not windows and self._is_claim(piece):
            self._unsupported.append(CharacterRange(piece.start, piece.end))
        found = [self._cite(window.excerpt, *self._lines(window, needs), piece) for window in windows]
        return list({citation.id: citation for citation in found}.values())

    def _hints(self, piece: Piece) -> list[Hint]:
        """Take the marks that stand in a piece or right behind it; each belongs to one piece."""
        hints = self._marks.hints
        first = self._used_hints
        while self._used_hints < len(hints) and hints[self._used_hints].position <= piece.end:
            self._used_hints += 1
        return [hint for hint in hints[first : self._used_hints] if hint.position >= piece.start]

    def _supporting(self, needs: Sequence[Need], hints: Sequence[Hint]) -> list[Window]:
        total = sum(need.weight for need in needs)
        names = _mask(needs)
        chosen: list[Window] = []
        left = (1 << len(needs)) - 1
        while total and len(chosen) < _MOST_CITATIONS_PER_PIECE:
            remaining = [
                need if left >> bit & 1 else replace(need, weight=0.0) for bit, need in enumerate(needs)
            ]
            best = max(self._index.windows(remaining, hints), key=lambda window: window.value, default=None)
            if best is None or not self._supports(best, remaining, total, hints, not chosen):
                break
            chosen.append(best)
            left &= ~(best.covered | self._index.context_mask(best.excerpt, needs))
            if not left & names:
                break
        return chosen

    def _supports(
        self, window: Window, needs: Sequence[Need], total: float, hints: Sequence[Hint], first: bool
    ) -> bool:
        shown = weigh(window.covered, needs)
        context = self._index.context_mask(window.excerpt, needs) & ~window.covered
        coverage = (shown + 0.6 * weigh(context, needs)) / total
        met = [need for bit, need in enumerate(needs) if window.covered >> bit & 1 and need.weight > 0]
        has_name = any(need.is_name for need in met)
        if not first:
            return has_name and shown / total >= _FURTHER_SUPPORT
        needed = _HINTED_SUPPORT if any(hint.excerpt == window.excerpt for hint in hints) else _SUPPORT
        if any(need.is_invented for need in needs):
            needed = _SUPPORT_BESIDE_INVENTED
        return coverage >= needed and (has_name or len(met) >= 2)

    def _lines(self, window: Window, needs: Sequence[Need]) -> tuple[int, int]:
        """Return the window's lines, or lines around the same place that are cited already and show as much."""
        shown = weigh(window.covered, needs)
        first = self._excerpts[window.excerpt].start_line
        for citation in self._citations:
            same_place = (
                citation.path == self._excerpts[window.excerpt].path
                and citation.start_line <= first + window.end - 1
                and first + window.start <= citation.end_line
            )
            if same_place:
                start, end = citation.start_line - first, citation.end_line - first + 1
                if start >= 0 and self._shown(window.excerpt, start, end, needs) >= shown * _REUSE:
                    return start, end
        return window.start, _closed_end(self._index.lines[window.excerpt], window.start, window.end)

    def _shown(self, excerpt: int, start: int, end: int, needs: Sequence[Need]) -> float:
        return weigh(self._index.covered(excerpt, start, end, needs), needs)

    def _copied_lines(self, piece: Piece) -> tuple[int, int, int] | None:
        """Return the excerpt and its lines that a code block repeats."""
        block = [_squeezed(line) for line in piece.text.split("\n")[1:]]
        wanted = {line for line in block if len(line) > 3}
        if not wanted:
            return None
        best: tuple[int, int, int, int] | None = None
        for number, lines in enumerate(self._index.lines):
            places = [at for at, line in enumerate(lines) if _squeezed(line) in wanted]
            start, end, matched = _densest(places, lines, len(block))
            if matched >= max(1, _COPIED_SHARE * len(wanted)) and (best is None or matched > best[3]):
                best = (number, start, end, matched)
        return best[:3] if best else None

    def _is_claim(self, piece: Piece) -> bool:
        """Tell whether a piece says something about code, so that it should rest on lines."""
        text = piece.text
        if piece.kind == "code":
            return True
        if text.endswith((":", "?")) or _NO_CLAIM.match(text) or _HEDGE.search(text):
            return False
        if code_names(text):
            return len(text.split()) > 2
        content = {stem(word) for word in map(str.lower, _WORD.findall(text)) if word not in STOP_WORDS}
        about_code = bool(content & _DEED) or any(self._index.knows(word) for word in content)
        return len(content) >= 3 and about_code

    def _cite(self, number: int, start: int, end: int, piece: Piece) -> Citation:
        excerpt = self._excerpts[number]
        first, last = excerpt.start_line + start, excerpt.start_line + end - 1
        span = CharacterRange(piece.start, piece.end)
        for position, known in enumerate(self._citations):
            if (known.path, known.start_line, known.end_line) == (excerpt.path, first, last):
                extended = replace(known, spans=tuple(dict.fromkeys((*known.spans, span))))
                self._citations[position] = extended
                return extended
        text = "\n".join(self._index.lines[number][start:end])
        citation = Citation(len(self._citations) + 1, excerpt.path, first, last, excerpt_hash(text), (span,))
        self._citations.append(citation)
        return citation


def _mask(needs: Sequence[Need]) -> int:
    return sum(1 << bit for bit, need in enumerate(needs) if need.is_name)


def _closed_end(lines: Sequence[str], start: int, end: int) -> int:
    """Move the end of a window to where its open brackets close, if that is near."""
    for candidate in range(end, min(start + LONGEST_WINDOW, len(lines)) + 1):
        text = "".join(lines[start:candidate])
        if text.count("(") <= text.count(")") and text.count("[") <= text.count("]"):
            return candidate
    return end


def _squeezed(line: str) -> str:
    return " ".join(line.split())


def _densest(places: Sequence[int], lines: Sequence[str], size: int) -> tuple[int, int, int]:
    """Return the stretch of at most about `size` lines that holds most of the places, and how many."""
    best = (0, 0, 0)
    for first, start in enumerate(places):
        inside = [place for place in places[first:] if place < start + size + 2]
        distinct = len({_squeezed(lines[place]) for place in inside})
        if distinct > best[2]:
            best = (start, inside[-1] + 1, distinct)
    return best
