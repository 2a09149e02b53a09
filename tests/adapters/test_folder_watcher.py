"""The watcher over real folders, real git and the notifications of the operating system."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from git_repositories import commit_all, git, make_repository, write_files

from firsthand.adapters import watch_session
from firsthand.adapters.folder_watcher import FolderWatcher
from firsthand.adapters.network_folders import remote_kind
from firsthand.adapters.source_folders import SourceFolders, source_folders
from firsthand.core.ports import Changes

# How long a test waits for what takes a fraction of a second.
_PATIENCE_SECONDS = 20


class Notices:
    """What a watcher has noticed so far."""

    def __init__(self, watcher: FolderWatcher) -> None:
        self.watcher = watcher
        self.paths: set[str] = set()
        self.sweeps = 0
        self._more = asyncio.Condition()

    async def follow(self) -> None:
        """Gather until cancelled."""
        async with contextlib.aclosing(self.watcher.changes()) as changes:
            async for change in changes:
                async with self._more:
                    self.paths |= change.paths
                    self.sweeps += change.everything
                    self._more.notify_all()

    async def until(self, is_true: Callable[[], object]) -> None:
        """Wait until what was noticed makes this true."""
        async with self._more, asyncio.timeout(_PATIENCE_SECONDS):
            await self._more.wait_for(lambda: bool(is_true()))

    async def until_noticed(self, *paths: str) -> None:
        """Wait until these paths were noticed; what was noticed before is forgotten afterwards."""
        await self.until(lambda: self.paths.issuperset(paths))
        self.paths.clear()

    async def until_swept(self) -> None:
        """Wait until everything has to be looked at."""
        await self.until(lambda: self.sweeps)
        self.sweeps = 0


@contextlib.asynccontextmanager
async def watched(root: Path, **options: object) -> AsyncIterator[Notices]:
    """Watch a folder until the block ends."""
    notices = Notices(FolderWatcher(root, **options))
    following = asyncio.create_task(notices.follow())
    try:
        await notices.until_swept()
        yield notices
    finally:
        following.cancel()
        await asyncio.wait({following})


async def test_saves_new_files_renames_and_deletions_are_noticed(tmp_path: Path) -> None:
    """Each by its path; a rename is two paths."""
    root = make_repository(tmp_path / "w", {"a.py": "1", "pkg/b.py": "2", "pkg/c.py": "3"})
    async with watched(root) as notices:
        (root / "a.py").write_text("changed")
        await notices.until_noticed("a.py")
        (root / "pkg/new.py").write_text("4")
        await notices.until_noticed("pkg/new.py")
        (root / "pkg/b.py").rename(root / "moved.py")
        await notices.until_noticed("pkg/b.py", "moved.py")
        (root / "pkg/c.py").unlink()
        await notices.until_noticed("pkg/c.py")


async def test_a_new_folder_is_watched_with_what_is_in_it(tmp_path: Path) -> None:
    """Files that came with a folder and those that come into it later are both noticed, however deep."""
    root = make_repository(tmp_path / "w", {"a.py": "1"})
    write_files(tmp_path, {"elsewhere/deep/er/x.py": "2"})
    async with watched(root) as notices:
        (tmp_path / "elsewhere").rename(root / "pkg")
        await notices.until_noticed("pkg/deep/er/x.py")
        (root / "pkg/deep/er/y.py").write_text("3")
        await notices.until_noticed("pkg/deep/er/y.py")


async def test_many_new_folders_one_after_the_other(tmp_path: Path) -> None:
    """However many folders come, the last is watched as well as the first, from a handful of system handles."""
    root = make_repository(tmp_path / "w", {"a.py": "1"})
    async with watched(root) as notices:
        for number in range(6):
            write_files(root, {f"pkg{number}/x.py": "1"})
            await notices.until(lambda path=f"pkg{number}/x.py": path in notices.paths or notices.sweeps)
            notices.sweeps = 0
        for number in range(6):
            (root / f"pkg{number}/y.py").write_text("2")
        await notices.until_noticed(*(f"pkg{number}/y.py" for number in range(6)))


async def test_a_folder_that_comes_while_watching_begins_is_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing tells of a folder that comes after its parent was read and before that is watched."""
    root = make_repository(tmp_path / "w", {"a.py": "1"})

    def look(*arguments: Any) -> SourceFolders:
        found = source_folders(*arguments)
        (root / "late").mkdir(exist_ok=True)
        return found

    monkeypatch.setattr(watch_session, "source_folders", look)
    async with watched(root) as notices:
        (root / "late/b.py").write_text("2")
        await notices.until_noticed("late/b.py")


