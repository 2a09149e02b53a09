"""How candidates from several searches become one order: fusion of scores, then what code tells on top.

Every rule below is a factor on the fused score, so that it can be read, measured and removed on its own. Files are
chosen first, then places in them: a file's place is its own, and its chunks take turns for it. A description of what
code does has one place and names its file and its neighbours by accident: the more a question describes, the less
the rules count that go by names and files.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from firsthand.core.fusion import Candidate, fuse
from firsthand.core.identifiers import split_identifier, stem, terms
from firsthand.core.model import Chunk, ChunkHead, Hit, ScoredHead
from firsthand.core.query import Query
from firsthand.core.sidelines import sideline_of

_DEFINES_NAME = 3.0
_DEFINES_QUALIFIED_NAME = 3.5
_DEFINES_NAMESAKE = 1.3
_USES_NAME = 4.0
_PATH_SPELLED_OUT = 3.0
# The most that agreement between the question's words and file and folder names may add; nothing for a description.
_PATH_WORDS = 0.8
_NAME_WORDS = 0.3
# What a name adds that says all that the question says: `delete_user` for "How does user deletion work?".
_NAME_SAYS_IT_ALL = 1.0
# How much of these two rules a description takes away: a name that it mentions may well be beside the point.
_DEFINITIONS_FADE = 0.75
_NAMES_FADE = 0.5
# What each further chunk of the same file adds to its best one, damped: a file that matches in many places is about
# the subject. What a description says is in one place of it: there it adds nothing.
_FILE_COHERENCE = 0.4
_TEST_PENALTY = 0.2
_REEXPORT_PENALTY = 0.7
# What an interface or a type only promises is done elsewhere; its name says it as well as the code that does it. It
# stands back unless a name is spelled out or promises are what is asked for.
_PROMISE_PENALTY = 0.8
_PROMISES = frozenset({"interface", "trait", "type"})
_PROMISE_WORDS = frozenset(
    {"interface", "interfaces", "trait", "traits", "type", "types", "protocol", "abstract", "contract"}
)
# Up to this place, nearness of meaning is a reason worth a word.
_CLOSE_IN_MEANING = 20
# The hits of a file behind its best one share its place and count this much less: the first page should show more than
# one file. A description has one place, in whichever file, so all places compete for it; a question may have its answer
# in several files, however much of it describes. How far a hit is behind the best one tells less than that, so it is
# damped: in a file that matters all that matters. What uses the name whose users are asked for is the answer, and
# counts in full.
_FURTHER_HITS = 0.35
_FURTHER_HITS_OF_DESCRIBED = 0.9
_FURTHER_POWER = 0.6
# How many chunks of a file beside its best one tell what it is about.
_COHERENT = 5
_WITH_MEMBERS = frozenset({"class", "interface", "struct", "enum", "trait", "impl", "type"})
# What the header of a class counts inside its file beside members that were found as well.
_HEADER = 0.5

_REEXPORT_FILES = frozenset({"__init__.py", "index.ts", "index.js", "mod.rs", "lib.rs", "package-info.java"})


def rank(
    query: Query,
    dense: Sequence[ScoredHead],
    keywords: Sequence[ScoredHead],
    defining: Sequence[ChunkHead],
    using: Sequence[Hit] = (),
    *,
    near: str | None = None,
    limit: int | None = None,
) -> list[Candidate]:
    """Fuse the lists and order them; nothing is dropped but doubles and what is behind the first `limit`.

    Args:
        dense: nearest by meaning, best first.
        keywords: best by BM25, best first.
        defining: chunks that define a name that the question spells out.
        using: what uses a name whose users are asked for, with what it does.
        near: path of the file that the user is in; its neighbours win ties.
    """
    candidates = fuse(query, dense, keywords, [*defining, *(hit.chunk for hit in using)])
    users = {hit.chunk.id: hit for hit in using}
    asked = _stems(query.terms)
    for candidate in candidates:
        _apply_definition(query, asked, candidate)
        if users and candidate.chunk.id in users:
            _apply_usage(candidate, users[candidate.chunk.id])
        _apply_path(query, asked, candidate)
        _apply_sidelines(query, asked, candidate)
        _apply_nearness(near, candidate)
    return _by_files(query, candidates)[:limit]


def hit(query: Query, candidate: Candidate, chunk: Chunk) -> Hit:
    """Return a candidate with the text of its chunk, and the reasons that the text gives."""
    reasons = list(dict.fromkeys(candidate.reasons))
    if candidate.keywords is not None:
        matched = _matched_terms(query, chunk)
        if matched:
            reasons.append(f"matches: {', '.join(matched)}")
    if candidate.meaning is not None and candidate.meaning.place <= _CLOSE_IN_MEANING:
        reasons.append("close in meaning")
    return Hit(chunk, candidate.score, tuple(reasons or ["related"]), candidate.trace())


def _apply_definition(query: Query, asked: frozenset[str], candidate: Candidate) -> None:
    chunk = candidate.chunk
    if not chunk.name or chunk.kind in ("section", "text"):
        return
    names = _asked_names(query.names) if query.names else ()
    factor = max([_definition_factor(chunk, name) for name in names]) if names else 1.0
    if factor > 1.0:
        gain = (factor - 1) * (1 - _DEFINITIONS_FADE * query.describes)
        candidate.times(1 + gain, "defines a name you wrote")
        candidate.reasons.append(f"defines `{chunk.name}`")
        return
    stems = _stems_of_name(chunk.name)
    overlap = _overlap(asked, stems)
    if overlap:
        agreement = _NAME_WORDS + _NAME_SAYS_IT_ALL * _coverage(query, stems)
        agreement *= 1 - _NAMES_FADE * query.describes
        candidate.times(1 + overlap * agreement, "words of its name")


@lru_cache(maxsize=64)
def _asked_names(names: tuple[str, ...]) -> frozenset[str]:
    """Return the names of a question as `_definition_factor` compares them."""
    normal = {_normal(name) for name in names}
    # The last part of `Cart.total` is a name of its own only for look-ups: here its owner counts.
    return frozenset(normal - {name.rpartition(".")[2] for name in normal if "." in name})


def _definition_factor(chunk: ChunkHead, wanted: str) -> float:
    owner, _, name = wanted.rpartition(".")
    if chunk.name.lower() != name:
        return 1.0
    if not owner:
        return _DEFINES_NAME
    if f".{_normal(chunk.qualified_name)}".endswith(f".{wanted}"):
        return _DEFINES_QUALIFIED_NAME
    # `Invoice.total` when `Cart.total` was asked for; a module's name, though, stands in no qualified name.
    return _DEFINES_NAMESAKE if _normal(chunk.qualified_name) != name else _DEFINES_NAME


def _apply_usage(candidate: Candidate, use: Hit) -> None:
    candidate.times(_USES_NAME, "related as you asked")
    candidate.is_asked_for = True
    candidate.reasons += use.reasons


def _apply_path(query: Query, asked: frozenset[str], candidate: Candidate) -> None:
    if query.paths and _is_spelled_out(query, candidate.chunk.path.lower()):
        candidate.times(_PATH_SPELLED_OUT, "the path you wrote")
        candidate.reasons.append("the path you named")
        return
    of_file, of_folder = _path_stems(candidate.chunk.path)
    file, folder = _overlap(asked, of_file), _overlap(asked, of_folder)
    if file or folder:
        agreement = (1 - query.describes) * max(file, 0.5 * folder)
        candidate.times(1 + _PATH_WORDS * agreement, "words of its path")
        if file >= 0.5:
            candidate.reasons.append("the file name matches")


def _is_spelled_out(query: Query, path: str) -> bool:
    return any(path == wanted or path.endswith(f"/{wanted}") for wanted in query.paths)


@lru_cache(maxsize=8192)
def _path_stems(path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the stems of the words of a file's name and of its folder's."""
    pure = PurePosixPath(path)
    return _stems_of_name(pure.stem), _stems_of_name(pure.parent.name)


