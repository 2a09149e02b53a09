"""HTTP as Ollama speaks it: one client, JSON and NDJSON, time limits of our own."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import TypeVar, cast

import httpx

from firsthand.adapters.ollama_errors import (
    Kind,
    OllamaError,
    fault_from_line,
    fault_from_response,
    nonsense,
    not_ollama,
    translated,
)
from firsthand.adapters.ollama_host import OllamaHost
from firsthand.adapters.ollama_limits import Attempts, TimeLimits
from firsthand.errors import ModelBusyError, ModelFailedError, ModelRefusedError, ModelUnreachableError

Result = TypeVar("Result")

# What the server sends is not trusted to be of a sane size. The largest honest answer is a batch of vectors.
_MOST_BODY_BYTES = 64 * 2**20
_MOST_LINE_BYTES = 4 * 2**20
_MOST_ERROR_BYTES = 64 * 2**10
_MOST_CONNECTIONS = 8
# Above this many bytes parsing takes long enough to be felt by everything else on the event loop.
_PARSE_IN_THREAD_BYTES = 256 * 2**10


class OllamaHttp:
    """Sends requests to one endpoint; every failure is a `OllamaError`."""

    def __init__(self, host: OllamaHost, *, allow_remote: bool, limits: TimeLimits) -> None:
        self.limits = limits
        self._host = host
        self._allowed = allow_remote or host.is_loopback
        self._urls = host.urls
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    @property
    def url(self) -> str:
        """The address in use."""
        return self._urls[0]

    async def close(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def json(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        limit: float,
        model: str = "",
    ) -> Mapping[str, object]:
        """Send a request and return the JSON object of its answer."""
        with translated(self.url):
            async with asyncio.timeout(limit):
                response = await self._send(method, path, body, model)
                try:
                    data = await _read(response, _MOST_BODY_BYTES, self.url)
                finally:
                    await response.aclose()
        value = await _parsed(data)
        if not isinstance(value, dict):
            raise not_ollama(self.url)
        if "error" in value:
            raise fault_from_line(value["error"], url=self.url, model=model)
        return cast("Mapping[str, object]", value)

    async def open(
        self, path: str, body: Mapping[str, object], *, model: str, limit: float
    ) -> "OllamaStream":
        """Send a request and return its stream once the server begins to answer."""
        with translated(self.url):
            try:
                async with asyncio.timeout(limit):
                    response = await self._send("POST", path, body, model)
            except TimeoutError as error:
                raise _never_began(model, limit) from error
        return OllamaStream(response, self.url, model)

    async def _send(
        self, method: str, path: str, body: Mapping[str, object] | None, model: str
    ) -> httpx.Response:
        """Return a response with a good status; its body is still to be read."""
        try:
            response = await self._connected(method, path, body)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            # A kept connection that the server closed meanwhile shows itself only in use.
            response = await self._connected(method, path, body)
        if response.status_code < 300:
            return response
        try:
            data = await _read(response, _MOST_ERROR_BYTES, self.url)
        finally:
            await response.aclose()
        raise fault_from_response(
            response.status_code,
            data,
            response.headers.get("content-type", ""),
            url=self.url,
            model=model,
            location=response.headers.get("location", ""),
        )

    async def _connected(self, method: str, path: str, body: Mapping[str, object] | None) -> httpx.Response:
        """Send to the first address that takes a connection, and stay with it."""
        client = await self._opened_client()
        refusals: list[httpx.ConnectError] = []
        for url in self._urls:
            try:
                request = client.build_request(method, url + path, json=body)
                response = await client.send(request, stream=True)
            except httpx.ConnectError as error:
                refusals.append(error)
                continue
            self._urls = (url, *(other for other in self._urls if other != url))
            return response
        raise refusals[0]

    async def _opened_client(self) -> httpx.AsyncClient:
        if not self._allowed:
            raise OllamaError(
                Kind.REFUSED,
                ModelRefusedError(
                    f"{self.url} is not this machine, so no code is sent there; "
                    "set allow_remote_endpoint if you want that."
                ),
            )
        async with self._opening:
            if self._client is None:
                # The first client imports the rest of httpx, which takes longer than the event loop may wait.
                self._client = await asyncio.to_thread(_new_client, self._host, self.limits)
            return self._client


class OllamaStream:
    """An NDJSON answer under way; whoever opened it closes it, which stops the server."""

    def __init__(self, response: httpx.Response, url: str, model: str) -> None:
        self._response = response
        self._url = url
        self._model = model

    async def lines(self, idle: float) -> AsyncGenerator[Mapping[str, object], None]:
        """Yield each line's object; a line that holds an error raises it."""
        async with (
            contextlib.aclosing(self._chunks(idle)) as chunks,
            contextlib.aclosing(split_lines(chunks, self._url)) as lines,
        ):
            async for line in lines:
                value = await _parsed_line(line, self._url)
                if "error" in value:
                    raise fault_from_line(value["error"], url=self._url, model=self._model)
                yield value

    async def aclose(self) -> None:
        """Close the connection."""
        await self._response.aclose()

    async def _chunks(self, idle: float) -> AsyncGenerator[bytes, None]:
        chunks = self._response.aiter_bytes()
        while True:
            with translated(self._url):
                try:
                    async with asyncio.timeout(idle):
                        chunk = await anext(chunks, None)
                except TimeoutError as error:
                    raise _fell_silent(self._model, idle) from error
            if chunk is None:
                return
            yield chunk


