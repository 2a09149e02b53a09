"""A chat model that says what it was told to say."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from firsthand.core.answers import Message
from firsthand.core.ports import ChatEnd, ChatPart, ChatText
from firsthand.core.tokens import estimate_tokens

Script = Sequence[ChatPart | Exception | asyncio.Event] | Callable[[Sequence[Message]], str]


def words(text: str, *, size: int = 7, end: ChatEnd | None = None) -> list[ChatPart]:
    """Return an answer in small pieces, as a model streams it, with its end."""
    pieces: list[ChatPart] = [ChatText(text[at : at + size]) for at in range(0, len(text), size)]
    return [*pieces, end or ChatEnd("stop")]


class FakeChat:
    """The `ChatModel` port, scripted: one script for each call, the last one for all further calls.

    A script is a list of parts, where an exception is raised and an event is waited for at its turn, or a function
    from the messages to the whole text.
    """

    def __init__(
        self,
        *scripts: Script | str,
        name: str = "fake-coder:7b",
        context_tokens: int = 8192,
        answer_tokens: int = 1024,
    ) -> None:
        self.calls: list[tuple[Message, ...]] = []
        """The messages of every call."""
        self.closed = 0
        """How many streams were closed before their end."""
        self.finished = 0
        """How many streams came to their end."""
        self.started = asyncio.Event()
        """Set as soon as a stream is read from."""
        self._scripts = scripts or ("",)
        self._name = name
        self._context_tokens = context_tokens
        self._answer_tokens = answer_tokens

    @property
    def name(self) -> str:
        return self._name

    @property
    def context_tokens(self) -> int:
        return self._context_tokens

    @property
    def answer_tokens(self) -> int:
        return self._answer_tokens

    def estimate_tokens(self, text: str) -> int:
        return estimate_tokens(text)

    async def stream(
        self, messages: Sequence[Message], *, schema: Mapping[str, object] | None = None
    ) -> AsyncIterator[ChatPart]:
        script = self._scripts[min(len(self.calls), len(self._scripts) - 1)]
        self.calls.append(tuple(messages))
        self.started.set()
        if callable(script):
            script = script(messages)
        try:
            for part in words(script) if isinstance(script, str) else script:
                if isinstance(part, Exception):
                    raise part
                if isinstance(part, asyncio.Event):
                    await part.wait()
                else:
                    yield part
                    await asyncio.sleep(0)
        except (GeneratorExit, asyncio.CancelledError):
            self.closed += 1
            raise
        self.finished += 1
