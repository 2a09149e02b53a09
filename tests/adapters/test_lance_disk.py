"""Room is made by deleting what is spare, then what was not used for longest, and never what is in use."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from builders import make_chunk, make_update, make_vector
from firsthand.adapters.lance_disk import make_room, remove_workspace, size_of, workspace_folders
from firsthand.adapters.lance_folder import index_folder, vectors_table
from firsthand.adapters.lance_lock import being_read, is_in_use, keeper_lock
from firsthand.adapters.lance_store import LanceStore, open_store
from firsthand.core.model import Fingerprint
from firsthand.errors import StoreBusyError

FINGERPRINT = Fingerprint("test-model", "digest", 3)
OTHER = Fingerprint("other-model", "digest", 2)


async def filled(folder: Path, *, used: int) -> LanceStore:
    """Open the index of a workspace that was used at some time; it has vectors of two embedders."""
    store = await open_store(folder, FINGERPRINT, 1)
    chunk = make_chunk("a.py", "text\n")
    await store.replace([make_update("a.py", [chunk])])
    await store.set_vectors({chunk.content_hash: make_vector(1, 0, 0)})
    other = await store.beside(OTHER)
    await other.set_vectors({chunk.content_hash: make_vector(1, 0)})
    await other.close()
    await store.close()
    for number, name in enumerate((f"{vectors_table_name(folder, OTHER)}.json", "meta.json")):
        os.utime(index_folder(folder, 1) / name, (used + number, used + number))
    meta = index_folder(folder, 1) / f"{vectors_table_name(folder, FINGERPRINT)}.json"
    os.utime(meta, (used + 5, used + 5))
    return store


def vectors_table_name(folder: Path, fingerprint: Fingerprint) -> str:
    """Return the name of a table without its ending."""
    return vectors_table(index_folder(folder, 1), fingerprint).name.removesuffix(".lance")


def has_vectors(folder: Path, fingerprint: Fingerprint) -> bool:
    """Tell whether a workspace still has an embedder's vectors."""
    return vectors_table(index_folder(folder, 1), fingerprint).exists()


@pytest.fixture
async def three(tmp_path: Path) -> list[Path]:
    """Three workspaces, the one that was used first in front."""
    folders = [tmp_path / "indexes" / name for name in ("c-oldest", "a-middle", "b-newest")]
    for number, folder in enumerate(folders):
        await filled(folder, used=1_000 * (number + 1))
    return folders


def test_what_is_within_the_limit_stays(three: list[Path], tmp_path: Path) -> None:
    """Spare vectors are kept as long as there is room: going back to a model costs nothing."""
    size = size_of(tmp_path / "indexes")

    assert make_room(tmp_path / "indexes", size) == size
    assert all(has_vectors(folder, OTHER) for folder in three)


def test_spare_vectors_go_first(three: list[Path], tmp_path: Path) -> None:
    """The vectors of an embedder that was used before another one's, in the workspace that waits longest."""
    left = make_room(tmp_path / "indexes", size_of(tmp_path / "indexes") - 1)

    assert left == size_of(tmp_path / "indexes")
    assert [has_vectors(folder, OTHER) for folder in three] == [False, True, True]
    assert all(has_vectors(folder, FINGERPRINT) for folder in three)


def test_the_workspace_that_was_not_used_for_longest_goes_next(three: list[Path], tmp_path: Path) -> None:
    """All spare vectors are gone before any index is."""
    workspaces = tmp_path / "indexes"
    spare = sum(size_of(vectors_table(index_folder(folder, 1), OTHER)) for folder in three)

    make_room(workspaces, size_of(workspaces) - spare - 1)

    assert workspace_folders(workspaces) == sorted(three[1:])
    assert not any(has_vectors(folder, OTHER) for folder in three)


async def test_what_is_in_use_stays(three: list[Path], tmp_path: Path) -> None:
    """An index that is open or kept is left alone, its spare vectors too, whatever room is wanted."""
    workspaces = tmp_path / "indexes"
    store = await open_store(three[0], FINGERPRINT, 1)
    async with keeper_lock(index_folder(three[1], 1)):
        left = await asyncio.to_thread(make_room, workspaces, 0)

    assert workspace_folders(workspaces) == sorted(three[:2])
    assert all(has_vectors(folder, OTHER) for folder in three[:2])
    assert left > 0
    assert list(await store.manifest()) == ["a.py"]
    await store.close()


async def test_an_open_index_is_not_deleted(three: list[Path]) -> None:
    """Not by a command either; when it is closed nothing is in the way, and no lock is left."""
    store = await open_store(three[0], FINGERPRINT, 1)
    with pytest.raises(StoreBusyError, match=f"in use by process {os.getpid()}"):
        remove_workspace(three[0])
    assert three[0].exists()
    await store.close()

    assert list(three[0].glob("*.reader.*")) == []
    remove_workspace(three[0])
    assert list(three[0].parent.glob("c-oldest*")) == []


async def test_a_killed_reader_is_in_nobodys_way(three: list[Path]) -> None:
    """Its lock dies with it, and what is left of that is swept away."""
    program = (
        "import sys; from pathlib import Path; from firsthand.adapters.lance_lock import being_read\n"
        "with being_read(Path(sys.argv[1])):\n"
        "    sys.stdout.write('open\\n'); sys.stdout.flush(); sys.stdin.read()"
    )
    index = index_folder(three[0], 1)
    reader = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(index), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert reader.stdout is not None
    await reader.stdout.readline()
    while_it_lives = is_in_use(index)
    reader.kill()
    await reader.communicate()

    assert (while_it_lives, is_in_use(index)) == (True, False)
    assert list(index.parent.glob("*.reader.*")) == []


def test_what_a_killed_deletion_left_is_deleted(three: list[Path], tmp_path: Path) -> None:
    """A folder that was taken out of the way is no index and does not stay."""
    three[0].rename(three[0].with_name("c-oldest.deleted-1-2"))

    make_room(tmp_path / "indexes", 10**12)

    assert sorted((tmp_path / "indexes").iterdir()) == sorted(three[1:])


def test_a_folder_where_no_lock_can_be_made_is_read_all_the_same(tmp_path: Path) -> None:
    """What cannot be written cannot be deleted either."""
    (tmp_path / "file").write_text("in the way of a folder")

    with being_read(tmp_path / "file" / "index"):
        pass

    assert (tmp_path / "file").is_file()
