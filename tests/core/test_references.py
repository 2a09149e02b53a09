"""Who uses what in small projects of every main language, resolved by names, imports and places."""

import asyncio
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from fakes.project import open_project
from fakes.workspaces import workspace_files
from firsthand.core import references
from firsthand.core.references import CodeGraph, Reference
from firsthand.core.resolution import meant

SAMPLES = Path(__file__).parent / "references"


async def graph(files: dict[str, str]) -> CodeGraph:
    """Index files and return their graph."""
    return CodeGraph((await open_project(files)).store)


def told(references: tuple[Reference, ...]) -> list[str]:
    """Write references the way the tests expect them."""
    return [
        f"{each.path}:{each.line} {each.symbol or '-'} {each.relation} {each.name} {each.certainty}"
        for each in references
    ]


async def users(files: dict[str, str], name: str) -> list[str]:
    """Return who uses a name."""
    found = await graph(files)
    return told(await found.references(await found.find(name)))


async def test_other_work_goes_on_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that stands everywhere takes seconds; the event loop does not wait for it."""
    found = await graph(PYTHON)
    definitions = await found.find("Gateway")
    loop = asyncio.get_running_loop()

    def meant_while_the_loop_runs(*arguments: Any) -> Any:
        heard = threading.Event()
        loop.call_soon_threadsafe(heard.set)
        assert heard.wait(5)
        return meant(*arguments)

    monkeypatch.setattr(references, "meant", meant_while_the_loop_runs)

    assert await found.references(definitions)
    assert await found.uses((await found.find("pay"))[0])


async def test_comparisons_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many uses of a name with many definitions the first ones are told."""
    everyone = await users(PYTHON, "Gateway")
    monkeypatch.setattr(references, "_MOST_COMPARISONS", 2)

    some = await users(PYTHON, "Gateway")
    assert 0 < len(some) < len(everyone)
    assert set(some) <= set(everyone)


PYTHON = {
    "shop/gateway.py": (
        "class Gateway:\n    def charge(self):\n        return self.send()\n\n    def send(self):\n        pass\n"
    ),
    "shop/checkout.py": (
        "from shop.gateway import Gateway\n\n\ndef pay(gateway: Gateway):\n    gateway.charge()\n"
    ),
    "shop/other.py": "from vendor import Gateway\n\n\ndef run():\n    Gateway()\n",
    "shop/sub.py": (
        "from .gateway import Gateway\n\n\nclass Loud(Gateway):\n    def shout(self):\n        self.charge()\n"
    ),
    "tests/test_checkout.py": (
        "from shop.gateway import Gateway\n\n\ndef test_pay():\n    Gateway().charge()\n"
    ),
}


async def test_only_those_who_import_it_use_it() -> None:
    """A class of the same name that another package brings is not taken for it."""
    assert await users(PYTHON, "Gateway") == [
        "shop/checkout.py:1 - imports Gateway exact",
        "shop/checkout.py:4 pay refers to Gateway exact",
        "shop/sub.py:1 - imports Gateway exact",
        "shop/sub.py:4 Loud extends Gateway exact",
        "tests/test_checkout.py:1 - imports Gateway exact",
        "tests/test_checkout.py:5 test_pay calls Gateway exact",
    ]


async def test_names_that_a_package_passes_on() -> None:
    """A name that is taken from the package, or from a module that imports it itself, still means the definition."""
    files = {
        "shop/http_errors.py": "class NotFound(Exception):\n    pass\n",
        "shop/http.py": "from .http_errors import NotFound\n",
        "shop/client.py": "from .http import NotFound\n\n\ndef get():\n    raise NotFound()\n",
        "shop/__init__.py": "from .client import NotFound\n",
        "app.py": "import vendor\nfrom shop import NotFound\n\n\ndef run():\n    NotFound()\n    vendor.NotFound()\n",
    }

    assert await users(files, "NotFound") == [
        "app.py:2 - imports NotFound likely",
        "app.py:6 run calls NotFound likely",
        "shop/__init__.py:1 - imports NotFound likely",
        "shop/client.py:1 - imports NotFound likely",
        "shop/client.py:5 get calls NotFound likely",
        "shop/http.py:1 - imports NotFound exact",
    ]


async def test_calls_of_a_method() -> None:
    """A method is called on itself, by heirs, and on what is named like its class."""
    assert await users(PYTHON, "Gateway.charge") == [
        "shop/checkout.py:5 pay calls Gateway.charge likely",
        "shop/sub.py:6 Loud.shout calls Gateway.charge likely",
        "tests/test_checkout.py:5 test_pay calls Gateway.charge likely",
    ]
    assert await users(PYTHON, "send") == ["shop/gateway.py:3 Gateway.charge calls Gateway.send exact"]


@pytest.mark.parametrize(
    "sample", [pytest.param(file.read_text("utf-8"), id=file.stem) for file in sorted(SAMPLES.glob("*.txt"))]
)
async def test_users_in_every_main_language(sample: str) -> None:
    """Imports, heirs, calls and mentions of types are found, and nothing else.

    A sample holds files, each below its path, and at its end the places that use a name.
    """
    parts = re.split(r"^--- (.*)\n", sample, flags=re.MULTILINE)[1:]
    *files, (title, expected) = zip(parts[::2], parts[1::2], strict=True)
    found = await graph(dict(files))

    references = await found.references(await found.find(title.removeprefix("users of ")))

    places = [f"{each.path}:{each.line} {each.symbol or '-'} {each.relation}" for each in references]
    assert places == expected.splitlines()


