"""Each statement of an answer is matched to the lines that support it; what nothing supports is marked."""

import hashlib
import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fakes.workspaces import workspace_files
from firsthand.core.answers import Excerpt
from firsthand.core.attribution import Attribution, Attributor, attribute

FILES = {name: workspace_files(name) for name in ("webshop", "accounts", "gateway")}


def excerpts_of(*places: str) -> list[Excerpt]:
    """Read excerpts like "accounts:accounts/service.py:47-69 UserService.delete_user" from the workspaces."""
    excerpts = []
    for number, place in enumerate(places, 1):
        location, _, symbol = place.partition(" ")
        workspace, path, lines = location.split(":")
        start, end = map(int, lines.split("-"))
        text = "\n".join(FILES[workspace][path].split("\n")[start - 1 : end])
        digest = hashlib.sha256(text.encode()).hexdigest()
        excerpts.append(Excerpt(number, path, start, end, text, digest, symbol, len(text) // 3))
    return excerpts


AUTH = excerpts_of(
    "webshop:src/auth/authMiddleware.ts:15-63 authMiddleware, renewSession",
    "webshop:src/auth/sessionStore.ts:15-55 SessionStore",
    "webshop:src/shipping/shippingCost.ts:12-31 calculateShippingCost",
    "webshop:src/payments/paymentGateway.ts:20-52 PaymentGateway",
)
DELETION = excerpts_of(
    "accounts:accounts/service.py:47-85 UserService.delete_user",
    "accounts:accounts/api.py:15-31 delete_account",
    "accounts:config/accounts.toml:1-8 retention",
    "accounts:docs/deletion.md:1-17 Deleting a user",
)
GATEWAY = excerpts_of(
    "gateway:middleware/middleware.go:26-44 Recover",
    "gateway:proxy/proxy.go:31-85 Proxy.ServeHTTP",
    "gateway:retry/retry.go:27-54 Policy.Do",
)


def described(found: Attribution) -> list[str]:
    """Write citations as "path:lines <- the beginning of the text", and unsupported text with a cross."""
    lines = [
        (
            span.start,
            f"{each.path}:{each.start_line}-{each.end_line} <- {found.text[span.start : span.end][:40]}",
        )
        for each in found.citations
        for span in each.spans
    ]
    lines += [(span.start, f"✗ {found.text[span.start : span.end][:60]}") for span in found.unsupported]
    return [line for _, line in sorted(lines)]


CASES = [
    pytest.param(
        AUTH,
        (
            "If the access token has expired, `renewSession` exchanges the refresh token for a new "
            "pair of tokens."
        ),
        [
            "src/auth/authMiddleware.ts:42-48 <- If the access token has expired, `renewS",
        ],
        id="a named function",
    ),
    pytest.param(
        AUTH,
        "Shipping is free inside Germany for orders from 50 euros [2].",
        [
            "src/shipping/shippingCost.ts:17-17 <- Shipping is free inside Germany for orde",
        ],
        id="prose without names, and a wrong mark",
    ),
    pytest.param(
        AUTH,
        ("A refresh token that was used before revokes the whole family (src/auth/sessionStore.ts:900-910)."),
        [
            "src/auth/sessionStore.ts:19-21 <- A refresh token that was used before rev",
        ],
        id="line numbers that the model was never shown are dropped",
    ),
    pytest.param(
        AUTH,
        "The gateway sends an `idempotency-key` header (paymentGateway.ts:40-44), see [4].",
        [
            "src/payments/paymentGateway.ts:20-21 <- The gateway sends an `idempotency-key` h",
        ],
        id="line numbers that it was shown stay",
    ),
    pytest.param(
        AUTH,
        "`PaymentGateway.schedulePayout` pays the merchant every night.",
        [
            "✗ `PaymentGateway.schedulePayout` pays the merchant every nigh",
        ],
        id="an invented method of a true class",
    ),
    pytest.param(
        AUTH,
        (
            "Sure, here is how it works:\n\n## Token refresh\n\nThe excerpts do not show where the "
            "cookies are parsed. Do you want more?"
        ),
        [],
        id="greetings, headings, hedges and questions are no claims",
    ),
    pytest.param(
        AUTH,
        "The session store keeps everything in Redis with a sliding expiration.",
        [
            "✗ The session store keeps everything in Redis with a sliding e",
        ],
        id="a product that the code never mentions",
    ),
    pytest.param(
        AUTH,
        "```ts\nif (row.used_at) {\n  await this.revokeFamily(row.family_id);\n  return null;\n}\n```",
        [
            "src/auth/sessionStore.ts:31-35 <- ```ts\nif (row.used_at) {\n  await this.re",
        ],
        id="code copied from an excerpt",
    ),
    pytest.param(
        AUTH,
        "```ts\nconst queue = new BullQueue('payouts');\nqueue.add(payout);\n```",
        [
            "✗ ```ts\nconst queue = new BullQueue('payouts');\nqueue.add(payo",
        ],
        id="code that is nowhere",
    ),
    pytest.param(
        AUTH,
        ("| what | where |\n|---|---|\n| weight limit | `MAX_WEIGHT_GRAMS` |\n| payout | `payoutLedger` |\n"),
        [
            "src/shipping/shippingCost.ts:15-15 <- | weight limit | `MAX_WEIGHT_GRAMS` |",
            "✗ | payout | `payoutLedger` |",
        ],
        id="rows of a table",
    ),
    pytest.param(
        AUTH,
        (
            "1. The middleware verifies the token with `verifyAccessToken`.\n2. On failure it answers "
            '401 with "The session is not valid".\n'
        ),
        [
            "src/auth/authMiddleware.ts:29-29 <- The middleware verifies the token with `",
            'src/auth/authMiddleware.ts:34-34 <- On failure it answers 401 with "The sess',
        ],
        id="steps that are numbered",
    ),
    pytest.param(
        DELETION,
        (
            "`delete_user` first checks that no team is left without an owner and raises "
            "`LastOwnerError` otherwise. Then all sessions are revoked and `deleted_at` is set."
        ),
        [
            "accounts/service.py:47-53 <- `delete_user` first checks that no team ",
            "accounts/service.py:67-68 <- Then all sessions are revoked and `delet",
        ],
        id="two sentences, two places",
    ),
    pytest.param(
        DELETION,
        "Deleted users are kept for 30 days, see `deleted_users_days`.",
        [
            "config/accounts.toml:3-3 <- Deleted users are kept for 30 days, see ",
        ],
        id="prose over configuration",
    ),
    pytest.param(
        DELETION,
        "The API answers 409 when a `LastOwnerError` is raised, and 404 for `UserNotFoundError`.",
        [
            "accounts/api.py:21-24 <- The API answers 409 when a `LastOwnerErr",
        ],
        id="two facts of one place",
    ),
    pytest.param(
        DELETION,
        "Invoices are kept for ten years.",
        [
            "docs/deletion.md:15-15 <- Invoices are kept for ten years.",
        ],
        id="documentation supports prose",
    ),
    pytest.param(
        DELETION,
        "`delete_user` does not revoke the sessions of the user.",
        [
            "accounts/service.py:47-50 <- `delete_user` does not revoke the sessio",
        ],
        id="a negation is not understood, which is a known limit",
    ),
    pytest.param(
        DELETION,
        (
            "- Memberships are removed with `_teams.save`\n- `email_user` sends a farewell message\n- "
            "A team without members is archived"
        ),
        [
            "accounts/service.py:66-66 <- Memberships are removed with `_teams.sav",
            "✗ `email_user` sends a farewell message",
            "accounts/service.py:50-50 <- A team without members is archived",
        ],
        id="bullets, one of them invented",
    ),
    pytest.param(
        DELETION,
        "Benutzer werden mit `delete_user` gelöscht。`restore_user` macht das rückgängig.",
        [
            "accounts/service.py:47-47 <- Benutzer werden mit `delete_user` gelösc",
            "accounts/service.py:71-71 <- `restore_user` macht das rückgängig.",
        ],
        id="words in another language around true names",
    ),
    pytest.param(
        GATEWAY,
        (
            "When a handler panics, `Recover` logs the stack and answers with status 500. It re-panics "
            "for `http.ErrAbortHandler`."
        ),
        [
            "middleware/middleware.go:29-37 <- When a handler panics, `Recover` logs th",
            "middleware/middleware.go:29-37 <- It re-panics for `http.ErrAbortHandler`.",
        ],
        id="a place that is cited already is cited again",
    ),
    pytest.param(
        GATEWAY,
        (
            "Only idempotent methods are retried: for the others the failure is wrapped with "
            "`retry.Permanent`, so `Do` gives up at once."
        ),
        [
            "proxy/proxy.go:36-43 <- Only idempotent methods are retried: for",
        ],
        id="a sentence over several lines",
    ),
    pytest.param(
        GATEWAY,
        "The delay comes from `Backoff`, and the loop stops when `ctx.Done()` fires.",
        [
            "retry/retry.go:39-41 <- The delay comes from `Backoff`, and the ",
        ],
        id="a loop and its condition",
    ),
    pytest.param(
        GATEWAY,
        "This makes the code robust. Overall it is a good design.",
        [],
        id="praise is no claim",
    ),
    pytest.param(
        GATEWAY,
        "According to excerpt [2], the body is limited to 10 MB.",
        [
            "✗ According to `proxy/proxy.go`, the body is limited to 10 MB.",
        ],
        id="a mark that the sentence needs becomes a path",
    ),
    pytest.param(
        GATEWAY,
        "",
        [],
        id="nothing",
    ),
]


@pytest.mark.parametrize(("excerpts", "answer", "expected"), CASES)
def test_statements_rest_on_lines(excerpts: list[Excerpt], answer: str, expected: list[str]) -> None:
    """The tightest lines that show what a statement says are cited, and nothing else."""
    assert described(attribute(answer, excerpts)) == expected


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("It is verified [1].", "It is verified."),
        ("It is verified ([1]).", "It is verified."),
        ("It is verified (see [1], [2]).", "It is verified."),
        ("It is verified.[1][2] Then it ends.", "It is verified. Then it ends."),
        ("[1] It is verified [47].", " It is verified."),
        ("As excerpt 3 shows, it is free.", "As `src/shipping/shippingCost.ts` shows, it is free."),
        ("`rows[0]` is used, also in rows[0].", "`rows[0]` is used, also in rows[0]."),
        ("See [the docs](docs/sessions.md).", "See [the docs](docs/sessions.md)."),
        ("```ts\nrows[1] // [2]\n```\nDone [2].", "```ts\nrows[1] // [2]\n```\nDone."),
        ("In sessionStore.ts:20-22 and sessionStore.ts:9000.", "In sessionStore.ts:20-22 and sessionStore.ts."),
        ("In other/file.ts:3 nothing changes.", "In other/file.ts:3 nothing changes."),
    ],
)  # fmt: skip
def test_marks_of_the_model_are_taken_out(raw: str, cleaned: str) -> None:
    """Numbers of excerpts mean nothing to the reader; line numbers stay only where the model was shown those lines."""
    assert attribute(raw, AUTH).text == cleaned


