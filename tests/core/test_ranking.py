"""Each ranking rule, on lists of two or three chunks where only that rule can decide."""

from collections.abc import Sequence

import pytest
from ranked_hits import rank

from builders import make_chunk
from firsthand.core.model import Chunk, Hit, ScoredChunk
from firsthand.core.query import understand


def check(question: str, *, worse: Chunk, better: Chunk, **options: object) -> Sequence[str]:
    """Rank two chunks of which `worse` stands first in both lists; return the reasons of the winner."""
    both = [ScoredChunk(worse, 1.0), ScoredChunk(better, 0.9)]

    hits = rank(understand(question), both, both, (), **options)  # type: ignore[arg-type]

    assert [hit.chunk.path for hit in hits] == [better.path, worse.path]
    return hits[0].reasons


def test_definition_beats_mention() -> None:
    """A chunk that defines the name that is asked for stands before one that mentions it."""
    reasons = check(
        "How does TokenStore work?",
        worse=make_chunk("a.py", "store = TokenStore()"),
        better=make_chunk("b.py", "class TokenStore: ...", name="TokenStore", kind="class"),
    )

    assert "defines `TokenStore`" in reasons


def test_qualified_name_beats_namesake() -> None:
    """Of two methods of one name, the one of the class that is named stands first."""
    check(
        "Cart.total",
        worse=make_chunk(
            "a.py", "def total(): ...", name="total", qualified_name="Invoice.total", kind="method"
        ),
        better=make_chunk(
            "b.py", "def total(): ...", name="total", qualified_name="Cart.total", kind="method"
        ),
    )


def test_name_that_says_it_all() -> None:
    """A definition whose name has the words of the question, in any form, stands before one with some of them."""
    check(
        "How does user deletion work?",
        worse=make_chunk("a.py", "def find_user(): ...", name="find_user"),
        better=make_chunk("b.py", "def delete_user(): ...", name="delete_user"),
    )


def test_path_that_is_spelled_out() -> None:
    """A file that the question names stands first, and says why."""
    reasons = check(
        "what is in src/auth/session.ts",
        worse=make_chunk("src/auth/token.ts", "session"),
        better=make_chunk("src/auth/session.ts", "token"),
    )

    assert "the path you named" in reasons


def test_file_name_that_matches() -> None:
    """A file whose name has the words of the question stands before one whose text alone has them."""
    reasons = check(
        "how is shipping cost found",
        worse=make_chunk("src/misc.ts", "shipping cost"),
        better=make_chunk("src/shipping_cost.ts", "shipping cost"),
    )

    assert "the file name matches" in reasons


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("how is shipping cost found", "src/shipping_cost.ts"),
        ("the cost of shipping that is added to the sum of all lines", "src/misc.ts"),
    ],
)
def test_descriptions_do_not_go_by_file_names(question: str, first: str) -> None:
    """A question that names its subject finds the file of that name; a sentence about what code does need not."""
    found = [
        ScoredChunk(make_chunk(path, "shipping cost"), score)
        for path, score in (("src/misc.ts", 1.0), ("src/shipping_cost.ts", 0.9))
    ]

    hits = rank(understand(question), found, found, ())

    assert hits[0].chunk.path == first


def test_tests_stand_behind_code() -> None:
    """A test stands behind the code it tests."""
    check(
        "how are users deleted",
        worse=make_chunk("tests/test_users.py", "delete users", is_test=True),
        better=make_chunk("src/people.py", "delete users"),
    )


def test_tests_stand_first_when_asked_for() -> None:
    """A question about tests does not push tests back."""
    test = make_chunk("tests/test_users.py", "delete users", is_test=True)
    code = make_chunk("src/people.py", "delete users")
    both = [ScoredChunk(test, 1.0), ScoredChunk(code, 0.9)]

    hits = rank(understand("which tests delete users"), both, both, ())

    assert hits[0].chunk.is_test


