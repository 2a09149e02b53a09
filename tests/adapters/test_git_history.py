"""What git tells about lines and recent work."""

import os
from pathlib import Path

import pytest

from adapters.git_repositories import commit_all, git, make_repository, write_files
from firsthand.adapters.git_history import GitHistory
from firsthand.core.model import Commit
from firsthand.errors import RequestError

THREE_LINES = "one = 1\ntwo = 2\nthree = 3\n"


async def test_head_is_the_commit_that_is_checked_out(tmp_path: Path) -> None:
    """It moves with every commit."""
    root = make_repository(tmp_path, {"a.py": "1"})
    history = GitHistory(root)
    before = await history.head()
    newest = commit_all(root, "Next")

    assert before != newest
    assert await history.head() == newest


async def test_lines_know_the_newest_commit_that_touched_them(tmp_path: Path) -> None:
    """Other lines of the file do not matter."""
    root = make_repository(tmp_path, {"pkg/a.py": THREE_LINES})
    first = await GitHistory(root).head()
    write_files(root, {"pkg/a.py": THREE_LINES.replace("2", "22")})
    second = commit_all(root, "Double two", date="2024-06-02T23:30:00+0000")
    history = GitHistory(root / "pkg")

    assert await history.last_change("a.py", 1, 3) == Commit(second, "Ada", "2024-06-02", "Double two")
    assert await history.last_change("a.py", 3, 3) == Commit(str(first), "Ada", "2024-05-01", "Begin")


async def test_lines_are_those_on_disk(tmp_path: Path) -> None:
    """Uncommitted lines above shift the ranges and have no commit themselves."""
    root = make_repository(tmp_path, {"a.py": THREE_LINES})
    history = GitHistory(root)
    head = await history.head()
    write_files(root, {"a.py": "zero = 0\n" + THREE_LINES})

    assert await history.last_change("a.py", 1, 1) is None
    last = await history.last_change("a.py", 4, 4)
    assert last is not None
    assert last.id == head


async def test_an_answer_is_forgotten_when_the_file_or_head_moves(tmp_path: Path) -> None:
    """The same question after a commit has the new answer."""
    root = make_repository(tmp_path, {"a.py": THREE_LINES})
    history = GitHistory(root)
    before = await history.last_change("a.py", 2, 2)
    write_files(root, {"a.py": THREE_LINES.replace("2", "22")})
    newest = commit_all(root, "Double two", date="2024-06-02T12:00:00+0000")
    after = await history.last_change("a.py", 2, 2)

    assert before is not None
    assert after is not None
    assert before.id != newest
    assert after.id == newest


async def test_recent_files_start_with_uncommitted_work(tmp_path: Path) -> None:
    """Changed and new files come first, newest first, then those of the newest commits; deleted ones are gone."""
    root = make_repository(
        tmp_path, {"old.py": "1", "deleted.py": "2", "pkg/changed.py": "3", ".gitignore": "*.log\n"}
    )
    write_files(root, {"recent.py": "4"})
    commit_all(root, "Add recent", date="2024-06-02T12:00:00+0000")
    write_files(root, {"pkg/changed.py": "33", "pkg/new é.py": "5", "x.log": "6"})
    os.utime(root / "pkg/changed.py", ns=(10**18, 10**18))
    os.utime(root / "pkg/new é.py", ns=(2 * 10**18, 2 * 10**18))
    (root / "deleted.py").unlink()
    history = GitHistory(root)

    everything = await history.recent_files(10)

    assert list(everything[:3]) == ["pkg/new é.py", "pkg/changed.py", "recent.py"]
    assert set(everything[3:]) == {"old.py", ".gitignore"}
    assert list(await history.recent_files(2)) == ["pkg/new é.py", "pkg/changed.py"]
    assert set(await GitHistory(root / "pkg").recent_files(10)) == {"new é.py", "changed.py"}


async def test_a_submodule_answers_for_its_own_files(tmp_path: Path) -> None:
    """Its lines have the commits of its own repository."""
    library = make_repository(tmp_path / "lib", {"lib.py": THREE_LINES}, message="Begin the library")
    root = make_repository(tmp_path / "w", {"a.py": "1"})
    git(root, "submodule", "--quiet", "add", str(library), "lib")

    change = await GitHistory(root).last_change("lib/lib.py", 1, 1)

    assert change is not None
    assert change.subject == "Begin the library"


