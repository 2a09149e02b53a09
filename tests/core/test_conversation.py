"""What is remembered between questions, and what a follow-up searches for."""

import pytest

from firsthand.core.answers import Budget, PromptContext, Turn
from firsthand.core.conversation import Conversations, RecentContexts, retrieval_query

REFRESH = Turn("How does token refresh work?", "`renewSession` calls `SessionStore.rotate`.")


@pytest.mark.parametrize(
    ("question", "turns", "expected"),
    [
        ("Where is the cart total computed?", (REFRESH,), "Where is the cart total computed?"),
        ("How does token refresh work?", (), "How does token refresh work?"),
        (
            "Who calls it?",
            (REFRESH,),
            "Who calls it? How does token refresh work? renewSession SessionStore rotate",
        ),
        ("And the tests?", (REFRESH,), "And the tests? How does token refresh work? renewSession SessionStore rotate"),
        ("Why?", (REFRESH,), "Why? How does token refresh work? renewSession SessionStore rotate"),
        (
            "Is that safe?",
            (REFRESH, Turn("Who calls it?", "The middleware.")),
            "Is that safe? Who calls it? How does token refresh work?",
        ),
        (
            "Why?",
            (Turn("lang:go How does token refresh work? tests:no", "It rotates."),),
            "Why? How does token refresh work?",
        ),
        ("What does `PaymentGateway` do?", (REFRESH,), "What does `PaymentGateway` do?"),
    ],
)  # fmt: skip
def test_follow_ups_borrow_what_they_refer_to(question: str, turns: tuple[Turn, ...], expected: str) -> None:
    """A question that cannot stand alone is searched with the one it leans on and the names that were answered."""
    assert retrieval_query(question, turns) == expected


def test_conversations_are_kept_apart_and_bounded() -> None:
    """Turns stay with their conversation, the newest twenty of them; without an id nothing is kept."""
    conversations = Conversations()
    for number in range(30):
        conversations.append("one", Turn(f"q{number}", "a"))
    conversations.append("two", Turn("other", "a"))
    conversations.append(None, Turn("lost", "a"))

    assert [turn.question for turn in conversations.turns("one")] == [
        f"q{number}" for number in range(10, 30)
    ]
    assert [turn.question for turn in conversations.turns("two")] == ["other"]
    assert conversations.turns(None) == ()


def test_the_conversation_that_was_used_longest_ago_is_forgotten() -> None:
    """Of more than fifty conversations, those in use stay."""
    conversations = Conversations()
    for number in range(50):
        conversations.append(f"c{number}", Turn("q", "a"))
    conversations.turns("c0")
    conversations.append("new", Turn("q", "a"))

    assert [bool(conversations.turns(name)) for name in ("c0", "c1", "c2", "new")] == [
        True,
        False,
        True,
        True,
    ]


def test_the_last_fifty_contexts_are_kept() -> None:
    """Contexts of old answers are forgotten, newest last."""
    contexts = RecentContexts()
    for number in range(60):
        contexts.put(str(number), PromptContext((), (), Budget(number, 0)))

    assert contexts.get("9") is None
    assert contexts.get("10") == PromptContext((), (), Budget(10, 0))
