"""The edits of an answer as a WorkspaceEdit that the user accepts or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from firsthand.core.answers import Answer, FileEdit
from firsthand.errors import OutdatedError
from firsthand.lsp.messages import Range
from firsthand.lsp.places import Place, current_text
from firsthand.lsp.positions import TextPositions

if TYPE_CHECKING:
    from firsthand.lsp.session import FirsthandServer

_ANNOTATION = "firsthand"


class AnswerEdits:
    """Turns the edits of one answer into positions, if the documents are still those that the model saw.

    Made before the model is asked, because that is when the texts of the open documents are taken.
    """

    def __init__(self, server: FirsthandServer, place: Place, label: str) -> None:
        self._server = server
        self._place = place
        self._label = label
        self._before = server.documents.texts()

    async def workspace_edit(self, answer: Answer) -> types.WorkspaceEdit | None:
        """Return the edit, or None when the answer changes nothing.

        Raises:
            OutdatedError: a document that matters was changed while the model worked.
        """
        if not answer.edits:
            return None
        for path in {self._place.selection.path, *(edit.path for edit in answer.edits)}:
            await self._check_unchanged(path)
        by_path: dict[str, list[FileEdit]] = {}
        for edit in answer.edits:
            by_path.setdefault(edit.path, []).append(edit)
        changes: list[Any] = []
        for path, edits in by_path.items():
            changes.extend(await self._changes_of(path, edits))
        return self._assembled(changes)

    async def _check_unchanged(self, path: str) -> None:
        place = self._place
        is_selected = path == place.selection.path
        before = place.selection.text if is_selected else self._before.of(place.folder.uri_of(path))
        if before is None:
            return
        if await current_text(self._server, place.folder, place.workspace, path) != before:
            raise OutdatedError(f"{path} changed while the model worked on it; try again with its new text.")

    async def _changes_of(self, path: str, edits: list[FileEdit]) -> list[Any]:
        uri = self._place.folder.uri_of(path)
        document = self._server.documents.get(uri)
        identifier = types.OptionalVersionedTextDocumentIdentifier(
            uri=document.uri if document is not None else uri,
            version=document.version if document is not None else None,
        )
        creates = any(edit.creates for edit in edits) and document is None
        positions = None if creates else await self._positions(path)
        text_edits = [self._text_edit(edit, positions) for edit in edits]
        change = types.TextDocumentEdit(text_document=identifier, edits=text_edits)
        if not (creates and self._server.client.creates_files):
            return [change]
        creation = types.CreateFile(uri=uri, options=types.CreateFileOptions(overwrite=False))
        creation.annotation_id = self._annotation()
        return [creation, change]

    async def _positions(self, path: str) -> TextPositions:
        text = await current_text(self._server, self._place.folder, self._place.workspace, path)
        return TextPositions(text, self._server.encoding)

    def _text_edit(self, edit: FileEdit, positions: TextPositions | None) -> Any:
        place = (
            types.Range(types.Position(0, 0), types.Position(0, 0))
            if positions is None
            else lsp_range(positions.range_of_bytes(edit.start_byte, edit.end_byte))
        )
        annotation = self._annotation()
        if annotation is None:
            return types.TextEdit(range=place, new_text=edit.new_text)
        return types.AnnotatedTextEdit(range=place, new_text=edit.new_text, annotation_id=annotation)

    def _assembled(self, changes: list[Any]) -> types.WorkspaceEdit:
        client = self._server.client
        if not client.document_changes:
            return types.WorkspaceEdit(changes={change.text_document.uri: change.edits for change in changes})
        edit = types.WorkspaceEdit(document_changes=changes)
        if self._annotation() is not None:
            edit.change_annotations = {
                _ANNOTATION: types.ChangeAnnotation(
                    label=f"Firsthand: {self._label}", needs_confirmation=True
                )
            }
        return edit

    def _annotation(self) -> str | None:
        client = self._server.client
        return _ANNOTATION if client.change_annotations and client.document_changes else None


def lsp_range(place: Range) -> types.Range:
    """Turn our range into lsprotocol's."""
    return types.Range(
        start=types.Position(line=place.start.line, character=place.start.character),
        end=types.Position(line=place.end.line, character=place.end.character),
    )
