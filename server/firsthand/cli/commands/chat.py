"""`firsthand chat`: a conversation, each question knowing those before it."""

import asyncio
import contextlib
import uuid
from collections.abc import Iterator

from firsthand.cli import wire
from firsthand.cli.answering import collected, streamed
from firsthand.cli.application import Context
from firsthand.cli.chat_models import with_chat_model
from firsthand.cli.opening import bring_up_to_date, patience, scope_of
from firsthand.core.answers import Question
from firsthand.core.workspace import Workspace
from firsthand.errors import FirsthandError

_HELP = "Ask anything about the code. clear: forget what was said · exit or Ctrl-D: leave · Ctrl-C: stop an answer"


def run(context: Context) -> int:
    """Talk until the user leaves."""
    opening = contextlib.AsyncExitStack()
    with asyncio.Runner() as runner:
        workspace = runner.run(opening.enter_async_context(with_chat_model(context)))
        try:
            runner.run(bring_up_to_date(context, workspace, embedding_seconds=patience(context)))
            _Conversation(context, workspace, runner).hold()
        finally:
            runner.run(opening.aclose())
    return 0


class _Conversation:
    """One workspace, one person, many questions."""

    def __init__(self, context: Context, workspace: Workspace, runner: asyncio.Runner) -> None:
        self._context = context
        self._workspace = workspace
        self._runner = runner
        self._id = uuid.uuid4().hex

    def hold(self) -> None:
        """Take one line after the other."""
        self._greet()
        for line in _lines(self._context):
            match line.strip().lower():
                case "":
                    continue
                case "exit" | "quit":
                    return
                case "clear":
                    self._id = uuid.uuid4().hex
                    self._context.terminal.say("Forgotten; the next question starts a new conversation.")
                case "help" | "?":
                    self._context.terminal.say(_HELP)
                case _:
                    self._answer(line.strip())

    def _greet(self) -> None:
        terminal, models = self._context.terminal, self._workspace.models
        for notice in models.notices:
            terminal.say(notice)
        if _is_conversation(self._context):
            terminal.say(f"{self._context.root} · {models.chat or 'no chat model'} · help lists the commands")

    def _answer(self, text: str) -> None:
        """Answer; what goes wrong ends this answer, not the conversation."""
        try:
            # Its own signal handling cancels the answer on Ctrl-C, which closes the model's socket.
            self._runner.run(self._ask(text))
        except KeyboardInterrupt:
            self._context.terminal.say("Stopped.")
        except FirsthandError as error:
            if self._context.arguments.json:
                self._context.terminal.write_json({"error": str(error)})
            else:
                self._context.terminal.say(str(error))

    async def _ask(self, text: str) -> None:
        context = self._context
        scope = scope_of(context.arguments, context.root)
        question = Question(text, conversation_id=self._id, scope=scope, limit=context.settings.excerpts)
        await bring_up_to_date(context, self._workspace, embedding_seconds=patience(context))
        if context.arguments.json:
            answer = await collected(self._workspace, question)
            context.terminal.write_json(wire.answer(answer, context.root))
        else:
            await streamed(context, self._workspace, question)


def _is_conversation(context: Context) -> bool:
    terminal = context.terminal
    return terminal.stdin.isatty() and terminal.stdout.isatty() and not context.arguments.json


def _lines(context: Context) -> Iterator[str]:
    if not _is_conversation(context):
        yield from context.terminal.stdin
        return
    # Importing it gives `input` line editing and history; it is missing on Windows, whose console has its own.
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401
    while True:
        try:
            yield input("\n> ")
        except KeyboardInterrupt:
            context.terminal.say("\nexit or Ctrl-D leaves.")
        except EOFError:
            context.terminal.say("")
            return