@pytest.mark.parametrize(
    "path",
    [
        "examples/users.py", "pkg/_compat.py", "docs/users.py", "types/users.d.ts", "index.d.cts", "dist/users.js",
        "third_party/users/core.c", "benchmarks/users.rs", "web/users.min.js",
    ],
)  # fmt: skip
def test_sidelines_stand_behind(path: str) -> None:
    """Examples, copies, measurements, compatibility code and typings stand behind the code itself."""
    check(
        "how are people removed",
        worse=make_chunk(path, "remove people"),
        better=make_chunk("src/a.py", "remove people"),
    )


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("README.md", "markdown"), ("docs/people.rst", "rst"), ("CHANGELOG.md", "markdown"), ("UPGRADING", "text"),
        (".github/workflows/people.yml", "yaml"), ("settings.toml", "toml"),
    ],
)  # fmt: skip
def test_what_only_speaks_of_the_code_stands_behind(path: str, language: str) -> None:
    """Documents, records of changes and configuration stand behind the code that does what they say."""
    check(
        "how are people removed",
        worse=make_chunk(path, "remove people", language=language),
        better=make_chunk("src/a.py", "remove people"),
    )


@pytest.mark.parametrize(
    ("question", "path", "language"),
    [
        ("which release changed how people are removed", "CHANGELOG.md", "markdown"),
        ("what does the readme say about removing people", "README.md", "markdown"),
        ("configuration for removing people", "people.toml", "toml"),
        ("benchmark of removing people", "benchmarks/people.rs", "rust"),
        ("vendor code that removes people", "vendor/people.c", "c"),
        ("people.toml removal", "people.toml", "toml"),
        ("which workflow removes people", ".github/workflows/people.yml", "yaml"),
    ],
)
def test_a_sideline_that_is_asked_for_does_not_stand_behind(question: str, path: str, language: str) -> None:
    """A word of the question that means such a file, or its path, takes the rule away."""
    beside = make_chunk(path, "remove people", language=language)
    code = make_chunk("src/a.py", "remove people")
    both = [ScoredChunk(beside, 1.0), ScoredChunk(code, 0.9)]

    hits = rank(understand(question), both, both, ())

    assert hits[0].chunk.path == path


def test_a_record_of_changes_stands_behind_documentation() -> None:
    """What once was so says less than what is."""
    check(
        "how are people removed",
        worse=make_chunk("CHANGES.md", "remove people", language="markdown"),
        better=make_chunk("guide/people.md", "remove people", language="markdown"),
    )


def test_unknown_formats_stand_behind() -> None:
    """A file of no known language, such as recorded output, stands behind code that matches as well."""
    check(
        "how is an upstream picked",
        worse=make_chunk("fixtures.adapted", "pick upstream", language="text", kind="text"),
        better=make_chunk("src/a.go", "pick upstream", language="go"),
    )


def test_users_of_a_name() -> None:
    """Asked who uses a name, its users stand before its definition."""
    definition = make_chunk("gateway.py", "class PaymentGateway: ...", name="PaymentGateway", kind="class")
    user = make_chunk("checkout.py", "gateway = PaymentGateway()", calls=["PaymentGateway"])
    listed = [ScoredChunk(definition, 1.0)]

    hits = rank(
        understand("Which services depend on the PaymentGateway class?"),
        listed,
        listed,
        [definition],
        [Hit(user, 1.0, ("calls `PaymentGateway`",))],
    )

    assert {hit.chunk.path: "calls `PaymentGateway`" in hit.reasons for hit in hits} == {
        "gateway.py": False,
        "checkout.py": True,
    }


def test_overlapping_parts_are_one_hit() -> None:
    """Of two chunks that share most of their lines the better one stays."""
    whole = make_chunk("a.py", "one\ntwo\nthree\nfour\n", start_line=1)
    part = make_chunk("a.py", "two\nthree\nfour\n", start_line=2, start_byte=4)
    apart = make_chunk("a.py", "nine\n", start_line=9, start_byte=40)
    listed = [ScoredChunk(chunk, 1.0) for chunk in (whole, part, apart)]

    hits = rank(understand("two three"), listed, listed, ())

    assert [hit.chunk.span.start_line for hit in hits] == [1, 9]


