"""HTTP/1.1 as far as Ollama speaks it: keep-alive, chunked streams flushed line by line, seeing a client leave."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

_MOST_HEADER_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived; `json` is None when the body holds none."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    json: object = None

    @property
    def fields(self) -> Mapping[str, object]:
        """The body's JSON object; empty when it is not one."""
        return self.json if isinstance(self.json, dict) else {}


@dataclass(slots=True)
class Response:
    """What goes back: a whole body, or a stream that is written piece by piece."""

    writer: asyncio.StreamWriter
    drop_after_bytes: int | None = None
    """Cut the connection once so many bytes of the response were sent."""
    started: bool = False
    chunked: bool = False
    sent_bytes: int = field(default=0)

    async def whole(
        self,
        status: int,
        body: bytes,
        content_type: str = "application/json; charset=utf-8",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a complete response."""
        await self._write(
            self._head(status, content_type, {**(headers or {}), "Content-Length": str(len(body))}) + body
        )

    async def line(self, data: bytes) -> None:
        """Send one piece of an NDJSON stream, with the headers before the first."""
        head = b""
        if not self.started:
            self.chunked = True
            head = self._head(200, "application/x-ndjson", {"Transfer-Encoding": "chunked"})
        await self._write(head + b"%x\r\n%s\r\n" % (len(data), data))

    async def end(self) -> None:
        """End a stream properly."""
        if not self.started:
            await self.whole(200, b"", "application/x-ndjson")
        elif self.chunked:
            await self._write(b"0\r\n\r\n")

    def _head(self, status: int, content_type: str, headers: Mapping[str, str]) -> bytes:
        lines = [f"HTTP/1.1 {status} {_phrase(status)}", f"Content-Type: {content_type}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    async def _write(self, data: bytes) -> None:
        self.started = True
        if self.drop_after_bytes is not None and self.sent_bytes + len(data) >= self.drop_after_bytes:
            self.writer.write(data[: self.drop_after_bytes - self.sent_bytes])
            with contextlib.suppress(ConnectionError):
                await self.writer.drain()
            self.writer.close()
            raise ConnectionAbortedError("dropped as scripted")
        self.sent_bytes += len(data)
        self.writer.write(data)
        await self.writer.drain()


Handler = Callable[[Request, Response], Awaitable[None]]


class WatchedConnection(asyncio.StreamReaderProtocol):
    """A connection that tells when its client has left, while a request is still being worked on."""

    def __init__(
        self,
        handle: Handler,
        open_connections: "set[WatchedConnection]",
        is_welcome: Callable[[], bool],
    ) -> None:
        self.gone = asyncio.Event()
        self._handle = handle
        self._open_connections = open_connections
        self._is_welcome = is_welcome
        self._ended = asyncio.Event()
        self._wire: asyncio.BaseTransport | None = None
        super().__init__(asyncio.StreamReader(limit=2**27), self._serve)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""
        self._wire = transport
        self._open_connections.add(self)
        super().connection_made(transport)
        if not self._is_welcome():
            # It was accepted before the server stopped listening, and arrives after every other one was closed.
            transport.close()

    async def close(self) -> None:
        """Cut the connection and return when its work has ended."""
        if self._wire is not None:
            self._wire.close()
        self.gone.set()
        await self._ended.wait()

    def eof_received(self) -> bool:
        """The client closed its side: for Ollama that means it left."""
        self.gone.set()
        super().eof_received()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection broke."""
        self.gone.set()
        super().connection_lost(exc)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not self.gone.is_set():
                request = await read_request(reader)
                if request is None:
                    break
                await self._answer(request, Response(writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            self._open_connections.discard(self)
            self._ended.set()

    async def _answer(self, request: Request, response: Response) -> None:
        """Answer, or stop working as soon as the client has left."""
        work = asyncio.ensure_future(self._handle(request, response))
        left = asyncio.ensure_future(self.gone.wait())
        try:
            await asyncio.wait({work, left}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            left.cancel()
            work.cancel()
            results = await asyncio.gather(work, left, return_exceptions=True)
        if isinstance(results[0], Exception):
            raise results[0]
        if isinstance(results[0], asyncio.CancelledError):
            raise ConnectionAbortedError("the client left")


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read one request; None at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head[:_MOST_HEADER_BYTES].decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    if "chunked" in headers.get("transfer-encoding", ""):
        body = await _read_chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, target.partition("?")[0], headers, body, _json(body))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(parts)


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"
