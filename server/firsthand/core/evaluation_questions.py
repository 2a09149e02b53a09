"""Questions that a repository answers about itself: what a documentation, a test, a commit says, and where that is.

Nobody's opinion is in them: the author of the code wrote both the words and the place.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from firsthand.core.chunk_preambles import first_sentence
from firsthand.core.evaluation_metrics import Place
from firsthand.core.identifiers import split_identifier
from firsthand.core.languages import is_test_path
from firsthand.core.model import Outline, Scope, Span, Symbol

QuestionKind = Literal["docstring", "test", "commit"]

_CALLABLE = ("function", "method")
_DEFINED = frozenset({"function", "method", "class", "struct", "interface", "trait", "enum", "type", "macro"})
_FEWEST_WORDS, _MOST_WORDS = 4, 40
_FEWEST_NAME_WORDS = 3
# Of what a test calls, the names that few tests call say what this one is about.
_MOST_TESTS_OF_A_SUBJECT = 5
_MOST_SUBJECTS = 3
# A commit over more files is a sweep, not a change of one thing.
_MOST_FILES_OF_A_COMMIT = 5

_WORD = re.compile(r"[^\W\d_]{2,}")
_MARKUP = re.compile(r"^\s*(?:[@:\\]|\.\. |TODO\b|FIXME\b|XXX\b|see\b|deprecated\b|inherit)", re.IGNORECASE)
_TEST_WORDS = frozenset({"test", "tests", "it", "should", "spec", "case"})
_NOT_A_TEST = re.compile(
    r"^(?:set_?up|tear_?down|before|after|fixture|helper|make|create|get)(?![a-z])", re.IGNORECASE
)
_REFERENCE = re.compile(r"\s*\(?(?:\b[\w.-]+/[\w.-]+)?#\d+\)?|\s*\([0-9a-f]{7,40}\)|\bGH-\d+")
_CONVENTIONAL = re.compile(r"^(?P<type>[a-z]+)(?:\((?P<topic>[^)]*)\))?!?:\s*(?P<rest>.+)$", re.IGNORECASE)
_CHORES = frozenset("build chore ci deps docs doc release style test tests lint format typo".split())
_NO_CHANGE_OF_CODE = re.compile(
    r"^(?:merge|revert|bump|release|prepare|version|v?\d+\.\d+|update (?:dep|change|read|version|copyright|licen)"
    r"|fix typo|typo|wip|lint|format|reformat|changelog|add changelog|back to dev|\[pre-commit|chore)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """A question with the places that answer it."""

    kind: QuestionKind
    text: str
    targets: tuple[Place, ...]
    scope: Scope = Scope()
    """Where the answer may be looked for: a test must not be its own answer."""


@dataclass(frozen=True, slots=True)
class DocumentedFunction:
    """A function that says in words what it does."""

    path: str
    sentence: str
    symbol: Symbol


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit says, and the files it changed."""

    subject: str
    paths: tuple[str, ...]


def functions_with_documentation(outlines: Mapping[str, Outline]) -> list[DocumentedFunction]:
    """Return the functions outside tests that have any documentation."""
    return [
        DocumentedFunction(path, first_sentence(symbol.docstring), symbol)
        for path, outline in outlines.items()
        if not is_test_path(path)
        for symbol in outline.symbols
        if symbol.kind in _CALLABLE and symbol.docstring.strip()
    ]


def documented_functions(outlines: Mapping[str, Outline]) -> list[DocumentedFunction]:
    """Return those whose documentation begins with a telling sentence that no other function has."""
    found = functions_with_documentation(outlines)
    shared = Counter(function.sentence.lower() for function in found)
    return [
        function
        for function in found
        if shared[function.sentence.lower()] == 1 and _is_telling(function.sentence)
    ]


def questions_of_docstrings(functions: Sequence[DocumentedFunction]) -> list[KnownQuestion]:
    """Ask for each function in the words of its documentation, which must be gone from what is searched."""
    return [
        KnownQuestion("docstring", function.sentence, (_place(function.path, function.symbol.span),))
        for function in functions
    ]


