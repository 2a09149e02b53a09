"""Questions that stand in comments and in prose."""

import pytest

from firsthand.core.written_questions import question_in


@pytest.mark.parametrize(
    ("lines", "question"),
    [
        (["# How are tokens refreshed?"], "How are tokens refreshed?"),
        (["    // Who calls this? "], "Who calls this?"),
        (["/* Who calls this? */"], "Who calls this?"),
        (["/**", " * Who calls", " * this?", " */"], "Who calls this?"),
        (["<!-- Where is it rendered? -->"], "Where is it rendered?"),
        (["-- Which index serves this query?"], "Which index serves this query?"),
        (['"""Where is it closed?"""'], "Where is it closed?"),
        (["# 令牌如何刷新？"], "令牌如何刷新？"),
        (["# How are tokens", "", "# refreshed?"], "How are tokens refreshed?"),
        (["# Refreshes the tokens."], None),
        (["# ?"], None),
        (["let token = refresh(old)?"], None),
        (["const next = isOld ?"], None),
        (["# How is it refreshed?", "def refresh():"], None),
        (["#"] * 12 + ["# Where is the rest?"], None),
        ([""], None),
        ([], None),
    ],
)
def test_a_comment_that_asks(lines: list[str], question: str | None) -> None:
    """Whole lines of comments that end in a question mark ask; code never does, whatever it ends in."""
    assert question_in(lines, is_prose=False) == question


def test_prose_that_asks() -> None:
    """In a file of prose no comment is needed."""
    assert question_in(["How are tokens", "refreshed?"], is_prose=True) == "How are tokens refreshed?"
