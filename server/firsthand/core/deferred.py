"""A chat model that is loaded when it is first asked, since loading takes seconds and gigabytes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

from firsthand.core.answers import Message
from firsthand.core.ports import ChatModel, ChatPart, ChatStage
from firsthand.core.tokens import estimate_tokens


class DeferredChat:
    """Stands for a chat model until it is needed; `load` is called once, and again only if it failed."""

    def __init__(
        self, load: Callable[[], Awaitable[ChatModel]], *, name: str, context_tokens: int, answer_tokens: int
    ) -> None:
        self._load = load
        self._name = name
        self._context_tokens = context_tokens
        self._answer_tokens = answer_tokens
        self._chat: ChatModel | None = None
        self._loading = asyncio.Lock()

    @property
    def name(self) -> str:
        """The model's name."""
        return self._name

    @property
    def context_tokens(self) -> int:
        """The model's window: as asked for, until the model is loaded and may say less."""
        return self._chat.context_tokens if self._chat else self._context_tokens

    @property
    def answer_tokens(self) -> int:
        """The model's longest answer."""
        return self._answer_tokens

    def estimate_tokens(self, text: str) -> int:
        """The model's estimate once it is loaded, a pessimistic one before."""
        return self._chat.estimate_tokens(text) if self._chat else estimate_tokens(text)

    async def stream(
        self, messages: Sequence[Message], *, schema: Mapping[str, object] | None = None
    ) -> AsyncIterator[ChatPart]:
        """Load the model if need be, then generate."""
        if self._chat is None:
            yield ChatStage("loading model")
        chat = await self._loaded()
        parts = chat.stream(messages, schema=schema)
        try:
            async for part in parts:
                yield part
        finally:
            # A port's stream is any async iterator; closing the generator behind it stops the model.
            if hasattr(parts, "aclose"):
                await parts.aclose()

    async def _loaded(self) -> ChatModel:
        async with self._loading:
            if self._chat is None:
                self._chat = await self._load()
            return self._chat
