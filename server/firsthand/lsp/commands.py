"""`workspace/executeCommand`: every feature for clients that know nothing of our messages.

A command checks its argument, returns at once and goes on in the background. An answer becomes a markdown document
that is shown when it is complete; until then its file grows, and the work-done progress tells the stage.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from firsthand.core.filters import read_filters
from firsthand.lsp.answer_documents import hits_markdown, new_document
from firsthand.lsp.answering import StageProgress, begin_question, hear
from firsthand.lsp.command_work import EDITING_COMMANDS, begin_edit, read_edit_argument
from firsthand.lsp.convert import scope_of
from firsthand.lsp.failures import answered
from firsthand.lsp.folder_choice import search_folders, unindexed
from firsthand.lsp.json_values import MalformedError, read, to_json
from firsthand.lsp.maintenance import pull_model, reindex, wanted_folders
from firsthand.lsp.messages import (
    ASK_COMMAND,
    CANCEL_COMMAND,
    EXPLAIN_COMMAND,
    PAUSE_COMMAND,
    PULL_MODEL_COMMAND,
    REINDEX_COMMAND,
    RESUME_COMMAND,
    SEARCH_COMMAND,
    STATUS_COMMAND,
    AskArguments,
    CancelArguments,
    CommandStarted,
    FolderArguments,
    PlaceArguments,
    PullModelArguments,
    SearchParams,
    StatusParams,
)
from firsthand.lsp.places import find_place
from firsthand.lsp.progress import WorkDoneProgress
from firsthand.lsp.showing import apply_edit, show_answer, show_document
from firsthand.lsp.status import session_status

if TYPE_CHECKING:
    from firsthand.lsp.session import FirsthandServer

Command = Callable[["FirsthandServer", Any], Awaitable[Any]]

# What a code action asks about the marked code when nobody typed a question.
_QUESTION_ABOUT_SELECTION = "How is this code used, and what depends on it?"
_HITS_IN_A_DOCUMENT = 20


def register(server: FirsthandServer) -> None:
    """Register every command."""
    commands: dict[str, Command] = {
        ASK_COMMAND: _ask,
        EXPLAIN_COMMAND: _explain,
        SEARCH_COMMAND: _search,
        REINDEX_COMMAND: _reindex,
        PAUSE_COMMAND: _pause,
        RESUME_COMMAND: _resume,
        STATUS_COMMAND: _status,
        CANCEL_COMMAND: _cancel,
        PULL_MODEL_COMMAND: _pull_model,
        **{name: _editing(name) for name in EDITING_COMMANDS},
    }
    for name, command in commands.items():
        server.command(name)(_with_one_object(name, command))


def _with_one_object(name: str, command: Command) -> Callable[..., Any]:
    @answered
    async def execute(ls: Any, *arguments: Any) -> Any:
        if len(arguments) > 1:
            raise MalformedError(f"{name} takes one object as its argument, not {len(arguments)} values.")
        return to_json(await command(ls, arguments[0] if arguments and arguments[0] is not None else {}))

    return execute


async def _ask(ls: FirsthandServer, argument: Any) -> CommandStarted:
    wanted = read(AskArguments, argument)
    if not wanted.question.strip():
        if wanted.range is None:
            raise MalformedError('"question" is missing.')
        wanted = _about_selection(wanted)

    async def work(progress: WorkDoneProgress) -> None:
        folder, events = await begin_question(ls, wanted)
        document = await new_document(ls.answers_folder(folder.settings), wanted.question, ls.tasks)
        answer = await hear(events, [document, StageProgress(progress)])
        await show_answer(ls, document, answer, folder)

    return CommandStarted(ls.jobs.start("Answering", work))


async def _explain(ls: FirsthandServer, argument: Any) -> CommandStarted:
    wanted = read(PlaceArguments, argument)

    async def work(progress: WorkDoneProgress) -> None:
        place = await find_place(ls, wanted.uri, wanted.position, wanted.range)
        title = f"{place.selection.path} explained"
        document = await new_document(ls.answers_folder(place.folder.settings), title, ls.tasks)
        events = place.workspace.assistant.explain(place.selection)
        answer = await hear(events, [document, StageProgress(progress)])
        await show_answer(ls, document, answer, place.folder)

    return CommandStarted(ls.jobs.start("Explaining", work))


def _editing(name: str) -> Command:
    label = EDITING_COMMANDS[name]

    async def command(ls: FirsthandServer, argument: Any) -> CommandStarted:
        wanted = read_edit_argument(name, argument)

        async def work(progress: WorkDoneProgress) -> None:
            edit_work = await begin_edit(ls, name, wanted)
            folder = edit_work.place.folder
            answer, edit = await edit_work.finish([StageProgress(progress)])
            if edit is not None and ls.client.apply_edit:
                await apply_edit(ls, label, edit, answer)
            else:
                document = await new_document(
                    ls.answers_folder(folder.settings), f"{label}: {wanted.uri.rsplit('/', 1)[-1]}", ls.tasks
                )
                await show_answer(ls, document, answer, folder)

        return CommandStarted(ls.jobs.start(label, work))

    return command


async def _search(ls: FirsthandServer, argument: Any) -> CommandStarted:
    wanted = read(SearchParams, argument)
    if not wanted.query.strip():
        raise MalformedError('"query" is empty: write what you are looking for.')

    async def work(progress: WorkDoneProgress) -> None:
        folders = await ls.folders.known()
        hits = await search_folders(ls, folders, wanted.query, scope_of(wanted.scope), _HITS_IN_A_DOCUMENT)
        document = await new_document(
            ls.answers_folder(folders[0].settings), f"Search: {wanted.query}", ls.tasks
        )
        body = hits_markdown(hits, read_filters(wanted.query).said, unindexed(folders) or "")
        await document.finish(body)
        await show_document(ls, document, body)

    return CommandStarted(ls.jobs.start("Searching", work))


async def _reindex(ls: FirsthandServer, argument: Any) -> CommandStarted:
    folders = await wanted_folders(ls, read(FolderArguments, argument).uri)

    async def work(progress: WorkDoneProgress) -> None:
        await reindex(ls, folders, progress)

    return CommandStarted(ls.jobs.start("Indexing", work))


async def _pause(ls: FirsthandServer, argument: Any) -> Any:
    for folder in await wanted_folders(ls, read(FolderArguments, argument).uri):
        (await folder.workspace()).indexer.pause()
    ls.status_watch.changed()
    return await session_status(ls)


async def _resume(ls: FirsthandServer, argument: Any) -> Any:
    for folder in await wanted_folders(ls, read(FolderArguments, argument).uri):
        (await folder.workspace()).indexer.resume()
    ls.status_watch.changed()
    return await session_status(ls)


async def _status(ls: FirsthandServer, argument: Any) -> Any:
    status = await session_status(ls, details=read(StatusParams, argument).details)
    ls.say(status.message)
    return status


async def _cancel(ls: FirsthandServer, argument: Any) -> Any:
    return {"cancelled": ls.jobs.cancel(read(CancelArguments, argument).token)}


async def _pull_model(ls: FirsthandServer, argument: Any) -> CommandStarted:
    model = read(PullModelArguments, argument).model

    async def work(progress: WorkDoneProgress) -> None:
        await pull_model(ls, model, progress)

    return CommandStarted(ls.jobs.start(f"Pulling {model}", work))


def _about_selection(wanted: AskArguments) -> AskArguments:
    return AskArguments(
        question=_QUESTION_ABOUT_SELECTION,
        conversation_id=wanted.conversation_id,
        uri=wanted.uri,
        range=wanted.range,
        scope=wanted.scope,
    )
