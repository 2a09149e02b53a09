"""The fake server: in the test's own loop (`FakeOllama`), or in a thread beside it (`FakeOllamaThread`)."""

import asyncio
import contextlib
import ipaddress
import re
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from fake_ollama import catalogue, embeddings, generation
from fake_ollama.clock import Clock, wall_clock
from fake_ollama.faults import (
    LONGEST_WAIT,
    ApiError,
    Drop,
    EmbeddingFault,
    EmbeddingTrouble,
    Fault,
    Gate,
    HoldPoint,
    Inject,
    Instead,
    PlannedFault,
)
from fake_ollama.http import Request, Response, WatchedConnection
from fake_ollama.models import FakeModel, chat, embedder
from fake_ollama.prompts import Prompt
from fake_ollama.scheduler import Event, LoadFailure, Scheduler
from fake_ollama.state import Cancelled, PlannedReply, Reply, State, send_error
from fake_ollama.versions import profile

Result = TypeVar("Result")

_METHODS = {
    "/": ("GET", "HEAD"),
    "/api/version": ("GET", "HEAD"),
    "/api/tags": ("GET", "HEAD"),
    "/api/ps": ("GET",),
    "/api/show": ("POST",),
    "/api/pull": ("POST",),
    "/api/embed": ("POST",),
    "/api/embeddings": ("POST",),
    "/api/chat": ("POST",),
    "/api/generate": ("POST",),
}
_ORIGINS = re.compile(
    r"https?://(localhost|127\.0\.0\.1|0\.0\.0\.0)(:\d+)?|(app|file|tauri|vscode-webview|vscode-file)://.*"
)
_LOCAL_NAMES = re.compile(r"(.*\.)?(localhost|local|internal)")


