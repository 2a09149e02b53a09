"""Puts results before the user: a document, an edit, or a message where the client can do neither."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from firsthand.core.answers import Answer
from firsthand.lsp import uris
from firsthand.lsp.answer_documents import AnswerDocument, answer_markdown
from firsthand.lsp.client_facts import APPLY_EDIT, SHOW_DOCUMENT

if TYPE_CHECKING:
    from firsthand.lsp.folders import Folder
    from firsthand.lsp.session import FirsthandServer

log = logging.getLogger(__name__)

R = TypeVar("R")

# What a message can show before it fills the screen.
_MOST_CHARACTERS_IN_A_MESSAGE = 600
# A client that does not announce what it can do may do it without a word.
_SECONDS_TO_ANSWER_UNANNOUNCED = 2.0


async def show_answer(ls: FirsthandServer, document: AnswerDocument, answer: Answer, folder: Folder) -> None:
    """Finish the document of an answer and show it."""
    body = answer_markdown(answer, folder)
    await document.finish(body)
    await show_document(ls, document, body)


async def show_document(ls: FirsthandServer, document: AnswerDocument, body: str) -> None:
    """Open a finished document in the editor, or say how it begins and where it is."""
    if await _has_opened(ls, document):
        return
    head = body if len(body) <= _MOST_CHARACTERS_IN_A_MESSAGE else f"{body[:_MOST_CHARACTERS_IN_A_MESSAGE]}…"
    ls.say(f"{head}\n\nThe whole text is in {document.path}")


async def apply_edit(ls: FirsthandServer, label: str, edit: types.WorkspaceEdit, answer: Answer) -> None:
    """Have the client apply an edit; say what it refused and what to doubt."""
    request = ls.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit=edit, label=label))
    try:
        result = await _answer_of(ls, APPLY_EDIT, request)
    except JsonRpcException as error:
        result = types.ApplyWorkspaceEditResult(applied=False, failure_reason=error.message)
    if result is not None and not result.applied:
        reason = f": {result.failure_reason}" if result.failure_reason else ""
        ls.say(f"{label}: the edit was not applied{reason}.", types.MessageType.Warning)
    for warning in answer.warnings:
        ls.say(warning, types.MessageType.Warning)


async def _has_opened(ls: FirsthandServer, document: AnswerDocument) -> bool:
    if not ls.client.show_document:
        return False
    params = types.ShowDocumentParams(uri=uris.from_path(document.path), take_focus=True)
    try:
        result = await _answer_of(ls, SHOW_DOCUMENT, ls.window_show_document_async(params))
    except JsonRpcException as error:
        log.info("the client shows no document: %s", error)
        return False
    return result is None or result.success


async def _answer_of(ls: FirsthandServer, capability: str, request: Coroutine[Any, Any, R]) -> R | None:
    """Return the client's answer; None when a client that did not announce the capability gave none in time."""
    if capability not in ls.client.unannounced:
        return await request
    # Left running, so that an answer that comes late finds somebody who waits for it.
    answer = ls.tasks.start(request, f"waiting for the client's answer about {capability}")
    await asyncio.wait([answer], timeout=_SECONDS_TO_ANSWER_UNANNOUNCED)
    return await answer if answer.done() else None
