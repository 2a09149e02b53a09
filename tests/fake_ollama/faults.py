"""What a test can make go wrong, and where it can make the server wait."""

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

# Seconds after which a test that waits for something that never comes fails instead of hanging.
LONGEST_WAIT = 20.0
BUSY_TEXT = "server busy, please try again.  maximum pending requests exceeded"
RUNNER_DIED_TEXT = (
    "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, "
    "check ollama server logs for details"
)
OUT_OF_MEMORY_TEXT = "llama-server reported out-of-memory during startup: cudaMalloc failed: out of memory"
PROXY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>squid</body></html>"


class ApiError(Exception):
    """An error as Ollama tells it: a status and a text."""

    def __init__(self, status: int, text: str, *, while_generating: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.while_generating = while_generating


@dataclass(frozen=True, slots=True)
class Instead:
    """A response that is sent instead of the real one."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection is cut after so many bytes of the response; 0 sends nothing."""

    after_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Inject:
    """Raw bytes in a stream, before the chunk with this index; `ends` closes the stream properly after them."""

    before: int
    data: bytes
    ends: bool = False


Fault = Instead | Drop | Inject


def error(status: int, text: object) -> Instead:
    """An error body as Ollama writes it."""
    return Instead(status, json.dumps({"error": text}).encode())


def html(status: int) -> Instead:
    """A page of a proxy."""
    return Instead(status, PROXY_PAGE, "text/html")


def redirect(to: str) -> Instead:
    """A redirection."""
    return Instead(301, headers={"Location": to})


def error_line(before: int, error: object) -> Inject:
    """An error in the middle of a stream: a text, JSON in a text, a number, an object."""
    return Inject(before, json.dumps({"error": error}).encode() + b"\n", ends=True)


def ends_early(before: int) -> Inject:
    """A stream that ends properly without a final chunk."""
    return Inject(before, b"", ends=True)


def blank_line(before: int) -> Inject:
    """An empty line in a stream."""
    return Inject(before, b"\n")


BUSY = error(503, BUSY_TEXT)
RUNNER_DIED = error(500, RUNNER_DIED_TEXT)
FORBIDDEN = Instead(403, b"", "text/plain")
UNAUTHORIZED = Instead(401, b'{"error":"unauthorized","signin_url":"https://ollama.com/connect"}')

EmbeddingTrouble = Literal[
    "crash", "nan", "zero", "short vector", "missing vector", "reordered", "unnormalised"
]


@dataclass(slots=True)
class EmbeddingFault:
    """Trouble with every input for which `when` is true, `times` times (None: always)."""

    trouble: EmbeddingTrouble
    when: Callable[[str], bool] = lambda text: True
    times: int | None = None

    def strikes(self, text: str) -> bool:
        """Tell whether `text` is hit, and count it."""
        if self.times == 0 or not self.when(text):
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(slots=True)
class PlannedFault:
    """A fault for the next `times` requests to `path` that satisfy `when`."""

    path: str
    fault: Fault
    times: int | None
    when: Callable[[Mapping[str, object]], bool]


HoldPoint = Literal["headers", "load", "chunk", "ps", "pull", "embedding"]


class Gate:
    """A place where the server waits until a test lets it go on; usable from any thread."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, point: HoldPoint, subject: str | None, index: int
    ) -> None:
        self.point = point
        self.subject = subject
        self.index = index
        self._loop = loop
        self._reached_here = asyncio.Event()
        self._reached_elsewhere = threading.Event()
        self._open = asyncio.Event()

    async def reached(self) -> None:
        """Return once the server waits here (for a test on the server's own loop)."""
        async with asyncio.timeout(LONGEST_WAIT):
            await self._reached_here.wait()

    def wait_until_reached(self, timeout: float = LONGEST_WAIT) -> None:
        """Return once the server waits here (for a test in another thread)."""
        if not self._reached_elsewhere.wait(timeout):
            raise TimeoutError(f"the fake never came to {self.point} {self.subject or ''}")

    def release(self) -> None:
        """Let everything pass, now and later."""
        self._loop.call_soon_threadsafe(self._open.set)

    def concerns(self, point: HoldPoint, subject: str, index: int) -> bool:
        """Tell whether this gate stands at that place."""
        return self.point == point and self.index == index and self.subject in (None, subject)

    async def pass_through(self) -> None:
        """Wait here if the gate is closed."""
        self._reached_here.set()
        self._reached_elsewhere.set()
        await self._open.wait()
