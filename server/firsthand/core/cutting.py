"""From a file to what the store keeps of it: its record, its chunks and their links."""

import logging

from firsthand.core.chunking import chunk_file
from firsthand.core.file_records import failure_record
from firsthand.core.languages import TEXT
from firsthand.core.linking import link_chunks
from firsthand.core.model import FileRecord, FileStat, FileUpdate, SourceFile
from firsthand.core.ports import Parser

log = logging.getLogger(__name__)

# What a record says of a file that was to be cut along its syntax.
BY_LINES = "indexed by lines: its syntax could not be read"


class ParserCutter:
    """A `Cutter` that does all but reading the syntax in the thread that calls it."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser

    @property
    def at_once(self) -> int:
        """One file is cut while another one is parsed elsewhere; more would only take turns."""
        return 2

    def cut(self, stat: FileStat, source: SourceFile) -> FileUpdate:
        """Return the new rows of a file, or a record of why there are none."""
        try:
            outline = self._parser.outline(source.language, source.text)
            chunks = chunk_file(source, outline)
            links = link_chunks(source, outline, chunks)
        except (
            Exception
        ) as error:  # A single bad file must never stop the rest; it is listed with its reason.
            log.exception("%s cannot be chunked", source.path)
            return FileUpdate(failure_record(stat, f"cannot be chunked: {type(error).__name__}"), ())
        record = FileRecord(
            path=source.path,
            content_hash=source.content_hash,
            size=stat.size,
            mtime_ns=stat.mtime_ns,
            status="indexed",
            reason=BY_LINES if outline is None and source.language != TEXT else "",
            language=source.language,
            chunks=len(chunks),
        )
        return FileUpdate(record, chunks, links=links)

    def rest(self) -> None:
        """Keep nothing, so let go of nothing."""
