"""Which files make up a workspace, compared with git itself, and what is read of them."""

import hashlib
import os
import shutil
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.git_repositories import commit_all, git, make_repository, write_files
from firsthand.adapters.git_files import WorkspaceTree
from firsthand.core.model import FileStat, SkippedFile, SourceFile


async def listed(root: Path, **options: object) -> set[str]:
    """Return the paths that may be indexed."""
    scan = await WorkspaceTree(root, **options).scan()
    return {file.path for file in scan.files}


async def left_out(root: Path, **options: object) -> dict[str, str]:
    """Return the reasons by path."""
    scan = await WorkspaceTree(root, **options).scan()
    return {file.path: file.reason for file in scan.skipped}


async def verdict(root: Path, path: str, **options: object) -> str:
    """Return what is said of one path in one word or the reason."""
    match (await WorkspaceTree(root, **options).stat_all([path]))[path]:
        case FileStat():
            return "file"
        case SkippedFile() as skipped:
            return skipped.reason
        case None:
            return "unlisted"


async def test_a_repository_gives_what_git_tracks_or_would_show(tmp_path: Path) -> None:
    """Tracked and untracked files are listed; ignored, deleted and git's own files are not."""
    root = make_repository(
        tmp_path / "w", {"a.py": "1", "gone.py": "2", "kept.log": "3", ".gitignore": "*.log\nbuild/\n"}
    )
    write_files(
        root, {"new.py": "4", "b.log": "5", "build/x.py": "6", "sub/.gitignore": "!c.log\n", "sub/c.log": "7"}
    )
    (root / "gone.py").unlink()

    assert {"a.py", "kept.log", ".gitignore", "new.py", "sub/.gitignore", "sub/c.log"} == await listed(root)


async def test_one_path_is_judged_as_the_whole_scan_would(tmp_path: Path) -> None:
    """A file event on an ignored file is answered like the scan, tracked files win over ignore patterns."""
    root = make_repository(
        tmp_path / "w", {"a.py": "1", "kept.log": "2", ".gitignore": "*.log\nnode_modules\n"}
    )
    write_files(root, {"node_modules/x.js": "3", "new.log": "4"})

    assert [
        await verdict(root, path)
        for path in ("a.py", "kept.log", "new.log", "node_modules/x.js", ".git/config", "absent.py", "node_modules")
    ] == [
        "file", "file", "unlisted", "unlisted", "unlisted", "unlisted", "unlisted",
    ]  # fmt: skip


async def test_a_file_in_the_place_of_a_tracked_folder_is_judged_as_the_whole_scan_would(
    tmp_path: Path,
) -> None:
    """Git's index still has the files of the folder; that does not excuse the file from the ignore rules."""
    root = make_repository(tmp_path / "w", {"out/a.py": "1", "kept": "2", ".gitignore": "out\nkept\n"})
    shutil.rmtree(root / "out")
    write_files(root, {"out": "3"})

    assert {"kept", ".gitignore"} == await listed(root)
    assert [await verdict(root, path) for path in ("out", "out/a.py", "kept")] == [
        "unlisted",
        "unlisted",
        "file",
    ]


@pytest.mark.parametrize("with_git", [True, False])
async def test_what_is_gits_own_is_named_by_no_look(tmp_path: Path, with_git: bool) -> None:
    """Neither the whole scan nor a look at one path has an entry for it, be it a file, in a folder or in capitals."""
    root = make_repository(tmp_path / "w", {"a.py": "1"}) if with_git else tmp_path / "w"
    write_files(root, {"a.py": "1", "pkg/.git": "gitdir: elsewhere\n", "lib/.GIT/x.py": "2"})

    assert await left_out(root) == {}
    assert await listed(root) <= {"a.py"}
    for path in ("pkg/.git", "lib/.GIT/x.py"):
        assert await verdict(root, path) == "unlisted"


async def test_a_folder_inside_a_repository_is_a_workspace_of_its_own(tmp_path: Path) -> None:
    """Only files below the root count, named from the root, under the rules of the repository above."""
    root = make_repository(
        tmp_path / "w", {"top.py": "1", "pkg/a.py": "2", ".gitignore": "*.log\n/pkg/out\n"}
    )
    write_files(root, {"pkg/x.log": "3", "pkg/out/y.py": "4", "pkg/deep/z.py": "5"})

    assert {"a.py", "deep/z.py"} == await listed(root / "pkg")
    assert await verdict(root / "pkg", "out/y.py") == "unlisted"