async def test_there_is_no_history_without_a_repository(tmp_path: Path) -> None:
    """Every answer is empty, also for a repository without commits and for files that nobody knows."""
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "--quiet")
    committed = make_repository(tmp_path / "w", {"a.py": "1\n"})
    plain = tmp_path / "plain"
    write_files(plain, {"a.py": "1\n"})

    for root in (plain, empty):
        history = GitHistory(root)
        assert await history.head() is None
        assert await history.last_change("a.py", 1, 1) is None
    assert list(await GitHistory(plain).recent_files(5)) == []
    assert await GitHistory(committed).last_change("a.py", 50, 60) is None
    assert await GitHistory(committed).last_change("absent.py", 1, 1) is None


async def test_what_a_branch_changed(tmp_path: Path) -> None:
    """Committed, uncommitted and new files count from where the branch left; what the other side did since does not."""
    root = make_repository(tmp_path, {"old.py": "1", "pkg/a.py": "1", "pkg/b.py": "1", "pkg/c ü.py": "1"})
    git(root, "switch", "--quiet", "-c", "work")
    write_files(root, {"pkg/a.py": "2", ".gitignore": "*.log\n"})
    commit_all(root, "Work")
    git(root, "switch", "--quiet", "main")
    write_files(root, {"old.py": "2"})
    commit_all(root, "Other work")
    git(root, "switch", "--quiet", "work")
    write_files(root, {"pkg/c ü.py": "2", "pkg/new.py": "1", "pkg/x.log": "1"})

    everywhere, below = GitHistory(root), GitHistory(root / "pkg")

    assert await everywhere.changed_since("main") == {".gitignore", "pkg/a.py", "pkg/c ü.py", "pkg/new.py"}
    assert await below.changed_since("HEAD~1") == {"a.py", "c ü.py", "new.py"}
    assert await below.changed_since("HEAD") == {"c ü.py", "new.py"}


@pytest.mark.parametrize("revision", ["gone", "--output=x", "-n1", "main:pkg", "a b", "", "HEAD\n"])
async def test_a_revision_that_is_none(tmp_path: Path, revision: str) -> None:
    """What git does not know as a commit is refused by name, and is never an option of git's."""
    root = make_repository(tmp_path, {"pkg/a.py": "1"})

    with pytest.raises(RequestError, match="git knows no revision"):
        await GitHistory(root).changed_since(revision)
    assert sorted(path.name for path in root.iterdir()) == [".git", "pkg"]


async def test_nothing_is_known_to_have_changed_without_a_repository(tmp_path: Path) -> None:
    """That is said, because an empty answer would read as "nothing changed"."""
    with pytest.raises(RequestError, match="git does not know this folder"):
        await GitHistory(tmp_path).changed_since("main")


async def test_a_repository_runs_no_program_of_its_choice(tmp_path: Path) -> None:
    """Filters, converters, hooks and monitors of the repository's configuration stay asleep."""
    root = make_repository(
        tmp_path / "w", {"a.py": "1\n", ".gitattributes": "*.py filter=evil=x diff=evil\n"}
    )
    trap = tmp_path / "trap"
    script = tmp_path / "run.sh"
    script.write_text(f"#!/bin/sh\ntouch {trap}\ncat\n")
    script.chmod(0o755)
    keys = ("core.fsmonitor", "core.pager", "filter.evil=x.clean", "filter.evil=x.process", "diff.evil.textconv",
            "diff.external", "diff.evil.command", "gpg.program")  # fmt: skip
    for key in keys:
        git(root, "config", key, str(script))
    git(root, "config", "log.showSignature", "true")
    write_files(root, {"a.py": "2\n"})
    history = GitHistory(root)

    assert await history.head() is not None
    assert await history.last_change("a.py", 1, 1) is None
    assert set(await history.recent_files(5)) == {"a.py", ".gitattributes"}
    assert await history.changed_since("HEAD") == {"a.py"}
    assert not trap.exists()
