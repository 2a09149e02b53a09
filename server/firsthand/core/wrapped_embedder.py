"""What all embedders have in common that stand around another one."""

from collections.abc import Sequence

from firsthand.core.model import Fingerprint, Vector
from firsthand.core.ports import Embedder, Rejected


class WrappedEmbedder:
    """An `Embedder` that does as the one inside it; whoever derives from it changes how some texts are embedded."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def fingerprint(self) -> Fingerprint:
        """What the stored vectors depend on."""
        return self._embedder.fingerprint

    @property
    def max_tokens(self) -> int:
        """Most tokens of one text that influence its vector."""
        return self._embedder.max_tokens

    @property
    def batch_size(self) -> int:
        """How many documents to hand over at a time."""
        return self._embedder.batch_size

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector | Rejected]:
        """Embed texts of the index, one result a text, in order.

        Raises:
            ModelError: nothing could be embedded.
        """
        return await self._embedder.embed_documents(texts)

    async def embed_query(self, text: str) -> Vector:
        """Embed a question.

        Raises:
            ModelError: the question could not be embedded.
        """
        return await self._embedder.embed_query(text)
