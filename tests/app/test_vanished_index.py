"""Somebody deletes the index of an open folder: whoever asks just then hears nothing of it."""

import asyncio
from pathlib import Path

from firsthand.app import index_folder, open_workspace
from firsthand.settings import load


async def test_a_search_is_answered_when_the_index_has_just_been_deleted(tmp_path: Path) -> None:
    """It waits for the index to be opened anew, and finds in the files what that does not have again yet."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "pay.py").write_text("def refund_payment(order):\n    return order.refund()\n")
    for number in range(30):
        (root / f"other{number}.py").write_text(f"def handle_{number}(x):\n    return x + {number}\n")
    chosen = {"provider": "embedded", "chat_model": "none", "cache_dir": str(tmp_path / "cache")}
    settings, _ = load(None, command_line=chosen, environment={})
    workspace = await open_workspace(root, settings, need_chat=False)
    keeping = asyncio.create_task(workspace.keeper.run(lambda progress: None))
    try:
        await workspace.indexer.settled()
        await asyncio.to_thread(index_folder(settings, root).rename, tmp_path / "deleted")

        hits = await workspace.searcher.search("refund payment")
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})
        await workspace.close()

    assert hits[0].chunk.path == "pay.py"
