"""The documents that the editor has open, with their unsaved text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types

from firsthand.lsp import uris
from firsthand.lsp.json_values import without_surrogates
from firsthand.lsp.messages import Position, Range
from firsthand.lsp.positions import Encoding, TextPositions


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A document as the editor shows it; `uri` is the editor's own spelling."""

    uri: str
    version: int
    text: str


class OpenDocuments:
    """Open documents by file; different spellings of one URI are one document."""

    def __init__(self) -> None:
        self._documents: dict[Path | str, OpenDocument] = {}

    def open(self, item: types.TextDocumentItem) -> OpenDocument:
        """Remember a document."""
        document = OpenDocument(item.uri, item.version, without_surrogates(item.text))
        self._documents[_key(item.uri)] = document
        return document

    def change(
        self,
        identifier: types.VersionedTextDocumentIdentifier,
        changes: Sequence[types.TextDocumentContentChangeEvent],
        encoding: Encoding,
    ) -> OpenDocument | None:
        """Apply changes in order; None when the document is not open."""
        document = self.get(identifier.uri)
        if document is None:
            return None
        text = document.text
        for change in changes:
            text = _changed(text, change, encoding)
        document = OpenDocument(document.uri, identifier.version, without_surrogates(text))
        self._documents[_key(identifier.uri)] = document
        return document

    def close(self, uri: str) -> None:
        """Forget a document."""
        self._documents.pop(_key(uri), None)

    def get(self, uri: str) -> OpenDocument | None:
        """Return the open document that a URI names."""
        return self._documents.get(_key(uri))

    def all(self) -> Iterable[OpenDocument]:
        """Return every open document."""
        return tuple(self._documents.values())

    def texts(self) -> "DocumentTexts":
        """Return the texts of now, to see later what changed since."""
        return DocumentTexts({key: document.text for key, document in self._documents.items()})


@dataclass(frozen=True, slots=True)
class DocumentTexts:
    """The texts that open documents had at one moment."""

    texts: dict[Path | str, str]

    def of(self, uri: str) -> str | None:
        """Return the text that the document had; None when it was not open."""
        return self.texts.get(_key(uri))


def _key(uri: str) -> Path | str:
    return uris.to_path(uri) or uri


def _changed(text: str, change: types.TextDocumentContentChangeEvent, encoding: Encoding) -> str:
    if isinstance(change, types.TextDocumentContentChangeWholeDocument):
        return change.text
    return TextPositions(text, encoding).replaced(our_range(change.range), change.text)


def our_range(place: types.Range) -> Range:
    """Turn lsprotocol's range into ours."""
    return Range(our_position(place.start), our_position(place.end))


def our_position(position: types.Position) -> Position:
    """Turn lsprotocol's position into ours."""
    return Position(position.line, position.character)
