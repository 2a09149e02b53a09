"""The structural hover: what a symbol is and who uses it, at once, and nothing from the workspace comes alive in it."""

import asyncio
import re
from dataclasses import replace

import pytest

from fakes.chat import FakeChat
from fakes.project import Project, collect, open_project
from fakes.tree import FakeHistory
from fakes.workspaces import workspace_files
from firsthand.core.answers import Selection
from firsthand.core.hovering import Hovers
from firsthand.core.inert import inert, inline_code
from firsthand.core.model import Commit

CHANGE = Commit("0123456789abcdef", "Ada", "2024-05-01", "Keep deleted users")


def hovers(project: Project, history: FakeHistory | None = None) -> Hovers:
    return Hovers(store=project.store, parser=project.parser, history=history or FakeHistory())


async def card(workspace: str, path: str, needle: str, history: FakeHistory | None = None) -> str | None:
    """Hover over the first occurrence of a text."""
    project = await open_project(workspace_files(workspace))
    found = await hovers(project, history).card(project.select(path, needle))
    return found.markdown if found else None


async def test_a_definition_tells_what_it_is_who_uses_it_and_what_changed_it() -> None:
    """Signature, first paragraph of the documentation, place, users, tests and last change, in this order."""
    markdown = await card("accounts", "accounts/service.py", "delete_user(self", FakeHistory(CHANGE))

    assert markdown == (
        "```python\n"
        "def delete_user(self, user_id: int) -> None\n"
        "```\n"
        "\n"
        "Close an account: the user is gone for everybody, the row stays for the retention period.\n"
        "\n"
        "- Defined at `accounts/service.py:47`\n"
        "- Used by 2 places: `delete_account` `accounts/api.py:20`, `deleteUser` `accounts/legacy/compat.py:11`\n"
        "- Tested in 4 places: `test_deleted_user_is_gone_but_kept` `tests/test_service.py:11`, "
        "`test_deletion_ends_all_sessions` `tests/test_service.py:19`, "
        "`test_last_owner_cannot_leave_a_team_with_members` `tests/test_service.py:28`, "
        "`test_empty_team_is_archived` `tests/test_service.py:36`\n"
        "- Last change 2024-05-01 by Ada: Keep deleted users (`01234567`)"
    )


async def test_before_everything_is_indexed_a_hover_says_that_users_may_be_missing() -> None:
    """Once the first sweep is over it says so no more."""
    project = await open_project(workspace_files("accounts"))
    selection = project.select("accounts/service.py", "delete_user(self")
    sweeping = True
    hovers = Hovers(
        store=project.store, parser=project.parser, history=FakeHistory(), sweeping=lambda: sweeping
    )

    early = await hovers.card(selection)
    sweeping = False
    late = await hovers.card(selection)

    assert early is not None and late is not None
    assert early.markdown == (
        f"{late.markdown}\n- Files are still being indexed: who uses it there is missing here"
    )


@pytest.mark.parametrize(
    ("workspace", "path", "needle", "place"),
    [
        ("accounts", "accounts/api.py", "delete_user(user_id)", "accounts/service.py:47"),
        ("accounts", "accounts/service.py", "hash_password(password)", "accounts/passwords.py:16"),
        ("accounts", "accounts/jobs.py", "UserService)", "accounts/service.py:14"),
        ("webshop", "src/orders/checkoutService.ts", "calculateShippingCost({", "src/shipping/shippingCost.ts:17"),
        ("webshop", "src/orders/refundService.ts", "PaymentGateway,", "src/payments/paymentGateway.ts:20"),
        ("gateway", "proxy/proxy.go", "Permanent(failure)", "retry/retry.go:24"),
        ("gateway", "main.go", "Recover(logger)", "middleware/middleware.go:24"),
    ],
)  # fmt: skip
async def test_a_use_leads_to_its_definition(workspace: str, path: str, needle: str, place: str) -> None:
    """A name that is used here is described where it is defined."""
    assert f"- Defined at `{place}`" in (await card(workspace, path, needle) or "")


@pytest.mark.parametrize(
    ("path", "needle"),
    [
        ("accounts/service.py", "Everything that"),
        ("accounts/service.py", "for team in"),
        ("accounts/service.py", "\n\n\nclass"),
        ("accounts/service.py", "= timedelta"),
        ("accounts/service.py", "len(expired)"),
    ],
)
async def test_nothing_to_say_is_not_said(path: str, needle: str) -> None:
    """Comments, keywords, white space, operators and names of the language have no card."""
    assert await card("accounts", path, needle) is None


@pytest.mark.parametrize(("start", "end"), [(-1, 0), (10_000, 10_000)])
async def test_an_offset_outside_the_text_has_no_card(start: int, end: int) -> None:
    """A client that is out of step gets no card and no error."""
    project = await open_project({"a.py": "def run():\n    pass\n"})

    assert await hovers(project).card(Selection("a.py", "def run():\n    pass\n", start, end)) is None