async def test_a_folder_that_the_repository_around_it_ignores_is_read_without_git(tmp_path: Path) -> None:
    """Who opens an ignored folder wants its files."""
    root = make_repository(tmp_path / "w", {".gitignore": "scratch\n"})
    write_files(root, {"scratch/a.py": "1", "scratch/.gitignore": "*.log\n", "scratch/b.log": "2"})

    assert {"a.py", ".gitignore"} == await listed(root / "scratch")
    assert [await verdict(root / "scratch", path) for path in ("a.py", "b.log")] == [
        "file",
        "unlisted",
    ]


async def test_names_that_differ_by_their_capitals_are_files_of_their_own(tmp_path: Path) -> None:
    """Also where the configuration came from a system on which they are not, and git was not told of a rename;
    ignore files speak of all spellings then."""
    root = make_repository(
        tmp_path / "w", {"moved.py": "1", "pkg/b.py": "2", "twin.py": "3", ".gitignore": "*.log\n"}
    )
    git(root, "config", "core.ignorecase", "true")
    (root / "moved.py").rename(root / "Moved.py")
    (root / "pkg").rename(root / "Pkg")
    write_files(root, {"Twin.py": "4", "Loud.LOG": "5"})
    expected = {"Moved.py", "Pkg/b.py", "twin.py", "Twin.py", ".gitignore"}

    states = await WorkspaceTree(root).stat_all([*expected, "moved.py", "pkg/b.py", "Loud.LOG"])

    assert await listed(root) == expected
    assert {path for path, state in states.items() if isinstance(state, FileStat)} == expected


async def test_a_folder_of_100000_files_is_listed_whole(tmp_path: Path) -> None:
    """With git and without, ignore rules apply to each of them, and one of them is judged as the list has it."""
    folder = tmp_path / "flat"
    folder.mkdir()
    (folder / ".gitignore").write_text("*7.py\n")
    for number in range(100_000):
        os.close(os.open(f"{folder}/{number}.py", os.O_CREAT))
    expected = {f"{number}.py" for number in range(100_000) if number % 10 != 7} | {".gitignore"}

    without_git = await listed(folder)
    git(folder, "init", "--quiet")
    with_git = await listed(folder)
    shutil.rmtree(folder / ".git")

    assert without_git == with_git == expected
    assert [await verdict(folder, path) for path in ("99996.py", "99997.py")] == ["file", "unlisted"]


async def test_submodules_and_nested_repositories_belong_to_the_workspace(tmp_path: Path) -> None:
    """Their files are listed under the rules of their own repository."""
    library = make_repository(tmp_path / "lib", {"lib.py": "1", ".gitignore": "*.tmp\n"})
    root = make_repository(tmp_path / "w", {"a.py": "2", ".gitignore": "*.py.bak\n"})
    git(root, "submodule", "--quiet", "add", str(library), "vendored/lib")
    commit_all(root, "Add the library")
    make_repository(root / "nested", {"n.py": "3", ".gitignore": "*.log\n"})
    write_files(root, {"vendored/lib/x.tmp": "4", "vendored/lib/new.py": "5", "nested/x.log": "6"})

    paths = await listed(root)

    assert {"a.py", "vendored/lib/lib.py", "vendored/lib/new.py", "nested/n.py"} == {
        path for path in paths if path.endswith(".py")
    }
    assert [
        await verdict(root, path)
        for path in ("vendored/lib/new.py", "vendored/lib/x.tmp", "nested/n.py", "nested/x.log")
    ] == ["file", "unlisted", "file", "unlisted"]


async def test_a_linked_worktree_is_listed_like_any_other(tmp_path: Path) -> None:
    """A `.git` that is a file points to the repository."""
    root = make_repository(tmp_path / "w", {"a.py": "1", ".gitignore": "*.log\n"})
    git(root, "worktree", "add", "--quiet", str(tmp_path / "side"))
    write_files(tmp_path / "side", {"b.py": "2", "c.log": "3"})

    assert {"a.py", "b.py", ".gitignore"} == await listed(tmp_path / "side")


