"""`firsthand/ask`, `explain`, `generateTest` and `context`: requests that a model may answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from firsthand.core.answers import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    Question,
    Selection,
    StageStarted,
)
from firsthand.core.model import Progress
from firsthand.core.tokens import estimate_tokens
from firsthand.errors import ModelFailedError, RequestError
from firsthand.lsp.answer_stream import AnswerListener, AnswerStream
from firsthand.lsp.convert import answer_result, context_result, scope_of, turns_of
from firsthand.lsp.edits import AnswerEdits
from firsthand.lsp.failures import answered, sentence_of
from firsthand.lsp.folder_choice import folder_for_question
from firsthand.lsp.json_values import read, to_json
from firsthand.lsp.messages import (
    ASK,
    CONTEXT,
    EXPLAIN,
    GENERATE_TEST,
    AskArguments,
    AskParams,
    ContextParams,
    DoneStatus,
    PlaceParams,
    Token,
)
from firsthand.lsp.places import find_place
from firsthand.lsp.progress import WorkDoneProgress, start_progress

if TYPE_CHECKING:
    from firsthand.core.workspace import Workspace
    from firsthand.lsp.folders import Folder
    from firsthand.lsp.session import FirsthandServer


def register(server: FirsthandServer) -> None:
    """Answer the requests; each may be cancelled, which closes the model's stream."""
    server.feature(ASK)(ask)
    server.feature(EXPLAIN)(explain)
    server.feature(GENERATE_TEST)(generate_test)
    server.feature(CONTEXT)(context)


@answered
async def ask(ls: FirsthandServer, params: Any) -> Any:
    """Answer a question."""
    wanted = read(AskParams, params)
    folder, events = await begin_question(ls, wanted)
    listeners = request_listeners(ls, folder, wanted.stream_id, wanted.work_done_token, "Answering")
    answer = await hear(events, listeners)
    return to_json(answer_result(answer, folder, ls.encoding))


@answered
async def explain(ls: FirsthandServer, params: Any) -> Any:
    """Explain the code at a place."""
    wanted = read(PlaceParams, params)
    place = await find_place(ls, wanted.uri, wanted.position, wanted.range)
    listeners = request_listeners(ls, place.folder, wanted.stream_id, wanted.work_done_token, "Explaining")
    answer = await hear(place.workspace.assistant.explain(place.selection), listeners)
    return to_json(answer_result(answer, place.folder, ls.encoding))


@answered
async def generate_test(ls: FirsthandServer, params: Any) -> Any:
    """Write a test for the code at a place; nothing is changed before the user accepts the edit."""
    wanted = read(PlaceParams, params)
    place = await find_place(ls, wanted.uri, wanted.position, wanted.range)
    edits = AnswerEdits(ls, place, "Generate test")
    listeners = request_listeners(
        ls, place.folder, wanted.stream_id, wanted.work_done_token, "Writing a test"
    )
    answer = await hear(place.workspace.assistant.generate_test(place.selection), listeners)
    result = to_json(answer_result(answer, place.folder, ls.encoding))
    edit = await edits.workspace_edit(answer)
    if edit is not None:
        result["edit"] = ls.protocol.json_of(edit)
    return result


@answered
async def context(ls: FirsthandServer, params: Any) -> Any:
    """Show everything that went into the prompt of an answer."""
    answer_id = read(ContextParams, params).answer_id
    for folder in await ls.folders.known():
        workspace = folder.current
        found = workspace.assistant.context(answer_id) if workspace is not None else None
        if workspace is not None and found is not None:
            chat = workspace.assistant.chat
            count = chat.estimate_tokens if chat is not None else estimate_tokens
            return to_json(context_result(answer_id, found, folder, count))
    raise RequestError(
        f'There is no answer "{answer_id}" among the last ones of this session; ask again to see its context.'
    )


async def begin_question(
    ls: FirsthandServer, wanted: AskParams | AskArguments
) -> tuple[Folder, AsyncGenerator[AnswerEvent, None]]:
    """Choose the folder that a question is about, and return the events of its answer.

    Raises:
        FirsthandError: no folder can answer.
    """
    if not wanted.question.strip():
        raise RequestError('"question" is empty: write what you want to know.')
    selection: Selection | None = None
    if wanted.uri is not None and wanted.range is not None:
        place = await find_place(ls, wanted.uri, None, wanted.range)
        folder, selection = place.folder, place.selection
    else:
        folder = await folder_for_question(ls, wanted.question, wanted.uri, wanted.conversation_id)
    workspace = await folder.workspace()
    if wanted.conversation_id is not None:
        ls.conversations[wanted.conversation_id] = folder
    question = Question(
        text=wanted.question,
        conversation_id=wanted.conversation_id,
        selection=selection,
        scope=scope_of(wanted.scope),
        limit=folder.settings.excerpts,
        turns=turns_of(wanted.turns) if isinstance(wanted, AskParams) else None,
    )
    return folder, _answer_once_swept(workspace, question)


async def _answer_once_swept(workspace: Workspace, question: Question) -> AsyncGenerator[AnswerEvent, None]:
    """Answer, after the first look at the folder's files if that is under way."""
    if workspace.sweeping:
        yield StageStarted("indexing")
        await workspace.swept(question.text)
    async with contextlib.aclosing(workspace.assistant.ask(question)) as events:
        async for event in events:
            yield event


def request_listeners(
    ls: FirsthandServer, folder: Folder, stream_id: str | None, token: Token | None, title: str
) -> list[AnswerListener]:
    """Return those who hear of a request's answer: the client's stream and its progress, as far as it wants them."""
    listeners: list[AnswerListener] = []
    if ls.options.streaming and stream_id is not None:
        listeners.append(AnswerStream(ls, folder, stream_id))
    if token is not None:
        request = asyncio.current_task()
        cancel = request.cancel if request is not None else None
        listeners.append(StageProgress(start_progress(ls, title, token=token, cancel=cancel)))
    return listeners


async def hear(events: AsyncGenerator[AnswerEvent, None], listeners: Sequence[AnswerListener]) -> Answer:
    """Take an answer to its end; when that is cut short, the model's stream is closed before anything else.

    Raises:
        FirsthandError: the answer failed.
    """
    try:
        # The assistant's methods are async generators; closing them stops the model.
        async with contextlib.aclosing(cast(Any, events)):
            answer = await _last(events, listeners)
    except asyncio.CancelledError:
        _break_off(listeners, "cancelled")
        raise
    except Exception as error:
        _break_off(listeners, "failed", sentence_of(error))
        raise
    return answer


async def _last(events: AsyncGenerator[AnswerEvent, None], listeners: Iterable[AnswerListener]) -> Answer:
    async for event in events:
        for listener in listeners:
            listener.heard(event)
        if isinstance(event, AnswerFinished):
            return event.answer
    raise ModelFailedError("The answer broke off before its end; ask again.")


def _break_off(listeners: Iterable[AnswerListener], status: DoneStatus, message: str | None = None) -> None:
    for listener in listeners:
        listener.broken_off(status, message)


class StageProgress:
    """Shows the stages of an answer, and nothing of its text, as work-done progress."""

    def __init__(self, progress: WorkDoneProgress) -> None:
        self._progress = progress

    def heard(self, event: AnswerEvent) -> None:
        """Report a stage; end with the answer."""
        if isinstance(event, StageStarted):
            self._progress.report(Progress(event.name))
        elif isinstance(event, AnswerFinished):
            self._progress.end()

    def broken_off(self, status: DoneStatus, message: str | None = None) -> None:
        """End."""
        self._progress.end(message or status)
