"""URIs as different editors write them."""

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from firsthand.lsp import uris


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file:///home/me/a.py", "/home/me/a.py"),
        ("file:///home/with%20space/%C3%BC.py", "/home/with space/ü.py"),
        ("file:///a/b;c=d.py", "/a/b;c=d.py"),
        ("file:///a/%23hash%3F.py", "/a/#hash?.py"),
        ("file:///a/100%25.py", "/a/100%.py"),
        ("FILE:///a", "/a"),
        ("file://localhost/a", "/a"),
        ("untitled:Untitled-1", None),
        ("git:/a/b.py?ref", None),
        ("vscode-notebook-cell:/a.ipynb#c1", None),
        ("file:///a%00b", None),
        ("file://[", None),
        ("", None),
    ],
)
def test_uris_name_posix_paths(uri: str, expected: str | None) -> None:
    """Percent-encoding is undone once, and what is not a file has no path."""
    assert uris.path_text(uri, windows=False) == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file:///c%3A/code/a.py", "C:\\code\\a.py"),
        ("file:///C:/code/a.py", "C:\\code\\a.py"),
        ("file:///d:/with%20space", "D:\\with space"),
        ("file://server/share/a.py", "\\\\server\\share\\a.py"),
    ],
)
def test_uris_name_windows_paths(uri: str, expected: str) -> None:
    """Drives have one spelling and network shares their server."""
    assert uris.path_text(uri, windows=True) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (PurePosixPath("/home/me/a b/ü#%.py"), "file:///home/me/a%20b/%C3%BC%23%25.py"),
        (PureWindowsPath("C:\\code\\a.py"), "file:///C:/code/a.py"),
        (PureWindowsPath("\\\\server\\share\\a.py"), "file://server/share/a.py"),
    ],
)
def test_paths_become_uris(path: PurePosixPath, expected: str) -> None:
    """What a URI cannot hold is percent-encoded."""
    assert uris.from_path(path) == expected


def test_a_file_keeps_the_spelling_of_its_folder() -> None:
    """A client that writes `c%3A` gets `c%3A` back, so that it knows its own document."""
    assert uris.joined("file:///c%3A/code/", "src/a b.py") == "file:///c%3A/code/src/a%20b.py"


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/r/src/a.py", "src/a.py"), ("/real/x", "x"), ("/r", None), ("/r2/a", None), ("/other", None)],
)
def test_paths_are_relative_to_the_root_that_holds_them(path: str, expected: str | None) -> None:
    """Either name of a root will do; what only begins alike is outside."""
    assert uris.relative_to(Path(path), (Path("/r"), Path("/real"))) == expected
