"""`textDocument/hover`: what the index knows of a symbol, at once; a model only in the time the user allows."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING

from lsprotocol import types

from firsthand.core.answers import Selection
from firsthand.errors import FirsthandError, RequestError
from firsthand.lsp.edits import lsp_range
from firsthand.lsp.failures import answered
from firsthand.lsp.open_documents import our_position
from firsthand.lsp.places import current_text
from firsthand.lsp.positions import TextPositions

if TYPE_CHECKING:
    from firsthand.core.hovering import HoverCard
    from firsthand.core.workspace import Workspace
    from firsthand.lsp.session import FirsthandServer

_FENCE = re.compile(r"^`{3,}.*\n?", re.MULTILINE)


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
        card = await _card(workspace, Selection(path, text, offset, offset), folder.settings.hover_budget_ms)
        if card is None:
            return None
        return types.Hover(
            contents=_contents(ls, card.markdown),
            range=lsp_range(positions.range_of_bytes(card.start_byte, card.end_byte)),
        )


def _contents(ls: FirsthandServer, markdown: str) -> types.MarkupContent:
    if ls.client.markdown_hover:
        return types.MarkupContent(types.MarkupKind.Markdown, markdown)
    # Markdown reads well as it is, but for the lines that only fence code.
    return types.MarkupContent(types.MarkupKind.PlainText, _FENCE.sub("", markdown))


async def _card(workspace: Workspace, selection: Selection, budget_ms: int) -> HoverCard | None:
    """Return the card, with the model's explanation if it is known or arrives inside the budget."""
    card = await workspace.hovers.card(selection)
    if card is None or card.explained or not budget_ms or workspace.assistant.chat is None:
        return card
    with contextlib.suppress(TimeoutError, FirsthandError):
        async with asyncio.timeout(budget_ms / 1000):
            await _explain(workspace, selection)
            return await workspace.hovers.card(selection)
    return card


async def _explain(workspace: Workspace, selection: Selection) -> None:
    """Have the definition explained; the assistant remembers it for the card."""
    async with contextlib.aclosing(workspace.assistant.explain(selection)) as events:
        async for _ in events:
            pass
