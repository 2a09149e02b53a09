"""Which embedder serves a workspace: Ollama's when it answers and has one, else the one that comes with Firsthand."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from firsthand.app.findings import Findings
from firsthand.core.late_embedder import LateEmbedder
from firsthand.core.model import Fingerprint
from firsthand.core.ports import Embedder
from firsthand.core.workspace import ModelOffer
from firsthand.errors import ModelError, ModelMissingError
from firsthand.settings import Settings

if TYPE_CHECKING:
    from firsthand.adapters.ollama_client import OllamaClient
    from firsthand.adapters.ollama_models import OllamaModel

Revive = Callable[[Fingerprint], Awaitable[Embedder | None]]
"""Opens the embedder that made certain vectors once more; None when it is not there any more."""


class Embedders:
    """The embedders that the settings and this machine allow."""

    def __init__(
        self,
        settings: Settings,
        client: "OllamaClient | None",
        models: Sequence["OllamaModel"],
        resources: contextlib.AsyncExitStack,
    ) -> None:
        self._settings = settings
        self._client = client
        self._models = models
        self._resources = resources

    async def choose(self, findings: Findings) -> Embedder:
        """Open the embedder that serves in the end; what is missing is noted.

        Raises:
            ModelError: not even the embedded one works.
        """
        if self._client is not None:
            embedder = await self._of_ollama(self._client, findings)
            if embedder is not None:
                return embedder
        return await self._embedded()

    async def revive(self, fingerprint: Fingerprint) -> Embedder | None:
        """Open the embedder of this fingerprint if its very weights are still there; the embedded one is always."""
        from firsthand.adapters import onnx_embedder

        if fingerprint == onnx_embedder.FINGERPRINT:
            return LateEmbedder(
                fingerprint,
                self._embedded,
                max_tokens=onnx_embedder.WINDOW_TOKENS,
                batch_size=onnx_embedder.BATCH_SIZE,
            )
        if self._client is None or not any(model.digest == fingerprint.digest for model in self._models):
            return None
        try:
            embedder = await self._open(self._client, fingerprint.model)
        except ModelError:
            return None
        return embedder if embedder.fingerprint == fingerprint else None

    async def _embedded(self) -> Embedder:
        from firsthand.adapters.onnx_embedder import load_embedded_embedder

        embedded = await load_embedded_embedder(self._settings.threads)
        self._resources.push_async_callback(embedded.close)
        return embedded

    async def _of_ollama(self, client: "OllamaClient", findings: Findings) -> Embedder | None:
        name = wanted_name(self._settings, self._models)
        if not name:
            return None
        try:
            return await self._open(client, name)
        except ModelMissingError as error:
            offer = f"Ollama does not have the embedding model {error.model}. Pull it?"
            findings.offers.append(ModelOffer("embedding", error.model, offer))
            findings.notices.append(f"{error} Until then the embedded model searches.")
        except ModelError as error:
            findings.notices.append(f"{error} Until then the embedded model searches.")
        return None

    async def _open(self, client: "OllamaClient", name: str) -> Embedder:
        from firsthand.adapters.ollama_embedder import open_ollama_embedder

        return await open_ollama_embedder(
            client,
            name,
            keep_alive=self._settings.keep_alive,
            allow_cloud=self._settings.allow_cloud_models,
        )


def wanted_name(settings: Settings, models: Sequence["OllamaModel"]) -> str:
    """Return the name of the embedding model of Ollama's that the settings ask for, there or not; "" for none."""
    from firsthand.adapters.ollama_choice import best_embedding_model

    if settings.embedding_model == "auto":
        return best_embedding_model(models) or ""
    return "" if settings.embedding_model == "embedded" else settings.embedding_model


def wanted_model(settings: Settings, models: Sequence["OllamaModel"]) -> "OllamaModel | None":
    """Return the embedding model of Ollama's that the settings ask for, if it is there."""
    from firsthand.adapters.ollama_models import same_model

    name = wanted_name(settings, models)
    return next((model for model in models if name and same_model(model.name, name)), None)
