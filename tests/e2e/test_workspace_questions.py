"""What people ask of the small workspaces is found, with the real embedder, store, parser and git."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.workspaces import WORKSPACES, workspace_questions
from firsthand.app import open_workspace
from firsthand.core.model import Hit
from firsthand.settings import load

# What an editor shows on its first page and what fits into a prompt.
FIRST_PAGE = 10
NAMES = sorted(path.parent.name for path in WORKSPACES.glob("*/questions.jsonl"))


@pytest.mark.parametrize("name", NAMES)
async def test_the_first_page_holds_every_place(
    name: str, cache_dir: Path, workspace_copy: Callable[[str], Path]
) -> None:
    """Each question of a workspace finds all the places that its answer must rest on."""
    settings, _ = load(None, command_line={"provider": "embedded", "chat_model": "none"})
    workspace = await open_workspace(workspace_copy(name), settings, need_chat=False)
    try:
        await workspace.indexer.refresh(lambda progress: None)
        missing = [
            (item["question"], place["path"], place["symbol"])
            for item in workspace_questions(name)
            for hits in [await workspace.searcher.search(item["question"], limit=FIRST_PAGE)]
            for place in item["expected"]
            if not any(holds(hit, place["path"], place["symbol"]) for hit in hits)
        ]
    finally:
        await workspace.close()

    assert missing == []


def holds(hit: Hit, path: str, symbol: str) -> bool:
    """Say whether a hit is the place or lies in it."""
    chunk = hit.chunk
    names = (chunk.qualified_name, chunk.parent)
    return chunk.path == path and (not symbol or any(f"{name}.".startswith(f"{symbol}.") for name in names))
