"""`firsthand status --why PATH`: why a file is or is not indexed."""

import json
import subprocess
from pathlib import Path

import pytest

from fakes.application import FakeApplication, new_terminal
from firsthand.adapters.leaving_out import rule_against
from firsthand.cli.run import run

SECRET = "may hold secrets"


def why(*argv: str, application: FakeApplication, root: Path) -> tuple[int, str]:
    """Ask about files of a folder."""
    terminal = new_terminal()
    flags = [part for path in argv for part in ("--why", str(root / path))]
    code = run(["status", "--root", str(root), "--json", *flags], terminal, application)
    return code, terminal.stdout.getvalue()


def indexed(root: Path, **fields: object) -> FakeApplication:
    """An application whose files are indexed."""
    application = FakeApplication({"a.txt": "alpha\n", "b.txt": "beta\n"}, {".env": SECRET}, **fields)
    run(["index", str(root)], new_terminal(), application)
    return application


def test_an_indexed_file(tmp_path: Path) -> None:
    """It is up to date, with the number of its pieces, and the command succeeds."""
    code, out = why("a.txt", application=indexed(tmp_path), root=tmp_path)

    assert code == 0
    assert json.loads(out) == [
        {"path": "a.txt", "state": "indexed", "reason": "up to date", "rule": "", "chunks": 1, "embedded": 1}
    ]


@pytest.mark.parametrize(
    ("path", "state", "reason"),
    [
        (".env", "left out", SECRET),
        ("b.txt", "outdated", "changed since it was indexed; to index it now, run: firsthand index"),
        ("new.txt", "waiting", "not indexed yet; to index it now, run: firsthand index"),
        ("absent.txt", "missing", "there is no such file in this folder"),
        ("debug.log", "left out", "ignored"),
        ("locked.txt", "failed", "cannot be read: Permission denied"),
    ],
)
def test_other_files(tmp_path: Path, path: str, state: str, reason: str) -> None:
    """Each has its reason, and the command fails."""
    application = indexed(tmp_path)
    application.tree.write("b.txt", "changed\n")
    application.tree.write("new.txt", "new\n")
    application.tree.write("locked.txt", "x\n")
    application.tree.unreadable.add("locked.txt")
    application.tree.rules["debug.log"] = ".gitignore:2: *.log"

    code, out = why(path, application=application, root=tmp_path)

    standing = json.loads(out)[0]
    assert (code, standing["state"], standing["reason"]) == (1, state, reason)


def test_for_people_with_the_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several files at once; paths are as the shell completes them, or count from the root."""
    application = indexed(tmp_path)
    application.tree.rules["logs/debug.log"] = ".gitignore:2: *.log"
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "debug.log").touch()
    (tmp_path / "a.txt").touch()
    monkeypatch.chdir(tmp_path / "logs")
    terminal = new_terminal()

    code = run(["status", "--root", "..", "--why", "debug.log", "--why", "a.txt"], terminal, application)

    assert code == 1
    assert terminal.stdout.getvalue() == (
        "left out logs/debug.log  ignored\n"
        "  → .gitignore:2: *.log\n"
        "indexed  a.txt  1 pieces, 1 with a vector; up to date\n"
    )


@pytest.mark.parametrize("with_git", [True, False])
def test_the_rule_is_named_with_its_place(tmp_path: Path, with_git: bool) -> None:
    """Ignore files of git, of Firsthand and the setting, with and without git, also for folders."""
    files = {
        ".gitignore": "# logs\n*.log\nbuild/\n",
        "sub/.gitignore": "!kept.log\nsecret.*\n",
        ".firsthandignore": "\ndata/**\n",
        "a.log": "", "sub/kept.log": "", "sub/secret.txt": "", "build/deep/x.py": "", "data/x.csv": "", "docs/a.md": "",
    }  # fmt: skip
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    if with_git:
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    rules = {path: rule_against(tmp_path, ["docs/"], path) for path in [*files, "build", "absent.log"]}

    assert {path: rule for path, rule in rules.items() if rule} == {
        "a.log": ".gitignore:2: *.log",
        "build/deep/x.py": ".gitignore:3: build/",
        "build": ".gitignore:3: build/",
        "sub/secret.txt": "sub/.gitignore:2: secret.*",
        "data/x.csv": ".firsthandignore:2: data/**",
        "docs/a.md": "setting exclude: docs/",
    }