@pytest.mark.parametrize("error", [OSError, ValueError, RuntimeError])
async def test_whatever_fails_changes_are_still_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """Where the system's notifications fail, everything is looked at now and then, and the reason is told."""

    def fail(*arguments: object) -> Changes:
        raise error("no such luck")

    monkeypatch.setattr(watch_session.WatchSession, "next", fail)
    async with watched(tmp_path) as notices:
        await notices.until(lambda: "no such luck" in notices.watcher.limitation)
        await notices.until_swept()


async def test_a_folder_that_is_replaced_is_watched_again(tmp_path: Path) -> None:
    """Another folder under the same name is not the one that was watched."""
    root = make_repository(tmp_path / "w", {"pkg/a.py": "1"})
    write_files(tmp_path, {"other/b.py": "2"})
    async with watched(root) as notices:
        (root / "pkg").rename(tmp_path / "old")
        (tmp_path / "other").rename(root / "pkg")
        await notices.until_noticed("pkg", "pkg/b.py")
        (root / "pkg/b.py").write_text("3")
        await notices.until_noticed("pkg/b.py")


async def test_a_folder_that_is_deleted_is_one_path(tmp_path: Path) -> None:
    """Whoever knows what was in it can look it up."""
    root = make_repository(tmp_path / "w", {"pkg/a.py": "1"})
    async with watched(root) as notices:
        (root / "pkg").rename(tmp_path / "away")
        await notices.until_noticed("pkg")


async def test_many_folders_that_go_at_once(tmp_path: Path) -> None:
    """All are noticed, and one that comes again is watched again."""
    names = [f"pkg{number}" for number in range(200)]
    root = make_repository(tmp_path / "w", {f"{name}/in/x.py": "1" for name in names})
    async with watched(root) as notices:
        (tmp_path / "away").mkdir()
        for name in names:
            (root / name).rename(tmp_path / "away" / name)
        await notices.until_noticed(*names)
        (tmp_path / "away/pkg7").rename(root / "pkg7")
        await notices.until_noticed("pkg7/in/x.py")
        (root / "pkg7/in/y.py").write_text("2")
        await notices.until_noticed("pkg7/in/y.py")


async def test_a_name_that_is_not_utf8_does_not_end_the_watching(tmp_path: Path) -> None:
    """It cannot be passed on, so everything is looked at; what comes after it is noticed at once as before."""
    root = make_repository(tmp_path / "w", {"a.py": "1"})
    async with watched(root) as notices:
        (root / os.fsdecode(b"b\xff.py")).write_text("2")
        await notices.until_swept()
        (root / "a.py").write_text("3")
        await notices.until_noticed("a.py")
        assert notices.watcher.limitation == ""


async def test_what_git_ignores_is_not_noticed(tmp_path: Path) -> None:
    """Ignored folders are not even watched, and an ignored log costs no look at anything."""
    root = make_repository(tmp_path / "w", {"a.py": "1", ".gitignore": "*.log\nnode_modules/\n"})
    write_files(root, {"node_modules/x/y.js": "1"})
    async with watched(root) as notices:
        write_files(root, {"debug.log": "2", "node_modules/x/z.js": "3", "node_modules/new/z.js": "4"})
        (root / "a.py").write_text("2")
        await notices.until_noticed("a.py")
        (root / "a.py").write_text("3")
        await notices.until(lambda: "a.py" in notices.paths)
        assert (notices.paths, notices.sweeps) == ({"a.py"}, 0)


async def test_other_ignore_rules_mean_another_look(tmp_path: Path) -> None:
    """A changed ignore file lets files in and out, and folders that are no longer ignored are watched."""
    root = make_repository(tmp_path / "w", {"a.py": "1", ".gitignore": "build/\n"})
    write_files(root, {"build/out.py": "2"})
    async with watched(root) as notices:
        (root / ".gitignore").write_text("")
        await notices.until_swept()
        await notices.until_noticed("build/out.py")
        (root / "build/out.py").write_text("3")
        await notices.until_noticed("build/out.py")


@pytest.mark.parametrize(
    "arguments",
    [
        ["switch", "-q", "other"],
        ["merge", "-q", "other"],
        ["rebase", "-q", "other"],
        ["reset", "-q", "--hard", "HEAD~"],
    ],
)
async def test_git_is_followed(tmp_path: Path, arguments: list[str]) -> None:
    """A branch switch, merge, rebase or reset has everything looked at."""
    root = make_repository(tmp_path / "w", {"a.py": "1"})
    git(root, "switch", "-q", "-c", "other")
    write_files(root, {"b.py": "2"})
    commit_all(root, "Other")
    git(root, "switch", "-q", "main")
    write_files(root, {"c.py": "3"})
    commit_all(root, "Own")
    async with watched(root) as notices:
        git(root, *arguments)
        await notices.until_swept()


