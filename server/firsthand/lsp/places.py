"""From what a client points at to the domain's selection: open text first, else the file on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from firsthand.core.answers import Selection
from firsthand.core.model import SkippedFile
from firsthand.errors import RequestError
from firsthand.lsp.json_values import MalformedError
from firsthand.lsp.messages import Position, Range
from firsthand.lsp.positions import TextPositions

if TYPE_CHECKING:
    from firsthand.core.workspace import Workspace
    from firsthand.lsp.folders import Folder
    from firsthand.lsp.session import FirsthandServer


@dataclass(frozen=True, slots=True)
class Place:
    """A selection with the folder whose code it is."""

    folder: Folder
    workspace: Workspace
    selection: Selection


async def find_place(ls: FirsthandServer, uri: str, position: Position | None, marked: Range | None) -> Place:
    """Return the place that a request means.

    Raises:
        MalformedError: neither a position nor a range was given.
        RequestError: the document is in no open folder, or there is no such file.
    """
    if marked is None and position is None:
        raise MalformedError('"position" or "range" is missing.')
    folder, path = await holding_folder(ls, uri)
    workspace = await folder.workspace()
    text = await current_text(ls, folder, workspace, path)
    positions = TextPositions(text, ls.encoding)
    if marked is not None:
        start, end = positions.byte_range(marked)
    elif position is not None:
        start = end = positions.byte_offset(position)
    return Place(folder, workspace, Selection(path, text, start, end))


async def holding_folder(ls: FirsthandServer, uri: str) -> tuple[Folder, str]:
    """Return the folder that holds a document, with the document's path in it.

    Raises:
        RequestError: no open folder holds it.
    """
    await ls.folders.known()
    found = ls.folders.holding(uri)
    if found is None:
        name = uri.rsplit("/", 1)[-1] or uri
        raise RequestError(
            f"{name} is in no open folder, so there is nothing to answer from; open the folder that holds it."
        )
    ls.preferred = found[0]
    return found


async def current_text(ls: FirsthandServer, folder: Folder, workspace: Workspace, path: str) -> str:
    """Return the text of a file as the editor has it, else as it is on disk.

    Raises:
        RequestError: there is no such file, or it is one that is not read.
    """
    document = ls.documents.get(folder.uri_of(path))
    if document is not None:
        return document.text
    source = await workspace.tree.read(path)
    if source is None:
        raise RequestError(f"There is no file {path} in {folder.name}; save it, or check the path.")
    if isinstance(source, SkippedFile):
        raise RequestError(f"{path} is not read: {source.reason}.")
    return source.text
