"""What the paths of a scope select."""

from dataclasses import replace

import pytest

from builders import make_chunk
from firsthand.core.model import Scope
from firsthand.core.scopes import exactly, in_scope

LOOKALIKES = ("src/starfish.py", "src/mark1.py", "src/a.py", "src/backslash.py", "src/back", "src")


def selected(glob: str, *paths: str) -> list[str]:
    """Return those of the paths that lie in the scope of one glob."""
    chunk = make_chunk("src/a.py", "def a(): ...\n")
    return [path for path in paths if in_scope(replace(chunk, path=path), Scope(paths=(glob,)))]


@pytest.mark.parametrize(
    "path", ["src/star*.py", "src/mark?.py", "src/[a].py", "src/back\\slash.py", "src/back\\*", "src/**"]
)
def test_a_path_can_be_meant_exactly(path: str) -> None:
    """Whatever is in a file's name, `exactly` selects this file, or what is below it, and no lookalike."""
    assert selected(exactly(path), path, f"{path}/below.py", *LOOKALIKES) == [path, f"{path}/below.py"]


@pytest.mark.parametrize(
    ("glob", "paths"),
    [
        ("src/*.py", ["src/a.py", "src/starfish.py", "src/[a].py"]),
        ("star*", ["src/starfish.py"]),
        ("src/?.py", ["src/a.py"]),
        ("src\\*", ["src*"]),
        ("src/[a].py", ["src/[a].py"]),
        ("src", ["src/a.py", "src/starfish.py", "src/[a].py", "src/deep/b.py"]),
    ],
)
def test_globs(glob: str, paths: list[str]) -> None:
    """`*` and `?` stay in a folder, a folder selects all below it; brackets are brackets, as in routes of the web."""
    assert selected(glob, "src/a.py", "src/starfish.py", "src/[a].py", "src/deep/b.py", "src*") == paths
