"""A server behind each test, driven as the editors drive it: in this process, or in one of its own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event

import pytest
import pytest_asyncio
from fake_workspace import Notes, opener
from lsp_session import SOURCE, Session, StartServer, answer_requests
from pygls.io_ import run_async
from pygls.protocol import LanguageServerProtocol
from pytest_lsp import client_capabilities, make_test_lsp_client

from firsthand.lsp.server import create_server

HERE = Path(__file__).parent


class MemoryWriter:
    """Hands what one side writes to the other side's reader."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    def write(self, data: bytes) -> None:
        """Pass bytes on."""
        self._reader.feed_data(data)

    def close(self) -> None:
        """End the stream."""
        self._reader.feed_eof()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one source file."""
    folder = tmp_path / "alpha"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "auth.py").write_text(SOURCE, "utf-8", newline="")
    return folder


@pytest_asyncio.fixture
async def start_server(root: Path, tmp_path: Path, cache_dir: Path) -> AsyncIterator[StartServer]:
    """Connect clients to servers with fakes behind them; each is shut down properly after the test."""
    ends = []

    async def start(*, process: bool = False) -> Session:
        session = Session(make_test_lsp_client(), root, tmp_path / "notes")
        answer_requests(session)
        if process:
            await start_process(session)
            ends.append(session.shut_down)
        else:
            ends.append(connect(session))
        return session

    yield start
    for end in ends:
        await end()


@pytest_asyncio.fixture
async def session(start_server: StartServer) -> Session:
    """A session with VS Code's capabilities and Firsthand's own messages."""
    started = await start_server()
    await started.initialize(client_capabilities("visual-studio-code"), options={"streaming": True})
    await started.folders_open()
    return started


async def start_process(session: Session) -> None:
    """Start the server as editors start it."""
    environment = {"PYTHONPATH": str(HERE.parent), "FAKE_WORKSPACE_NOTES": str(session.notes_file)}
    script = str(HERE / "fake_workspace.py")
    await session.client.start_io(sys.executable, script, env={**os.environ, **environment})


def connect(session: Session):
    """Connect the client to a server in this process; return what ends both."""
    server = create_server(opener(Notes(session.notes_file)))
    to_server, to_client = asyncio.StreamReader(limit=2**24), asyncio.StreamReader(limit=2**24)
    server.protocol.set_writer(MemoryWriter(to_client))
    session.client.protocol.set_writer(MemoryWriter(to_server))
    loops = [
        asyncio.create_task(serve(server.protocol, to_server, server.report_server_error)),
        asyncio.create_task(serve(session.client.protocol, to_client, session.client.report_server_error)),
    ]

    async def end() -> None:
        if session.client.capabilities is not None:
            await session.client.shutdown_async(None)
        to_server.feed_eof()
        to_client.feed_eof()
        await asyncio.gather(*loops)
        await server.tasks.close()
        await session.client.stop()

    return end


async def serve(protocol: LanguageServerProtocol, reader: asyncio.StreamReader, on_error) -> None:
    """Handle messages until the stream ends."""
    await run_async(stop_event=Event(), reader=reader, protocol=protocol, error_handler=on_error)