async def test_files_in_conflict_are_listed_once(tmp_path: Path) -> None:
    """A merge keeps three versions in git's index; the workspace has one file."""
    root = make_repository(tmp_path / "w", {"a.py": "1\n"})
    git(root, "checkout", "--quiet", "-b", "other")
    write_files(root, {"a.py": "2\n"})
    commit_all(root, "Two")
    git(root, "checkout", "--quiet", "main")
    write_files(root, {"a.py": "3\n"})
    commit_all(root, "Three")
    with pytest.raises(Exception, match="merge"):
        git(root, "merge", "other")

    scan = await WorkspaceTree(root).scan()

    assert [file.path for file in scan.files] == ["a.py"]


async def test_the_users_own_rules_leave_files_out(tmp_path: Path) -> None:
    """`.firsthandignore` works at any depth, with negation, beside the patterns of the settings."""
    root = make_repository(
        tmp_path / "w",
        {
            ".firsthandignore": "*.sql\nfixtures/\n",
            "a.sql": "1", "b.py": "2", "fixtures/c.py": "3", "deep/.firsthandignore": "!keep.sql\n",
            "deep/keep.sql": "4", "deep/drop.sql": "5", "legacy/d.py": "6",
        },
    )  # fmt: skip

    reasons = await left_out(root, exclude=["legacy/"])

    assert reasons == {
        "a.sql": "listed in .firsthandignore",
        "deep/drop.sql": "listed in .firsthandignore",
        "fixtures/c.py": "listed in .firsthandignore",
        "legacy/d.py": "excluded in the settings",
    }
    assert await verdict(root, "fixtures/c.py") == "listed in .firsthandignore"
    assert await verdict(root, "deep/keep.sql") == "file"


@pytest.mark.parametrize("with_git", [True, False])
async def test_files_that_are_no_source_are_left_out_with_a_reason(tmp_path: Path, with_git: bool) -> None:
    """Links, pipes, sockets, secrets, large and binary files are named, if no rule ignores them; nothing hangs."""
    root = tmp_path / "w"
    files = {"a.py": "1", "big.py": "x" * 2048, ".env": "A=1", "logo.png": b"\x89PNG", "dir/b.py": "2"}
    write_files(root, files | {".gitignore": "*.ipc\n"})
    if with_git:
        git(root, "init", "--quiet")
    write_files(tmp_path, {"outside/secret.py": "3"})
    (root / "link.py").symlink_to(root / "a.py")
    (root / "loop").symlink_to(root)
    (root / "out").symlink_to(tmp_path / "outside")
    os.mkfifo(root / "dir/pipe.py")
    os.mkfifo(root / "dir/pipe.ipc")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "socket.py"))
        reasons = await left_out(root, max_file_bytes=1024)

    assert reasons == {
        "big.py": "larger than 1 KiB", ".env": "may hold secrets", "logo.png": "binary",
        "link.py": "symbolic link", "loop": "symbolic link", "out": "symbolic link",
        "dir/pipe.py": "not a regular file", "socket.py": "not a regular file",
    }  # fmt: skip
    assert {"a.py", "dir/b.py", ".gitignore"} == await listed(root, max_file_bytes=1024)


async def test_a_device_and_a_file_of_a_gigabyte_are_not_opened(tmp_path: Path) -> None:
    """Each is left out by what the file system says of it."""
    with (tmp_path / "huge.py").open("wb") as file:
        file.truncate(1 << 30)

    assert await left_out(tmp_path) == {"huge.py": "larger than 1024 KiB"}
    assert await verdict(Path(os.devnull).parent, Path(os.devnull).name) == "not a regular file"


async def test_a_file_that_cannot_be_read_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Permissions may go between looking at a file and opening it; root, who runs some tests, has them all."""
    write_files(tmp_path, {"a.py": "1", "b.py": "2"})
    open_file = os.open

    def refuse(path: object, *arguments: int) -> int:
        if str(path).endswith("a.py"):
            raise PermissionError(13, "Permission denied")
        return open_file(path, *arguments)

    monkeypatch.setattr(os, "open", refuse)
    tree = WorkspaceTree(tmp_path)

    assert await tree.read("a.py") == SkippedFile("a.py", "unreadable")
    assert isinstance(await tree.read("b.py"), SourceFile)


async def test_a_folder_that_may_not_be_entered_spoils_no_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether there is a repository in it cannot be known; the files beside it are judged all the same."""
    root = make_repository(tmp_path / "w", {"a.py": "1", "shut/b.py": "2"})
    stat, lstat = os.stat, os.lstat

    def refuse(path: object, *arguments: object, **options: object) -> None:
        if "/shut/" in str(path):
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "stat", lambda path, **options: refuse(path) or stat(path, **options))
    monkeypatch.setattr(os, "lstat", lambda path, **options: refuse(path) or lstat(path, **options))
    states = await WorkspaceTree(root).stat_all(["a.py", "shut/b.py"])

    assert isinstance(states["a.py"], FileStat)
    assert states["shut/b.py"] == SkippedFile("shut/b.py", "unreadable")


