"""`textDocument/codeAction`: what Firsthand can do with the marked code; offered without asking a model.

The actions are commands, because a command can show progress and be stopped. Only for a client that cannot take edits
from the server does the action itself carry the edit, made when the client resolves it; one that can do neither is
shown the code to copy. Many editors run no command that a user types, so a question may also stand in the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from firsthand.core.written_questions import PROSE_SUFFIXES, question_in
from firsthand.errors import RequestError
from firsthand.lsp.capabilities import (
    ASK_KIND,
    DOCUMENT_KIND,
    EXPLAIN_KIND,
    FIX_KIND,
    GENERATE_TEST_KIND,
)
from firsthand.lsp.command_work import EDITING_COMMANDS, edit_of
from firsthand.lsp.failures import answered
from firsthand.lsp.messages import (
    ASK_COMMAND,
    DOCUMENT_COMMAND,
    EXPLAIN_COMMAND,
    FIX_COMMAND,
    GENERATE_TEST_COMMAND,
)
from firsthand.lsp.positions import TextPositions

if TYPE_CHECKING:
    from firsthand.lsp.session import FirsthandServer


@dataclass(frozen=True, slots=True)
class _Offer:
    title: str
    kind: str
    command: str
    argument: dict[str, Any]
    diagnostic: types.Diagnostic | None = None


def register(server: FirsthandServer) -> None:
    """Answer `textDocument/codeAction` and `codeAction/resolve`."""
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION)(code_action)
    server.feature(types.CODE_ACTION_RESOLVE)(resolve)


@answered
async def code_action(
    ls: FirsthandServer, params: types.CodeActionParams
) -> list[types.CodeAction | types.Command] | None:
    """Offer what fits the place, the diagnostics there and the kinds that the client asks for."""
    if ls.folders.holding(params.text_document.uri) is None:
        return None
    automatic = params.context.trigger_kind == types.CodeActionTriggerKind.Automatic
    # A light bulb at every place of every file would say nothing; unasked, only a diagnostic is worth one.
    offers = [
        offer
        for offer in _offers(params, _written_question(ls, params))
        if _is_wanted(offer.kind, params.context.only) and (offer.diagnostic is not None or not automatic)
    ]
    return [_action(ls, offer) for offer in offers]


@answered
async def resolve(ls: FirsthandServer, action: types.CodeAction) -> types.CodeAction:
    """Make the edit of an action, for a client that takes edits only this way."""
    data = action.data
    if not isinstance(data, dict) or data.get("command") not in EDITING_COMMANDS:
        return action
    edit = await edit_of(ls, data["command"], data.get("argument"))
    if edit is None:
        raise RequestError("No chat model wrote an edit; Firsthand's status says how to get one.")
    action.edit = edit
    return action


def _written_question(ls: FirsthandServer, params: types.CodeActionParams) -> str | None:
    document = ls.documents.get(params.text_document.uri)
    if document is None:
        return None
    lines = TextPositions(document.text, ls.encoding).lines(params.range.start.line, params.range.end.line)
    return question_in(lines, is_prose=params.text_document.uri.endswith(PROSE_SUFFIXES))


def _offers(params: types.CodeActionParams, question: str | None) -> Iterator[_Offer]:
    place = {"uri": params.text_document.uri, "range": _json_range(params.range)}
    for diagnostic in params.context.diagnostics:
        marked = {
            "uri": place["uri"],
            "range": _json_range(diagnostic.range),
            "diagnostic": diagnostic.message,
        }
        yield _Offer(
            f"Fix with context: {_shortened(diagnostic.message)}", FIX_KIND, FIX_COMMAND, marked, diagnostic
        )
    if question is not None:
        asked = {"uri": place["uri"], "question": question}
        yield _Offer(f"Ask: {_shortened(question)}", ASK_KIND, ASK_COMMAND, asked)
    yield _Offer("Explain", EXPLAIN_KIND, EXPLAIN_COMMAND, place)
    yield _Offer("Ask about this", ASK_KIND, ASK_COMMAND, place)
    yield _Offer("Generate test", GENERATE_TEST_KIND, GENERATE_TEST_COMMAND, place)
    yield _Offer("Document this", DOCUMENT_KIND, DOCUMENT_COMMAND, place)


def _action(ls: FirsthandServer, offer: _Offer) -> types.CodeAction | types.Command:
    title = f"Firsthand: {offer.title}"
    command = types.Command(title=title, command=offer.command, arguments=[offer.argument])
    client = ls.client
    if not client.code_action_literals:
        return command
    action = types.CodeAction(title=title, kind=offer.kind)
    if offer.diagnostic is not None:
        action.diagnostics = [offer.diagnostic]
    if offer.command in EDITING_COMMANDS and client.resolves_edits and not client.apply_edit:
        action.data = {"command": offer.command, "argument": offer.argument}
    else:
        action.command = command
    return action


def _is_wanted(kind: str, only: Iterable[types.CodeActionKind | str] | None) -> bool:
    if only is None:
        return True
    wanted = [item.value if isinstance(item, types.CodeActionKind) else item for item in only]
    return any(not item or kind == item or kind.startswith(f"{item}.") for item in wanted)


def _json_range(place: types.Range) -> dict[str, dict[str, int]]:
    return {
        "start": {"line": place.start.line, "character": place.start.character},
        "end": {"line": place.end.line, "character": place.end.character},
    }


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"