def test_a_list_of_sources_is_cited_as_it_stands() -> None:
    """A line that only names lines which the model was shown rests on those lines."""
    found = attribute(
        "Sources:\n\n- src/auth/sessionStore.ts:20-22\n- src/auth/sessionStore.ts:900\n- [3]\n", AUTH
    )

    assert described(found) == [
        "src/auth/sessionStore.ts:20-22 <- src/auth/sessionStore.ts:20-22",
        "src/shipping/shippingCost.ts:12-31 <- `src/shipping/shippingCost.ts`",
    ]


def test_a_mark_decides_between_equal_lines() -> None:
    """Two excerpts that say the same are told apart by what the model cites."""
    twins = excerpts_of("accounts:accounts/api.py:15-25", "accounts:accounts/api.py:15-25")
    first, second = twins[0], Excerpt(2, "other/api.py", *_rest(twins[1]))

    cited = [
        attribute(f"`delete_account` answers 403 to others [{number}].", [first, second]).citations[0].path
        for number in (1, 2)
    ]

    assert cited == ["accounts/api.py", "other/api.py"]


def _rest(excerpt: Excerpt) -> tuple[int, int, str, str, str, int]:
    return (
        excerpt.start_line,
        excerpt.end_line,
        excerpt.text,
        excerpt.content_hash,
        excerpt.symbol,
        excerpt.tokens,
    )


