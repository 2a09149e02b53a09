"""An embedder that is loaded when it is first needed: one that stands by should cost no memory."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from firsthand.core.model import Fingerprint, Vector
from firsthand.core.ports import Embedder, Rejected


class LateEmbedder:
    """An `Embedder` whose sizes are known before its model is loaded."""

    def __init__(
        self,
        fingerprint: Fingerprint,
        load: Callable[[], Awaitable[Embedder]],
        *,
        max_tokens: int,
        batch_size: int,
    ) -> None:
        self._fingerprint = fingerprint
        self._load = load
        self._max_tokens = max_tokens
        self._batch_size = batch_size
        self._loading = asyncio.Lock()
        self._loaded: Embedder | None = None

    @property
    def fingerprint(self) -> Fingerprint:
        """What the vectors depend on."""
        return self._fingerprint

    @property
    def max_tokens(self) -> int:
        """Most tokens of one text that influence its vector."""
        return self._max_tokens

    @property
    def batch_size(self) -> int:
        """How many documents to hand over at a time."""
        return self._batch_size

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector | Rejected]:
        """Embed texts of the index.

        Raises:
            ModelError: the model cannot be loaded or failed.
        """
        return await (await self._embedder()).embed_documents(texts)

    async def embed_query(self, text: str) -> Vector:
        """Embed a question.

        Raises:
            ModelError: the model cannot be loaded or failed.
        """
        return await (await self._embedder()).embed_query(text)

    async def _embedder(self) -> Embedder:
        async with self._loading:
            self._loaded = self._loaded or await self._load()
            return self._loaded