@lru_cache(maxsize=32768)
def _stems_of_name(name: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in split_identifier(name))


def _apply_sidelines(query: Query, asked: frozenset[str], candidate: Candidate) -> None:
    chunk = candidate.chunk
    if chunk.is_test and not query.wants_tests:
        candidate.times(_TEST_PENALTY, "a test")
    sideline = sideline_of(chunk, asked) if not query.paths else None
    if sideline is not None:
        candidate.times(sideline.share, sideline.words)
    if chunk.kind == "module" and chunk.path.rpartition("/")[2] in _REEXPORT_FILES:
        candidate.times(_REEXPORT_PENALTY, "names what others define")
    if chunk.kind in _PROMISES and not candidate.is_asked_for and _wants_work(query):
        candidate.times(_PROMISE_PENALTY, "promises what others do")


def _wants_work(query: Query) -> bool:
    """Tell whether words ask for code that does something, not for a name, an interface or a type."""
    return query.kind == "prose" and not query.names and _PROMISE_WORDS.isdisjoint(query.terms)


def _apply_nearness(near: str | None, candidate: Candidate) -> None:
    if near is None:
        return
    if candidate.chunk.path == near:
        candidate.times(1.2, "in your file")
    elif candidate.chunk.path.rpartition("/")[0] == near.rpartition("/")[0]:
        candidate.times(1.05, "in your folder")


