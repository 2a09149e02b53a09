"""What git tells of commits, on real repositories."""

from pathlib import Path

from git_repositories import commit_all, git, make_repository, write_files

from firsthand.adapters.git_changes import GitChanges
from firsthand.core.evaluation_questions import Change


async def test_commits_with_their_files_newest_first(tmp_path: Path) -> None:
    """Each commit has its subject and the files that it changed."""
    root = make_repository(tmp_path / "repo", {"a.py": "1\n", "b.py": "1\n"}, message="Begin: two files")
    write_files(root, {"a.py": "2\n", "größe.py": "1\n"})
    commit_all(root, "Change one file\n\nAnd say more below.")

    changes = await GitChanges(root).changes(10)

    assert changes == [
        Change("Change one file", ("a.py", "größe.py")),
        Change("Begin: two files", ("a.py", "b.py")),
    ]
    assert await GitChanges(root).changes(1) == changes[:1]


async def test_merges_are_left_out(tmp_path: Path) -> None:
    """A merge says nothing of its own."""
    root = make_repository(tmp_path / "repo", {"a.py": "1\n"})
    git(root, "checkout", "--quiet", "-b", "side")
    write_files(root, {"b.py": "1\n"})
    commit_all(root, "On the side")
    git(root, "checkout", "--quiet", "main")
    git(root, "merge", "--quiet", "--no-ff", "--no-edit", "side")

    assert [change.subject for change in await GitChanges(root).changes(10)] == ["On the side", "Begin"]


async def test_paths_count_from_the_root_and_stay_below_it(tmp_path: Path) -> None:
    """In a folder of a larger repository only what is below it counts."""
    repository = make_repository(tmp_path / "repo", {"app/src/a.py": "1\n", "other/b.py": "1\n"})

    assert await GitChanges(repository / "app").changes(10) == [Change("Begin", ("src/a.py",))]


async def test_no_repository_no_changes(tmp_path: Path) -> None:
    """Outside version control there is no history, and that is no error."""
    assert await GitChanges(tmp_path).changes(10) == []
