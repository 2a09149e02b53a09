"""Citation marks that a model writes itself, taken out of its text as it streams by.

The numbers name excerpts of a prompt that the reader never sees, and small models get them wrong: they are kept as
hints for attribution. Line numbers behind a path stay in the text only when the model was shown those lines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from firsthand.core.answers import Excerpt


@dataclass(frozen=True, slots=True)
class Hint:
    """The model said, at this character of the cleaned text, that it rests on these lines of an excerpt."""

    position: int
    excerpt: int
    """Index into the excerpts."""
    start: int
    end: int
    """Indexes into the excerpt's lines, end excluded."""


_ONE = r"[\[【](?:[Ee]xcerpts?\s+)?\d{{1,2}}(?:\s?[,;–-]\s?\d{{1,2}}){{0,7}}[\]】]"
_BRACKETED = rf"(?P<{{0}}>{_ONE}(?:[ ,;]{{{{0,2}}}}{_ONE}){{{{0,7}}}})"
_MARK = re.compile(
    rf"(?P<aside>[ \t]*\((?:[Ss]ee\s+)?{_BRACKETED.format('aside_numbers')}\))"
    # Behind such a word the sentence needs something to stand for the mark.
    r"|(?P<word>\b(?:[Ee]xcerpts?|[Ss]ee|[Ii]n|[Ff]rom|[Bb]y|[Oo]f|[Tt]o|[Aa]t|[Pp]er|[Tt]han|[Aa]nd)[ \t]+)"
    rf"{_BRACKETED.format('word_numbers')}(?!\()"
    rf"|(?P<plain>(?P<space>[ \t]*){_BRACKETED.format('plain_numbers')}(?!\())"
    r"|(?P<bare>\b[Ee]xcerpt\s+(?P<bare_numbers>\d{1,2})\b)"
    r"|(?P<path>[\w@.\-/]*[\w/]\.\w{1,12})(?P<lines>(?::|#L)(?P<first>\d{1,7})(?:[-–]L?(?P<last>\d{1,7}))?(?::\d+)?)",
    re.ASCII,
)
# The end of a text that may become one of the above when more arrives: a word, and a mark that is not yet closed.
_UNFINISHED = re.compile(
    r"[ \t]*\(?(?:[\w@.\-/:#–]+)?[ \t]*(?:[\[【][\w,;\s–-]{0,40}[\]】][ ,;]{0,2})*(?:[\[【][\w,;\s–-]{0,40}|\))?$",
    re.ASCII,
)
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])")
_FENCE = re.compile(r"^\s{0,12}(`{3,}|~{3,})")


class MarkFilter:
    """Cleans a streamed answer; `text` is what the reader gets, `hints` what the model claimed."""

    def __init__(self, excerpts: Sequence[Excerpt]) -> None:
        self.hints: list[Hint] = []
        self._excerpts = excerpts
        self._length = 0
        self._held = ""
        self._line = ""
        self._released = ""
        self._fence = ""
        self._in_code = False
        self._is_ended = False

    def feed(self, raw: str) -> str:
        """Take more of the model's text, return the cleaned text that is certain by now."""
        return "".join(self._feed_line(part) for part in re.split(r"(?<=\n)", raw) if part)

    def finish(self) -> str:
        """Return what was held back."""
        self._is_ended = True
        return self._release(self._held, "")

    def _feed_line(self, part: str) -> str:
        self._line += part
        if self._fence:
            self._length += len(part)
            cleaned = part
        else:
            cleaned = self._feed_prose(part)
        if part.endswith("\n"):
            self._end_line()
        return cleaned

    def _feed_prose(self, part: str) -> str:
        text = self._held + part
        unfinished = None if text.endswith("\n") else _UNFINISHED.search(text)
        certain = text[: unfinished.start()] if unfinished else text
        return self._release(certain, text[len(certain) :])

    def _release(self, certain: str, held: str) -> str:
        self._held = held
        cleaned: list[str] = []
        position = 0
        for match in _MARK.finditer(certain):
            before = certain[position : match.start()]
            self._append(cleaned, before)
            self._append(cleaned, self._replacement(match, certain))
            position = match.end()
        self._append(cleaned, certain[position:])
        self._released += certain
        return "".join(cleaned)

    def _append(self, cleaned: list[str], text: str) -> None:
        cleaned.append(text)
        self._length += len(text)
        if text.count("`") % 2:
            self._in_code = not self._in_code

    def _replacement(self, match: re.Match[str], text: str) -> str:
        if match["path"]:
            return self._checked_lines(match)
        if self._in_code:
            return match[0]
        found = next(match[f"{kind}_numbers"] for kind in ("aside", "word", "plain", "bare") if match[kind])
        numbers = [int(number) for number in re.findall(r"\d+", found)]
        known = [number - 1 for number in numbers if 1 <= number <= len(self._excerpts)]
        before = self._released + text[: match.start()]
        subscript = match["plain"] and not match["space"] and _ends_with_word(before)
        if subscript and len(known) < len(numbers):
            return match[0]
        ends_line = (self._is_ended or text.endswith("\n")) and not text[match.end() :].strip()
        is_whole_item = ends_line and bool(_ITEM.fullmatch(before))
        space = (match["space"] or "") if is_whole_item else ""
        for index in known:
            excerpt = self._excerpts[index]
            lines = excerpt.end_line - excerpt.start_line + 1
            self.hints.append(Hint(self._length + len(space), index, 0, lines))
        paths = ", ".join(f"`{self._excerpts[index].path}`" for index in known)
        if match["aside"] or match["plain"]:
            return space + paths if is_whole_item else ""
        word = match["word"] or ""
        return paths if word[:1] in ("E", "e") or not word else (word + paths if paths else word.rstrip())

    def _checked_lines(self, match: re.Match[str]) -> str:
        path, first = match["path"], int(match["first"])
        last = int(match["last"] or first)
        named = [
            (index, excerpt)
            for index, excerpt in enumerate(self._excerpts)
            if excerpt.path == path or excerpt.path.endswith(f"/{path}")
        ]
        for index, excerpt in named:
            if excerpt.start_line <= first <= last <= excerpt.end_line:
                start = first - excerpt.start_line
                self.hints.append(Hint(self._length, index, start, start + last - first + 1))
                return match[0]
        return path if named else match[0]

    def _end_line(self) -> None:
        fence = _FENCE.match(self._line)
        if self._fence:
            closing = self._line.strip()
            if fence and closing == fence[1] and closing.startswith(self._fence):
                self._fence = ""
        elif fence:
            self._fence = fence[1]
        self._line = ""
        self._released = ""
        self._in_code = False


def _ends_with_word(text: str) -> bool:
    return bool(text) and (text[-1].isalnum() or text[-1] in "_)]")