def test_the_hash_is_of_the_cited_lines() -> None:
    """Whoever opens the citation can tell whether the lines are still those that the answer rests on."""
    citation = attribute("`MAX_WEIGHT_GRAMS` is the limit.", AUTH).citations[0]

    lines = FILES["webshop"][citation.path].split("\n")[citation.start_line - 1 : citation.end_line]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == citation.content_hash


LONG_ANSWER = "\n\n".join(case.values[1] for case in CASES if case.values[0] is AUTH)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, len(LONG_ANSWER)), max_size=40))
def test_a_stream_ends_where_the_whole_text_ends(cuts: list[int]) -> None:
    """However the text is cut on its way, text, citations and marks come out the same, and nothing is taken back."""
    attributor, shown, announced = Attributor(AUTH), "", {}
    for start, end in itertools.pairwise(sorted({0, *cuts, len(LONG_ANSWER)})):
        text, citations = attributor.feed(LONG_ANSWER[start:end])
        shown += text
        announced |= {citation.id: citation for citation in citations}
    text, citations = attributor.rest()
    announced |= {citation.id: citation for citation in citations}

    whole = attribute(LONG_ANSWER, AUTH)
    assert attributor.finish() == whole
    assert shown + text == whole.text
    assert tuple(announced.values()) == whole.citations


@settings(max_examples=120, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["`", "```", "~~~", "\n", "\n\n", "- ", "1. ", "# ", "| a | b |", ". ", "! ", "[1]", "[9", "]",
             " (see [2])", "x.py:3", ":", "foo_bar", "verifyAccessToken", " ", "e.g. ", "。", "> ", "---", "in [1]"]
        ),
        max_size=40,
    )
)  # fmt: skip
@example(["- ", "[1]", " ", "foo_bar"])
@example(["- ", "[1]"])
@example(["。", "[1]", "`"])
@example(["]", "[9", "]", "`"])
def test_odd_markdown_streams_like_whole_text(parts: list[str]) -> None:
    """Unclosed fences, stray backticks and half marks come out the same piece by piece as at once."""
    attributor = Attributor(AUTH)
    shown = "".join(attributor.feed(part)[0] for part in parts)
    shown += attributor.rest()[0]

    whole = attribute("".join(parts), AUTH)
    assert attributor.finish() == whole
    assert shown == whole.text


@given(st.text(max_size=300))
def test_any_text_has_ranges_inside_itself(text: str) -> None:
    """Whatever a model writes, ranges lie inside the text and no word of it is lost to the matching."""
    found = attribute(text, AUTH)

    spans = [*found.unsupported, *(span for each in found.citations for span in each.spans)]
    assert all(0 <= span.start < span.end <= len(found.text) for span in spans)
