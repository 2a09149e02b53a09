"""What the best hits call and what calls them is read beside them, where there is room."""

from fakes.chat import FakeChat
from fakes.project import collect, open_project
from firsthand.core.answers import ContextChosen, Excerpt, PromptContext, Question
from firsthand.core.excerpts import choose_excerpts
from firsthand.core.freshness import Passage, current_file
from firsthand.core.model import Scope

BODY = "".join(f"    total += {number}\n" for number in range(20))
SHOP = "\n\n".join(
    [
        "def checkout_basket(basket):\n    return settle(convert_prices(basket))\n",
        f'@cached\ndef convert_prices(\n    basket,\n    currency="EUR",\n):\n    total = 0\n{BODY}    return total\n',
    ]
)
FILES = {
    "shop/basket.py": SHOP,
    "shop/money.py": "def settle(amount):\n    return amount\n",
    "shop/page.py": "def press_button(event):\n    return checkout_basket(event)\n",
    "tests/test_basket.py": "def test_it():\n    assert checkout_basket(settle(1))\n",
} | {f"other/{at}.py": f"def unrelated{at}(x):\n    return x\n" for at in range(3)}
QUESTION = "What does `checkout_basket` do?"


async def asked(question: Question, chat: FakeChat | None) -> PromptContext:
    """The context of an answer about one definition that is found alone."""
    project = await open_project(FILES, chat)
    found = await project.searcher.search(QUESTION, limit=1)

    async def search(*arguments: object, **options: object) -> tuple[object, ...]:
        return found

    project.searcher.search = search  # type: ignore[assignment,method-assign]
    events, _ = await collect(project.assistant.ask(question))
    return next(event.context for event in events if isinstance(event, ContextChosen))


def described(excerpts: tuple[Excerpt, ...]) -> list[tuple[str, int, int, str]]:
    return [(each.path, each.start_line, each.end_line, each.aside) for each in excerpts]


async def test_what_is_called_and_what_calls() -> None:
    """Small bodies are shown whole, large ones by their signature, tests not at all; each says what ties it."""
    context = await asked(Question(QUESTION), FakeChat("It settles [1]."))

    assert described(context.excerpts) == [
        ("shop/basket.py", 1, 2, ""),
        ("shop/money.py", 1, 2, "called by checkout_basket"),
        ("shop/page.py", 1, 2, "calls checkout_basket"),
        ("shop/basket.py", 6, 9, "called by checkout_basket"),
    ]
    prompt = context.messages[-1].content
    assert "[2] shop/money.py:1-2 settle (called by checkout_basket)\n" in prompt
    assert "[1] shop/basket.py:1-2 checkout_basket\n" in prompt
    assert context.excerpts[3].reasons == ("called by checkout_basket",)


async def test_the_scope_holds_for_them() -> None:
    """What the user left out is not brought in by the back door."""
    context = await asked(Question(QUESTION, scope=Scope(paths=("shop/page.py",))), FakeChat("It settles."))

    assert [each.path for each in context.excerpts] == ["shop/basket.py", "shop/page.py"]


async def test_there_are_few_of_them() -> None:
    """Who allows few excerpts gets fewer of these still, and without a model there are none."""
    few = await asked(Question(QUESTION, limit=3), FakeChat("It settles."))
    none = await asked(Question(QUESTION, limit=2), FakeChat("It settles."))
    reader = await asked(Question(QUESTION), None)

    assert [len(context.excerpts) for context in (few, none, reader)] == [2, 1, 1]


def test_only_room_that_is_left_is_taken() -> None:
    """They stand behind what was found, do not count for the limit, and leave no trace when there is no room."""
    found = current_file("a.py", "\n".join(f"found {number}" for number in range(30)))
    beside = current_file("b.py", "def beside(): ...")
    passages = [
        Passage(found, 1, 3, 1, 3, "one"),
        Passage(found, 11, 13, 11, 13, "two"),
        Passage(beside, 1, 1, 1, 1, "beside", aside="called by one"),
    ]

    def chosen(room: int, limit: int) -> tuple[list[str], list[str]]:
        excerpts, cut = choose_excerpts(passages, room, limit, lambda text: 10 * (text.count("\n") + 1))
        return [each.symbol for each in excerpts], [each.path for each in cut]

    assert chosen(1000, 1) == (["one", "beside"], ["a.py"])
    assert chosen(1000, 2) == (["one", "two", "beside"], [])
    assert chosen(100, 2) == (["one", "two"], [])
