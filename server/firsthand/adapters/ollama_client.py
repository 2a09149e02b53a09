"""Ollama's catalogue: its version, its models, what is loaded, and pulling more."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from firsthand.adapters.ollama_crashes import CrashGuard
from firsthand.adapters.ollama_errors import Kind, OllamaError, not_ollama, shown
from firsthand.adapters.ollama_host import OllamaHost
from firsthand.adapters.ollama_http import OllamaHttp, for_users, retried
from firsthand.adapters.ollama_limits import TimeLimits
from firsthand.adapters.ollama_models import (
    OllamaModel,
    RunningModel,
    entries,
    is_cloud_name,
    model_from_tags,
    running_model,
    same_model,
    with_details,
)
from firsthand.core.model import Progress, Report
from firsthand.errors import ModelFailedError, ModelMissingError, ModelRefusedError

# A server that tells no capabilities in its list is asked for each model; nobody has more models that matter.
_MOST_MODELS_TO_SHOW = 50


class OllamaClient:
    """One Ollama server. Shared by everything that talks to it; close it, or use it with `async with`."""

    def __init__(
        self,
        host: OllamaHost,
        *,
        allow_remote: bool = False,
        limits: TimeLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.http = OllamaHttp(host, allow_remote=allow_remote, limits=limits or TimeLimits())
        self.crashes = CrashGuard(clock)
        self._turns: dict[str, asyncio.Lock] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self.http.close()

    def turn(self, model: str) -> asyncio.Lock:
        """The right to generate with a model: one answer at a time, or the server evicts its prompt cache."""
        return self._turns.setdefault(model, asyncio.Lock())

    async def version(self) -> str:
        """Return the server's version.

        Raises:
            ModelUnreachableError: it does not answer; the message says where it was looked for and the likely cause.
            ModelRefusedError: the endpoint is not on this machine and was not allowed.
        """
        with for_users():
            answer = await self.http.json("GET", "/api/version", limit=self.http.limits.probe)
            version = answer.get("version")
            if not isinstance(version, str):
                raise not_ollama(self.http.url)
            return shown(version)

    async def models(self) -> list[OllamaModel]:
        """Return what the server has, newest first."""
        models = await self._listed()
        unknown = [model for model in models if model.capabilities is None][:_MOST_MODELS_TO_SHOW]
        known: dict[str, OllamaModel] = {}
        for model in unknown:
            # A model may be removed between the list and the look at it.
            with contextlib.suppress(ModelMissingError, ModelRefusedError):
                known[model.name] = await self._shown(model)
        return [known.get(model.name, model) for model in models]

    async def show(self, name: str) -> OllamaModel:
        """Return everything the server tells about one model.

        Raises:
            ModelMissingError: the server does not have it.
        """
        listed = next((model for model in await self._listed() if same_model(model.name, name)), None)
        if listed is not None:
            return await self._shown(listed)
        with for_users():
            return with_details(OllamaModel(name), await self._details(name))

    async def running(self) -> list[RunningModel]:
        """Return the models in memory; the server may need seconds when it is unloading one."""
        with for_users():
            answer = await self.http.json("GET", "/api/ps", limit=self.http.limits.probe)
        return [running_model(entry) for entry in entries(answer)]

    async def preload(self, path: str, body: Mapping[str, object], model: str) -> None:
        """Have a model loaded by a request without input."""
        with for_users():
            await retried(
                lambda: self.http.json("POST", path, body, limit=self.http.limits.first_byte, model=model),
                self.http.limits,
            )

    async def unload(self, name: str) -> None:
        """Drop a model from memory once it is idle."""
        body = {"model": name, "messages": [], "keep_alive": 0}
        with for_users():
            await self.http.json("POST", "/api/chat", body, limit=self.http.limits.metadata, model=name)

    async def pull(self, name: str, report: Report) -> None:
        """Fetch a model, reporting bytes; cancelling the task stops it, and a later pull goes on from there.

        Raises:
            ModelMissingError: no such model is known.
            ModelFailedError: the pull did not succeed; the message says why.
        """
        with for_users():
            stream = await self.http.open(
                "/api/pull", {"model": name, "stream": True}, model=name, limit=self.http.limits.pull_idle
            )
            layers = _Layers(name, report)
            try:
                async with contextlib.aclosing(stream.lines(self.http.limits.pull_idle)) as lines:
                    async for line in lines:
                        layers.add(line)
            finally:
                await stream.aclose()
            if layers.status != "success":
                message = (
                    f"The pull of {name} ended before it was complete; run it again, it goes on from there."
                )
                raise OllamaError(Kind.FAILED, ModelFailedError(message))

    async def _listed(self) -> list[OllamaModel]:
        with for_users():
            answer = await retried(
                lambda: self.http.json("GET", "/api/tags", limit=self.http.limits.metadata), self.http.limits
            )
        return [model for entry in entries(answer) if (model := model_from_tags(entry)).name]

    async def _shown(self, model: OllamaModel) -> OllamaModel:
        """Add details if the server tells them: what it lists it has, even when it has no more to say."""
        try:
            return with_details(model, await self._details(model.name))
        except OllamaError as fault:
            if fault.kind in (Kind.MISSING, Kind.REFUSED):
                raise fault.error from fault
            return model

    async def _details(self, name: str) -> Mapping[str, object]:
        body = {"model": name}
        return await retried(
            lambda: self.http.json("POST", "/api/show", body, limit=self.http.limits.metadata, model=name),
            self.http.limits,
        )


async def allowed_model(client: OllamaClient, name: str, allow_cloud: Sequence[str]) -> OllamaModel:
    """Return a model that may see the user's code.

    Raises:
        ModelRefusedError: it runs in a cloud and the user did not allow it by name.
        ModelMissingError: the server does not have it.
    """
    allowed = any(same_model(name, other) for other in allow_cloud)
    if is_cloud_name(name) and not allowed:
        raise _leaves_the_machine(name)
    model = await client.show(name)
    if model.is_cloud and not allowed:
        raise _leaves_the_machine(name)
    return model


def _leaves_the_machine(name: str) -> ModelRefusedError:
    return ModelRefusedError(
        f"{name} runs in Ollama's cloud, so your code would leave this machine; "
        "name it in allow_cloud_models if you want that, or choose a local model."
    )


class _Layers:
    """Sums the layers of a pull into one progress, which never goes back although a layer may be tried again."""

    def __init__(self, name: str, report: Report) -> None:
        self.status = ""
        self._name = name
        self._report = report
        self._totals: dict[str, int] = {}
        self._completed: dict[str, int] = {}
        self._most = 0

    def add(self, line: Mapping[str, object]) -> None:
        """Take in one line of the stream."""
        status = line.get("status")
        self.status = shown(status) if isinstance(status, str) else ""
        digest, total, completed = line.get("digest"), line.get("total"), line.get("completed", 0)
        if isinstance(digest, str) and isinstance(total, int) and isinstance(completed, int):
            self._totals[digest] = total
            self._completed[digest] = min(completed, total)
        if self.status == "success":
            self._completed = dict(self._totals)
        self._most = max(self._most, sum(self._completed.values()))
        total_bytes = sum(self._totals.values())
        self._report(
            Progress(f"pulling {self._name}", min(self._most, total_bytes), total_bytes, self.status)
        )
