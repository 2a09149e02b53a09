"""Which models are loaded, who waits for whom, and when a model is loaded anew."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from fake_ollama.clock import Clock
from fake_ollama.faults import BUSY_TEXT, ApiError
from fake_ollama.models import FakeModel

_RUNNER_OPTIONS = (
    "num_ctx",
    "num_batch",
    "num_gpu",
    "main_gpu",
    "use_mmap",
    "num_thread",
    "draft_num_predict",
)
_INTEGER_OPTIONS = {
    "num_ctx",
    "num_batch",
    "num_gpu",
    "main_gpu",
    "num_thread",
    "num_predict",
    "num_keep",
    "seed",
    "top_k",
}
_NUMBER_OPTIONS = {"temperature", "top_p", "min_p", "repeat_penalty"}
_DEFAULT_BATCH = 2048
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
FOREVER = 292 * 365.25 * 86_400.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a model in memory."""

    kind: Literal["load", "reload", "unload", "evict", "expire", "load aborted", "load failed", "crash"]
    model: str
    num_ctx: int


@dataclass(slots=True, eq=False)
class Runner:
    """A loaded model."""

    model: FakeModel
    num_ctx: int
    num_batch: int
    options: tuple[object, ...]
    keep_alive: float
    expires_at: float
    slots: asyncio.Semaphore
    in_use: int = 0
    busy: int = 0
    most_busy: int = 0
    cached: list[str] = field(default_factory=list)
    """Tokens of the last prompt, whose prefix need not be evaluated again."""


@dataclass(slots=True)
class LoadFailure:
    """The next `times` loads fail with this text."""

    text: str
    times: int
    status: int = 500


