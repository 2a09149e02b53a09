"""The hooks of git: installed beside others, gone without a trace, and they bring the index up to date."""

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firsthand.app import hook_states, install_hooks, uninstall_hooks
from firsthand.errors import WorkspaceError

HOOKS = ("post-merge", "post-checkout", "post-rewrite")
PROGRAM = [sys.executable, "-m", "firsthand"]
# How long a test waits for what another process does in the background.
_PATIENCE_SECONDS = 120


def git(folder: Path, *arguments: str, **environment: str) -> str:
    """Run git as some developer with no configuration of their own."""
    settings = {
        "GIT_CONFIG_GLOBAL": str(folder.parent / "gitconfig"),
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
    }
    result = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=os.environ | settings | environment,
        capture_output=True,
        check=True,
    )
    return (result.stdout + result.stderr).decode()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one file."""
    (tmp_path / "gitconfig").write_text("")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    folder = tmp_path / "my shop"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "a.py").write_text("def first():\n    return 1\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Start")
    return folder


def everything_in(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and link below a folder with its mode and content."""
    return {
        str(file.relative_to(folder)): (
            file.lstat().st_mode,
            os.fsencode(file.readlink())
            if file.is_symlink()
            else b""
            if file.is_dir()
            else file.read_bytes(),
        )
        for file in sorted(folder.rglob("*"))
    }


def states(root: Path) -> list[str]:
    """The states of the hooks in their order."""
    return [hook.state for hook in hook_states(root)]


EXISTING = [
    b"#!/bin/sh\necho mine\n",
    b"#!/usr/bin/env bash\nset -e\nexit 0",
    b"#!/bin/sh",
    b"#!/usr/bin/env python3\nprint('mine')\n",
    b"\x7fELF\x00binary",
    b"echo without a first line\n",
]


@pytest.mark.parametrize("content", EXISTING)
@pytest.mark.parametrize("mode", [0o755, 0o750, 0o644])
def test_uninstalling_leaves_no_trace(root: Path, content: bytes, mode: int) -> None:
    """Whatever the hooks were, they are the same bytes with the same mode afterwards, also after two installations."""
    for name in HOOKS[:2]:
        (root / ".git/hooks" / name).write_bytes(content)
        (root / ".git/hooks" / name).chmod(mode)
    before = everything_in(root / ".git/hooks")

    install_hooks(root)
    installed = states(root)
    install_hooks(root)
    uninstall_hooks(root)
    uninstall_hooks(root)

    assert installed == ["installed"] * 3
    assert states(root) == ["absent"] * 3
    assert everything_in(root / ".git/hooks") == before


def test_a_linked_hook_and_a_missing_folder_come_back(root: Path) -> None:
    """A hook that is a link stays one and its target is not touched; a folder that we made goes again."""
    script = root / "tools.sh"
    script.write_text("#!/bin/sh\necho linked >> out\n")
    script.chmod(0o755)
    (root / ".git/hooks/post-merge").symlink_to("../../tools.sh")
    before = everything_in(root)
    install_hooks(root)
    content = script.read_bytes()
    uninstall_hooks(root)
    assert (content, everything_in(root)) == (script.read_bytes(), before)

    (root / ".git/hooks").rename(root / ".git/away")
    before = everything_in(root)
    install_hooks(root)
    uninstall_hooks(root)
    assert everything_in(root) == before


@pytest.mark.parametrize(
    "script",
    [
        "#!/bin/sh\necho ran $1 $# >> out; cat >> out; exit 3\n",
        f"#!{sys.executable}\nimport sys\nopen('out','a').write('ran %s %d\\n' % (sys.argv[1], len(sys.argv) - 1)"
        " + sys.stdin.read())\nsys.exit(3)\n",
    ],
)
def test_other_hooks_run_as_before(root: Path, tmp_path: Path, cache_dir: Path, script: str) -> None:
    """They get their arguments, input and exit code, whether we stand in the same file or in front of it."""
    hook = root / ".git/hooks/post-rewrite"
    hook.write_text(script)
    hook.chmod(0o755)
    install_hooks(root)

    result = subprocess.run([hook, "amend"], cwd=root, input=b"old new\n", check=False)

    assert result.returncode == 3
    assert (root / "out").read_text() == "ran amend 1\nold new\n"


