"""What makes a question, and what does not."""

import pytest

from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.evaluation_metrics import Place
from firsthand.core.evaluation_questions import (
    Change,
    documented_functions,
    questions_of_commits,
    questions_of_docstrings,
    questions_of_tests,
)
from firsthand.core.model import Outline, Scope

PARSER = TreeSitterParser()


def outlines(**files: str) -> dict[str, Outline]:
    """Parse files given as `folder__name=text`; all are Python."""
    parsed = {}
    for name, text in files.items():
        outline = PARSER.outline("python", text)
        assert outline is not None
        parsed[name.replace("__", "/") + ".py"] = outline
    return parsed


DOCUMENTED = '''\
def refresh(token):
    """Fetch a new token from the server. It lives an hour."""
    return token
'''


def test_a_documented_function_is_asked_for_in_its_own_words() -> None:
    """The first sentence of the documentation asks, the lines of the function answer."""
    (question,) = questions_of_docstrings(documented_functions(outlines(src__auth=DOCUMENTED)))

    assert question.text == "Fetch a new token from the server"
    assert question.targets == (Place("src/auth.py", 1, 3),)


@pytest.mark.parametrize(
    "documentation",
    ["See above.", "Fetch.", ":param token: the token that is fetched", "TODO: say what it does here"],
)
def test_documentation_that_tells_nothing_asks_nothing(documentation: str) -> None:
    """Too few words, or words for a tool, are no question."""
    text = f'def refresh(token):\n    """{documentation}"""\n    return token\n'

    assert documented_functions(outlines(src__auth=text)) == []


def test_documentation_that_two_functions_share_asks_nothing() -> None:
    """A sentence that stands in two places has no one right answer."""
    assert documented_functions(outlines(src__a=DOCUMENTED, src__b=DOCUMENTED)) == []


def test_documentation_of_tests_asks_nothing() -> None:
    """A documented helper of the tests is not what people look for."""
    assert documented_functions(outlines(tests__test_auth=DOCUMENTED)) == []


CODE = "def refresh(token):\n    return token\n\n\ndef client():\n    return 1\n"


def test_a_test_asks_for_what_it_calls() -> None:
    """The words of a test's name ask for the code that it calls, and tests may not answer."""
    test = "def test_an_expired_token_is_renewed():\n    assert refresh('x')\n"

    (question,) = questions_of_tests(outlines(src__auth=CODE, tests__test_auth=test))

    assert question.text == "an expired token is renewed"
    assert question.targets == (Place("src/auth.py", 1, 2),)
    assert question.scope == Scope(tests=False)


def test_what_every_test_calls_is_not_what_one_is_about() -> None:
    """A helper that six tests call is no answer; the function that one of them calls is."""
    common = [f"def test_the_client_answers_number_{word}():\n    client()\n" for word in "abcdef"]
    special = "def test_an_expired_token_is_renewed():\n    client()\n    refresh('x')\n"
    files = outlines(src__auth=CODE, tests__test_auth="\n\n".join([*common, special]))

    (question,) = questions_of_tests(files)

    assert question.targets == (Place("src/auth.py", 1, 2),)


def test_a_name_that_is_defined_twice_is_no_answer() -> None:
    """Which of two namesakes a test means cannot be told from its name."""
    test = "def test_an_expired_token_is_renewed():\n    assert refresh('x')\n"

    assert questions_of_tests(outlines(src__a=CODE, src__b=CODE, tests__test_auth=test)) == []


def test_a_commit_asks_for_the_code_it_changed() -> None:
    """The subject, without the number of the issue, asks for the files of code, not for tests and notes."""
    change = Change(
        "Renew expired tokens before a request (#4711)", ("src/auth.py", "tests/test_auth.py", "NEWS.md")
    )

    (question,) = questions_of_commits([change], outlines(src__auth=CODE, tests__test_auth=CODE))

    assert question.text == "Renew expired tokens before a request"
    assert question.targets == (Place("src/auth.py"),)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("feat(auth): renew expired tokens early", "auth renew expired tokens early"),
        ("fix: keep a token that is still valid", "keep a token that is still valid"),
        ("docs: say when a token is renewed", None),
        ("Merge branch 'main' into token renewal", None),
        ("Bump cryptography from 41.0 to 42.0 for tokens", None),
        ("v1.2.3 release of the token store", None),
        ("Fix typo in the token store", None),
        ("Renew tokens", None),
    ],
)
def test_subjects(subject: str, text: str | None) -> None:
    """What a subject says of the code is asked; chores and a word or two are not."""
    questions = questions_of_commits([Change(subject, ("src/auth.py",))], outlines(src__auth=CODE))

    assert [question.text for question in questions] == ([text] if text else [])


def test_a_sweep_asks_nothing() -> None:
    """A commit over many files is not about any of them."""
    files = outlines(**{f"src__m{number}": CODE for number in range(6)})

    assert questions_of_commits([Change("Rename the token of all clients", tuple(files))], files) == []


def test_a_subject_that_repeats_asks_nothing() -> None:
    """Two commits of the same words changed different files: neither can be told by them."""
    changes = [Change("Renew expired tokens early", (path,)) for path in ("src/a.py", "src/b.py")]

    assert questions_of_commits(changes, outlines(src__a=CODE, src__b=CODE)) == []
