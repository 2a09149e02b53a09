"""`firsthand serve` answers from files that nobody has indexed yet: another process keeps the index and is slow."""

import os
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from lsp_session import Session, answer_requests
from pytest_lsp import client_capabilities, make_test_lsp_client

from firsthand.adapters.lance_folder import index_folder as folder_of_index
from firsthand.adapters.lance_lock import keeper_lock
from firsthand.app import index_folder, open_workspace
from firsthand.core.chunking import CHUNKER_VERSION
from firsthand.settings import load

DEFINITION = "where is `renewSession` defined?"
QUERY = "zebraVault"
PRIVATE_KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEAzebraVault" * 4 + "\n"


async def test_the_first_search_does_not_wait_for_the_index(
    workspace_copy: Callable[[str], Path], cache_dir: Path, tmp_path: Path
) -> None:
    """The right definition comes first, with a notice; ignored and secret files never; once indexed, no doubles."""
    root = workspace_copy("webshop")
    (root / ".gitignore").write_text("ignored.ts\n")
    for name, text in {
        "ignored.ts": "export const zebraVault = 1;\n",
        ".env": "zebraVault=1\n",
        "src/key.txt": f"zebraVault\n{PRIVATE_KEY}",
        "src/plain.ts": "export const zebraVault = 'open';\n",
    }.items():
        (root / name).write_text(text)
    settings, _ = load(None, command_line={"provider": "embedded", "chat_model": "none"})
    # The other process has made the tables, and has come no further.
    await (await open_workspace(root, settings, need_chat=False)).close()
    index = folder_of_index(index_folder(settings, root), CHUNKER_VERSION)
    environment = {**os.environ, "FIRSTHAND_PROVIDER": "embedded", "FIRSTHAND_CHAT_MODEL": "none"}
    session = Session(make_test_lsp_client(), root, tmp_path / "notes")
    answer_requests(session)
    async with AsyncExitStack() as other_process:
        await other_process.enter_async_context(keeper_lock(index))
        await session.client.start_io(sys.executable, "-m", "firsthand", "serve", env=environment)
        await session.initialize(client_capabilities("visual-studio-code"), options={"streaming": True})
        await session.until(lambda: session.statuses and stage(session.statuses[-1]) == "following")

        definition = await session.request("firsthand/search", {"query": DEFINITION})
        early = await session.request("firsthand/search", {"query": QUERY})
        files = session.statuses[-1]["folders"][0]["files"]["done"]

    await session.until(lambda: stage(session.statuses[-1]) == "idle")
    late = await session.request("firsthand/search", {"query": QUERY})
    await session.shut_down()

    assert files == 0
    first = definition["hits"][0]
    assert (first["symbol"], first["path"]) == ("renewSession", "src/auth/authMiddleware.ts")
    assert "not indexed yet and searched by reading them" in early["notice"]
    assert "notice" not in late
    for found in (early, late):
        places = [(hit["path"], hit["range"]["start"]["line"], hit["symbol"]) for hit in found["hits"]]
        assert len(set(places)) == len(places)
        assert "src/plain.ts" in {path for path, _, _ in places}
        assert not {"ignored.ts", ".env", "src/key.txt"} & {path for path, _, _ in places}


def stage(status: dict) -> str:
    """What the indexer of the one folder does."""
    return status["folders"][0]["indexing"]["stage"] if status["folders"] else ""
