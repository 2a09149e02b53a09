"""Asking: with the answer streamed to a person, or collected for a program."""

import contextlib
from types import TracebackType
from typing import Self

from rich.status import Status

from firsthand.cli import rendering
from firsthand.cli.application import Context
from firsthand.core.answers import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    ContextChosen,
    Question,
    StageStarted,
    TextArrived,
)
from firsthand.core.workspace import Workspace
from firsthand.errors import ModelFailedError


async def collected(workspace: Workspace, question: Question) -> Answer:
    """Return the finished answer."""
    async with contextlib.aclosing(workspace.assistant.ask(question)) as events:
        async for event in events:
            if isinstance(event, AnswerFinished):
                return event.answer
    raise _unfinished()


async def streamed(context: Context, workspace: Workspace, question: Question) -> Answer:
    """Show the answer while it is made, then what it rests on; return it."""
    with _Paper(context) as paper:
        async with contextlib.aclosing(workspace.assistant.ask(question)) as events:
            async for event in events:
                paper.show(event)
                if isinstance(event, AnswerFinished):
                    return event.answer
    raise _unfinished()


def _unfinished() -> ModelFailedError:
    return ModelFailedError("The answer broke off before its end; ask again.")


class _Paper:
    """The terminal while an answer is written on it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._terminal = context.terminal
        self._written: list[str] = []
        self._status: Status | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_waiting()
        if kind is not None and self._written:
            self._terminal.write_text("\n")

    def show(self, event: AnswerEvent) -> None:
        """Write what an event adds."""
        match event:
            case StageStarted(name):
                self._wait_for(name)
            case ContextChosen(context=chosen):
                self._begin_anew()
                self._wait_for(f"reading {len(chosen.excerpts)} excerpts")
            case TextArrived(text):
                self._stop_waiting()
                self._written.append(text)
                self._terminal.write_text(text)
            case AnswerFinished(answer):
                self._stop_waiting()
                self._finish(answer)
            case _:
                # Citations and warnings are part of the finished answer and stand below it.
                pass

    def _begin_anew(self) -> None:
        """A second context means that the prompt was too long and the answer is written again from fewer excerpts."""
        if self._written:
            self._terminal.write_text("\n\nThe model could not read all of that; once more with less:\n\n")
            self._written.clear()

    def _finish(self, answer: Answer) -> None:
        streamed = "".join(self._written)
        if answer.text.startswith(streamed):
            self._terminal.write_text(answer.text[len(streamed) :] + "\n\n")
        else:
            # The finished text is the truth that the stream led up to.
            self._terminal.write_text(f"\n\nThe answer, after it was checked:\n\n{answer.text}\n\n")
        out = self._terminal.out()
        for line in rendering.answer_notes(self._terminal, self._context.root, answer):
            out.print(line)

    def _wait_for(self, what: str) -> None:
        if self._written or not self._terminal.stderr.isatty():
            return
        if self._status is None:
            self._status = self._terminal.err().status("")
            self._status.start()
        self._status.update(f"{what} …")

    def _stop_waiting(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
