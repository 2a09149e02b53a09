"""The clients' mirrors of `messages.py`: the same names, and no field that the server does not know."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from firsthand.lsp import messages
from firsthand.lsp.json_values import camel_case
from firsthand.settings import Settings

CLIENTS = Path(__file__).parents[2] / "clients"
VSCODE = CLIENTS / "vscode" / "src" / "protocol.ts"
NEOVIM = CLIENTS / "nvim" / "lua" / "firsthand" / "protocol.lua"
MIRRORS = {"vscode": VSCODE, "neovim": NEOVIM}

_QUOTED_NAME = re.compile(r"""["'](firsthand[./][A-Za-z/]+)["']""")
_INTERFACE = re.compile(
    r"^(?:export )?interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}", re.DOTALL | re.MULTILINE
)
_TS_FIELD = re.compile(r"^  readonly (\w+)\??:", re.MULTILINE)
_LUA_CLASS = re.compile(
    r"^---@class \(exact\) firsthand\.(\w+)[^\n]*\n((?:---@field [^\n]*\n)+)", re.MULTILINE
)
_LUA_FIELD = re.compile(r"^---@field (\w+)", re.MULTILINE)
# What the clients call by another name than the server.
_NAMES_IN_CLIENTS = {
    "UngroundedName": "UngroundedResult",
    "PromptMessage": "MessageResult",
    "ModelOffer": "OfferResult",
}
# One class stands for an answer with an edit and without, and one for updates of every kind.
_NAMES_IN_NEOVIM = {"Answer": "GeneratedTestResult", "Update": "AnswerUpdate"}
# LSP's own shapes, of which the client needs a part.
_OF_LSP = {"TextEdit", "TextDocumentEdit", "CreateFile", "WorkspaceEdit"}


def fields_of_server(name: str) -> set[str]:
    """Return the fields of one of the server's shapes, as they are on the wire."""
    name = _NAMES_IN_CLIENTS.get(name, name)
    candidates = [name, *(f"{name}{ending}" for ending in ("Result", "Params", "Arguments"))]
    found = next((getattr(messages, item) for item in candidates if hasattr(messages, item)), None)
    assert found is not None, f"the server has no shape like {name}"
    return {camel_case(item.name) for item in dataclasses.fields(found)}


def interfaces() -> dict[str, set[str]]:
    """Return the fields of every interface of the VS Code client, inherited ones included."""
    found: dict[str, set[str]] = {}
    for name, parent, body in _INTERFACE.findall(VSCODE.read_text("utf-8")):
        found[name] = set(_TS_FIELD.findall(body)) | found.get(parent, set())
    return found


@pytest.mark.parametrize("mirror", MIRRORS.values(), ids=MIRRORS.keys())
def test_a_client_uses_no_name_that_the_server_does_not_know(mirror: Path) -> None:
    """Every name that is written in a mirror is one of the server's, and every request and notification is there."""
    written = set(_QUOTED_NAME.findall(mirror.read_text("utf-8")))

    assert written - set(messages.NAMES) == set()
    assert set(messages.REQUESTS + messages.NOTIFICATIONS) - written == set()


def test_the_vscode_client_mirrors_every_name() -> None:
    """VS Code has a use for each of them."""
    assert set(_QUOTED_NAME.findall(VSCODE.read_text("utf-8"))) == set(messages.NAMES)


@pytest.mark.parametrize("name", sorted(interfaces().keys() - _OF_LSP))
def test_an_interface_has_the_fields_of_the_server(name: str) -> None:
    """An interface of the VS Code client has the fields of the server's shape; updates have those of their kind."""
    fields = interfaces()[name]

    if name.endswith("Update"):
        assert fields <= fields_of_server("AnswerUpdate")
    else:
        assert fields == fields_of_server(name)


def test_the_updates_of_all_kinds_have_every_field() -> None:
    """Nothing of an update of an answer is left out of the VS Code client."""
    of_kinds = [fields for name, fields in interfaces().items() if name.endswith("Update")]

    assert set.union(*of_kinds) == fields_of_server("AnswerUpdate")


def test_a_class_of_neovim_has_only_fields_of_the_server() -> None:
    """What the Neovim client reads, the server sends."""
    classes = {
        name: set(_LUA_FIELD.findall(body)) for name, body in _LUA_CLASS.findall(NEOVIM.read_text("utf-8"))
    }

    unknown = {
        name: fields - fields_of_server(_NAMES_IN_NEOVIM.get(name, name)) for name, fields in classes.items()
    }
    assert classes
    assert {name: fields for name, fields in unknown.items() if fields} == {}


def test_the_vscode_client_has_the_settings_of_the_server() -> None:
    """Each setting has the same name, default and description in the editor; `server` and `trace` are the editor's."""
    manifest = json.loads((CLIENTS / "vscode" / "package.json").read_text("utf-8"))
    groups = manifest["contributes"]["configuration"]
    shown = {name: item for group in groups for name, item in group["properties"].items()}

    of_the_server = {
        f"firsthand.{camel_case(item.name)}": (
            list(item.default) if isinstance(item.default, tuple) else item.default,
            item.metadata["help"],
        )
        for item in dataclasses.fields(Settings)
    }
    assert {
        name: (item["default"], item["description"])
        for name, item in shown.items()
        if name.split(".")[1] not in ("server", "trace")
    } == of_the_server