class Scheduler:
    """Loads one model at a time, evicts idle ones, limits what runs at once."""

    def __init__(
        self,
        clock: Clock,
        hold: Callable[[str, int], Awaitable[None]],
        *,
        default_context: int,
        parallel: int,
        max_queue: int,
        max_loaded: int,
        memory_bytes: int | None,
    ) -> None:
        self.loaded: dict[str, Runner] = {}
        self.events: list[Event] = []
        self.load_failures: list[LoadFailure] = []
        self.most_busy: dict[str, int] = {}
        self.default_keep_alive = 300.0
        self._clock = clock
        self._hold = hold
        self._default_context = default_context
        self._parallel = parallel
        self._max_queue = max_queue
        self._max_loaded = max_loaded
        self._memory_bytes = memory_bytes
        self._pending = 0
        self._loading = asyncio.Lock()
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def runner(
        self, model: FakeModel, fields: Mapping[str, object]
    ) -> AsyncIterator[tuple[Runner, float]]:
        """Yield the model's runner and the seconds that loading it took, in turn with other requests."""
        keep_alive = parse_keep_alive(fields.get("keep_alive"))
        wanted = self._wanted(model, checked_options(fields))
        runner, seconds = await self._borrowed(model, wanted, keep_alive)
        try:
            async with runner.slots:
                runner.busy += 1
                self.most_busy[model.name] = max(self.most_busy.get(model.name, 0), runner.busy)
                try:
                    yield runner, seconds
                finally:
                    runner.busy -= 1
        finally:
            self._give_back(runner)
            async with self._changed:
                self._changed.notify_all()

    def expire(self) -> None:
        """Drop what nobody used for as long as it was to be kept."""
        now = self._clock()
        for runner in list(self.loaded.values()):
            if not runner.in_use and runner.expires_at <= now:
                self._drop(runner, "expire")

    def unload(self, model: FakeModel) -> None:
        """Drop a model at once if it is idle, else when its last request ends."""
        runner = self.loaded.get(model.name)
        if runner is None:
            return
        runner.keep_alive = 0.0
        if not runner.in_use:
            self._drop(runner, "unload")

    def crash(self, model: FakeModel) -> None:
        """The runner's process died."""
        runner = self.loaded.get(model.name)
        if runner is not None:
            self._drop(runner, "crash")

    def effective_context(self, model: FakeModel, options: Mapping[str, object]) -> int:
        """The num_ctx that a runner would have."""
        asked = options.get("num_ctx") or model.parameters.get("num_ctx") or self._default_context
        return min(max(int(str(asked)), 4), model.train_context)

    def _wanted(self, model: FakeModel, options: Mapping[str, object]) -> tuple[object, ...]:
        merged = {**model.parameters, **options, "num_ctx": self.effective_context(model, options)}
        return (*(merged.get(name) for name in _RUNNER_OPTIONS), options.get("shift"))

    async def _borrowed(
        self, model: FakeModel, wanted: tuple[object, ...], keep_alive: float | None
    ) -> tuple[Runner, float]:
        self.expire()
        runner = self.loaded.get(model.name)
        seconds = 0.0
        if runner is None or runner.options != wanted:
            if self._pending >= self._max_queue:
                raise ApiError(503, BUSY_TEXT)
            self._pending += 1
            try:
                async with self._loading:
                    runner, seconds = await self._loaded_anew(model, wanted, keep_alive)
                    runner.in_use += 1
            finally:
                self._pending -= 1
        else:
            runner.in_use += 1
        if keep_alive is not None:
            runner.keep_alive = keep_alive
        return runner, seconds

    async def _loaded_anew(
        self, model: FakeModel, wanted: tuple[object, ...], keep_alive: float | None
    ) -> tuple[Runner, float]:
        runner = self.loaded.get(model.name)
        if runner is not None and runner.options == wanted:
            return runner, 0.0
        kind: Literal["load", "reload"] = "load"
        if runner is not None:
            await self._until(lambda: not runner.in_use)
            self.loaded.pop(model.name, None)
            kind = "reload"
        await self._make_room(model)
        return await self._load(model, wanted, keep_alive, kind), model.load_seconds

    async def _load(
        self,
        model: FakeModel,
        wanted: tuple[object, ...],
        keep_alive: float | None,
        kind: Literal["load", "reload"],
    ) -> Runner:
        num_ctx = int(str(wanted[0]))
        try:
            await self._hold(model.name, 0)
        except asyncio.CancelledError:
            self.events.append(Event("load aborted", model.name, num_ctx))
            raise
        self._fail_if_told(model, num_ctx)
        self.events.append(Event(kind, model.name, num_ctx))
        alive = self.default_keep_alive if keep_alive is None else keep_alive
        batch = int(str(wanted[1])) if wanted[1] else min(_DEFAULT_BATCH, num_ctx)
        parallel = 1 if model.embeds else self._parallel
        runner = Runner(
            model, num_ctx, batch, wanted, alive, self._clock() + alive, asyncio.Semaphore(parallel)
        )
        self.loaded[model.name] = runner
        return runner

    def _fail_if_told(self, model: FakeModel, num_ctx: int) -> None:
        if not self.load_failures:
            return
        failure = self.load_failures[0]
        failure.times -= 1
        if failure.times <= 0:
            self.load_failures.pop(0)
        self.events.append(Event("load failed", model.name, num_ctx))
        raise ApiError(failure.status, failure.text)

    async def _make_room(self, model: FakeModel) -> None:
        while self.loaded and not self._fits(model):
            idle = [runner for runner in self.loaded.values() if not runner.in_use]
            if idle:
                shortest = min(idle, key=lambda runner: (runner.keep_alive, runner.model.name))
                self._drop(shortest, "evict")
            else:
                await self._until(lambda: any(not runner.in_use for runner in self.loaded.values()))

    def _fits(self, model: FakeModel) -> bool:
        if len(self.loaded) >= self._max_loaded:
            return False
        if self._memory_bytes is None:
            return True
        free = self._memory_bytes - sum(runner.model.size for runner in self.loaded.values())
        return model.size <= 0.8 * free

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(condition)

    def _give_back(self, runner: Runner) -> None:
        runner.in_use -= 1
        runner.expires_at = self._clock() + runner.keep_alive
        if not runner.in_use and runner.keep_alive == 0 and self.loaded.get(runner.model.name) is runner:
            self._drop(runner, "unload")

    def _drop(self, runner: Runner, kind: Literal["unload", "evict", "expire", "crash"]) -> None:
        self.loaded.pop(runner.model.name, None)
        self.events.append(Event(kind, runner.model.name, runner.num_ctx))


def parse_keep_alive(value: object) -> float | None:
    """Read a keep_alive as the API takes it: seconds, or a Go duration with its unit; None when absent."""
    if value is None:
        return None
    if isinstance(value, int | float):
        return FOREVER if value < 0 else float(value)
    if not isinstance(value, str):
        raise ApiError(400, f'invalid keep_alive: "{value}"')
    parts = re.findall(r"([0-9.]+)(ns|us|µs|ms|s|m|h)", value)
    if "".join(number + unit for number, unit in parts) != value.lstrip("+-") or not parts:
        kind = "missing unit in" if re.fullmatch(r"[+-]?[0-9.]+", value) else "invalid"
        raise ApiError(400, f'time: {kind} duration "{value}"')
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    return FOREVER if value.startswith("-") else seconds


def checked_options(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the options of a request, or fail as Ollama does on a wrong type."""
    options = fields.get("options")
    if not isinstance(options, dict):
        return {}
    for name, value in options.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name in _INTEGER_OPTIONS and (not number or value != int(value)):
            raise ApiError(500, f'option "{name}" must be of type integer')
        if name in _NUMBER_OPTIONS and not number:
            raise ApiError(500, f'option "{name}" must be of type float32')
    return dict(options)