@pytest.mark.parametrize("with_git", [True, False])
async def test_a_name_that_is_not_utf8_is_left_out_in_words(tmp_path: Path, with_git: bool) -> None:
    """It cannot be spoken of in any protocol, and must not hide the files beside it."""
    root = tmp_path / "w"
    write_files(root, {"a.py": "1", "new\nline.py": "2", "ünï.py": "3", "it's 100%.py": "4"})
    write_files(root, {os.fsdecode(b"b\xff.py"): "5"})
    if with_git:
        git(root, "init", "--quiet")

    assert await left_out(root) == {"b\\xff.py": "name is not UTF-8"}
    assert {"a.py", "new\nline.py", "ünï.py", "it's 100%.py"} == await listed(root)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../outside.py", "outside the workspace"),
        ("/etc/passwd", "outside the workspace"),
        ("a/../../outside.py", "outside the workspace"),
        ("", "outside the workspace"),
        ("nul\0.py", "outside the workspace"),
        ("surrogate\udcff.py", "name is not UTF-8"),
        ("link/inside.py", "below a symbolic link"),
        ("link.py", "symbolic link"),
    ],
)
async def test_no_path_leads_out_of_the_root(tmp_path: Path, path: str, reason: str) -> None:
    """Neither names with dots nor links reach a file outside, for `stat` and for `read`."""
    root = make_repository(tmp_path / "w", {"a.py": "1"})
    write_files(tmp_path, {"outside.py": "2", "elsewhere/inside.py": "3"})
    (root / "link").symlink_to(tmp_path / "elsewhere")
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    tree = WorkspaceTree(root)

    assert [SkippedFile(path, reason)] * 2 == [(await tree.stat_all([path]))[path], await tree.read(path)]


async def test_a_tracked_folder_that_became_a_link_is_not_entered(tmp_path: Path) -> None:
    """Git still lists the files that used to be there."""
    root = make_repository(tmp_path / "w", {"pkg/a.py": "1"})
    write_files(tmp_path, {"elsewhere/a.py": "secret"})
    shutil.rmtree(root / "pkg")
    (root / "pkg").symlink_to(tmp_path / "elsewhere")

    assert set() == await listed(root)


async def test_reading_gives_text_language_and_hash(tmp_path: Path) -> None:
    """The hash is of the bytes, the text is decoded, line ends are kept."""
    data = b"\xef\xbb\xbfdef f():\r\n    return 'x'\r\n"
    write_files(tmp_path, {"pkg/a.py": data})

    source = await WorkspaceTree(tmp_path).read("pkg/a.py")

    assert SourceFile("pkg/a.py", data[3:].decode(), "python", hashlib.sha256(data).hexdigest()) == source


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("gone.py", None, None),
        ("a.py", b"text\0with NUL", SkippedFile("a.py", "binary")),
        ("a.py", b"x" * 2000, SkippedFile("a.py", "larger than 1 KiB")),
        ("a.go", b"// Code generated by x. DO NOT EDIT.\n", SkippedFile("a.go", "generated")),
        (".env", b"TOKEN=1", SkippedFile(".env", "may hold secrets")),
    ],
)
async def test_reading_refuses_what_should_not_be_indexed(
    tmp_path: Path, path: str, content: bytes | None, expected: SkippedFile | None
) -> None:
    """The content decides where the name does not; a file that is gone is no error."""
    if content is not None:
        write_files(tmp_path, {path: content})

    assert expected == await WorkspaceTree(tmp_path, max_file_bytes=1024).read(path)


