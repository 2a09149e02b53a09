"""The numbers behind a rank are those of the ranking itself."""

import math

from hypothesis import given
from hypothesis import strategies as st
from ranked_hits import rank

from builders import make_chunk
from firsthand.core.hit_reasons import with_callers
from firsthand.core.model import Chunk, Hit, ScoredChunk
from firsthand.core.query import understand
from firsthand.core.rank_trace import Factor, Standing

PATHS = (
    "src/cart.py",
    "tests/test_cart.py",
    "examples/cart.py",
    "src/user.py",
    "README.md",
    "lib/__init__.py",
)
NAMES = ("", "total", "delete_user", "Cart")


@st.composite
def lists(draw: st.DrawFn) -> tuple[list[ScoredChunk], list[ScoredChunk], list[Chunk]]:
    """Two lists of scored chunks, and chunks that are known to define or use something."""
    chunks = [
        make_chunk(path, "cart", name=name, start_byte=9 * at, start_line=at + 1, is_test="test" in path)
        for path in PATHS
        for at, name in enumerate(NAMES)
    ]
    scores = st.floats(0.01, 20)

    def some() -> list[ScoredChunk]:
        picked = draw(st.lists(st.sampled_from(chunks), unique_by=lambda chunk: chunk.id, max_size=12))
        ordered = sorted((draw(scores) for _ in picked), reverse=True)
        return [ScoredChunk(chunk, score) for chunk, score in zip(picked, ordered, strict=True)]

    return (
        some(),
        some(),
        draw(st.lists(st.sampled_from(chunks), unique_by=lambda chunk: chunk.id, max_size=3)),
    )


@given(
    lists(),
    st.sampled_from(["How does user deletion work?", "Cart.total", "who uses delete_user", "src/cart.py"]),
)
def test_the_trace_adds_up(
    found: tuple[list[ScoredChunk], list[ScoredChunk], list[Chunk]], question: str
) -> None:
    """A score is both standings together times every rule, and the standings are those of the lists."""
    dense, keywords, known = found

    hits = rank(
        understand(question), dense, keywords, known, [Hit(each, 1.0, ("uses it",)) for each in known]
    )

    for hit in hits:
        assert hit.trace is not None
        assert math.isclose(hit.score, hit.trace.fused * math.prod(each.value for each in hit.trace.factors))
        for standing, ranking in ((hit.trace.meaning, dense), (hit.trace.keywords, keywords)):
            place = next((at for at, each in enumerate(ranking, 1) if each.chunk == hit.chunk), None)
            assert standing == (None if place is None else Standing(place, ranking[place - 1].score))


def test_rules_are_named() -> None:
    """What lifted or lowered a hit is told in words, in the order in which it was applied."""
    definition = make_chunk("src/cart.py", "class Cart: ...", name="Cart", kind="class")
    test = make_chunk("tests/test_cart.py", "Cart()", name="check", is_test=True)
    both = [ScoredChunk(definition, 2.0), ScoredChunk(test, 1.0)]

    first, second = rank(understand("Cart"), both, both, ())

    assert first.trace is not None and second.trace is not None
    assert [each.rule for each in first.trace.factors] == ["defines a name you wrote", "words of its path"]
    assert Factor("a test", 0.2) in second.trace.factors


def test_a_hit_says_how_many_of_the_others_call_it() -> None:
    """Callers are counted by name, in the same language; a name that two hits define says nothing."""
    refresh = make_chunk("a.py", name="refresh")
    hits = [
        Hit(refresh, 3.0, ("defines `refresh`",)),
        Hit(make_chunk("b.py", name="login", calls=["self.tokens.refresh", "save"]), 2.0, ("related",)),
        Hit(make_chunk("c.py", name="logout", calls=["refresh", "login", "get"]), 1.0, ("related",)),
        Hit(make_chunk("d.py", name="save"), 1.0, ("related",)),
        Hit(make_chunk("e.py", name="save"), 1.0, ("related",)),
        Hit(make_chunk("f.py", name="get"), 1.0, ("related",)),
        Hit(make_chunk("g.go", name="logout", language="go", calls=["refresh"]), 1.0, ("related",)),
    ]

    reasons = [hit.reasons[1:] for hit in with_callers(hits)]

    assert reasons == [("called by 2 of the hits",), ("called by another hit",), (), (), (), (), ()]
