"""What a question asks for is read from its words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firsthand.core.query import understand


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("refresh", "symbol"),
        ("TokenStore.refresh", "symbol"),
        ("delete_user()", "symbol"),
        ("src/auth/middleware.ts", "path"),
        ("setup.cfg", "path"),
        ("How does user deletion work?", "prose"),
        ("where is TokenStore made and thrown away", "prose"),
    ],
)
def test_kind(text: str, kind: str) -> None:
    """A lone name, a path and a sentence are told apart."""
    assert understand(text).kind == kind


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("How does TokenStore keep state?", {"TokenStore"}),
        ("what calls delete_user and `run`", {"delete_user", "run"}),
        ("explain Cart.total()", {"Cart.total", "total"}),
        ("std::vector growth", {"std::vector", "vector"}),
        ("MAX_RETRIES is read where?", {"MAX_RETRIES"}),
        ("is HTTPServer started by main()", {"HTTPServer", "main"}),
        ("How do we log in?", set()),
        ("and/or, e.g. read/write", set()),
    ],
)
def test_names(text: str, names: set[str]) -> None:
    """Identifiers that are spelled out are found, prose is not taken for one."""
    assert set(understand(text).names) == names


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("Which services depend on the PaymentGateway class?", ("PaymentGateway",)),
        ("who calls refresh?", ("refresh",)),
        ("where is `delete_user` used", ("delete_user",)),
        ("callers of Cart.total", ("total",)),
        ("Which classes implement Repository?", ("Repository",)),
        ("How does refresh work?", ()),
    ],
)
def test_used(text: str, used: tuple[str, ...]) -> None:
    """A question for the users of a name is recognised, with the name."""
    assert understand(text).used == used


def test_terms_leave_out_the_form_of_the_question() -> None:
    """Search terms carry the subject; identifiers come whole and in parts."""
    query = understand("How does our calculateShippingCost function work?")

    assert query.terms == ("calculateshippingcost", "calculate", "shipping", "cost")


def test_terms_of_nothing_but_stop_words() -> None:
    """A question of stop words alone is searched by them rather than by nothing."""
    assert understand("what is this").terms == ("what", "is", "this")


@pytest.mark.parametrize("text", ["tests for Cart", "how is refresh tested", "which fixture makes a user"])
def test_wants_tests(text: str) -> None:
    """Words about testing ask for tests."""
    assert understand(text).wants_tests


def test_a_sentence_differs_from_a_list_of_words() -> None:
    """The share of words that only hold a sentence together tells both apart."""
    assert understand("Return the users that are not in a group").sentence > 0.4
    assert understand("users without group").sentence < 0.4
    assert understand("renew token cookie").sentence == 0


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("renew token cookie", "Fix the renewal of a token"),
        (
            "How is it found that a user is not in any of the groups",
            "Return the users that are not in any group",
        ),
        ("is a user that is not in any of the groups gone?", "Return the users that are not in any group"),
    ],
)
def test_a_statement_describes_more(less: str, more: str) -> None:
    """A statement of what code does describes it more than a list of words or a question does."""
    assert understand(less).describes < understand(more).describes


def test_a_list_of_names_describes_nothing() -> None:
    """What stands between names that are listed makes no sentence of them."""
    assert [understand(text).describes for text in ("token parser and cookie writer", "user or group")] == [
        0,
        0,
    ]


def test_a_name_describes_nothing() -> None:
    """A name or a path describes nothing, whatever words it has."""
    assert [understand(text).describes for text in ("is_in", "TokenStore.of", "src/for/in.py")] == [0, 0, 0]


@given(st.text(max_size=300))
def test_any_text_is_understood(text: str) -> None:
    """No text makes the analysis fail, and its terms are lower case."""
    query = understand(text)

    assert all(term == term.lower() for term in query.terms)
