"""From the editor to real models and back: nothing here is a fake but the user."""

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

from real_ollama.server import MODEL, QUESTION, RealOllama, real_ollama_server

# A question is read by one thread of a busy machine: patience, not speed, is what the waits below are about.
_PATIENCE_SECONDS = 180


class Editor:
    """An editor that has a folder open, and what the server streamed to it."""

    def __init__(self, client: LanguageClient, root: Path) -> None:
        self.client = client
        self.root = root
        self.updates: list[dict[str, Any]] = []

        @client.feature("firsthand/answer/didUpdate")
        def did_update(params: Any) -> None:
            self.updates.append(plain(params))

        @client.feature("firsthand/status/didChange")
        def did_change(params: Any) -> None:
            """The status line is of no interest here."""

        @client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register_capability(params: types.RegistrationParams) -> None:
            """Every registration is welcome."""

    async def open(self, options: dict[str, object]) -> None:
        """Open the folder and wait until the progress of indexing has ended."""
        await self.client.initialize_session(
            types.InitializeParams(
                capabilities=client_capabilities("visual-studio-code"),
                workspace_folders=[types.WorkspaceFolder(self.root.as_uri(), self.root.name)],
                initialization_options=options,
            )
        )
        await self.until(self._indexing_ended)

    def ask(self, stream_id: str) -> "asyncio.Task[Any]":
        """Send the question; the id of the request is the id of the stream."""
        params = {"question": QUESTION, "streamId": stream_id}
        return asyncio.create_task(
            self.client.protocol.send_request_async("firsthand/ask", params, msg_id=stream_id)
        )

    def seen(self, stream_id: str, kind: str) -> list[dict[str, Any]]:
        """Return the updates of one kind, of one stream."""
        return [item for item in self.updates if item["streamId"] == stream_id and item["kind"] == kind]

    async def until(self, is_true: Callable[[], object]) -> None:
        """Wait for something that another process does."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not is_true():  # noqa: ASYNC110 — the other process has no event of ours to set
                await asyncio.sleep(0.02)

    def _indexing_ended(self) -> bool:
        reports = self.client.progress_reports.values()
        return any(isinstance(report, types.WorkDoneProgressEnd) for items in reports for report in items)


def plain(value: Any) -> Any:
    """Turn pygls' named tuples into dicts and lists."""
    if hasattr(value, "_asdict"):
        return {key: plain(part) for key, part in value._asdict().items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


@pytest.fixture
def ollama() -> Iterator[RealOllama]:
    """A server that speaks Ollama's protocol, with a real model behind it."""
    with real_ollama_server(context_tokens=3072) as server:
        yield server


@pytest_asyncio.fixture
async def editor(
    workspace_copy: Callable[[str], Path], cache_dir: Path, ollama: RealOllama
) -> AsyncIterator[Editor]:
    """An editor with a small project open and indexed by the embedded embedder."""
    client = make_test_lsp_client()
    await client.start_io(sys.executable, "-m", "firsthand", "serve")
    editor = Editor(client, workspace_copy("accounts"))
    await editor.open({"streaming": True, **ollama.settings()})
    yield editor
    await client.shutdown_session()
    await client.stop()


async def test_a_question_is_answered_by_real_models(editor: Editor, ollama: RealOllama) -> None:
    """The answer comes as a stream and as a whole, its citations are lines of the files, and stop means stop."""
    answer = plain(await editor.ask("first"))

    check_answer(editor, answer)
    await check_stop(editor, ollama)


def check_answer(editor: Editor, answer: dict[str, Any]) -> None:
    """The answer is whole, was announced and streamed in order, and cites lines as they stand in the files."""
    kinds = [item["kind"] for item in editor.updates]
    assert (answer["status"], answer["model"]) == ("complete", MODEL)
    assert [item["seq"] for item in editor.updates] == list(range(len(kinds)))
    assert kinds.index("context") < kinds.index("delta") < kinds.index("done")
    assert kinds.count("delta") > 1
    assert "".join(item["text"] for item in editor.seen("first", "delta")).strip() == answer["text"].strip()
    assert answer["citations"]
    for citation in answer["citations"]:
        lines = (editor.root / citation["path"]).read_text("utf-8").splitlines()
        cited = "\n".join(lines[citation["startLine"] - 1 : citation["endLine"]])
        assert citation["uri"] == (editor.root / citation["path"]).as_uri()
        assert 1 <= citation["startLine"] <= citation["endLine"] <= len(lines)
        assert citation["hash"] in {
            hashlib.sha256(text.encode()).hexdigest() for text in (cited, cited + "\n")
        }


async def check_stop(editor: Editor, ollama: RealOllama) -> None:
    """A question that is cancelled in the middle of its answer ends, and the model with it."""
    pending = editor.ask("second")
    await editor.until(lambda: editor.seen("second", "delta"))
    assert ollama.generating()

    editor.client.cancel_request(types.CancelParams(id="second"))

    with pytest.raises(JsonRpcException, match=r"(?i)cancel"):
        await pending
    await editor.until(ollama.stopped_early)
    assert len(editor.seen("second", "delta")) < len(editor.seen("first", "delta"))
