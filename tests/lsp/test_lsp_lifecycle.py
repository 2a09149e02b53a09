"""A session from its first to its last message, in a process as editors start it."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from lsp_session import EDITORS, Session, StartServer
from lsprotocol import types
from pytest_lsp import client_capabilities

from conftest import HERE


@pytest.mark.parametrize("editor", EDITORS)
async def test_each_editor_is_served_by_a_process(editor: str, start_server: StartServer) -> None:
    """The server answers each editor's capabilities in the encoding that the editor prefers."""
    session = await start_server(process=True)

    result = await session.initialize(client_capabilities(editor))

    general = client_capabilities(editor).general
    preferred = (general.position_encodings or [None])[0] if general else None
    assert result.capabilities.position_encoding == (preferred or types.PositionEncodingKind.Utf16)
    assert result.server_info is not None
    assert result.server_info.name == "firsthand"
    assert result.capabilities.hover_provider is True
    assert (await session.request("firsthand/ask", {"question": "How?"}))["status"] == "complete"


async def test_shutdown_closes_the_folders(start_server: StartServer) -> None:
    """After `shutdown` was answered, every workspace is closed and running work has ended."""
    session = await start_server(process=True)
    await session.initialize(client_capabilities("neovim@v0.11"))
    await session.execute("firsthand.ask", {"question": "wait for ever"})
    await session.until_noted("waiting")

    await session.shut_down()

    assert "model stream closed" in session.notes()
    assert "closed alpha" in session.notes()


class RawServer:
    """A server process spoken to byte by byte."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def receive(self) -> dict[str, Any]:
        """Receive one message."""
        assert self.process.stdout is not None
        header = await self.process.stdout.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in header.splitlines() if line.startswith(b"Content-Length")
        )
        return json.loads(await self.process.stdout.readexactly(length))

    async def answer_to(self, message_id: int) -> dict[str, Any]:
        """Receive messages until the answer to a request."""
        while (message := await self.receive()).get("id") != message_id:
            pass
        return message


async def start_raw(root: Path, notes: Path) -> RawServer:
    """Start a server and shake hands as a client without any capability."""
    environment = {"PYTHONPATH": str(HERE.parent), "FAKE_WORKSPACE_NOTES": str(notes)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(HERE / "fake_workspace.py"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    server = RawServer(process)
    folder = {"uri": root.as_uri(), "name": root.name}
    params = {"processId": None, "rootUri": None, "capabilities": {}, "workspaceFolders": [folder]}
    server.send({"id": 0, "method": "initialize", "params": params})
    await server.answer_to(0)
    server.send({"method": "initialized", "params": {}})
    return server


async def test_the_server_ends_with_its_client(root: Path, tmp_path: Path, cache_dir: Path) -> None:
    """When the client is gone without a word, the server closes its folders and ends."""
    server = await start_raw(root, tmp_path / "notes")
    server.send({"id": 1, "method": "firsthand/ask", "params": {"question": "How?"}})
    await server.answer_to(1)

    assert server.process.stdin is not None
    server.process.stdin.close()
    await asyncio.wait_for(server.process.communicate(), timeout=20)

    assert "closed alpha" in (tmp_path / "notes").read_text().splitlines()


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/hover", None),
        ("textDocument/hover", {"textDocument": {"uri": "file:///a"}, "position": {"line": "x"}}),
        ("textDocument/codeAction", {"textDocument": {}}),
        ("workspace/executeCommand", {}),
        ("firsthand/ask", "no object"),
        ("no/such/method", {"a": 1}),
    ],
)
async def test_malformed_requests_are_answered(
    method: str, params: Any, root: Path, tmp_path: Path, cache_dir: Path
) -> None:
    """Whatever the shape of a request, its answer is an error without a traceback, and the next one is served."""
    server = await start_raw(root, tmp_path / "notes")
    server.send({"id": 1, "method": method, "params": params})
    server.send({"id": 2, "method": "firsthand/status"})

    error = (await server.answer_to(1))["error"]
    status = (await server.answer_to(2))["result"]

    assert error["code"] in (types.ErrorCodes.InvalidParams, types.ErrorCodes.MethodNotFound)
    assert "Traceback" not in json.dumps(error)
    assert status["folders"][0]["name"] == "alpha"
    assert server.process.stdin is not None
    server.process.stdin.close()
    await server.process.communicate()


async def test_work_that_arrives_early_waits_for_the_folder(start_server: StartServer, root: Path) -> None:
    """A question that comes while the folder opens is answered when it is open; hovers and status do not wait."""
    (root / "slow-open").touch()
    session = await start_server()
    await session.initialize(client_capabilities("neovim@v0.11"))
    question = asyncio.create_task(session.request("firsthand/ask", {"question": "How?"}))
    await session.until_noted("open alpha chat=auto excerpts=12")
    hover = await session.client.text_document_hover_async(hover_at(session, 0, 4))
    status = await session.request("firsthand/status", {})

    (root / "slow-open").unlink()

    assert hover is None
    assert status["folders"][0]["indexing"]["stage"] == "opening"
    assert (await question)["status"] == "complete"


async def test_a_folder_that_cannot_be_opened_says_why(start_server: StartServer, tmp_path: Path) -> None:
    """The sentence goes to the user once, to the status and to every request that needs the folder."""
    session = await start_server()
    missing = tmp_path / "missing"
    await session.initialize(client_capabilities("neovim@v0.11"), roots=[missing])

    error = await session.failing("firsthand/ask", {"question": "How?"})
    status = await session.request("firsthand/status", {})

    assert error.message == f"There is no folder {missing}; check the path."
    assert (status["health"], status["message"]) == ("error", error.message)
    assert [message.message for message in session.client.messages] == [f"missing: {error.message}"]


async def test_an_unexpected_failure_to_open_shows_no_detail(start_server: StartServer, root: Path) -> None:
    """What nobody expected is in the log; the user reads a sentence."""
    (root / "crash-on-open").touch()
    session = await start_server()
    await session.initialize(client_capabilities("neovim@v0.11"))

    error = await session.failing("firsthand/search", {"query": "x"})

    assert error.code == types.LSPErrorCodes.RequestFailed
    assert "secret" not in error.message


async def test_without_a_folder_requests_say_what_to_do(start_server: StartServer) -> None:
    """A file that was opened alone has nothing to answer from, and the error says how to change that."""
    session = await start_server()
    await session.initialize(client_capabilities("neovim@v0.11"), roots=[])
    session.open("src/auth.py")

    error = await session.failing("firsthand/ask", {"question": "How?"})
    hover = await session.client.text_document_hover_async(hover_at(session, 0, 4))

    assert error.message == "No folder is open: open the folder that holds your code, then try again."
    assert hover is None
    assert (await session.request("firsthand/status", {}))["health"] == "warning"


async def test_root_uri_is_enough(start_server: StartServer, root: Path) -> None:
    """Clients that know no workspace folders name their folder by `rootUri`."""
    session = await start_server()
    await session.initialize(types.ClientCapabilities(), roots=[], root_uri=root.as_uri())

    answer = await session.request("firsthand/ask", {"question": "where"})

    assert answer["text"].startswith("from alpha")


def hover_at(session: Session, line: int, character: int) -> types.HoverParams:
    """Params of a hover in the source file."""
    document = types.TextDocumentIdentifier(session.uri("src/auth.py"))
    return types.HoverParams(document, types.Position(line, character))