def _by_files(query: Query, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Order on two levels: all that a file has places it, and what answers best in it stands first there."""
    by_path: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_path[candidate.chunk.path].append(candidate)
    placed: list[Candidate] = []
    described = 0.0 if query.asks else query.describes
    further = _FURTHER_HITS + (_FURTHER_HITS_OF_DESCRIBED - _FURTHER_HITS) * described
    for group in by_path.values():
        of_file = _file_score(query, group)
        _apply_headers(query, group)
        shown = _without_overlaps(sorted(group, key=_order)) if len(group) > 1 else group
        lead = shown[0].score
        for candidate in shown if lead else ():
            share = candidate.score / lead
            candidate.times(of_file / lead, "all that its file has")
            if candidate is not shown[0] and share and not candidate.is_asked_for:
                candidate.times(further * share ** (_FURTHER_POWER - 1), "further hit of its file")
        placed += shown
    return sorted(placed, key=_order)


def _file_score(query: Query, group: Sequence[Candidate]) -> float:
    """Return what a file is worth by its chunks: its best one, and more where others match, too."""
    if len(group) == 1:
        return group[0].score
    best, *others = sorted((candidate.score for candidate in group), reverse=True)
    coherence = _FILE_COHERENCE * (1 - query.describes)
    return best * (1 + coherence * math.log1p(sum(others[:_COHERENT]) / best)) if best else 0.0


def _apply_headers(query: Query, group: Sequence[Candidate]) -> None:
    """A class matches by the members that its header lists; where they were found, too, they are the answer.

    What stands between the definitions of a file does nothing that could be described.
    """
    if query.kind != "prose":
        return
    owners = {candidate.chunk.qualified_name.rpartition(".")[0] for candidate in group}
    for candidate in group:
        chunk = candidate.chunk
        if chunk.kind in _WITH_MEMBERS and chunk.qualified_name in owners and not candidate.is_asked_for:
            candidate.times(_HEADER, "its members are there, too")
        elif chunk.kind == "module":
            candidate.times(1 - (1 - _HEADER) * query.describes, "between definitions")


def _without_overlaps(ordered: Iterable[Candidate]) -> list[Candidate]:
    """Parts of one definition overlap by design; the best one stands for the lines they share in their file."""
    kept: list[Candidate] = []
    taken: list[tuple[int, int]] = []
    for candidate in ordered:
        span = candidate.chunk.span
        first, last = span.start_line, span.end_line
        size = last - first + 1
        for start, end in taken:
            if start <= last and first <= end and (min(last, end) - max(first, start) + 1) * 2 > size:
                break
        else:
            taken.append((first, last))
            kept.append(candidate)
    return kept


def _matched_terms(query: Query, chunk: Chunk) -> list[str]:
    present = {stem(term) for term in terms(f"{chunk.path} {chunk.qualified_name} {chunk.text}")}
    return [term for term in query.terms if stem(term) in present][:5]


def _overlap(asked: frozenset[str], stems: Sequence[str]) -> float:
    """Share of the words with these stems that the question, of which `asked` are the stems, has in any form."""
    if asked.isdisjoint(stems):
        return 0.0
    return sum([each in asked for each in stems]) / len(stems)


def _coverage(query: Query, stems: Sequence[str]) -> float:
    """Share of the question's terms that words with these stems have in any form."""
    return sum([stem(term) in stems for term in query.terms]) / max(len(query.terms), 1)


@lru_cache(maxsize=64)
def _stems(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(stem(word) for word in words)


def _normal(name: str) -> str:
    return re.sub(r"::|#|->", ".", name).lower()


def _order(candidate: Candidate) -> tuple[float, str, int]:
    """Best first; equal scores in a fixed order, so that the same question has the same answer."""
    return (-candidate.score, candidate.chunk.path, candidate.chunk.span.start_byte)