async def split_lines(chunks: AsyncIterator[bytes], url: str) -> AsyncGenerator[bytes, None]:
    """Split at line feeds only: other line separators are part of what a model may write. Blank lines are skipped."""
    rest = bytearray()
    async for chunk in chunks:
        *complete, tail = chunk.split(b"\n")
        for part in complete:
            rest += part
            if rest.strip():
                yield bytes(rest)
            rest.clear()
        rest += tail
        if len(rest) > _MOST_LINE_BYTES:
            raise nonsense(url, "a line that is too long to be an answer")
    if rest.strip():
        yield bytes(rest)


async def retried(send: Callable[[], Awaitable[Result]], limits: TimeLimits) -> Result:
    """Repeat `send` as often as its faults allow."""
    attempts = Attempts(limits)
    while True:
        try:
            return await send()
        except OllamaError as fault:
            pause = attempts.pause_after(fault)
            if pause is None:
                raise
        await asyncio.sleep(pause)


@contextlib.contextmanager
def for_users() -> Iterator[None]:
    """Replace a `OllamaError` by the error for the user that it carries."""
    try:
        yield
    except OllamaError as fault:
        raise fault.error from fault


def _never_began(model: str, seconds: float) -> OllamaError:
    error = ModelBusyError(
        f"{model} did not begin to answer within {seconds:.0f} seconds; Ollama is loading it or busy with others, "
        "try again later."
    )
    return OllamaError(Kind.BUSY, error)


def _fell_silent(model: str, seconds: float) -> OllamaError:
    error = ModelFailedError(
        f"{model} fell silent for {seconds:.0f} seconds in the middle of its answer; ask again."
    )
    return OllamaError(Kind.FAILED, error)


async def _read(response: httpx.Response, most: int, url: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > most:
            raise nonsense(url, "more than an answer can be")
        parts.append(chunk)
    return b"".join(parts)


async def _parsed(data: bytes) -> object:
    try:
        if len(data) > _PARSE_IN_THREAD_BYTES:
            return await asyncio.to_thread(json.loads, data)
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


async def _parsed_line(line: bytes, url: str) -> Mapping[str, object]:
    value = await _parsed(line)
    if not isinstance(value, dict):
        raise nonsense(url, "a line that is not JSON")
    return cast("Mapping[str, object]", value)


def _new_client(host: OllamaHost, limits: TimeLimits) -> httpx.AsyncClient:
    """Make a client without a read timeout: waiting for inference is limited by timers that know the phase."""
    try:
        return httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=limits.connect, write=limits.write, pool=limits.pool),
            limits=httpx.Limits(
                max_connections=_MOST_CONNECTIONS, max_keepalive_connections=4, keepalive_expiry=30
            ),
            # Proxy variables are meant for the internet; a proxy must not come between an editor and its own machine.
            trust_env=not host.is_private,
            follow_redirects=False,
            # Loading certificates costs tens of milliseconds that plain HTTP never needs.
            verify=host.scheme == "https",
        )
    except (ValueError, ImportError) as error:
        message = (
            f"The proxy settings of this machine cannot be used ({error}); correct HTTP_PROXY and ALL_PROXY."
        )
        raise OllamaError(Kind.UNREACHABLE, ModelUnreachableError(message)) from error
