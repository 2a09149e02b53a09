"""The files of a workspace as they stand now, unsaved ones as an editor holds them."""

import hashlib

from firsthand.core.freshness import OpenBuffers
from firsthand.core.languages import language_of
from firsthand.core.model import SourceFile
from firsthand.core.ports import RawFiles, SourceTree
from firsthand.core.screening import skip_reason_by_content


class ReadableFiles:
    """Reads files that a scan has named, to be searched without an index."""

    def __init__(self, tree: SourceTree, files: RawFiles, buffers: OpenBuffers) -> None:
        self._tree = tree
        self._files = files
        self._buffers = buffers

    def peek(self, path: str) -> bytes | None:
        """Return what a file holds, unjudged; None when it cannot be read. Blocks: call it in a thread."""
        text = self._buffers.text(path)
        return self._files.peek(path) if text is None else text.encode("utf-8", "surrogatepass")

    async def source(self, path: str) -> SourceFile | None:
        """Return a file as indexing reads it; None for one that is left out, gone or cannot be read."""
        text = self._buffers.text(path)
        if text is not None:
            data = text.encode("utf-8", "surrogatepass")
            if skip_reason_by_content(path, data):
                return None
            return SourceFile(path, text, language_of(path, text), hashlib.sha256(data).hexdigest())
        try:
            source = await self._tree.read(path)
        except OSError:
            return None
        return source if isinstance(source, SourceFile) else None