async def test_a_folder_without_git_follows_its_ignore_files(tmp_path: Path) -> None:
    """Nested and negated patterns work, and folders of dependencies are not entered."""
    write_files(
        tmp_path,
        {
            ".gitignore": "*.log\n/out/\n", "a.py": "1", "b.log": "2", "out/c.py": "3", "sub/.gitignore": "!d.log\n",
            "sub/d.log": "4", "node_modules/e.js": "5", ".venv/f.py": "6", "build/g.py": "7", "src/build/h.py": "8",
            "pyproject.toml": "",
        },
    )  # fmt: skip

    assert {
        ".gitignore",
        "a.py",
        "pyproject.toml",
        "sub/.gitignore",
        "sub/d.log",
        "src/build/h.py",
    } == await listed(tmp_path)
    assert {
        path: await verdict(tmp_path, path)
        for path in ("node_modules/e.js", "build/g.py", "src/build/h.py", "b.log", "sub/d.log")
    } == {
        "node_modules/e.js": "unlisted",
        "build/g.py": "unlisted",
        "src/build/h.py": "file",
        "b.log": "unlisted",
        "sub/d.log": "file",
    }


async def test_a_repository_runs_no_program_of_its_choice(tmp_path: Path) -> None:
    """A configuration that came with the files cannot make git execute anything while they are listed and read."""
    root = make_repository(tmp_path / "w", {"a.py": "1\n", ".gitattributes": "*.py filter=evil diff=evil\n"})
    trap = tmp_path / "trap"
    script = tmp_path / "run.sh"
    script.write_text(f"#!/bin/sh\ntouch {trap}\ncat\n")
    script.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "core.pager",
        "filter.evil.clean",
        "filter.evil.process",
        "diff.evil.textconv",
    ):
        git(root, "config", key, str(script))
    git(root, "config", "core.hooksPath", str(tmp_path))
    write_files(root, {"a.py": "2\n", "b.py": "3\n"})
    tree = WorkspaceTree(root)

    paths = {file.path for file in (await tree.scan()).files}
    read = [await tree.read(path) for path in sorted(paths)]
    states = list((await tree.stat_all(sorted(paths))).values())

    assert {"a.py", "b.py", ".gitattributes"} == paths
    assert all(isinstance(source, SourceFile) for source in read)
    assert all(isinstance(state, FileStat) for state in states)
    assert not trap.exists()


@pytest.mark.parametrize(
    "pattern", ["*a" * 40 + "b", "**/a/" * 40 + "b", "**/*a*a*a*a*a*a/" * 9 + "b", "[a-" * 50]
)
async def test_no_pattern_keeps_the_scan_busy(tmp_path: Path, pattern: str) -> None:
    """Patterns that ruin a backtracking matcher are answered; this test ends."""
    deep = "a/" * 100 + "a" * 100
    write_files(tmp_path, {"a" * 200: "1", deep: "2", ".firsthandignore": pattern + "\n"})

    assert await listed(tmp_path) == {"a" * 200, deep, ".firsthandignore"}


NAMES = st.sampled_from(
    ["a", "b", "log", "a.log", "b.txt", "src", "a b", "#x", "!y", "[z]", "ä.py", "x.y.py"]
)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PATTERNS = st.one_of(
    st.builds(
        lambda negation, anchor, body, slash: f"{negation}{anchor}{body}{slash}",
        st.sampled_from(["", "", "!"]),
        st.sampled_from(["", "/", "**/"]),
        st.one_of(
            NAMES,
            PATHS,
            st.sampled_from(
                [
                    "*",
                    "*.log",
                    "*.py",
                    "a*",
                    "?",
                    "**/log",
                    "src/**",
                    "src/*",
                    "[ab]",
                    "a/**/b",
                    "*/log",
                    "**",
                    "a/**/",
                    "[!a]*",
                    "[]z[]*",
                    "a**b",
                    "**.py",
                    "\\*",
                    "[[:alpha:]]",
                    "[a-",
                    "/",
                    "//",
                    "a/**/**/b",
                    "src/**/",
                ]
            ),
        ),
        st.sampled_from(["", "", "/"]),
    ),
    st.sampled_from(["# comment", "", "\\#x", "\\!y", "a\\ b", "trailing  ", "trailing\\ "]),
)
IGNORE_FILES = st.dictionaries(
    st.lists(NAMES, max_size=2).map("/".join), st.lists(PATTERNS, min_size=1, max_size=4), max_size=3
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paths=st.sets(PATHS, min_size=1, max_size=12), ignores=IGNORE_FILES)
async def test_any_tree_is_listed_as_git_lists_it(
    tmp_path_factory: pytest.TempPathFactory, paths: set[str], ignores: dict[str, list[str]]
) -> None:
    """With git and without, `scan` equals `git status`, and `stat` of each file equals `scan`."""
    root = tmp_path_factory.mktemp("tree") / "w"
    root.mkdir()
    ignore_files = {
        f"{folder}/.gitignore".lstrip("/"): "\n".join(lines) + "\n" for folder, lines in ignores.items()
    }
    everything = _write_what_fits(root, dict.fromkeys(sorted(paths), "x") | ignore_files)
    git(root, "init", "--quiet")
    status = git(root, "status", "--porcelain", "-z", "--untracked-files=all")
    expected = {entry[3:] for entry in status.split("\0") if entry}

    with_git = await listed(root)
    stated = {path for path in everything if await verdict(root, path) == "file"}
    shutil.rmtree(root / ".git")
    without_git = await listed(root)
    stated_without = {path for path in everything if await verdict(root, path) == "file"}

    assert expected == with_git
    assert expected == stated
    assert expected == without_git
    assert expected == stated_without


