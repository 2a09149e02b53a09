"""Serving over standard input and output: the first answer comes before the server is loaded."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from firsthand.lsp.capabilities import initialize_result, position_encoding
from firsthand.lsp.stdio import serve


async def unopened(root: Path, settings: object) -> None:
    """Open nothing."""


def message(content: object, header: bytes = b"Content-Length: %d\r\n\r\n") -> bytes:
    """One message as it goes over the wire."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return header % len(body) + body


def answers(*sent: bytes) -> list[dict[str, Any]]:
    """What a server writes to a client that sends this and leaves."""
    output = io.BytesIO()
    output.close = lambda: None  # type: ignore[method-assign]
    serve(unopened, stdin=io.BufferedReader(io.BytesIO(b"".join(sent))), stdout=output)  # type: ignore[arg-type]
    received, data = [], output.getvalue()
    while data:
        header, _, rest = data.partition(b"\r\n\r\n")
        length = int(header.split(b"Content-Length:")[1].split(b"\r\n")[0])
        received.append(json.loads(rest[:length]))
        data = rest[length:]
    return received


def request(number: int, method: str, params: object = None) -> dict[str, Any]:
    """A request."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


INITIALIZE = request(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})
STATUS = message(request(2, "firsthand/status"))


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: %d\r\n\r\n",
        b"Content-Length: %d\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
    ],
)
def test_initialize_is_answered_once_and_the_session_goes_on(header: bytes) -> None:
    """The early answer is the only one, and the server behind it knows what the client said."""
    first, second = answers(message(INITIALIZE, header), STATUS)

    assert (first["id"], first["result"]) == (1, initialize_result({}))
    assert (second["id"], second["result"]["message"]) == (2, "starting")


@pytest.mark.parametrize(
    "first",
    [
        message(b"no json"),
        message(b"[]"),
        message(request(1, "initialize", "no object")),
        message({"jsonrpc": "2.0", "method": "exit"}),
        b"Content-Length: 99\r\n\r\n{",
        b"",
    ],
)
def test_another_first_message_is_left_to_the_server(first: bytes) -> None:
    """What is no proper `initialize` gets no early answer and stops nothing."""
    assert [answer for answer in answers(first) if "result" in answer] == []


def test_nothing_heavy_is_loaded_for_the_first_answer() -> None:
    """Neither pygls nor the types of LSP are needed to answer `initialize`."""
    code = "import sys, firsthand.lsp.stdio; print({'pygls', 'lsprotocol', 'attrs', 'asyncio'} & set(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["utf-32", "utf-8"], "utf-32"),
        (["latin-1", "utf-8"], "utf-8"),
        (["latin-1"], "utf-16"),
        ([], "utf-16"),
        (None, "utf-16"),
        ("utf-8", "utf-16"),
    ],
)
def test_the_clients_first_choice_of_encoding_that_we_know(offered: object, chosen: str) -> None:
    """Without one in common it is UTF-16, as LSP says."""
    assert position_encoding({"general": {"positionEncodings": offered}}) == chosen


def test_only_what_the_client_supports_is_offered() -> None:
    """Kinds of code actions and file operations are for clients that said that they know them."""
    plain = initialize_result({})["capabilities"]
    rich = initialize_result(
        {
            "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {}}}},
            "workspace": {"fileOperations": {"didRename": True}},
        }
    )["capabilities"]

    assert plain["codeActionProvider"] is True
    assert plain["workspace"]["fileOperations"] == {}
    assert "quickfix" in rich["codeActionProvider"]["codeActionKinds"]
    assert set(rich["workspace"]["fileOperations"]) == {"didRename"}
