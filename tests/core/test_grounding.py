"""Names that an answer uses and nothing has are told, with the nearest that exist; true names never are."""

import pytest

from firsthand.core.answers import Excerpt
from firsthand.core.grounding import known_names, ungrounded_names

NAMES = frozenset(
    "PaymentGateway authorize capture refund calculateShippingCost delete_user UserService payments".split()
)
PATHS = ("src/payments/paymentGateway.ts", "accounts/service.py", "docs/deletion.md")
EXCERPT = Excerpt(
    1, "accounts/service.py", 1, 2, "team_owner = load(team_id)\nreturn team_owner", "", "load", 9
)


def found(text: str, question: str = "") -> list[tuple[str, tuple[str, ...]]]:
    known = known_names(NAMES, PATHS, [EXCERPT], question)
    return [(each.name, each.nearest) for each in ungrounded_names(text, known)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("`PaymentGateway` calls `authorize` and `capture()`.", [], id="true names"),
        pytest.param("It calls `authorise`.", [("authorise", ("authorize",))], id="a near miss"),
        pytest.param("Use PaymentGateway.charge_card().", [("charge_card", ())], id="an invented method"),
        pytest.param(
            "The calculateShippingCosts function",
            [("calculateShippingCosts", ("calculateShippingCost",))],
            id="camel case in prose",
        ),
        pytest.param("delete_users removes rows", [("delete_users", ("delete_user",))], id="snake case in prose"),
        pytest.param("`team_owner` is loaded", [], id="a local name of an excerpt"),
        pytest.param("See accounts/service.py and service.py", [], id="true paths"),
        pytest.param("See `accounts/users.py`", [("accounts/users.py", ())], id="an invented path"),
        pytest.param("See `lib/service.py`", [("lib/service.py", ("accounts/service.py",))], id="a wrong folder"),
        pytest.param("Use `await`, `None`, `Promise.all`, `json.dumps()` and `fmt.Errorf`.", [], id="language"),
        pytest.param("GitHub, TypeScript and PostgreSQL over HTTPS", [], id="products"),
        pytest.param("See https://example.com/createOrder(x) for more", [], id="an address"),
        pytest.param("Run `pip install --upgrade foo`", [], id="a command"),
        pytest.param("The paymentgateway is slow", [], id="prose in another case"),
        pytest.param("```py\ndef helper(x):\n    return helper(x) + len(x)\n```", [], id="code that is whole"),
        pytest.param(
            "```ts\nconst g = new PaymentGateway();\ng.payOut(3);\n```",
            [("payOut", ())],
            id="code that calls what is not there",
        ),
        pytest.param("", [], id="nothing"),
    ],
)  # fmt: skip
def test_names(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    """Only names that the workspace, the excerpts, the language and the question lack are reported."""
    assert found(text) == expected


def test_a_name_of_the_question_is_not_the_answers_invention() -> None:
    """What the user asks about may be repeated, also when it does not exist."""
    assert found("There is no `frobnicate` here.", "What does frobnicate do?") == []


def test_every_use_has_its_range() -> None:
    """All places of a name are marked, in characters of the text."""
    text = "ünïcode `chargeCard`, later chargeCard() again"
    (name,) = ungrounded_names(text, known_names(NAMES, PATHS, [], ""))

    assert [text[span.start : span.end] for span in name.spans] == ["chargeCard", "chargeCard"]


def test_a_large_code_base_is_searched_for_near_names() -> None:
    """Among a quarter of a million names the nearest are found, with bounded work."""
    many = frozenset(f"handle_order_{number}" for number in range(250_000)) | NAMES
    known = known_names(many, PATHS, [], "")

    names = ungrounded_names(" ".join(f"`handle_ordr_{letter}x`" for letter in "abcdefgh"), known)

    assert [name.name for name in names] == [f"handle_ordr_{letter}x" for letter in "abcdefgh"]
    assert all(nearest.startswith("handle_order_") for name in names for nearest in name.nearest)
