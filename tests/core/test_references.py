"""Who uses what in small projects of every main language, resolved by names, imports and places."""

import pytest

from fakes.project import open_project
from fakes.workspaces import workspace_files
from firsthand.core.references import CodeGraph, Reference


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


PYTHON = {
    "shop/gateway.py": "class Gateway:\n    def charge(self):\n        return self.send()\n\n    def send(self):\n        pass\n",
    "shop/checkout.py": "from shop.gateway import Gateway\n\n\ndef pay(gateway: Gateway):\n    gateway.charge()\n",
    "shop/other.py": "from vendor import Gateway\n\n\ndef run():\n    Gateway()\n",
    "shop/sub.py": "from .gateway import Gateway\n\n\nclass Loud(Gateway):\n    def shout(self):\n        self.charge()\n",
    "tests/test_checkout.py": "from shop.gateway import Gateway\n\n\ndef test_pay():\n    Gateway().charge()\n",
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


async def test_calls_of_a_method() -> None:
    """A method is called on itself, by heirs, and on what is named like its class."""
    assert await users(PYTHON, "Gateway.charge") == [
        "shop/checkout.py:5 pay calls Gateway.charge likely",
        "shop/sub.py:6 Loud.shout calls Gateway.charge likely",
        "tests/test_checkout.py:5 test_pay calls Gateway.charge likely",
    ]
    assert await users(PYTHON, "send") == ["shop/gateway.py:3 Gateway.charge calls Gateway.send exact"]


LANGUAGES = {
    "typescript": (
        {
            "src/gateway.ts": "export class Gateway {\n  charge() {}\n}\n",
            "src/pay.ts": 'import { Gateway } from "./gateway.js";\nexport class Pay extends Gateway {}\n',
            "src/index.ts": 'export { Gateway } from "./gateway";\n',
        },
        ["src/index.ts:1 - imports", "src/pay.ts:1 - imports", "src/pay.ts:2 Pay extends"],
    ),
    "tsx": (
        {
            "src/Gateway.tsx": "export function Gateway() {\n  return <p/>;\n}\n",
            "src/App.tsx": 'import { Gateway } from "./Gateway";\nexport const App = () => <Gateway/>;\n',
        },
        ["src/App.tsx:1 - imports", "src/App.tsx:2 App calls"],
    ),
    "javascript": (
        {
            "lib/gateway.js": "class Gateway {}\nmodule.exports = { Gateway };\n",
            "lib/pay.js": 'const { Gateway } = require("./gateway");\nfunction pay() {\n  return new Gateway();\n}\n',
        },
        ["lib/gateway.js:2 - refers to", "lib/pay.js:1 - imports", "lib/pay.js:3 pay calls"],
    ),
    "go": (
        {
            "go.mod": "module example.com/shop\n",
            "pay/gateway.go": "package pay\n\ntype Gateway struct{}\n",
            "pay/use.go": "package pay\n\nfunc New() *Gateway {\n\treturn &Gateway{}\n}\n",
            "main.go": 'package main\n\nimport "example.com/shop/pay"\n\nfunc main() {\n\tvar g pay.Gateway\n\t_ = g\n}\n',
            "other/gateway.go": "package other\n\ntype Loud struct {\n\tbare.Gateway\n}\n",
        },
        ["main.go:6 main refers to", "pay/use.go:3 New refers to", "pay/use.go:4 New refers to"],
    ),
    "rust": (
        {
            "src/gateway.rs": "pub struct Gateway;\n\nimpl Gateway {\n    pub fn new() -> Self {\n        Gateway\n    }\n}\n",
            "src/pay.rs": "use crate::gateway::Gateway;\n\nfn pay() {\n    Gateway::new();\n}\n",
        },
        ["src/pay.rs:1 - imports", "src/pay.rs:4 pay refers to"],
    ),
    "java": (
        {
            "src/main/java/shop/Gateway.java": "package shop;\npublic class Gateway {}\n",
            "src/main/java/shop/Pay.java": "package shop;\nclass Pay extends Gateway {}\n",
            "src/main/java/web/Api.java": "package web;\nimport shop.Gateway;\nclass Api {\n  Gateway g = new Gateway();\n}\n",
        },
        [
            "src/main/java/shop/Pay.java:2 Pay extends",
            "src/main/java/web/Api.java:2 - imports",
            "src/main/java/web/Api.java:4 Api.g calls",
        ],
    ),
    "kotlin": (
        {
            "src/Gateway.kt": "package shop\n\nopen class Gateway\n",
            "src/Pay.kt": "package shop\n\nclass Pay : Gateway() {\n    fun make() = Gateway()\n}\n",
        },
        ["src/Pay.kt:3 Pay extends", "src/Pay.kt:4 Pay.make calls"],
    ),
    "csharp": (
        {
            "src/Gateway.cs": "namespace Shop;\npublic class Gateway { }\n",
            "src/Pay.cs": "namespace Shop;\npublic class Pay : Gateway\n{\n    Gateway Make() { return new Gateway(); }\n}\n",
        },
        ["src/Pay.cs:2 Pay extends", "src/Pay.cs:4 Pay.Make calls"],
    ),
    "c": (
        {
            "src/gateway.h": "int charge_card(int cents);\n",
            "src/gateway.c": '#include "gateway.h"\n\nint charge_card(int cents)\n{\n    return cents;\n}\n',
            "src/main.c": '#include "gateway.h"\n\nint main(void)\n{\n    return charge_card(5);\n}\n',
        },
        ["src/main.c:5 main calls"],
    ),
    "cpp": (
        {
            "src/gateway.hpp": "class Gateway {\npublic:\n  void send();\n};\n",
            "src/pay.cpp": '#include "gateway.hpp"\n\nclass Pay : public Gateway {};\n\nvoid run() {\n  auto g = new Gateway();\n}\n',
        },
        ["src/pay.cpp:3 Pay extends", "src/pay.cpp:6 run calls"],
    ),
    "ruby": (
        {
            "lib/gateway.rb": "class Gateway\n  def charge; end\nend\n",
            "lib/pay.rb": "require_relative 'gateway'\n\nclass Pay < Gateway\n  def run\n    Gateway.new\n  end\nend\n",
        },
        ["lib/pay.rb:3 Pay extends", "lib/pay.rb:5 Pay.run calls"],
    ),
    "php": (
        {
            "src/Gateway.php": "<?php\nnamespace App;\nclass Gateway {}\n",
            "src/Pay.php": "<?php\nnamespace App;\nclass Pay extends Gateway {\n  function run() { return new Gateway(); }\n}\n",
        },
        ["src/Pay.php:3 Pay extends", "src/Pay.php:4 Pay.run calls"],
    ),
    "scala": (
        {
            "src/Gateway.scala": "package shop\n\nclass Gateway\n",
            "src/Pay.scala": "package shop\n\nclass Pay extends Gateway {\n  def make = new Gateway()\n}\n",
        },
        ["src/Pay.scala:3 Pay extends", "src/Pay.scala:4 Pay.make calls"],
    ),
    "swift": (
        {
            "Sources/Gateway.swift": "class Gateway {}\n",
            "Sources/Pay.swift": "class Pay: Gateway {\n    func make() -> Gateway { return Gateway() }\n}\n",
        },
        ["Sources/Pay.swift:1 Pay extends", "Sources/Pay.swift:2 Pay.make calls"],
    ),
    "lua": (
        {
            "gateway.lua": "local M = {}\n\nfunction M.charge_card(cents)\n  return cents\nend\n\nreturn M\n",
            "pay.lua": 'local gateway = require("gateway")\n\nlocal function pay()\n  return gateway.charge_card(5)\nend\n',
        },
        ["pay.lua:4 pay calls"],
    ),
    "bash": (
        {
            "lib.sh": "charge_card() {\n  echo $1\n}\n",
            "pay.sh": "source ./lib.sh\n\nmain() {\n  charge_card 5\n}\n",
        },
        ["pay.sh:4 main calls"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
async def test_users_in_every_main_language(language: str) -> None:
    """Imports, heirs, calls and mentions of types are found, and nothing else."""
    files, expected = LANGUAGES[language]
    name = (
        "Gateway"
        if any("class Gateway" in text or "Gateway" in text for text in files.values())
        else "charge_card"
    )

    found = await users(files, name)

    assert [" ".join(line.split(f" {name}")[0].split(f" M.{name}")[0].split()) for line in found] == expected


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