async def test_unsaved_definitions_count() -> None:
    """A definition that was just typed is described from the editor's text."""
    project = await open_project({"a.py": ""})
    text = 'def brand_new(x: int) -> str:\n    """Fresh."""\n'

    found = await hovers(project).card(Selection("a.py", text, 5, 5))

    assert found is not None
    assert found.markdown.startswith("```python\ndef brand_new(x: int) -> str\n```\n\nFresh.")
    assert text[found.start_byte : found.end_byte] == "brand_new"


async def test_a_name_with_several_definitions_says_so() -> None:
    """The nearest definition is shown, and how many others there are."""
    files = {
        "a/one.py": "def load(path):\n    return open(path)\n",
        "b/two.py": "def load(path):\n    return path\n",
        "b/use.py": "from b.two import load\n\n\ndef main():\n    load('x')\n",
    }
    project = await open_project(files)

    found = await hovers(project).card(project.select("b/use.py", "load('x')"))

    assert found is not None
    assert "- Defined at `b/two.py:1` and 1 more of this name" in found.markdown


class SlowHistory(FakeHistory):
    """A history that answers when it is let go."""

    def __init__(self) -> None:
        super().__init__(CHANGE)
        self.gate = asyncio.Event()
        self.calls = 0

    async def last_change(self, path: str, start_line: int, end_line: int) -> Commit | None:
        self.calls += 1
        await self.gate.wait()
        return await super().last_change(path, start_line, end_line)


async def test_a_slow_history_is_left_out_and_there_the_next_time() -> None:
    """The card does not wait for the history; what it finds late is on the next card, and it is asked once."""
    project = await open_project(workspace_files("accounts"))
    history = SlowHistory()
    cards = hovers(project, history)
    selection = project.select("accounts/service.py", "delete_user(self")

    first = await cards.card(selection)
    history.gate.set()
    second = await cards.card(selection)
    third = await cards.card(selection)

    assert first is not None and second is not None and third is not None
    assert "Last change" not in first.markdown
    assert "Last change 2024-05-01" in second.markdown
    assert third == second
    assert history.calls == 1


async def test_closing_ends_what_is_under_way() -> None:
    """Nothing looks into the history after closing."""
    project = await open_project(workspace_files("accounts"))
    cards = hovers(project, SlowHistory())
    await cards.card(project.select("accounts/service.py", "delete_user(self"))

    await cards.close()

    assert [task for task in asyncio.all_tasks() if "last_change" in repr(task)] == []


HOSTILE = (
    "<img src=x onerror=alert(1)> [go](command:evil) ![i](http://e/x) https://evil.example `x` *b* | \u202e"
)


async def test_what_the_workspace_says_stays_text() -> None:
    """Documentation, commit subjects and authors cannot become links, images, HTML or commands."""
    text = f'def run():\n    """{HOSTILE}"""\n    return 1\n'
    project = await open_project({"a.py": text})

    found = await hovers(project, FakeHistory(Commit("abc", HOSTILE, "2024", HOSTILE))).card(
        Selection("a.py", text, 5, 5)
    )

    assert found is not None
    prose = found.markdown.split("```")[-1].replace("`a.py:1`", "").replace("`abc`", "")
    unescaped = re.sub(r"\\.", "", prose)
    assert re.search(r"[<>\[\]`*!|]", unescaped) is None
    assert re.search(r"\w:[/\w]|\u202e", prose) is None


def test_inline_code_holds_any_backticks() -> None:
    """Code marks are longer than any run inside, and a line break cannot end them."""
    assert inline_code("a``b`\nc") == "```a``b` c```"
    assert inline_code("`") == "`` ` ``"
    assert inert("a_b\nc") == "a\\_b c"


async def test_an_explanation_is_shown_again_while_the_code_is_the_same() -> None:
    """What the model said about a definition is on its card, without its links, until the definition changes."""
    reply = "It **closes** `an [x](y) account`. ![i](http://e/x) [see](command:evil) <b>now</b>"
    project = await open_project(workspace_files("accounts"), FakeChat(reply))
    cards = Hovers(
        store=project.store,
        parser=project.parser,
        history=FakeHistory(),
        explanations=project.assistant.explanations,
    )
    selection = project.select("accounts/service.py", "delete_user(self")
    changed = selection.text.replace(
        "self._sessions.revoke_all(user_id)\n        user.deleted", "user.deleted"
    )

    await collect(project.assistant.explain(selection))
    same = await cards.card(selection)
    other = await cards.card(replace(selection, text=changed))

    assert same is not None and other is not None
    assert same.markdown.endswith("\n\n---\n\nIt **closes** `an [x](y) account`. i see \\<b>now\\</b>")
    assert "closes" not in other.markdown