@pytest.mark.parametrize("kind", ["worktree", "submodule", "subfolder"])
async def test_git_is_followed_where_its_folder_is_elsewhere(tmp_path: Path, kind: str) -> None:
    """In a linked working tree, a submodule and below the top of a repository, HEAD is not in `.git` of the root."""
    main = make_repository(tmp_path / "main", {"a.py": "1", "pkg/b.py": "2"})
    root = main / "pkg"
    if kind == "worktree":
        root = tmp_path / "linked"
        git(main, "worktree", "add", "-q", str(root))
    if kind == "submodule":
        above = make_repository(tmp_path / "above", {"z.py": "1"})
        git(above, "submodule", "--quiet", "add", str(main), "lib")
        root = above
    async with watched(root) as notices:
        repository = root / "lib" if kind == "submodule" else root
        git(
            repository,
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@b",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "More",
        )
        await notices.until_swept()


async def test_a_folder_without_git_is_watched(tmp_path: Path) -> None:
    """Its own ignore files and well-known folders decide."""
    root = tmp_path / "w"
    write_files(root, {"a.py": "1", "node_modules/x.js": "2", "out/x.py": "3", ".gitignore": "out/\n"})
    async with watched(root) as notices:
        write_files(root, {"node_modules/x.js": "4", "out/x.py": "5", "pkg/b.py": "6"})
        await notices.until_noticed("pkg/b.py")
        (root / "a.py").write_text("2")
        await notices.until_noticed("a.py")


async def test_the_users_own_rules_save_watches(tmp_path: Path) -> None:
    """Folders in `.firsthandignore` and in the settings are not watched."""
    root = make_repository(
        tmp_path / "w", {".firsthandignore": "data/\n", "data/x/y.csv": "1", "docs/a.md": "1", "p/b": "1"}
    )

    found = source_folders(root, ["docs/**", "docs/"])

    assert found.folders == {"", "p"}


async def test_folders_of_a_tree_with_everything(tmp_path: Path) -> None:
    """Empty folders count, ignored ones, git's own and links do not, and repositories inside have their own rules."""
    root = make_repository(
        tmp_path / "w", {"a/b/c.py": "1", ".gitignore": "out/\n*.egg-info/\n", "build/kept.py": "1"}
    )
    write_files(
        root,
        {
            ".git/info/exclude": "build/*\n",
            "out/x/y.py": "1",
            "a/out/z": "1",
            "p.egg-info/q": "1",
            "build/tmp/x": "1",
        },
    )
    make_repository(root / "nested", {"n.py": "1", ".gitignore": "gen/\n"})
    write_files(root, {"nested/gen/x": "1", "nested/more/y": "1"})
    (root / "empty/deep").mkdir(parents=True)
    (root / "link").symlink_to(root / "a")
    (root / "loop").symlink_to(root)

    found = source_folders(root, [])

    assert found.folders == {"", "a", "a/b", "build", "empty", "empty/deep", "nested", "nested/more"}
    assert found.repositories == {"", "nested"}


async def test_no_watches_left_means_looking_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the system's limit is reached, everything is looked at from time to time, and the reason is stated."""
    limit = tmp_path / "max_user_watches"
    limit.write_text("2")
    monkeypatch.setattr(watch_session, "_LIMIT_FILE", limit)
    root = make_repository(tmp_path / "w", {"a.py": "1", "pkg/b.py": "1"})

    async with watched(root) as notices:
        assert "max_user_watches" in notices.watcher.limitation
        assert "every 30 s" in notices.watcher.limitation


async def test_closing_ends_the_watching(tmp_path: Path) -> None:
    """No thread and no handle of the system is left behind."""
    root = make_repository(tmp_path / "w", {"a.py": "1"})

    async with watched(root):
        during = _inotify_handles()
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while _inotify_handles() >= during:  # noqa: ASYNC110 - a thread outside of asyncio lets go of it
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/home/ada/w", ""), ("/mnt/share/w", "nfs4"), ("/mnt/share/disk/w", ""), ("/mnt/with space/w", "cifs")],
)
def test_network_file_systems_are_recognised(folder: str, kind: str) -> None:
    """The innermost mount around a folder decides; names with spaces are written in octal."""
    mounts = [
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw",
        "30 22 0:40 / /mnt/share rw shared:1 - nfs4 host:/x rw",
        "31 30 8:2 / /mnt/share/disk rw - ext4 /dev/sdb rw",
        "32 22 0:41 / /mnt/with\\040space rw - cifs //host/x rw",
    ]

    assert remote_kind(mounts, folder) == kind


def _inotify_handles() -> int:
    handles = 0
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            handles += entry.readlink() == Path("anon_inode:inotify")
    return handles
