"""An embedder without a model: texts that share terms get similar vectors."""

import hashlib
import math
from array import array
from collections.abc import Sequence

from firsthand.core.identifiers import terms
from firsthand.core.model import Fingerprint, Vector
from firsthand.core.ports import Rejected
from firsthand.errors import ModelError


class FakeEmbedder:
    """Hashes terms into a unit vector; counts what it embeds and fails when told to."""

    def __init__(self, dimensions: int = 64, *, reject: str = "", model: str = "fake") -> None:
        self._dimensions = dimensions
        self._model = model
        self._reject = reject
        self.failure: ModelError | None = None
        self.documents_failure: ModelError | None = None
        self.documents: list[str] = []
        self.queries: list[str] = []
        self.batch_size = 8
        self.max_tokens = 512

    @property
    def fingerprint(self) -> Fingerprint:
        return Fingerprint(self._model, "digest", self._dimensions)

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector | Rejected]:
        if failure := self.failure or self.documents_failure:
            raise failure
        self.documents.extend(texts)
        return [
            Rejected("told to") if self._reject and self._reject in text else self._vector(text)
            for text in texts
        ]

    async def embed_query(self, text: str) -> Vector:
        if self.failure:
            raise self.failure
        self.queries.append(text)
        return self._vector(text)

    def _vector(self, text: str) -> Vector:
        values = [1e-3] * self._dimensions
        for term in terms(text):
            digest = hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=4).digest()
            values[int.from_bytes(digest) % self._dimensions] += 1.0
        norm = math.sqrt(sum(value * value for value in values))
        return array("f", (value / norm for value in values))
