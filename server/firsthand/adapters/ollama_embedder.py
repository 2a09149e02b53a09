"""Embedding models that Ollama runs."""

import asyncio
import logging
import operator
from array import array
from collections.abc import Mapping, Sequence
from typing import cast

from firsthand.adapters.ollama_chat import keep_alive_value
from firsthand.adapters.ollama_client import OllamaClient, allowed_model
from firsthand.adapters.ollama_errors import Kind, OllamaError, nonsense
from firsthand.adapters.ollama_http import for_users, retried
from firsthand.adapters.ollama_models import OllamaModel
from firsthand.adapters.ollama_prefixes import Prefixes, looks_like_embedder, prefixes_of
from firsthand.core.model import Fingerprint, Vector
from firsthand.core.ports import Rejected
from firsthand.core.tokens import estimate_tokens
from firsthand.errors import InputRejectedError, ModelError, ModelFailedError

_log = logging.getLogger(__name__)

# The server embeds the inputs of a request one by one: a large batch saves nothing and loses more when it fails.
_BATCH_TEXTS = 16
_BATCH_CHARACTERS = 48_000
_BATCHES_IN_FLIGHT = 2
# Whatever the model was trained for, the server evaluates an input in one batch of at most this many tokens.
_MOST_TOKENS = 2048
_RESERVED_TOKENS = 16
_UNKNOWN_WINDOW = 512
_PROBE = "def probe(): return 1"
_NORM_TOLERANCE = 0.01
_SHORTER = 0.7
_SHORTEST_HEAD = 8
# A reload costs seconds for everybody who uses the server; it is given up when it keeps being in vain.
_MOST_VAIN_RELOADS = 3
_INPUT_MAY_BE_TO_BLAME = frozenset({Kind.TOO_LONG, Kind.CRASHED, Kind.DROPPED, Kind.NOT_A_NUMBER})


async def open_ollama_embedder(
    client: OllamaClient, name: str, *, keep_alive: str, allow_cloud: Sequence[str] = ()
) -> "OllamaEmbedder":
    """Return an embedding model by name; it is loaded only if the server does not tell the size of its vectors.

    Raises:
        ModelMissingError: the server does not have it.
        ModelRefusedError: it runs in a cloud and the user did not allow it by name.
        ModelFailedError: it is no embedding model.
    """
    model = await allowed_model(client, name, allow_cloud)
    # Proxies say the same of every model, so a name that speaks for itself is believed and tried.
    if model.can("embedding") is False and not looks_like_embedder(name):
        raise ModelFailedError(f"{name} is not an embedding model; choose one such as nomic-embed-text.")
    requests = EmbedRequests(client, name, _window(model), keep_alive_value(keep_alive))
    dimensions = model.embedding_length if model.can("embedding") else None
    if dimensions is None:
        with for_users():
            dimensions = len((await requests.vectors([_PROBE]))[0])
    prefixes = prefixes_of(name)
    fingerprint = Fingerprint(name, model.digest, dimensions, prefixes.query, prefixes.document)
    return OllamaEmbedder(requests, fingerprint, prefixes)


class EmbedRequests:
    """Sends `/api/embed` with the same options every time, so that the model is never loaded anew."""

    def __init__(self, client: OllamaClient, model: str, window: int, keep_alive: str | int) -> None:
        self.client = client
        self.model = model
        self.window = window
        self._keep_alive = keep_alive

    async def vectors(self, texts: Sequence[str]) -> list[list[object]]:
        """Return one list of numbers for each text, unchecked; every failure is an `OllamaError`."""
        self.client.crashes.check(self.model)
        return await retried(lambda: self._once(texts), self.client.http.limits)

    async def preload(self) -> None:
        """Load the model: a request without input does that and nothing else."""
        await self.client.preload("/api/embed", self._body([]), self.model)

    async def _once(self, texts: Sequence[str]) -> list[list[object]]:
        http = self.client.http
        answer = await http.json(
            "POST", "/api/embed", self._body(texts), limit=http.limits.first_byte, model=self.model
        )
        vectors = answer.get("embeddings")
        if not isinstance(vectors, list) or not all(isinstance(vector, list) for vector in vectors):
            raise nonsense(http.url, "no vectors")
        if len(vectors) != len(texts):
            raise nonsense(http.url, f"{len(vectors)} vectors for {len(texts)} texts")
        return vectors

    def _body(self, texts: Sequence[str]) -> dict[str, object]:
        return {
            "model": self.model,
            "input": list(texts),
            # A cut that nobody sees makes a vector of something else; we would rather cut ourselves.
            "truncate": False,
            "options": {"num_ctx": self.window},
            "keep_alive": self._keep_alive,
        }