class FakeOllama:
    """An Ollama on `127.0.0.1`, to be used as an asynchronous context manager.

    Whatever nobody scripted works: it has a chat model and an embedding model, and a chat answers with two sentences
    taken from the first excerpt in the last user message.
    """

    def __init__(
        self,
        models: Iterable[FakeModel] | None = None,
        version: str = "0.33",
        *,
        clock: Clock = wall_clock,
        port: int = 0,
        default_context: int = 4096,
        parallel: int = 1,
        max_queue: int = 512,
        max_loaded: int = 3,
        memory_bytes: int | None = None,
    ) -> None:
        scheduler = Scheduler(
            clock,
            lambda model, index: self._state.hold("load", model, index),
            default_context=default_context,
            parallel=parallel,
            max_queue=max_queue,
            max_loaded=max_loaded,
            memory_bytes=memory_bytes,
        )
        available = [chat(), embedder()] if models is None else list(models)
        self._state = State(profile(version), clock, scheduler, available)
        self._port = port
        self._server: asyncio.Server | None = None
        self._listens = False
        self._connections: set[WatchedConnection] = set()
        self._someone_left = asyncio.Event()
        self._arrival = asyncio.Condition()

    async def __aenter__(self) -> Self:
        await self.accept_connections()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for gate in self._state.gates:
            gate.release()
        await self.refuse_connections()

    async def accept_connections(self) -> None:
        """Listen (again), on the same port as before."""
        loop = asyncio.get_running_loop()
        self._listens = True
        self._server = await loop.create_server(self._connection, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def refuse_connections(self) -> None:
        """Stop listening and cut every connection, like a server that was stopped."""
        if self._server is None:
            return
        self._listens = False
        self._server.close()
        for connection in list(self._connections):
            await connection.close()
        await self._server.wait_closed()
        self._server = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def models(self) -> list[FakeModel]:
        """The models it has; a test may add, remove and change them."""
        return self._state.models

    @property
    def requests(self) -> list[Request]:
        """Every request so far, in order of arrival."""
        return self._state.requests

    @property
    def cancelled(self) -> list[Cancelled]:
        """Requests whose client left early, with the number of tokens that were sent."""
        return self._state.cancelled

    @property
    def prompts(self) -> list[Prompt]:
        """Prompts as the model saw them, after truncation."""
        return self._state.prompts

    @property
    def events(self) -> list[Event]:
        """Loads, reloads, unloads, evictions, expiries, crashes, in order."""
        return self._state.scheduler.events

    @property
    def most_concurrent(self) -> Mapping[str, int]:
        """For each model, the most requests that ran at once."""
        return self._state.scheduler.most_busy

    @property
    def loaded(self) -> list[str]:
        """Names of the models in memory."""
        self._state.scheduler.expire()
        return list(self._state.scheduler.loaded)

    async def cancellation(self) -> Cancelled:
        """Return the first request whose client left early, once there is one."""
        async with asyncio.timeout(LONGEST_WAIT):
            await self._someone_left.wait()
        return self.cancelled[0]

    async def requested(self, path: str, times: int = 1) -> None:
        """Return once so many requests to a path have arrived."""
        async with asyncio.timeout(LONGEST_WAIT), self._arrival:
            await self._arrival.wait_for(lambda: len(self.requests_to(path)) >= times)

    def requests_to(self, path: str) -> list[Request]:
        """The requests to one path, in order of arrival."""
        return [request for request in self.requests if request.path == path]

    def script(
        self, *replies: Reply | str, when: Callable[[Mapping[str, object]], bool] = lambda fields: True
    ) -> None:
        """Queue replies for the next chats for which `when` is true of the request's JSON."""
        for reply in replies:
            made = Reply(generation.chunks_of(reply)) if isinstance(reply, str) else reply
            self._state.replies.append(PlannedReply(made, when))

    def fail(
        self,
        path: str,
        *faults: Fault,
        times: int | None = 1,
        when: Callable[[Mapping[str, object]], bool] = lambda fields: True,
    ) -> None:
        """Plan faults for the next requests to `path`, each for `times` of them (None: for ever)."""
        self._state.faults.extend(PlannedFault(path, fault, times, when) for fault in faults)

    def fail_embedding(
        self,
        trouble: EmbeddingTrouble,
        when: Callable[[str], bool] = lambda text: True,
        times: int | None = None,
    ) -> EmbeddingFault:
        """Make embedding go wrong for inputs for which `when` is true; the fault can be taken back."""
        fault = EmbeddingFault(trouble, when, times)
        self._state.embedding_faults.append(fault)
        return fault

    def heal_embedding(self) -> None:
        """Take every embedding fault back."""
        self._state.embedding_faults.clear()

    def fail_load(self, text: str, times: int = 1, status: int = 500) -> None:
        """Make the next loads fail."""
        self._state.scheduler.load_failures.append(LoadFailure(text, times, status))

    def script_pull(self, *lines: Mapping[str, object]) -> None:
        """Send these lines for every pull from now on."""
        self._state.pull_lines = list(lines)

    def hide(self, *, capabilities: bool = False, model_info: bool = False) -> None:
        """Leave fields out, as old servers and proxies do."""
        self._state.hides_capabilities = capabilities
        self._state.hides_model_info = model_info

    def hold(self, point: HoldPoint, subject: str | None = None, index: int = 0) -> Gate:
        """Close a gate: whoever comes to it waits until the test releases it.

        Points: `headers` (subject: path; before anything is sent), `load`, `chunk` (before chunk `index`) and
        `embedding` (subject: model), `ps`, `pull` (before line `index`; subject: model as requested).
        """
        gate = Gate(asyncio.get_running_loop(), point, subject, index)
        self._state.gates.append(gate)
        return gate

    def _connection(self) -> WatchedConnection:
        return WatchedConnection(self._handle, self._connections, lambda: self._listens)

    async def _handle(self, request: Request, response: Response) -> None:
        self._state.requests.append(request)
        async with self._arrival:
            self._arrival.notify_all()
        task = asyncio.current_task()
        try:
            await self._answer(request, response)
        except asyncio.CancelledError:
            name = str(request.fields.get("model", ""))
            sent = self._state.progress.get(task, 0)
            self._state.cancelled.append(Cancelled(request.path, name, sent))
            self._someone_left.set()
            raise
        except ApiError as error:
            await send_error(response, error)
        finally:
            self._state.progress.pop(task, None)

    async def _answer(self, request: Request, response: Response) -> None:
        await self._state.hold("headers", request.path)
        fault = self._state.take_fault(request)
        if isinstance(fault, Instead):
            await response.whole(fault.status, fault.body, fault.content_type, fault.headers)
            return
        if isinstance(fault, Drop):
            response.drop_after_bytes = fault.after_bytes
            if not fault.after_bytes:
                response.writer.close()
                raise ConnectionAbortedError("dropped as scripted")
        if not _is_welcome(request):
            await response.whole(403, b"", "text/plain")
            return
        await self._route(request, response, (fault,) if isinstance(fault, Inject) else ())

    async def _route(self, request: Request, response: Response, faults: tuple[Inject, ...]) -> None:
        methods = _METHODS.get(request.path)
        if methods is None:
            await response.whole(404, b"404 page not found", "text/plain")
            return
        if request.method not in methods:
            await response.whole(405, b"405 method not allowed", "text/plain")
            return
        if request.method == "POST":
            _check_body(request)
        await self._endpoint(request, response, faults)

    async def _endpoint(self, request: Request, response: Response, faults: tuple[Inject, ...]) -> None:
        state = self._state
        match request.path:
            case "/":
                await response.whole(200, b"Ollama is running", "text/plain; charset=utf-8")
            case "/api/version":
                await catalogue.version(state, response)
            case "/api/tags":
                await catalogue.tags(state, response)
            case "/api/ps":
                await catalogue.running(state, response)
            case "/api/show":
                await catalogue.show(state, request, response)
            case "/api/pull":
                await catalogue.pull(state, request, response, faults)
            case "/api/embed":
                await embeddings.embed(state, request, response)
            case "/api/embeddings":
                await embeddings.embeddings(state, request, response)
            case "/api/chat":
                await generation.chat(state, request, response, faults)
            case _:
                await generation.generate(state, request, response, faults)


class FakeOllamaThread:
    """A fake Ollama in a thread of its own, for tests whose server under test is another process.

    What it records are plain lists, to be read once the action under test has ended.
    """

    def __init__(
        self, models: Iterable[FakeModel] | None = None, version: str = "0.33", **options: Any
    ) -> None:
        self.fake = FakeOllama(models, version, **options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake-ollama", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self.fake.accept_connections())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self.fake.__aexit__(kind, error, trace))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.fake.url

    @property
    def requests(self) -> Sequence[Request]:
        """Every request so far."""
        return tuple(self.fake.requests)

    @property
    def cancelled(self) -> Sequence[Cancelled]:
        """Requests whose client left early."""
        return tuple(self.fake.cancelled)

    @property
    def prompts(self) -> Sequence[Prompt]:
        """Prompts as the model saw them."""
        return tuple(self.fake.prompts)

    @property
    def events(self) -> Sequence[Event]:
        """Loads, unloads, evictions …"""
        return tuple(self.fake.events)

    def script(
        self, *replies: Reply | str, when: Callable[[Mapping[str, object]], bool] = lambda fields: True
    ) -> None:
        """Queue replies, as `FakeOllama.script` does."""
        self._call(lambda: self.fake.script(*replies, when=when))

    def fail(self, path: str, *faults: Fault, **options: Any) -> None:
        """Plan faults, as `FakeOllama.fail` does."""
        self._call(lambda: self.fake.fail(path, *faults, **options))

    def fail_load(self, text: str, times: int = 1) -> None:
        """Make the next loads fail."""
        self._call(lambda: self.fake.fail_load(text, times))

    def hold(self, point: HoldPoint, subject: str | None = None, index: int = 0) -> Gate:
        """Close a gate; `wait_until_reached` and `release` of it may be called from any thread."""
        return self._call(lambda: self.fake.hold(point, subject, index))

    def refuse_connections(self) -> None:
        """Stop listening and cut every connection."""
        self._run(self.fake.refuse_connections())

    def accept_connections(self) -> None:
        """Listen again, on the same port."""
        self._run(self.fake.accept_connections())

    def wait_for_cancellation(self, timeout: float = LONGEST_WAIT) -> Cancelled:
        """Return the first request whose client left, once there is one."""
        return self._run(self.fake.cancellation(), timeout)

    def wait_for_request(self, path: str, times: int = 1, timeout: float = LONGEST_WAIT) -> None:
        """Return once so many requests to a path have arrived."""
        self._run(self.fake.requested(path, times), timeout)

    def _call(self, function: Callable[[], Result]) -> Result:
        async def called() -> Result:
            return function()

        return self._run(called())

    def _run(self, work: Coroutine[Any, Any, Result], timeout: float = LONGEST_WAIT) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)


def _check_body(request: Request) -> None:
    if not request.body.strip():
        raise ApiError(400, "missing request body")
    if request.json is None:
        first = request.body.strip()[:1].decode("latin-1")
        whole = (
            "unexpected EOF"
            if first in "{["
            else f"invalid character '{first}' looking for beginning of value"
        )
        raise ApiError(400, whole)


def _is_welcome(request: Request) -> bool:
    """Check Origin and Host as a server does that listens on a loopback address."""
    origin = request.headers.get("origin")
    if origin is not None and not _ORIGINS.fullmatch(origin):
        return False
    host = request.headers.get("host", "")
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host.rsplit(":", 1)[0].strip("[]"))
        return address.is_loopback or address.is_private or address.is_unspecified
    return not host or _LOCAL_NAMES.fullmatch(host.rsplit(":", 1)[0].lower()) is not None