def test_one_file_does_not_fill_the_page() -> None:
    """Further hits of the same file make room for another file."""
    same = [make_chunk("a.py", "token\n", start_line=10 * n + 1, start_byte=10 * n) for n in range(4)]
    other = make_chunk("b.py", "token\n")
    listed = [ScoredChunk(chunk, 1.0) for chunk in [*same, other]]

    hits = rank(understand("token"), listed, listed, ())

    assert [hit.chunk.path for hit in hits].index("b.py") < 3


def test_nearness_decides_ties() -> None:
    """Of two equal chunks the one in the file that the user is in stands first."""
    check(
        "delete it",
        worse=make_chunk("b/other.py", "delete"),
        better=make_chunk("a/here.py", "delete"),
        near="a/here.py",
    )


def test_keywords_alone_are_ranked() -> None:
    """Without a dense list the keyword list decides."""
    first, second = make_chunk("a.py", "token"), make_chunk("b.py", "token token")

    hits = rank(understand("token"), (), [ScoredChunk(first, 2.0), ScoredChunk(second, 1.0)], ())

    assert [hit.chunk.path for hit in hits] == ["a.py", "b.py"]
    assert hits[0].reasons == ("matches: token",)


def test_the_first_of_a_list_counts_for_more_when_it_is_far_ahead() -> None:
    """Their places make this a draw; the list whose first is far ahead of its second decides."""
    sure, unsure = make_chunk("z.py", "token"), make_chunk("a.py", "token")
    dense = [ScoredChunk(unsure, 0.801), ScoredChunk(sure, 0.8)]
    keywords = [ScoredChunk(sure, 30.0), ScoredChunk(unsure, 3.0)]

    hits = rank(understand("how is it renewed"), dense, keywords, ())

    assert [hit.chunk.path for hit in hits] == ["z.py", "a.py"]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("give back the users that are not in any of the groups", "meant.py"),
        ("users groups rest", "named.py"),
    ],
)
def test_sentences_lean_on_meaning(question: str, first: str) -> None:
    """Where the lists disagree, meaning decides for a sentence and keywords for a list of words."""
    meant, named = make_chunk("meant.py", "x"), make_chunk("named.py", "x")
    others = [make_chunk(f"{number:02}.py", "x") for number in range(98)]
    dense = [ScoredChunk(meant, 0.9), *(ScoredChunk(chunk, 0.5) for chunk in others), ScoredChunk(named, 0.4)]
    keywords = [ScoredChunk(named, 9.0), ScoredChunk(meant, 1.0)]

    hits = rank(understand(question), dense, keywords, ())

    assert hits[0].chunk.path == first


def test_further_hits_of_a_file_stand_behind_other_files() -> None:
    """The second hit of a file gives way to another file that is nearly as good; among themselves they keep order."""
    texts = [
        make_chunk("a.py", "token", start_line=20 * number + 1, start_byte=100 * number)
        for number in range(3)
    ]
    other = make_chunk("b.py", "token")
    listed = [ScoredChunk(chunk, score) for chunk, score in zip(texts, (1.0, 0.9, 0.8), strict=True)]

    hits = rank(understand("token"), (), [*listed, ScoredChunk(other, 0.75)], ())

    assert [hit.chunk for hit in hits] == [texts[0], other, *texts[1:]]


_DESCRIPTION = "give back all users that are not in any of the groups"
_WORDS = "users outside groups"


@pytest.mark.parametrize(
    ("question", "paths"), [(_WORDS, "aba"), (_DESCRIPTION, "aab"), (f"{_DESCRIPTION}?", "aba")]
)
def test_places_compete_for_a_description(question: str, paths: str) -> None:
    """The second place of a file stands before a worse one of another file where code is described, not asked for."""
    found = [
        ScoredChunk(make_chunk("a", "x", start_line=1), 1.0),
        ScoredChunk(make_chunk("a", "x", start_line=20, start_byte=90), 0.9),
        ScoredChunk(make_chunk("b", "x"), 0.8),
    ]

    hits = rank(understand(question), (), found, ())

    assert "".join(hit.chunk.path for hit in hits) == paths


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("how is a token kept", "disk"),
        ("interface that keeps a token", "store"),
        ("how does `Store` keep it", "store"),
    ],
)
def test_an_interface_stands_behind_what_does_the_work(question: str, first: str) -> None:
    """Of two equal places the one that does the work stands first, unless interfaces or a name are asked for."""
    found = [
        ScoredChunk(make_chunk("store", "x", name="Store", kind="interface"), 1.0),
        ScoredChunk(make_chunk("disk", "x", name="DiskStore", kind="class"), 0.95),
    ]

    hits = rank(understand(question), (), found, ())

    assert hits[0].chunk.path == first