def questions_of_tests(outlines: Mapping[str, Outline]) -> list[KnownQuestion]:
    """Ask, in the words of each test, for the code that it tests: what few tests call and is defined once."""
    definitions = _single_definitions(outlines)
    tests = [symbol for path, outline in outlines.items() for symbol in _tests(path, outline)]
    callers = Counter(name for test in tests for name in test.calls if name in definitions)
    questions = []
    for test in tests:
        rare = [name for name in test.calls if 0 < callers[name] <= _MOST_TESTS_OF_A_SUBJECT]
        subjects = sorted(rare, key=lambda name: callers[name])[:_MOST_SUBJECTS]
        if subjects:
            targets = tuple(definitions[name] for name in subjects)
            questions.append(KnownQuestion("test", _words_of_test(test), targets, Scope(tests=False)))
    return _distinct(questions)


def questions_of_commits(changes: Sequence[Change], outlines: Mapping[str, Outline]) -> list[KnownQuestion]:
    """Ask, in the words of each commit's subject, for the files of code that it changed and that still exist."""
    code = {
        path for path, outline in outlines.items() if not is_test_path(path) and _defines_something(outline)
    }
    questions = []
    for change in changes:
        subject = _subject(change.subject)
        paths = sorted(code.intersection(change.paths))
        if subject and 0 < len(paths) <= _MOST_FILES_OF_A_COMMIT:
            questions.append(KnownQuestion("commit", subject, tuple(Place(path) for path in paths)))
    return _distinct(questions)


def _is_telling(sentence: str) -> bool:
    return _FEWEST_WORDS <= len(_WORD.findall(sentence)) <= _MOST_WORDS and not _MARKUP.match(sentence)


def _place(path: str, span: Span) -> Place:
    return Place(path, span.start_line, span.end_line)


def _single_definitions(outlines: Mapping[str, Outline]) -> dict[str, Place]:
    """Return the place of every name that is defined in one place outside tests."""
    places: dict[str, list[Place]] = {}
    for path, outline in outlines.items():
        if not is_test_path(path):
            for symbol in outline.symbols:
                if symbol.kind in _DEFINED and symbol.kind != "test":
                    places.setdefault(symbol.name, []).append(_place(path, symbol.span))
    return {name: found[0] for name, found in places.items() if len(found) == 1 and len(name) > 2}


def _tests(path: str, outline: Outline) -> list[Symbol]:
    """Return the tests of a file whose names say something."""
    in_test_file = is_test_path(path)
    return [
        symbol
        for symbol in outline.symbols
        if (symbol.kind == "test" or (in_test_file and symbol.kind in _CALLABLE))
        and not _NOT_A_TEST.match(symbol.name)
        and len(_name_words(symbol.name)) >= _FEWEST_NAME_WORDS
    ]


def _name_words(name: str) -> list[str]:
    words = name.split() if " " in name else split_identifier(name)
    return [word for word in words if word.lower() not in _TEST_WORDS]


def _words_of_test(test: Symbol) -> str:
    words = " ".join(_name_words(test.name))
    sentence = first_sentence(test.docstring)
    return f"{words}: {sentence}" if _is_telling(sentence) else words


def _defines_something(outline: Outline) -> bool:
    return any(symbol.kind in _DEFINED for symbol in outline.symbols)


def _subject(text: str) -> str:
    """Return what a commit's subject says of the code, without numbers of issues; "" when it says nothing."""
    subject = _REFERENCE.sub("", text).strip()
    match = _CONVENTIONAL.match(subject)
    if match:
        if match["type"].lower() in _CHORES:
            return ""
        subject = " ".join(part for part in (match["topic"], match["rest"]) if part)
    if _NO_CHANGE_OF_CODE.match(subject) or len(_WORD.findall(subject)) < _FEWEST_WORDS:
        return ""
    return subject


def _distinct(questions: Sequence[KnownQuestion]) -> list[KnownQuestion]:
    """Leave out questions that were asked before in the same words: no ranking can tell them apart."""
    asked = Counter(question.text.lower() for question in questions)
    return [question for question in questions if asked[question.text.lower()] == 1]