def test_a_hook_that_was_written_anew_is_not_lost(root: Path) -> None:
    """The hook that is aside never replaces one that somebody wrote since, in neither direction."""
    hook = root / ".git/hooks/post-merge"
    hook.write_bytes(b"#!/usr/bin/env python3\nprint('old')\n")
    hook.chmod(0o755)
    install_hooks(root)
    hook.write_bytes(b"#!/usr/bin/env python3\nprint('new')\n")

    with pytest.raises(WorkspaceError, match="would be lost"):
        install_hooks(root)
    hook.write_bytes(b"#!/bin/sh\necho newer\n")
    install_hooks(root)
    uninstall_hooks(root)

    assert hook.read_bytes() == b"#!/bin/sh\necho newer\n"
    aside = hook.with_name("post-merge.before-firsthand")
    assert aside.read_bytes() == b"#!/usr/bin/env python3\nprint('old')\n"


def test_nothing_of_the_repository_is_run(root: Path, tmp_path: Path) -> None:
    """A file that is called like the program is not taken for it, wherever Python is told to look for modules."""
    (root / "firsthand.py").write_text(f"open({str(tmp_path / 'was run')!r}, 'w')\n")
    install_hooks(root)
    hook = (root / ".git/hooks/post-merge").read_text()
    command = hook[hook.index("; ", hook.index("unset")) + 2 : hook.index(" hook run")]
    subprocess.run(
        [*shlex.split(command), "--version"], cwd=root, env=os.environ | {"PYTHONPATH": ":"}, check=True
    )

    assert not (tmp_path / "was run").exists()


def test_a_disabled_hook_is_not_switched_on(root: Path, cache_dir: Path) -> None:
    """A hook that is not executable does not run because ours does."""
    hook = root / ".git/hooks/post-checkout"
    hook.write_text("#!/bin/sh\ntouch must-not-be-there\n")
    hook.chmod(0o644)
    install_hooks(root)

    git(root, "checkout", "-q", "-b", "other")

    assert not (root / "must-not-be-there").exists()


def test_hooks_path_of_the_repository_is_respected(root: Path) -> None:
    """The hooks go where the repository's own setting says."""
    git(root, "config", "core.hooksPath", ".githooks")

    hooks = install_hooks(root)

    assert [hook.path for hook in hooks] == [root / ".githooks" / name for name in HOOKS]
    uninstall_hooks(root)
    assert not (root / ".githooks").exists()


def test_hooks_of_all_repositories_are_left_alone(root: Path, tmp_path: Path) -> None:
    """A folder of hooks that serves other repositories as well is refused with what to do."""
    git(root, "config", "--global", "core.hooksPath", str(tmp_path / "shared"))

    with pytest.raises(WorkspaceError, match="in other repositories as well"):
        install_hooks(root)

    assert not (tmp_path / "shared").exists()


def test_a_linked_working_tree_shares_the_hooks(root: Path, tmp_path: Path) -> None:
    """There is one folder of hooks for all working trees of a repository."""
    linked = tmp_path / "linked"
    git(root, "worktree", "add", "-q", str(linked))

    install_hooks(linked)

    assert states(root) == ["installed"] * 3


def test_without_git_there_is_nothing_to_hook_into(tmp_path: Path) -> None:
    """The message says so."""
    with pytest.raises(WorkspaceError, match="not in a working tree of git"):
        install_hooks(tmp_path)


def test_git_works_when_firsthand_is_gone(root: Path) -> None:
    """A hook that outlives its program is silent and successful."""
    install_hooks(root)
    for name in HOOKS:
        hook = root / ".git/hooks" / name
        hook.write_text(hook.read_text().replace(sys.executable, "/nowhere/python"))

    result = subprocess.run([root / ".git/hooks/post-merge", "0"], cwd=root, capture_output=True, check=True)

    assert (result.stdout, result.stderr) == (b"", b"")


def test_a_checkout_brings_the_index_up_to_date(root: Path, cache_dir: Path) -> None:
    """Git does not wait for it, and a while later the new branch's code is indexed."""
    settings = {"FIRSTHAND_PROVIDER": "embedded", "FIRSTHAND_CHAT_MODEL": "none"}
    git(root, "switch", "-q", "-c", "other")
    (root / "b.py").write_text("def second():\n    return 2\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "More")
    git(root, "switch", "-q", "main")
    firsthand = [*PROGRAM, "hook", "install", "--json", "--root", str(root)]
    installed = json.loads(subprocess.run(firsthand, capture_output=True, check=True).stdout)

    output = git(root, "switch", "other", **settings)

    why = [*PROGRAM, "status", "--root", str(root), "--why", "b.py", "--provider", "embedded", "--json"]
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while subprocess.run(why, capture_output=True, check=False).returncode:
        assert time.monotonic() < deadline
    assert [hook["state"] for hook in installed] == ["installed"] * 3
    assert output.strip() == "Switched to branch 'other'"