@pytest.mark.parametrize(("question", "first"), [(_WORDS, "many"), (_DESCRIPTION, "one")])
def test_a_description_has_one_place(question: str, first: str) -> None:
    """A file that matches in many places stands before a better single one, unless code is described."""
    many = [make_chunk("many", "x", start_line=20 * n + 1, start_byte=90 * n) for n in range(4)]
    found = [
        ScoredChunk(make_chunk("one", "x"), 1.0),
        *(ScoredChunk(chunk, 0.95) for chunk in many),
    ]

    hits = rank(understand(question), (), found, ())

    assert hits[0].chunk.path == first


@pytest.mark.parametrize(
    ("question", "first"), [("`Group` users", "Group"), (f"{_DESCRIPTION} of `Group`", "give_back")]
)
def test_a_name_in_a_description_may_be_beside_the_point(question: str, first: str) -> None:
    """What defines a name stands first when the name is what is asked for, not when code is described with it."""
    group = make_chunk("group", "class Group", name="Group", kind="class")
    found = [ScoredChunk(make_chunk("users", "x", name="give_back"), 1.0), ScoredChunk(group, 0.75)]

    hits = rank(understand(question), (), found, [group])

    assert hits[0].chunk.name == first


def cart_file(member: str) -> tuple[Chunk, Chunk]:
    """Return a class and a method, of that class when `member` is `Cart.add`."""
    header = make_chunk("cart.py", "class Cart", name="Cart", kind="class")
    owner = member.rpartition(".")[0]
    method = make_chunk(
        "cart.py",
        "def add",
        name="add",
        qualified_name=member,
        kind="method",
        start_line=9,
        start_byte=90,
        parent=owner,
    )
    return header, method


@pytest.mark.parametrize(
    ("question", "member", "first"),
    [
        ("how do items get in", "Cart.add", "add"),
        ("how do items get in", "Basket.add", "Cart"),
        ("Cart", "Cart.add", "Cart"),
    ],
)
def test_the_header_of_a_class_gives_way_to_its_members(question: str, member: str, first: str) -> None:
    """A member of a class that matches nearly as well stands before its header, unless the class is looked up."""
    header, method = cart_file(member)
    found = [ScoredChunk(header, 1.0), ScoredChunk(method, 0.9)]

    hits = rank(understand(question), (), found, ())

    assert hits[0].chunk.name == first


def test_what_stands_first_in_a_file_has_the_place_of_the_file() -> None:
    """A file is placed by the best that it has, whichever of its chunks then stands first."""
    header, method = cart_file("Cart.add")
    other = make_chunk("other.py", "items")
    found = [ScoredChunk(header, 1.0), ScoredChunk(other, 0.95), ScoredChunk(method, 0.9)]

    hits = rank(understand("how do items get in"), (), found, ())

    assert [hit.chunk for hit in hits] == [method, other, header]
    assert hits[0].score > 1.0


def test_a_limit_keeps_the_best() -> None:
    """With a limit the same hits stand first, and no others."""
    listed = [ScoredChunk(make_chunk(f"{name}.py", "token"), 1.0) for name in "abc"]

    every = rank(understand("token"), listed, listed, ())

    assert rank(understand("token"), listed, listed, (), limit=2) == every[:2]


def test_same_question_same_order() -> None:
    """Equal scores are ordered by path, whatever order the lists had."""
    chunks = [make_chunk(f"{name}.py", "x") for name in "abc"]

    hits = rank(understand("zzz"), (), (), chunks)
    reversed_hits = rank(understand("zzz"), (), (), chunks[::-1])

    assert (
        [hit.chunk.path for hit in hits]
        == [hit.chunk.path for hit in reversed_hits]
        == ["a.py", "b.py", "c.py"]
    )
