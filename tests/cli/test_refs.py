"""`firsthand refs`: who uses a name, for scripts and for people."""

import json
from pathlib import Path

import pytest

from fakes.application import FakeApplication, new_terminal
from fakes.workspaces import workspace_files
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.cli.run import run


def refs(
    *argv: str, workspace: str = "webshop", application: FakeApplication | None = None
) -> tuple[int, str, str]:
    terminal = new_terminal()
    application = application or FakeApplication(workspace_files(workspace), parser=TreeSitterParser())
    code = run(["refs", *argv, "--root", str(Path.cwd())], terminal, application)
    return code, terminal.stdout.getvalue(), terminal.stderr.getvalue()


def places(out: str) -> list[str]:
    """The references of a JSON answer, as places with what they do."""
    return [f"{each['path']}:{each['line']} {each['relation']}" for each in json.loads(out)["references"]]


def test_json_has_definitions_and_every_reference() -> None:
    """One object with exactly the promised keys; the text of a line is what the file says now."""
    code, out, err = refs("calculateShippingCost", "--json")

    found = json.loads(out)
    definition = {
        "path": "src/shipping/shippingCost.ts",
        "line": 18,
        "endLine": 31,
        "symbol": "calculateShippingCost",
        "kind": "function",
        "test": False,
    }
    assert (code, err) == (0, "")
    assert list(found) == ["symbol", "definitions", "references", "nearest"]
    assert found["definitions"] == [definition]
    assert found["references"][1] == {
        "path": "src/orders/checkoutService.ts",
        "line": 23,
        "symbol": "CheckoutService.checkout",
        "relation": "calls",
        "name": "calculateShippingCost",
        "certainty": "exact",
        "test": False,
        "definition": definition,
        "text": "const shipping = calculateShippingCost("
        "{ weightGrams: weight, address: request.address, goodsCents: goods });",
    }


def test_a_person_sees_files_definitions_and_lines() -> None:
    """Where it is defined, how many places there are, and each of them with what it does and its line."""
    code, out, err = refs("delete_user", "--kind", "calls", workspace="accounts")

    assert (code, err) == (0, "")
    assert out.splitlines()[:10] == [
        "accounts/service.py:47  method UserService.delete_user",
        "6 places in 3 files",
        "",
        "accounts/api.py",
        "  delete_account",
        "      20  calls (likely)  service.delete_user(user_id)",
        "",
        "accounts/legacy/compat.py",
        "  deleteUser",
        "      11  calls (likely)  service.delete_user(user_id)",
    ]


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["PaymentDeclinedError", "--kind", "imports"], ["src/orders/subscriptionService.ts:1 imports"]),
        (
            ["Error", "--kind", "inherits"],
            ["src/auth/tokens.ts:13 extends", "src/auth/tokens.ts:16 extends"],
        ),
        (["estimateDeliveryDate", "--kind", "tests"], ["src/shipping/deliveryDate.test.ts:2 imports"]),
        (["src/shipping/shippingCost.ts"], ["src/orders/checkoutService.ts:2 imports"]),
        (["PaymentGateway.call", "--outgoing"], ["src/payments/paymentGateway.ts:39 refers to"]),
    ],
)
def test_the_kind_of_reference_can_be_chosen(argv: list[str], expected: list[str]) -> None:
    """Imports, heirs, tests, the importers of a file, and the other direction."""
    found = places(refs(*argv, "--json")[1])

    assert found[: len(expected)] == expected


def test_a_shared_name_lists_every_definition() -> None:
    """When a name means several things, each is listed, and each reference says which one it is of."""
    found = json.loads(refs("save", "--json", workspace="accounts")[1])

    assert [each["symbol"] for each in found["definitions"]] == [
        *("UserRepository.save", "TeamRepository.save", "MemoryUsers.save", "MemoryTeams.save"),
    ]
    assert [(each["line"], each["name"], each["text"]) for each in found["references"]] == [
        (44, "UserRepository.save", "self._users.save(user)"),
        (66, "TeamRepository.save", "self._teams.save(team)"),
        (69, "UserRepository.save", "self._users.save(user)"),
        (77, "UserRepository.save", "self._users.save(user)"),
    ]


def test_an_unknown_name_is_met_with_the_nearest() -> None:
    """Nothing on standard output, a sentence that helps, and exit code 1; a script gets an object and 0."""
    code, out, err = refs("PaymentGatewy")
    assert (code, out) == (1, "")
    assert err == "PaymentGatewy is not known here; the nearest names are PaymentGateway.\n"

    code, out, _ = refs("PaymentGatewy", "--json")
    assert (code, json.loads(out)["nearest"]) == (0, ["PaymentGateway"])
    assert "look for it with: firsthand search Zebra" in refs("Zebra")[2]


def test_a_name_that_nothing_uses() -> None:
    """The definition is shown, a sentence says that there is no more, and the exit code is 1."""
    code, out, err = refs("calculateShippingCost", "--kind", "tests")

    assert code == 1
    assert out == "src/shipping/shippingCost.ts:18  function calculateShippingCost\n"
    assert err == "Nothing that was looked at uses calculateShippingCost in this way.\n"


def test_no_index_says_what_may_be_missing() -> None:
    """With `--no-index` the files that the index does not have as they are now are counted."""
    application = FakeApplication({"a.py": "def first():\n    pass\n", "b.py": "first()\n"})
    said = [
        refs("first", *flags, application=application)[2] for flags in (["--no-index"], [], ["--no-index"])
    ]

    assert "2 files are not indexed yet: places in them are missing here." in said[0].splitlines()
    assert "missing here" not in said[1] + said[2]


def test_a_name_from_a_library() -> None:
    """What no file defines is listed where it is named, and that is said."""
    code, out, err = refs("randomUUID")

    assert (code, err) == (0, "randomUUID is not defined here; these are the places that name it.\n")
    assert "imports (likely)" in out
