"""A map that is kept beside the index meets the questions of whoever searches: real store, real embedded model."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firsthand.adapters.onnx_embedder import FINGERPRINT
from firsthand.adapters.query_map import QueryMap
from firsthand.adapters.query_map_file import map_file, write_map
from firsthand.app import diagnose, forget_map, index_folder, learned_map, open_learner, open_workspace
from firsthand.core.evaluation_metrics import Estimate
from firsthand.core.question_map import Verdict
from firsthand.core.workspace import Workspace
from firsthand.errors import RequestError
from firsthand.settings import Settings, load

VERDICT = Verdict(100, 40, 0.5, 0.56, Estimate(0.06, 0.02, 0.1))
FILES = {
    "near.py": "def reserve_hotel_room(guest, nights):\n    return guest.book(nights)\n",
    "far.py": "def parse_xml_tokens(stream):\n    return stream.split('<')\n",
}
QUESTION = "where do travellers get accommodation"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = {"provider": "embedded", "chat_model": "none", "cache_dir": str(tmp_path / "cache")}
    return load(None, command_line=chosen, environment={})[0]


@asynccontextmanager
async def indexed(root: Path, settings: Settings) -> AsyncIterator[Workspace]:
    workspace = await open_workspace(root, settings, need_chat=False)
    try:
        await workspace.indexer.refresh(lambda progress: None)
        yield workspace
    finally:
        await workspace.close()


def opposite() -> QueryMap:
    """Turns every vector round, q - 2q: whatever was nearest is farthest then."""
    one = np.eye(FINGERPRINT.dimensions, dtype=np.float32)
    return QueryMap(one, -2 * one)


async def test_open_searches_take_up_a_map_and_let_it_go(root: Path, settings: Settings) -> None:
    """A session that is open uses a map from the moment it is kept until it is forgotten, and doubts nothing stored."""

    async def first(workspace: Workspace) -> str:
        return (await workspace.searcher.search(QUESTION))[0].chunk.path

    async with indexed(root, settings) as workspace:
        before = await first(workspace)
        write_map(map_file(index_folder(settings, root)), opposite(), FINGERPRINT, VERDICT)
        told = await learned_map(root, settings, FINGERPRINT)
        mapped = await first(workspace)
        forgotten = [await forget_map(root, settings) for _ in range(2)]
        after = await first(workspace)

    assert (before, mapped, after) == ("near.py", "far.py", "near.py")
    assert told is not None
    assert (told.embedder, told.verdict) == (FINGERPRINT.model, VERDICT)
    assert told.is_used
    assert forgotten == [True, False]


async def test_too_small_a_folder_says_so(root: Path, settings: Settings) -> None:
    """Its index is read and nothing is written."""
    async with indexed(root, settings), open_learner(root, settings) as opened:
        with pytest.raises(RequestError, match="There is too little to learn from here"):
            await opened.learner.learn(lambda progress: None)

    assert await learned_map(root, settings, FINGERPRINT) is None


async def test_a_map_of_other_weights_or_a_damaged_one_is_told(root: Path, settings: Settings) -> None:
    """Status knows that the same name with other weights does not use it; the doctor names a file that is damaged."""
    file = map_file(index_folder(settings, root))
    async with indexed(root, settings):
        write_map(file, opposite(), replace(FINGERPRINT, digest="other"), VERDICT)
    told = await learned_map(root, settings, FINGERPRINT)
    well = {finding.name: finding.state for finding in await diagnose(root, settings)}
    await asyncio.to_thread(file.write_bytes, b"nothing")
    ill = {finding.name: finding.state for finding in await diagnose(root, settings)}

    assert told is not None
    assert not told.is_used
    assert (well["Learned map"], ill["Learned map"]) == ("ok", "warning")
