"""Filters in a question are read, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import make_chunk
from fakes.tree import FakeHistory
from firsthand.core.filters import read_filters
from firsthand.core.model import Scope
from firsthand.core.narrowing import Narrowed, narrowed
from firsthand.core.scopes import in_scope
from firsthand.errors import RequestError


@pytest.mark.parametrize(
    ("text", "rest", "scope", "said"),
    [
        ("lang:go retries", "retries", Scope(languages=("go",)), "language: go"),
        ("retries lang:ts,py", "retries", Scope(languages=("typescript", "python")), "language: typescript, python"),
        ("where is language:C++ used?", "where is used?", Scope(languages=("cpp",)), "language: cpp"),
        ("kind:class Cart", "Cart", Scope(kinds=("class",)), "kind: class"),
        ("kind:test,function Cart", "Cart", Scope(kinds=("test", "function")), "kind: test, function"),
        ("path:src/** Cart", "Cart", Scope(paths=("src/**",)), "path: src/**"),
        ("Cart path:src/", "Cart", Scope(paths=("src/",)), "path: src/"),
        ("Cart path:cart.py", "Cart", Scope(paths=("cart.py",)), "path: cart.py"),
        ("tests:no Cart", "Cart", Scope(tests=False), "no tests"),
        ("Cart tests:only?", "Cart", Scope(tests=True), "only tests"),
        ("what broke changed:main", "what broke", Scope(changed_since="main"), "changed since: main"),
        ("since:HEAD~5 retries", "retries", Scope(changed_since="HEAD~5"), "changed since: HEAD~5"),
        ("changed:@{upstream} x", "x", Scope(changed_since="@{upstream}"), "changed since: @{upstream}"),
    ],
)  # fmt: skip
def test_a_filter_is_read(text: str, rest: str, scope: Scope, said: str) -> None:
    """A filter leaves the question, says where to look, and is said in words."""
    found = read_filters(text)

    assert (found.text, found.scope, found.said) == (rest, scope, (said,))


def test_filters_add_up() -> None:
    """Several filters of one kind widen each other, those of different kinds narrow."""
    found = read_filters("path:src/ lang:go How are\nretries made? path:lib/ tests:no")

    assert found.text == "How are\nretries made?"
    assert found.scope == Scope(paths=("src/", "lib/"), languages=("go",), tests=False)
    assert found.said == ("path: src/", "language: go", "path: lib/", "no tests")


@pytest.mark.parametrize(
    "text",
    [
        "std::path::PathBuf and path::join",
        "a:b in yaml, x:y",
        "def f(path:str, kind:string) -> None",
        "what does path:str mean",
        "path:os.PathLike and lang:en",
        "kind:string kind:Class",
        "changed:true since:null tests:yes tests: no",
        "what is lang: go",
        'who writes "lang:go"',
        "who writes `kind:class` and 'tests:no'",
        "```\nlang: go\nkind:class\n```\nwhat is this?",
        "path:../secrets path:/etc/passwd",
        "changed:--output=x since:-n1 changed:a:b",
        "http://host/path:8080/lang:go",
        "{lang:go} (kind:class) [tests:no]",
        "the user's lang:",
    ],
)
def test_prose_and_code_are_no_filters(text: str) -> None:
    """What only looks like a filter stays part of the question, to the letter."""
    found = read_filters(text)

    assert (found.text, found.scope, found.said) == (text, Scope(), ())


@given(st.text(alphabet="lang:gokindpathtestsnochangedsince/*`'\" ,\n", max_size=60))
def test_any_text_is_read(text: str) -> None:
    """No text makes it fail, and a text without filters comes back as it was."""
    found = read_filters(text)

    assert found.said or (found.text, found.scope) == (text, Scope())


async def test_the_question_replaces_what_was_set_elsewhere() -> None:
    """A filter in the question stands in place of that part of the scope, and of that part only."""
    scope = Scope(paths=("lib",), languages=("python",), tests=False)

    assert await narrowed("Cart lang:go", scope, FakeHistory()) == Narrowed(
        "Cart", Scope(paths=("lib",), languages=("go",), tests=False), ("language: go",)
    )


async def test_a_revision_becomes_files() -> None:
    """What changed since a revision is looked up once, wherever the revision was named."""
    history = FakeHistory(revisions={"main": ["a.py"]})

    for text, scope in (("Cart changed:main", Scope()), ("Cart", Scope(changed_since="main"))):
        assert (await narrowed(text, scope, history)).scope.files == {"a.py"}


async def test_an_unknown_revision_is_an_error() -> None:
    """It says so, and how to search for the words themselves where they came from the question."""
    with pytest.raises(RequestError, match=r"no revision gone\. To search .* put them in quotes"):
        await narrowed("Cart changed:gone", Scope(), FakeHistory())
    with pytest.raises(RequestError, match=r"no revision gone\.$"):
        await narrowed("Cart", Scope(changed_since="gone"), FakeHistory())


async def test_filters_alone_ask_nothing() -> None:
    """A question of nothing but filters is refused with what is missing."""
    with pytest.raises(RequestError, match=r"only says where to look \(language: go\)"):
        await narrowed(" lang:go ", Scope(), FakeHistory())


def test_tests_are_a_kind() -> None:
    """A test function is a function and a test; files limit whatever else is asked."""
    test = make_chunk("tests/test_cart.py", "def test_total(): ...", name="test_total", is_test=True)

    assert in_scope(test, Scope(kinds=("test",)))
    assert in_scope(test, Scope(kinds=("function",)))
    assert not in_scope(test, Scope(kinds=("class",)))
    assert in_scope(test, Scope(files=frozenset({"tests/test_cart.py"})))
    assert not in_scope(test, Scope(files=frozenset()))
