"""The whole program behind the wire: `firsthand serve`, a real index, and a faithful Ollama."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from lsp_session import Session, answer_requests
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import client_capabilities, make_test_lsp_client

from fake_ollama.models import chat
from fake_ollama.server import FakeOllamaThread

QUESTION = "How does our authentication middleware handle token refresh?"


@pytest.fixture
def ollama() -> Iterator[FakeOllamaThread]:
    """An Ollama with a chat model and an embedding model."""
    with FakeOllamaThread() as server:
        yield server


@pytest_asyncio.fixture
async def webshop(
    workspace_copy: Callable[[str], Path], cache_dir: Path, tmp_path: Path, ollama: FakeOllamaThread
) -> AsyncIterator[Session]:
    """VS Code with the webshop open and its index complete."""
    session = Session(make_test_lsp_client(), workspace_copy("webshop"), tmp_path / "notes")
    answer_requests(session)
    environment = {**os.environ, "OLLAMA_HOST": ollama.url}
    await session.client.start_io(sys.executable, "-m", "firsthand", "serve", env=environment)
    await session.initialize(client_capabilities("visual-studio-code"), options={"streaming": True})
    await session.until(lambda: session.statuses and is_indexed(session.statuses[-1]))
    yield session
    await session.shut_down()


def is_indexed(status: dict) -> bool:
    """True when the one folder is indexed."""
    return any(
        folder["indexing"]["stage"] == "idle" and folder["embedded"] > 0 for folder in status["folders"]
    )


async def test_from_an_open_folder_to_an_answer(webshop: Session) -> None:
    """Index, search, ask with a stream, context, hover, an unsaved change, a save: everything on real parts."""
    hits = (await webshop.request("firsthand/search", {"query": QUESTION}))["hits"]
    answer = await webshop.request("firsthand/ask", {"question": QUESTION, "streamId": "s"})
    context = await webshop.request("firsthand/context", {"answerId": answer["answerId"]})
    hover = await hovered(webshop, "src/auth/authMiddleware.ts", "renewSession")

    assert any(hit["path"].startswith("src/auth/") for hit in hits)
    assert answer["model"] == chat().name
    assert [update["seq"] for update in webshop.updates] == list(range(len(webshop.updates)))
    assert webshop.updates[-1]["kind"] == "done"
    assert any(QUESTION in message["content"] for message in context["messages"])
    assert hover is not None
    assert "renewSession" in hover.contents.value


async def test_a_saved_file_is_found(webshop: Session) -> None:
    """A new file is searchable after its save, and gone after its deletion."""
    file = webshop.root / "src" / "loyaltyPoints.ts"
    file.write_text("export function grantLoyaltyPoints(total: number) { return total / 10; }\n", "utf-8")
    uri = webshop.uri("src/loyaltyPoints.ts")
    webshop.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))
    await until_found(webshop, "grantLoyaltyPoints", "src/loyaltyPoints.ts", True)
    file.unlink()
    event = types.FileEvent(uri, types.FileChangeType.Deleted)

    webshop.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    await until_found(webshop, "grantLoyaltyPoints", "src/loyaltyPoints.ts", False)


async def test_cancelling_closes_ollamas_socket(webshop: Session, ollama: FakeOllamaThread) -> None:
    """Ollama sees its client leave when the editor cancels."""
    gate = ollama.hold("chunk", chat().name, 1)
    request = asyncio.create_task(
        webshop.client.protocol.send_request_async(
            "firsthand/ask", {"question": QUESTION}, msg_id="cancel-me"
        )
    )
    await asyncio.to_thread(gate.wait_until_reached, 60)

    webshop.client.cancel_request(types.CancelParams(id="cancel-me"))

    left = await asyncio.to_thread(ollama.wait_for_cancellation)
    with pytest.raises(JsonRpcException) as caught:
        await request
    assert left.path == "/api/chat"
    assert caught.value.code == types.LSPErrorCodes.RequestCancelled


async def hovered(session: Session, path: str, name: str) -> types.Hover | None:
    """Hover over the first place of a name in a file."""
    lines = (session.root / path).read_text("utf-8").splitlines()
    line = next(number for number, text in enumerate(lines) if name in text)
    position = types.Position(line, lines[line].index(name))
    params = types.HoverParams(types.TextDocumentIdentifier(session.uri(path)), position)
    return await session.client.text_document_hover_async(params)


async def until_found(session: Session, query: str, path: str, is_there: bool) -> None:
    """Search until a file is among the hits, or is not."""
    async with asyncio.timeout(60):
        while True:
            hits = (await session.request("firsthand/search", {"query": query}))["hits"]
            if any(hit["path"] == path for hit in hits) is is_there:
                return
