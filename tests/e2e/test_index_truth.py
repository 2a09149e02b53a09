"""Whatever people and git do to a folder, a quiet moment later its index is what indexing from nothing would give."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from followed_folder import EVERYWHERE, FollowedFolder
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from adapters.git_repositories import commit_all, git, make_repository

FOLDERS = ("", "a", "A", "a/b", "a/b/c", "d", "d/e", "build", "inner", "lib")
NAMES = ("x.py", "X.py", "y.py", "z.md", "n.txt", "x.log")
PATHS = st.builds(
    lambda folder, name: f"{folder}/{name}".lstrip("/"), st.sampled_from(FOLDERS), st.sampled_from(NAMES)
)
PLACES = st.one_of(PATHS, st.sampled_from(FOLDERS[1:]))
BRANCHES = st.sampled_from(["main", "one", "two"])
PATTERNS = st.lists(
    st.sampled_from(
        [
            "*.log",
            "x.*",
            "!x.py",
            "a/",
            "/a/b",
            "build/",
            "b",
            "!b/",
            "**/c",
            "d/*",
            "!d/e",
            "*",
            "!*/",
            "!*.md",
        ]
    ),
    max_size=3,
)


class ChangingFolder(RuleBasedStateMachine):
    """A repository with a submodule's source beside it, changed in every way while a session follows it."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="truth-"))
        self.library = make_repository(self.home / EVERYWHERE, {"x.py": _text(2, 1)})
        self.written = 10
        self.is_open = self.is_paused = False

    @initialize(
        kind=st.sampled_from(["repository", "part of a repository", "linked working tree", "no repository"])
    )
    def begin(self, kind: str) -> None:
        """Begin to follow a folder."""
        files = {"x.py": _text(0, 2), "a/b/z.md": _text(1, 1)}
        self.root = self.home / "w"
        match kind:
            case "part of a repository":
                make_repository(self.home / "above", {f"w/{path}": text for path, text in files.items()})
                self.root = self.home / "above/w"
            case "linked working tree":
                main = make_repository(self.home / "above", files)
                git(main, "worktree", "add", "--quiet", str(self.root))
            case _:
                make_repository(self.root, files)
                if kind == "no repository":
                    self.lose_git()
        self.folder = FollowedFolder(self.root, self.home / "cache")
        self.open()

    def teardown(self) -> None:
        """Look a last time, then leave nothing behind."""
        try:
            self.come_to_rest()
        finally:
            self.folder.end()
            shutil.rmtree(self.home)

    # The session.

    @rule()
    def come_to_rest(self) -> None:
        """Open what is closed, resume what is paused, compare."""
        if not self.is_open:
            self.open()
        if self.is_paused:
            self.resume()
        self.compare()

    def compare(self) -> None:
        """Wait until the index is what it should be."""
        self.folder.check()

    @precondition(lambda self: not self.is_open)
    @rule()
    def open(self) -> None:
        """Begin a session."""
        self.folder.open()
        self.is_open = True

    @precondition(lambda self: self.is_open)
    @rule()
    def close(self) -> None:
        """End the session, wherever it is in its work."""
        self.folder.close()
        self.is_open = self.is_paused = False

    @precondition(lambda self: self.is_open and not self.is_paused)
    @rule()
    def pause(self) -> None:
        """Hold indexing back; changes are still noticed."""
        self.folder.pause()
        self.is_paused = True

    @precondition(lambda self: self.is_paused)
    @rule()
    def resume(self) -> None:
        """Let it go on."""
        self.folder.resume()
        self.is_paused = False

    # Files.

    @rule(path=PATHS, size=st.integers(0, 3), is_from_editor=st.booleans())
    def save(self, path: str, size: int, is_from_editor: bool) -> None:
        """Write a file in place, through a link that leads somewhere; many files have one size."""
        if self._prepared(path):
            text = self._next_text(size)
            _attempt(lambda: (self.root / path).write_text(text))
            if is_from_editor and self.is_open:
                self.folder.saved(path)

    @precondition(lambda self: self.is_open)
    @rule(
        numbers=st.sets(st.integers(0, 9), min_size=1, max_size=5),
        size=st.integers(1, 3),
        above=st.booleans(),
    )
    def edit(self, numbers: set[int], size: int, above: bool) -> None:
        """Change the text of files in an editor, or add lines above it, and do not save them; compare."""
        files = sorted(path for path in self.root.rglob("*.*") if path.name in NAMES and path.is_file())
        for place in (file for number, file in enumerate(files) if number in numbers):
            text = self._next_text(size)
            if above:
                text += place.read_text()
            self.folder.edit(place.relative_to(self.root).as_posix(), text)
        if not self.is_paused:
            self.compare()

    @precondition(lambda self: self.is_open)
    @rule(path=PATHS)
    def close_document(self, path: str) -> None:
        """Give up what was not saved."""
        self.folder.close_document(path)

    @rule(path=PATHS, size=st.integers(1, 2))
    def save_by_renaming(self, path: str, size: int) -> None:
        """Write beside the file, then put that in its place, as many editors do."""
        if self._prepared(path):
            beside = self.root / f"{path}.tmp"
            beside.write_text(self._next_text(size))
            beside.replace(self.root / path)

    @rule(source=PLACES, goal=PLACES)
    def rename(self, source: str, goal: str) -> None:
        """Move a file or a folder, onto another one where the system allows it."""
        if not goal.startswith(f"{source}/") and self._prepared(goal):
            _attempt(lambda: (self.root / source).replace(self.root / goal))

    @rule(first=PLACES, second=PLACES)
    def swap(self, first: str, second: str) -> None:
        """Exchange two files or folders; sizes and times stay."""
        one, other, aside = self.root / first, self.root / second, self.home / "aside"
        if first.startswith(f"{second}/") or second.startswith(f"{first}/"):
            return
        if os.path.lexists(one) and os.path.lexists(other) and one != other:
            one.rename(aside)
            other.rename(one)
            aside.rename(other)

    @rule(folder=st.sampled_from(FOLDERS))
    def save_unspeakable(self, folder: str) -> None:
        """Write a file whose name is not UTF-8."""
        _attempt(lambda: (self.root / folder / os.fsdecode(b"\xff.py")).write_text(_text(0, 1)))

    @rule(path=PLACES)
    def delete(self, path: str) -> None:
        """Delete a file, a link or a whole folder."""
        place = self.root / path
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            _attempt(lambda: place.unlink(missing_ok=True))

    @rule(path=PLACES)
    def forbid(self, path: str) -> None:
        """Take every permission away."""
        _attempt(lambda: (self.root / path).chmod(0))

    @rule(path=PLACES)
    def allow(self, path: str) -> None:
        """Give them back."""
        _attempt(lambda: (self.root / path).chmod(0o755))

    @rule(path=PLACES, goal=PLACES)
    def link(self, path: str, goal: str) -> None:
        """Put a symbolic link in a file's or folder's place."""
        if self._prepared(path):
            self.delete(path)
            (self.root / path).symlink_to(self.root / goal)

    @rule(
        folder=st.sampled_from(FOLDERS),
        patterns=PATTERNS,
        name=st.sampled_from([".gitignore", ".firsthandignore"]),
    )
    def ignore(self, folder: str, patterns: list[str], name: str) -> None:
        """Change the rules of a folder."""
        path = f"{folder}/{name}".lstrip("/")
        if self._prepared(path):
            (self.root / path).write_text("\n".join([f"# {EVERYWHERE}", *patterns, ""]))

    # Git.

    @rule()
    def commit(self) -> None:
        """Commit what is not ignored."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--no-verify", "-m", "More")

    @rule(branch=BRANCHES, force=st.booleans())
    def switch(self, branch: str, force: bool) -> None:
        """Go to a branch, which may have to be made."""
        options = ["--discard-changes"] if force else []
        if not self._git("switch", "--quiet", *options, branch):
            self._git("switch", "--quiet", "--create", branch)

    @rule(branch=BRANCHES, how=st.sampled_from(["merge", "rebase", "cherry-pick"]))
    def join(self, branch: str, how: str) -> None:
        """Bring another branch in; conflicts stay as they are."""
        self._git(how, branch)

    @rule(how=st.sampled_from(["merge", "rebase", "cherry-pick"]))
    def give_up(self, how: str) -> None:
        """Leave a merge, rebase or pick that did not succeed."""
        self._git(how, "--abort")

    @rule()
    def stash(self) -> None:
        """Put changes aside, new files too."""
        self._git("stash", "--include-untracked")

    @rule()
    def pop(self) -> None:
        """Take them back."""
        self._git("stash", "pop")

    @rule(options=st.sampled_from(["-fd", "-ffdx", "-fdX"]))
    def clean(self, options: str) -> None:
        """Delete what git does not know."""
        self._git("clean", "-q", options)

    @rule(how=st.sampled_from(["--hard", "--mixed"]), back=st.booleans())
    def reset(self, how: str, back: bool) -> None:
        """Go back to the commit, or the one before."""
        self._git("reset", "--quiet", how, "HEAD~" if back else "HEAD")

    @rule(path=PLACES)
    def untrack(self, path: str) -> None:
        """Take a path out of git's index; the ignore rules hold for it from now on."""
        self._git("rm", "-r", "--quiet", "--cached", path)

    @rule(path=PLACES)
    def track(self, path: str) -> None:
        """Take a path into git's index, ignored or not."""
        self._git("add", "--force", path)

    @rule(patterns=st.sampled_from([["/a/"], ["/*", "!/a/b/"], ["x.py"]]))
    def make_sparse(self, patterns: list[str]) -> None:
        """Check out a part only."""
        self._git("sparse-checkout", "set", "--no-cone", *patterns)

    @rule()
    def make_whole(self) -> None:
        """Check out everything again."""
        self._git("sparse-checkout", "disable")

    @rule()
    def lose_git(self) -> None:
        """Take the repository away."""
        _attempt(lambda: (self.root / ".git").rename(self.home / "git"))

    @rule()
    def find_git(self) -> None:
        """Put it back."""
        if not os.path.lexists(self.root / ".git"):
            _attempt(lambda: (self.home / "git").rename(self.root / ".git"))

    @rule()
    def nest(self) -> None:
        """Make a repository inside."""
        if self._prepared("inner/x.py") and not (self.root / "inner/.git").is_file():
            (self.root / "inner").mkdir(exist_ok=True)
            git(self.root / "inner", "init", "--quiet")

    @rule(folder=st.sampled_from(FOLDERS[1:]))
    def leave_behind(self, folder: str) -> None:
        """Put the file of a working tree into a folder whose repository is gone."""
        path = f"{folder}/.git"
        if self._prepared(path):
            _attempt(lambda: (self.root / path).write_text("gitdir: gone\n"))

    @rule()
    def commit_inside(self) -> None:
        """Commit in the repository inside."""
        if (self.root / "inner/.git").is_dir():
            commit_all(self.root / "inner", "More")

    @rule()
    def add_submodule(self) -> None:
        """Take the library in."""
        self._git("submodule", "--quiet", "add", "--force", str(self.library), "lib")

    @rule()
    def add_worktree(self) -> None:
        """Check a branch out inside the folder."""
        self._git("worktree", "add", "--quiet", "-f", "-B", "aside", "d/e")

    def _prepared(self, path: str) -> bool:
        """Make the folder of a path; tell whether something stands in the way or a link leads elsewhere."""
        folder = self.root
        for part in path.split("/")[:-1]:
            folder = folder / part
            if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
                return False
        folder.mkdir(parents=True, exist_ok=True)
        return not (self.root / path).is_dir()

    def _next_text(self, size: int) -> str:
        self.written += 1
        return _text(self.written, size)

    def _git(self, *arguments: str) -> bool:
        """Run git; what it refuses is no failure."""
        try:
            git(self.root, *arguments)
        except subprocess.CalledProcessError:
            return False
        return True


def _text(number: int, size: int) -> str:
    return "".join(f"def {EVERYWHERE}_{part}():\n    return {number:05}\n\n\n" for part in range(size))


def _attempt(change: Callable[[], object]) -> None:
    with contextlib.suppress(OSError):
        change()


ChangingFolder.TestCase.settings = settings(
    max_examples=8,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
TestChangingFolder = ChangingFolder.TestCase