class OllamaEmbedder:
    """An embedding model; an `Embedder`. One bad text costs that text, never the others."""

    def __init__(self, requests: EmbedRequests, fingerprint: Fingerprint, prefixes: Prefixes) -> None:
        self._requests = requests
        self._fingerprint = fingerprint
        self._prefixes = prefixes
        self._in_flight = asyncio.Semaphore(_BATCHES_IN_FLIGHT)
        self._vain_reloads = 0

    @property
    def fingerprint(self) -> Fingerprint:
        """Model, digest, dimensions and prefixes."""
        return self._fingerprint

    @property
    def max_tokens(self) -> int:
        """Most tokens of a text, with room for the tokens that the model adds itself."""
        return self._requests.window - _RESERVED_TOKENS

    @property
    def batch_size(self) -> int:
        """One request; indexing has the next one ready meanwhile."""
        return _BATCH_TEXTS

    async def preload(self) -> None:
        """Load the model with the options of later calls."""
        await self._requests.preload()

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector | Rejected]:
        """Embed texts of the index; a text that cannot be embedded is rejected with a reason."""
        results: list[Vector | Rejected] = [Rejected("it is blank") for _ in texts]
        prefixed = {
            at: self._prefixes.document + text for at, text in enumerate(texts) if text and not text.isspace()
        }
        work = [asyncio.create_task(self._batch(batch, prefixed)) for batch in self._batches(prefixed)]
        try:
            for embedded in await asyncio.gather(*work):
                for at, result in embedded.items():
                    results[at] = result
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        return results

    async def embed_query(self, text: str) -> Vector:
        """Embed a question, ahead of batches that wait for their turn."""
        if not text or text.isspace():
            raise InputRejectedError("There is nothing to search for: the question is blank.")
        with for_users():
            [result] = await self._embedded([self._prefixes.query + text])
        if isinstance(result, Rejected):
            raise InputRejectedError(
                f"{self._fingerprint.model} cannot embed this question: {result.reason}; put it differently."
            )
        return result

    def _batches(self, prefixed: Mapping[int, str]) -> list[list[int]]:
        """Group positions; a text that may be too long goes alone, where it cannot fail others."""
        batches: list[list[int]] = []
        current: list[int] = []
        characters = 0
        for at, text in prefixed.items():
            if estimate_tokens(text) > self.max_tokens:
                batches.append([at])
                continue
            if current and (len(current) == _BATCH_TEXTS or characters + len(text) > _BATCH_CHARACTERS):
                batches.append(current)
                current, characters = [], 0
            current.append(at)
            characters += len(text)
        return [*batches, current] if current else batches

    async def _batch(self, batch: Sequence[int], prefixed: Mapping[int, str]) -> dict[int, Vector | Rejected]:
        async with self._in_flight:
            with for_users():
                embedded = await self._embedded([prefixed[at] for at in batch])
        return dict(zip(batch, embedded, strict=True))

    async def _embedded(self, texts: Sequence[str]) -> list[Vector | Rejected]:
        """Embed a batch; when it fails, halve it until the text to blame is alone."""
        try:
            vectors = await self._vectors(texts)
        except OllamaError as fault:
            if fault.kind not in _INPUT_MAY_BE_TO_BLAME:
                raise
            if len(texts) == 1:
                return [await self._without_batch(texts[0], fault)]
            middle = len(texts) // 2
            return [*await self._embedded(texts[:middle]), *await self._embedded(texts[middle:])]
        self._requests.client.crashes.worked(self._requests.model)
        return [
            await self._once_more(text) if vector is None else vector
            for text, vector in zip(texts, vectors, strict=True)
        ]

    async def _without_batch(self, text: str, fault: OllamaError) -> Vector | Rejected:
        """Do what can be done for a text that fails alone."""
        if fault.kind is Kind.TOO_LONG:
            return await self._head(text)
        if fault.kind is Kind.NOT_A_NUMBER:
            return await self._once_more(text)
        await self._prove_that_the_model_works(fault)
        return self._reject(f"{self._fingerprint.model} crashes on it")

    async def _head(self, text: str) -> Vector | Rejected:
        """Embed the longest beginning that the model takes, found by shortening."""
        share = min(self.max_tokens / max(estimate_tokens(text), 1), 1.0)
        length = len(text)
        for attempt in range(2 * _RESERVED_TOKENS):
            length = int(length * (share if attempt == 0 and share < 1.0 else _SHORTER))
            if length < len(self._prefixes.document) + _SHORTEST_HEAD:
                break
            try:
                [vector] = await self._vectors([text[:length]])
            except OllamaError as fault:
                if fault.kind is Kind.TOO_LONG:
                    continue
                raise
            _log.info("%s reads the first %d of %d characters", self._fingerprint.model, length, len(text))
            return await self._once_more(text[:length]) if vector is None else vector
        return self._reject("it is too long for the embedding model")

    async def _once_more(self, text: str) -> Vector | Rejected:
        """Try a text that got no usable vector alone, then with the model loaded anew."""
        vector = await self._alone(text)
        if vector is not None:
            return vector
        if self._vain_reloads < _MOST_VAIN_RELOADS:
            await self._requests.client.unload(self._requests.model)
            vector = await self._alone(text)
            self._vain_reloads = self._vain_reloads + 1 if vector is None else 0
        return (
            self._reject(f"{self._fingerprint.model} computes no vector for it") if vector is None else vector
        )

    async def _alone(self, text: str) -> Vector | None:
        try:
            return (await self._vectors([text]))[0]
        except OllamaError as fault:
            if fault.kind in _INPUT_MAY_BE_TO_BLAME:
                return None
            raise

    async def _prove_that_the_model_works(self, fault: OllamaError) -> None:
        """Blame the text only if another one can be embedded; else the model is broken."""
        try:
            await self._vectors([self._prefixes.document + _PROBE])
        except OllamaError as broken:
            self._requests.client.crashes.crashed(self._requests.model)
            raise broken from fault

    async def _vectors(self, texts: Sequence[str]) -> list[Vector | None]:
        """Return unit vectors of the right size; None where there is no usable one."""
        raw = await self._requests.vectors(texts)
        vectors = await asyncio.to_thread(lambda: [unit_vector(numbers) for numbers in raw])
        sizes = {len(numbers) for numbers in raw} - {self._fingerprint.dimensions}
        if sizes:
            raise OllamaError(Kind.NONSENSE, self._changed(sizes.pop()))
        return vectors

    def _changed(self, size: int) -> ModelError:
        return ModelFailedError(
            f"{self._fingerprint.model} now gives vectors of {size} numbers instead of "
            f"{self._fingerprint.dimensions}; restart Firsthand so that the index is made anew."
        )

    def _reject(self, reason: str) -> Rejected:
        _log.info("A text is not embedded: %s", reason)
        return Rejected(reason)


def unit_vector(numbers: Sequence[object]) -> Vector | None:
    """Return a vector of length 1, or None for zeros, missing numbers, NaN and lengths that are not 1.

    llama-server writes NaN as null, which Ollama reads as zero: a vector of zeros is what a failure looks like.
    """
    try:
        vector = array("f", cast("Sequence[float]", numbers))
    except (TypeError, OverflowError):
        return None
    norm = sum(map(operator.mul, vector, vector)) ** 0.5
    return vector if abs(norm - 1.0) <= _NORM_TOLERANCE else None


def _window(model: OllamaModel) -> int:
    """The tokens of one input that the server can evaluate: the model's, the Modelfile's and the server's limit."""
    return min(model.train_context or _UNKNOWN_WINDOW, model.num_ctx or _MOST_TOKENS, _MOST_TOKENS)