SHAPES = st.sampled_from(["repository", "linked working tree", "sparse checkout", "submodule"])
RULES = st.lists(PATTERNS, max_size=3).map("\n".join)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=SHAPES,
    tracked=st.sets(PATHS, min_size=1, max_size=6),
    untracked=st.sets(PATHS, max_size=6),
    ignores=IGNORE_FILES,
    of_the_user=RULES,
    of_the_repository=RULES,
)
async def test_tracked_files_and_every_source_of_rules_count_as_for_git(
    tmp_path_factory: pytest.TempPathFactory,
    shape: str,
    tracked: set[str],
    untracked: set[str],
    ignores: dict[str, list[str]],
    of_the_user: str,
    of_the_repository: str,
) -> None:
    """`scan` equals `git ls-files` and `stat` agrees with `git check-ignore`: tracked files that a rule names, the
    user's own excludes, those of the repository, linked working trees, sparse checkouts and submodules."""
    home = tmp_path_factory.mktemp("shapes")
    root, inner = _shaped(home, shape, sorted(tracked))
    ignore_files = {
        f"{folder}/.gitignore".lstrip("/"): "\n".join([*lines, ""]) for folder, lines in ignores.items()
    }
    everything = _write_what_fits(root / inner, dict.fromkeys(sorted(untracked), "x") | ignore_files)
    (home / "excludes").write_text(of_the_user)
    git(root / inner, "config", "core.excludesFile", str(home / "excludes"))
    exclude = Path(git(root / inner, "rev-parse", "--git-path", "info/exclude").strip())
    write_files(root / inner, {str(exclude): of_the_repository})
    expected = _listed_by_git(root / inner)

    found = {path.removeprefix(f"{inner}/") for path in await listed(root) if path.startswith(inner)}
    stated = {path for path in everything if await verdict(root, f"{inner}/{path}".lstrip("/")) == "file"}

    assert found == expected
    assert stated == {path for path in everything if path in expected}


def _shaped(home: Path, shape: str, tracked: list[str]) -> tuple[Path, str]:
    """Make a repository of a shape; return a root and the folder in it that is meant, "" for the root itself."""
    main = home / "main"
    git(home, "init", "--quiet", "--initial-branch=main", str(main))
    _write_what_fits(main, dict.fromkeys(tracked, "x"))
    commit_all(main, "Begin")
    match shape:
        case "linked working tree":
            git(main, "worktree", "add", "--quiet", str(home / "linked"))
            return home / "linked", ""
        case "sparse checkout":
            git(main, "sparse-checkout", "set", "--no-cone", "/a/", "/src/", "*.log")
            return main, ""
        case "submodule":
            above = make_repository(home / "above", {"top.py": "1"})
            git(above, "submodule", "--quiet", "add", str(main), "lib")
            return above, "lib"
        case _:
            return main, ""


def _listed_by_git(folder: Path) -> set[str]:
    names = git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    # In a sparse checkout a folder may stand where a file of the index would.
    return {
        name for name in names if name and os.path.lexists(folder / name) and not _is_folder(folder / name)
    }


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _write_what_fits(root: Path, files: dict[str, str]) -> set[str]:
    """Write the files whose names do not collide with a folder or file that is there already."""
    written = set()
    for path, content in files.items():
        file = root / path
        if file.is_dir() or any(parent.is_file() for parent in file.parents):
            continue
        write_files(root, {path: content})
        written.add(path)
    return written
