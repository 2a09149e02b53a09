"""Vectors that outlive the index they were made for: a second run embeds only texts that it has not seen."""

import hashlib
import sqlite3
from array import array
from collections.abc import Sequence
from pathlib import Path

from firsthand.core.model import Vector
from firsthand.core.ports import Embedder, Rejected
from firsthand.core.wrapped_embedder import WrappedEmbedder


class KeptVectors(WrappedEmbedder):
    """An embedder that keeps each vector in a file under the hash of its text and of the model."""

    def __init__(self, embedder: Embedder, file: Path) -> None:
        super().__init__(embedder)
        file.parent.mkdir(parents=True, exist_ok=True)
        # Written by one run at a time; threads only follow each other in it.
        self._kept = sqlite3.connect(file, check_same_thread=False)
        self._kept.execute("CREATE TABLE IF NOT EXISTS vectors (hash BLOB PRIMARY KEY, vector BLOB)")

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector | Rejected]:
        """Return kept vectors, and embed and keep the others; a rejected text is tried anew each time."""
        known = {text: self._read(text) for text in texts}
        new = [text for text, vector in known.items() if vector is None]
        made = dict(zip(new, await super().embed_documents(new), strict=True)) if new else {}
        with self._kept:
            for text, vector in made.items():
                if not isinstance(vector, Rejected):
                    self._write(text, vector)
        return [made[text] if (vector := known[text]) is None else vector for text in texts]

    def _read(self, text: str) -> Vector | None:
        row = self._kept.execute("SELECT vector FROM vectors WHERE hash = ?", (self._key(text),)).fetchone()
        return None if row is None else array("f", row[0])

    def _write(self, text: str, vector: Vector) -> None:
        self._kept.execute(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?)", (self._key(text), vector.tobytes())
        )

    def _key(self, text: str) -> bytes:
        model = f"{self.fingerprint.model}\0{self.fingerprint.digest}\0"
        return hashlib.sha256((model + text).encode("utf-8", "surrogatepass")).digest()

    def close(self) -> None:
        """Close the file; the embedder within stays its owner's."""
        self._kept.close()
