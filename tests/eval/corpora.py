"""Code to measure search on: source packages from the registries, and repositories that are on this machine."""

import argparse
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from past_trees import PastChange, past_tree


@dataclass(frozen=True)
class Material:
    """A folder of code, and whether its git history is asked about."""

    name: str
    group: str
    """Which table it belongs to."""
    root: Path
    folders: tuple[str, ...] = ()
    """What of it is searched; all of it when empty."""
    has_tests: bool = True
    """False leaves tests out of what is searched."""
    has_history: bool = False
    is_redacted: bool = True
    """False leaves documentation in, and asks nothing about it."""
    changes: tuple[PastChange, ...] = ()
    """What was changed after the tree that is searched, with the lines."""


# Package, where its code and its tests are, the table that it belongs to.
_PYTHON = (
    ("requests", ("src", "tests"), "requests, flask, click, networkx"),
    ("flask", ("src", "tests"), "requests, flask, click, networkx"),
    ("click", ("src", "tests"), "requests, flask, click, networkx"),
    # Its tests stand among its code and are as much again.
    ("networkx", ("networkx",), "requests, flask, click, networkx"),
    ("litestar", ("litestar",), "textual, litestar"),
    ("textual", ("src",), "textual, litestar"),
)


def python_packages(folder: Path, names: list[str]) -> list[Material]:
    """Fetch source packages with pip, once, and unpack them."""
    downloads, sources = folder / "downloads", folder / "sources"
    downloads.mkdir(parents=True, exist_ok=True)
    return [
        Material(
            name, group, _unpacked(_sdist(name, downloads), sources), folders, has_tests=name != "networkx"
        )
        for name, folders, group in _PYTHON
        if not names or name in names
    ]


def local_repositories(roots: list[Path]) -> list[Material]:
    """Take clones that are here, with their history."""
    return [
        Material(root.resolve().name, "repositories", root.resolve(), has_history=True, is_redacted=False)
        for root in roots
    ]


def past_repositories(roots: list[Path], folder: Path) -> list[Material]:
    """Lay out an earlier tree of each clone, to ask for what later commits changed in it."""
    found = []
    for root in roots:
        name = root.resolve().name
        past = past_tree(root.resolve(), "HEAD", "", folder / "past" / name)
        found.append(
            Material(f"{name}, past", "repositories", past.root, is_redacted=False, changes=past.changes)
        )
    return found


def _sdist(name: str, folder: Path) -> Path:
    found = sorted(folder.glob(f"{name}-*.tar.gz"))
    if not found:
        command = ["download", "--quiet", "--no-deps", f"--no-binary={name}", name, "--dest", str(folder)]
        subprocess.run([sys.executable, "-m", "pip", *command], check=True)
        found = sorted(folder.glob(f"{name}-*.tar.gz"))
    return found[-1]


def _unpacked(archive: Path, folder: Path) -> Path:
    root = folder / archive.name.removesuffix(".tar.gz")
    if not root.is_dir():
        partial = folder / f"{root.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        with tarfile.open(archive) as opened:
            opened.extractall(partial, filter="data")
        (partial / root.name).rename(root)
        shutil.rmtree(partial)
    return root


def add_corpus_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a script the flags that say which corpora it asks about."""
    parser.add_argument("--work", type=Path, required=True, help="folder for downloads and indexes")
    parser.add_argument("--package", action="append", default=[], help="only this one; may be repeated")
    parser.add_argument("--no-packages", action="store_true", help="fetch nothing from the registry")
    parser.add_argument(
        "--repository", type=Path, action="append", default=[], help="a clone on this machine"
    )
    parser.add_argument("--questions", type=Path, help="labelled questions, see file_labels.py")
    parser.add_argument("--table", type=Path, help="the repositories of these questions")
    parser.add_argument("--clones", type=Path, help="folder with a clone of each")
