"""Identifiers are taken apart the way people search for them."""

import pytest

from firsthand.core.identifiers import split_identifier, terms
from firsthand.core.tokens import estimate_tokens


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("calculateShippingCost", ["calculate", "shipping", "cost"]),
        ("parseHTTPResponse", ["parse", "http", "response"]),
        ("snake_case_name", ["snake", "case", "name"]),
        ("SCREAMING_CASE", ["screaming", "case"]),
        ("__init__", ["init"]),
        ("v2", ["v2"]),
        ("sha256", ["sha", "256"]),
        ("XMLHttpRequest", ["xml", "http", "request"]),
        ("naïveBayes", ["naïve", "bayes"]),
        ("用户", ["用户"]),
        ("", []),
    ],
)
def test_split_identifier(name: str, parts: list[str]) -> None:
    """Case changes, underscores and digits separate words."""
    assert split_identifier(name) == parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("self._tokenStore.refresh()", ["self", "tokenstore", "token", "store", "refresh"]),
        ("a-b c.d", ["a", "b", "c", "d"]),
        ("x" * 65, []),
        ("", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    """Terms are lower case, whole and in parts, in order; endless words are left out."""
    assert terms(text) == expected


def test_estimate_grows_with_wide_scripts() -> None:
    """A character beyond Latin counts as a token, three Latin ones as one."""
    assert (estimate_tokens("abc" * 10), estimate_tokens("語" * 30)) == (11, 31)
