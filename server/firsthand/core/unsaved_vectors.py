"""Vectors of text that is open and not saved: made when a search needs them, and never stored."""

import logging
from collections.abc import Mapping, Sequence

from firsthand.core.model import Chunk, Fingerprint, Vector
from firsthand.core.ports import Rejected
from firsthand.core.succession import EmbeddedIndex
from firsthand.errors import ModelError

log = logging.getLogger(__name__)

# A search waits for these, some 20 ms each; the next search makes more.
_MOST_AT_ONCE = 8


class UnsavedVectors:
    """Keeps the vectors of the text that was new at the last search."""

    def __init__(self) -> None:
        self._embedder: Fingerprint | None = None
        self._made: dict[str, Vector | None] = {}

    async def of(self, index: EmbeddedIndex, chunks: Sequence[Chunk]) -> Mapping[str, Vector]:
        """Return the vectors of chunks that the index does not have, by their hash; without those that failed."""
        if self._embedder != index.embedder.fingerprint:
            self._embedder, self._made = index.embedder.fingerprint, {}
        texts = {chunk.content_hash: chunk.embedding_text for chunk in chunks}
        self._made = {key: vector for key, vector in self._made.items() if key in texts}
        missing = [key for key in texts if key not in self._made][:_MOST_AT_ONCE]
        made = dict(self._made)
        if missing:
            made |= await _embedded(index, {key: texts[key] for key in missing})
            if self._embedder == index.embedder.fingerprint:
                self._made = made
        return {key: vector for key, vector in made.items() if vector is not None}


async def _embedded(index: EmbeddedIndex, texts: Mapping[str, str]) -> dict[str, Vector | None]:
    try:
        results = await index.embedder.embed_documents(list(texts.values()))
    except ModelError as error:
        log.warning("unsaved text is not searched by meaning: %s", error)
        return {}
    pairs = zip(texts, results, strict=True)
    return {key: None if isinstance(result, Rejected) else result for key, result in pairs}
