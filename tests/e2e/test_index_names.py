"""A rename that changes only capitals is followed, by git's help or without it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from followed_folder import EVERYWHERE, FollowedFolder

from adapters.git_repositories import git, make_repository


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a file, and another one in a folder."""
    return make_repository(tmp_path / "w", {"cart.py": text("first"), "shop/order.py": text("second")})


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Iterator[FollowedFolder]:
    """A session that has indexed the repository."""
    folder = FollowedFolder(root, tmp_path / "cache")
    folder.open()
    folder.check()
    yield folder
    folder.end()


def text(name: str) -> str:
    return f"def {name}():\n    return '{EVERYWHERE}'\n"


def test_git_moves_a_file_and_a_folder(root: Path, folder: FollowedFolder) -> None:
    """Both are found under their new names and under no other."""
    git(root, "mv", "cart.py", "Cart.py")
    git(root, "mv", "shop", "Shop")

    folder.check()

    assert folder.found(EVERYWHERE) == ["Cart.py", "Shop/order.py"]


def test_git_was_told_that_capitals_make_no_other_name(root: Path, folder: FollowedFolder) -> None:
    """It does not notice the rename then; a look at everything finds the file all the same, and keeps it."""
    git(root, "config", "core.ignorecase", "true")
    (root / "cart.py").rename(root / "Cart.py")

    folder.check()
    folder.close()
    folder.open()
    folder.check()

    assert folder.found(EVERYWHERE) == ["Cart.py", "shop/order.py"]
