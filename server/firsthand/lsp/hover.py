"""`textDocument/hover`: what the index knows of a symbol, at once and without a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from firsthand.core.answers import Selection
from firsthand.errors import RequestError
from firsthand.lsp.edits import lsp_range
from firsthand.lsp.failures import answered
from firsthand.lsp.open_documents import our_position
from firsthand.lsp.places import current_text
from firsthand.lsp.positions import TextPositions

if TYPE_CHECKING:
    from firsthand.lsp.session import FirsthandServer


def register(server: FirsthandServer) -> None:
    """Answer `textDocument/hover`."""

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    @answered
    async def hover(ls: FirsthandServer, params: types.HoverParams) -> types.Hover | None:
        found = ls.folders.holding(params.text_document.uri)
        workspace = found[0].current if found is not None else None
        # A hover never waits: while the folder opens, there is nothing to show.
        if found is None or workspace is None:
            return None
        folder, path = found
        try:
            text = await current_text(ls, folder, workspace, path)
        except RequestError:
            return None
        positions = TextPositions(text, ls.encoding)
        offset = positions.byte_offset(our_position(params.position))
        card = await workspace.hovers.card(Selection(path, text, offset, offset))
        if card is None:
            return None
        kind = types.MarkupKind.Markdown if ls.client.markdown_hover else types.MarkupKind.PlainText
        return types.Hover(
            contents=types.MarkupContent(kind, card.markdown),
            range=lsp_range(positions.range_of_bytes(card.start_byte, card.end_byte)),
        )