async def test_users_follow_the_files() -> None:
    """A use that is written, moved or deleted is found, or not, as soon as its file is indexed again."""
    project = await open_project(PYTHON)
    found = CodeGraph(project.store)
    target = await found.find("Gateway.send")

    project.tree.write("shop/checkout.py", "from shop.gateway import Gateway\n\nGateway().send()\n")
    project.tree.delete("shop/sub.py")
    await project.refresh()

    assert told(await found.references(target)) == [
        "shop/checkout.py:3 - calls Gateway.send likely",
        "shop/gateway.py:3 Gateway.charge calls Gateway.send exact",
    ]
    assert all(each.path != "shop/sub.py" for each in await found.references(await found.find("Gateway")))


async def test_which_services_depend_on_the_gateway() -> None:
    """Every service that takes the gateway is listed, and the test that stands in for it."""
    found = await graph(workspace_files("webshop"))

    references = await found.references(await found.find("PaymentGateway"))

    assert {each.path for each in references} == {
        "src/orders/checkoutService.ts",
        "src/orders/refundService.ts",
        "src/orders/subscriptionService.ts",
        "src/orders/refundService.test.ts",
    }
    assert {each.certainty for each in references} == {"exact"}


async def test_what_a_definition_uses() -> None:
    """The other direction: what a class needs of the workspace, without its own parts."""
    found = await graph(workspace_files("webshop"))

    used = await found.uses((await found.find("CheckoutService"))[0])

    assert {each.name for each in used} == {
        *("OrderRepository", "PaymentGateway", "CheckoutRequest", "Order", "calculateShippingCost", "Charge"),
        *("PaymentGateway.authorize", "PaymentGateway.capture", "OrderRepository.create"),
    }


async def test_who_imports_a_file() -> None:
    """The importers of a file are found by where their imports lead."""
    found = await graph(workspace_files("webshop"))

    importers = await found.importers("src/orders/orderRepository.ts")

    assert [f"{each.path}:{each.line}" for each in importers] == [
        "src/orders/checkoutService.ts:3",
        "src/orders/refundService.ts:2",
        "src/testing/builders.ts:2",
        "src/orders/refundService.test.ts:4",
    ]


async def test_a_file_that_is_named_from_its_own_folder() -> None:
    """Ruby's `require_relative` means one file for certain, and no namesake in another folder."""
    found = await graph(
        {
            "lib/rack/utils.rb": "module Utils\nend\n",
            "lib/other/utils.rb": "module Utils\nend\n",
            "lib/rack/lint.rb": "require_relative 'utils'\n\nclass Lint\nend\n",
            "lib/server.rb": "require_relative 'rack/utils'\n\nclass Server\nend\n",
        }
    )

    importers = await found.importers("lib/rack/utils.rb")

    assert [(each.path, each.certainty) for each in importers] == [
        ("lib/rack/lint.rb", "exact"),
        ("lib/server.rb", "exact"),
    ]
    assert await found.importers("lib/other/utils.rb") == ()


async def test_tests_of_a_function() -> None:
    """Tests that call it, and tests that are only named after it."""
    files = {
        "users.py": "def delete_user(user):\n    pass\n\n\ndef restore_user(user):\n    pass\n",
        "tests/test_users.py": (
            "from users import delete_user\n\n\ndef test_gone():\n    delete_user(1)\n\n\n"
            "def test_restore_user_brings_back(client):\n    client.post('/restore')\n"
        ),
    }
    found = await graph(files)

    assert told(await found.tests(await found.find("delete_user"))) == [
        "tests/test_users.py:1 - imports delete_user exact",
        "tests/test_users.py:5 test_gone calls delete_user exact",
    ]
    assert told(await found.tests(await found.find("restore_user"))) == [
        "tests/test_users.py:8 test_restore_user_brings_back is named after restore_user likely"
    ]


async def test_names_as_people_write_them() -> None:
    """A name is found by itself, with its owner, with its package, in another case, and with brackets."""
    found = await graph(workspace_files("gateway"))

    for name in ("Policy.Backoff", "Backoff", "retry.Policy.Backoff", "`Policy::Backoff()`", "backoff"):
        assert [each.definition.qualified_name for each in await found.find(name)] == ["Policy.Backoff"], name
    assert [each.path for each in await found.find("retry.Permanent")] == ["retry/retry.go"]
    assert await found.find("proxy.Permanent") == ()
    assert await found.find(" ()") == ()


async def test_an_unknown_name_has_nearest_ones() -> None:
    """A slip of the pen is met with the names that are defined."""
    found = await graph(workspace_files("webshop"))

    assert await found.find("PaymentGatewy") == ()
    assert (await found.nearest("PaymentGatewy"))[0] == "PaymentGateway"


async def test_a_name_of_a_library() -> None:
    """What the workspace does not define is found where it is named."""
    found = await graph(workspace_files("webshop"))

    assert {each.path for each in await found.mentions("randomUUID")} == {"src/payments/paymentGateway.ts"}
