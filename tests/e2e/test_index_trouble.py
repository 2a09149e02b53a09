"""A session whose cache folder is deleted, full, locked or damaged says so, searches on, and recovers by itself."""

import json
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from followed_folder import EVERYWHERE, FollowedFolder

from adapters.git_repositories import make_repository
from firsthand.core import indexing, keeping

# No file of an index is this small once something is stored.
_HARDLY_ANY_BYTES = 512


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with two files."""
    return make_repository(tmp_path / "w", {"a.py": text("first"), "b.py": text("second")})


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Where the index is."""
    return tmp_path / "cache"


@pytest.fixture
def folder(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FollowedFolder]:
    """A session that keeps the index of the repository, and hardly waits before it tries again."""
    monkeypatch.setattr(keeping, "_RETRY_SECONDS", 0.05)
    monkeypatch.setattr(indexing, "_RETRY_SECONDS", 0.05)
    folder = FollowedFolder(root, cache)
    yield folder
    folder.end()


def text(name: str) -> str:
    return f"def {name}():\n    return '{EVERYWHERE}'\n"


def test_a_deleted_cache_folder_is_made_again(root: Path, cache: Path, folder: FollowedFolder) -> None:
    """Somebody tidies up while the session lives: a moment later everything can be found again."""
    folder.open()
    folder.check()
    shutil.rmtree(cache)
    (root / "c.py").write_text(text("third"))

    folder.check()

    assert folder.found("third") == ["c.py"]
    assert list(cache.glob("*/meta.json"))


def test_an_index_that_is_damaged_under_a_session_is_mended(
    root: Path, cache: Path, folder: FollowedFolder
) -> None:
    """The search that meets the damage brings the mending about."""
    folder.open()
    folder.check()
    for file in cache.glob("*/*.lance/data/*"):
        file.write_bytes(b"")

    folder.check()

    assert folder.found("first") == ["a.py"]


@pytest.mark.parametrize(
    "change", [{"schema_version": 1_000}, {"chunker_version": 0}], ids=["newer", "older"]
)
def test_the_index_of_another_version_is_not_searched(
    root: Path, cache: Path, folder: FollowedFolder, change: dict[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    """A session makes its own beside it, says so once, and leaves the other one as it is."""
    folder.open()
    folder.check()
    folder.close()
    (meta,) = cache.glob("*/meta.json")
    meta.write_text(json.dumps(json.loads(meta.read_text()) | change))
    other = meta.parent.rename(meta.parent.with_name("0123456789abcdef"))
    before = {file: file.read_bytes() for file in other.rglob("*") if file.is_file()}
    (root / "a.py").write_text(text("third"))

    folder.open()
    folder.check()

    assert (folder.found("third"), folder.found("first")) == (["a.py"], [])
    assert caplog.text.count("made by another version of Firsthand") == 1
    assert {file: file.read_bytes() for file in before} == before


def test_lack_of_room_is_named_and_searching_goes_on(root: Path, folder: FollowedFolder) -> None:
    """What could not be stored is indexed as soon as there is room."""
    folder.open()
    folder.check()
    softly, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_HARDLY_ANY_BYTES, hard))
    try:
        (root / "c.py").write_text(text("third"))
        message = folder.wait_for_failure()
        found = folder.found("first")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (softly, hard))
    folder.check()

    assert message.startswith("The index could not store files: its files may not grow as large")
    assert found == ["a.py"]
    assert folder.found("third") == ["c.py"]


@pytest.mark.parametrize("role", ["keeper", "writer"])
def test_a_lock_that_cannot_be_taken_is_named(
    root: Path, cache: Path, folder: FollowedFolder, role: str
) -> None:
    """With something else in the place of a lock file, what is indexed can be searched; the session tries on."""
    folder.open()
    folder.check()
    folder.close()
    lock = next(cache.glob(f"*.{role}.lock"))
    lock.unlink()
    lock.mkdir()
    folder.open()
    message = folder.wait_for_failure()
    found = folder.found("first")
    lock.rmdir()
    (root / "c.py").write_text(text("third"))
    folder.check()

    assert message.startswith("The index could not be locked: ")
    assert found == ["a.py"]
