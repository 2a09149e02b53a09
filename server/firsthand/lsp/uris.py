"""File URIs ↔ paths, as editors write them: percent-encoding, Windows drives, network shares."""

import os
import re
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from urllib.parse import quote, unquote, urlsplit

_DRIVE = re.compile(r"^/[a-zA-Z]:")
# What RFC 3986 allows in a path; `:` is quoted by some editors and left by others, and both are read.
_SAFE = "/~!$&'()*+,;=:@"


def to_path(uri: str) -> Path | None:
    """Return the file path of a URI, or None when it is not a file."""
    text = path_text(uri, windows=os.name == "nt")
    return None if text is None else Path(os.path.normpath(text))


def path_text(uri: str, *, windows: bool) -> str | None:
    """Return the path of a file URI in the notation of the platform, or None when it is not a file."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme.lower() != "file" or parts.query or parts.fragment:
        return None
    path = unquote(parts.path)
    if not path or "\0" in path:
        return None
    if not windows:
        return path
    if parts.netloc:
        path = f"//{unquote(parts.netloc)}{path}"
    elif _DRIVE.match(path):
        path = path[1].upper() + path[2:]
    return path.replace("/", "\\")


def from_path(path: PurePath) -> str:
    """Return the URI of an absolute path."""
    text = path.as_posix()
    if isinstance(path, PureWindowsPath) and text.startswith("//"):
        return f"file:{quote(text, safe=_SAFE)}"
    return f"file://{quote(text if text.startswith('/') else '/' + text, safe=_SAFE)}"


def joined(folder_uri: str, relative: str) -> str:
    """Return the URI of a file below a folder, in the folder's own spelling."""
    return f"{folder_uri.rstrip('/')}/{quote(relative, safe=_SAFE)}"


def relative_to(path: PurePath, roots: tuple[PurePath, ...]) -> str | None:
    """Return the path below the first root that holds it, with forward slashes; None when none does."""
    for root in roots:
        if path != root and path.is_relative_to(root):
            return str(PurePosixPath(*path.relative_to(root).parts))
    return None
