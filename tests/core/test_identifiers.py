"""Identifiers are taken apart the way people search for them."""

import pytest

from firsthand.core.identifiers import split_identifier, stem, terms
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


@pytest.mark.parametrize(
    "words",
    [
        "delete deletes deleted deleting deletion deletions",
        "authenticate authentication authenticated authenticator",
        "retry retries retried retrying",
        "run runs running runner",
        "error errors",
        "query queries",
        "class classes",
        "create creation creator creates",
        "handle handler handlers handling",
    ],
)
def test_forms_of_a_word_share_their_stem(words: str) -> None:
    """The forms of one word have one stem."""
    assert len({stem(word) for word in words.split()}) == 1


@pytest.mark.parametrize("words", ["string strict", "user use", "test text", "state static", "order ordinal"])
def test_different_words_keep_apart(words: str) -> None:
    """Words that only look alike have different stems."""
    first, second = words.split()

    assert stem(first) != stem(second)
