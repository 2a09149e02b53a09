"""How tests reach a fake server with the adapters: without pauses between retries."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from fake_ollama.server import FakeOllama
from firsthand.adapters.ollama_chat import OllamaChat, open_ollama_chat
from firsthand.adapters.ollama_client import OllamaClient
from firsthand.adapters.ollama_embedder import OllamaEmbedder, open_ollama_embedder
from firsthand.adapters.ollama_host import parse_host
from firsthand.adapters.ollama_limits import TimeLimits
from firsthand.core.answers import Message
from firsthand.core.ports import ChatPart


@contextlib.asynccontextmanager
async def connected(
    fake: FakeOllama, clock: Callable[[], float] = time.monotonic, **limits: float
) -> AsyncIterator[OllamaClient]:
    """Yield a client of the fake."""
    chosen = TimeLimits(**{"pause": 0.0, "poll": 0.0, **limits})
    async with OllamaClient(parse_host(fake.url), limits=chosen, clock=clock) as client:
        yield client


async def opened_embedder(
    client: OllamaClient, name: str = "nomic-embed-text", **options: Any
) -> OllamaEmbedder:
    """Open an embedding model with the usual settings."""
    return await open_ollama_embedder(client, name, **{"keep_alive": "30m", **options})


async def opened_chat(client: OllamaClient, name: str = "qwen2.5-coder:7b", **options: Any) -> OllamaChat:
    """Open a chat model with the usual settings."""
    usual = {"context_tokens": 4096, "answer_tokens": 256, "temperature": 0.1, "keep_alive": "30m"}
    return await open_ollama_chat(client, name, **{**usual, **options})


async def spoken(model: OllamaChat, *texts: str, **options: Any) -> list[ChatPart]:
    """Ask, and return every part of the answer."""
    messages = [Message("user", text) for text in texts or ("Why?",)]
    async with contextlib.aclosing(model.stream(messages, **options)) as parts:
        return [part async for part in parts]
