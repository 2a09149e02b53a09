"""What the commands that change code have in common with the code actions: an argument in, an edit out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from firsthand.core.answers import Answer, AnswerEvent
from firsthand.lsp.answering import hear
from firsthand.lsp.edits import AnswerEdits
from firsthand.lsp.json_values import read
from firsthand.lsp.messages import (
    DOCUMENT_COMMAND,
    FIX_COMMAND,
    GENERATE_TEST_COMMAND,
    FixArguments,
    PlaceArguments,
)
from firsthand.lsp.places import Place, find_place

if TYPE_CHECKING:
    from lsprotocol import types

    from firsthand.lsp.answer_stream import AnswerListener
    from firsthand.lsp.session import FirsthandServer

EDITING_COMMANDS = {
    GENERATE_TEST_COMMAND: "Generate test",
    DOCUMENT_COMMAND: "Document this",
    FIX_COMMAND: "Fix with context",
}
"""The commands that change code, with the words that the user sees."""


@dataclass(frozen=True, slots=True)
class EditWork:
    """An edit in the making: where, what the model says, and how it becomes an edit."""

    place: Place
    events: AsyncGenerator[AnswerEvent, None]
    edits: AnswerEdits

    async def finish(self, listeners: Sequence[AnswerListener]) -> tuple[Answer, types.WorkspaceEdit | None]:
        """Hear the answer and return it with its edit, if it has one.

        Raises:
            FirsthandError: the model failed, or the document changed meanwhile.
        """
        answer = await hear(self.events, listeners)
        return answer, await self.edits.workspace_edit(answer)


def read_edit_argument(command: str, argument: object) -> FixArguments | PlaceArguments:
    """Check the argument of a command that changes code.

    Raises:
        MalformedError: a field is missing or wrong.
    """
    return read(FixArguments, argument) if command == FIX_COMMAND else read(PlaceArguments, argument)


async def begin_edit(ls: FirsthandServer, command: str, wanted: FixArguments | PlaceArguments) -> EditWork:
    """Find the place that an edit is for.

    Raises:
        FirsthandError: there is no such place.
    """
    position = wanted.position if isinstance(wanted, PlaceArguments) else None
    place = await find_place(ls, wanted.uri, position, wanted.range)
    assistant = place.workspace.assistant
    if isinstance(wanted, FixArguments):
        events = assistant.fix(place.selection, wanted.diagnostic)
    elif command == DOCUMENT_COMMAND:
        events = assistant.document(place.selection)
    else:
        events = assistant.generate_test(place.selection)
    return EditWork(place, events, AnswerEdits(ls, place, EDITING_COMMANDS[command]))


async def edit_of(ls: FirsthandServer, command: str, argument: object) -> types.WorkspaceEdit | None:
    """Make the edit of a command.

    Raises:
        FirsthandError: the argument is wrong, or the work failed.
    """
    work = await begin_edit(ls, command, read_edit_argument(command, argument))
    _, edit = await work.finish(())
    return edit
