"""What the server tells the client at `initialize`: plain JSON, so that it can be said before anything is loaded."""

from collections.abc import Mapping
from typing import Any

from firsthand import __version__
from firsthand.lsp.messages import COMMANDS

EXPLAIN_KIND = "firsthand.explain"
ASK_KIND = "firsthand.ask"
GENERATE_TEST_KIND = "refactor.firsthand.generateTest"
DOCUMENT_KIND = "refactor.rewrite.firsthand.document"
FIX_KIND = "quickfix"
ACTION_KINDS = (EXPLAIN_KIND, ASK_KIND, GENERATE_TEST_KIND, DOCUMENT_KIND, FIX_KIND)

ENCODINGS = ("utf-8", "utf-16", "utf-32")
_INCREMENTAL = 2
# Moved or deleted folders come as one event for the folder.
_EVERY_FILE = {"filters": [{"scheme": "file", "pattern": {"glob": "**/*"}}]}
_FILE_OPERATIONS = ("didCreate", "didRename", "didDelete")


def initialize_result(client: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result of `initialize` for a client with these capabilities."""
    return {
        "capabilities": {
            "positionEncoding": position_encoding(client),
            "textDocumentSync": {
                "openClose": True,
                "change": _INCREMENTAL,
                "save": {"includeText": False},
            },
            "hoverProvider": True,
            "codeActionProvider": _code_actions(client),
            "executeCommandProvider": {"commands": list(COMMANDS)},
            "workspace": {
                "workspaceFolders": {"supported": True, "changeNotifications": True},
                "fileOperations": _file_operations(client),
            },
        },
        "serverInfo": {"name": "firsthand", "version": __version__},
    }


def position_encoding(client: Mapping[str, Any]) -> str:
    """Return the encoding that the client likes best of those that the server knows."""
    offered = _at(client, "general", "positionEncodings")
    known = [name for name in offered if name in ENCODINGS] if isinstance(offered, list | tuple) else []
    return known[0] if known else "utf-16"


def _code_actions(client: Mapping[str, Any]) -> object:
    if not _at(client, "textDocument", "codeAction", "codeActionLiteralSupport"):
        return True
    return {"codeActionKinds": list(ACTION_KINDS), "resolveProvider": True}


def _file_operations(client: Mapping[str, Any]) -> dict[str, Any]:
    supported = _at(client, "workspace", "fileOperations")
    if not isinstance(supported, Mapping):
        return {}
    return {name: _EVERY_FILE for name in _FILE_OPERATIONS if supported.get(name)}


def _at(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
