"""What a fake server knows, plans and has seen."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fake_ollama.clock import Clock
from fake_ollama.faults import ApiError, EmbeddingFault, Fault, Gate, HoldPoint, Inject, PlannedFault
from fake_ollama.http import Request, Response
from fake_ollama.models import FakeModel, same_name
from fake_ollama.prompts import Prompt
from fake_ollama.scheduler import Scheduler
from fake_ollama.versions import Profile


@dataclass(frozen=True, slots=True)
class Reply:
    """What a chat model says, chunk by chunk; each chunk counts as a token."""

    chunks: tuple[str, ...] = ()
    thinking: tuple[str, ...] = ()
    tool_calls: tuple[Mapping[str, object], ...] = ()
    tool_calls_in_final: bool = False
    done_reason: str = "stop"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A request whose client left before the answer was complete."""

    path: str
    model: str
    tokens_sent: int


@dataclass(slots=True)
class PlannedReply:
    """A reply for the next request that satisfies `when`."""

    reply: Reply
    when: Callable[[Mapping[str, object]], bool]


@dataclass(slots=True)
class State:
    """Everything the handlers share."""

    profile: Profile
    clock: Clock
    scheduler: Scheduler
    models: list[FakeModel]
    requests: list[Request] = field(default_factory=list)
    cancelled: list[Cancelled] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)
    replies: list[PlannedReply] = field(default_factory=list)
    faults: list[PlannedFault] = field(default_factory=list)
    embedding_faults: list[EmbeddingFault] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    pull_lines: list[Mapping[str, object]] | None = None
    """What a pull sends instead of the real thing."""
    hides_capabilities: bool = False
    hides_model_info: bool = False
    progress: dict[asyncio.Task[object] | None, int] = field(default_factory=dict)
    """Tokens sent so far by the request that a task works on."""

    def find(self, name: object) -> FakeModel | None:
        """Return the model with this name."""
        return next((model for model in self.models if same_name(model.name, str(name))), None)

    async def hold(self, point: HoldPoint, subject: str, index: int = 0) -> None:
        """Wait where a test has closed a gate."""
        for gate in list(self.gates):
            if gate.concerns(point, subject, index):
                await gate.pass_through()

    def take_fault(self, request: Request) -> Fault | None:
        """Return the fault that was planned for this request."""
        for planned in self.faults:
            if planned.path == request.path and planned.when(request.fields):
                if planned.times is not None:
                    planned.times -= 1
                    if planned.times <= 0:
                        self.faults.remove(planned)
                return planned.fault
        return None

    def take_reply(self, request: Request) -> Reply | None:
        """Return the reply that was scripted for this request."""
        for planned in self.replies:
            if planned.when(request.fields):
                self.replies.remove(planned)
                return planned.reply
        return None

    def sent_a_token(self) -> None:
        """Count a token of the stream that the current task writes."""
        task = asyncio.current_task()
        self.progress[task] = self.progress.get(task, 0) + 1


@dataclass(slots=True)
class Stream:
    """An NDJSON response with the faults that were planned for it; unstreamed, its lines are collected."""

    response: Response
    faults: tuple[Inject, ...] = ()
    sent: int = 0

    async def send(self, message: Mapping[str, object]) -> bool:
        """Send one line; False when the stream was ended by a fault instead."""
        for fault in self.faults:
            if fault.before == self.sent:
                if fault.data:
                    await self.response.line(fault.data)
                if fault.ends:
                    await self.response.end()
                    return False
        await self.response.line(encode(message) + b"\n")
        self.sent += 1
        return True


def encode(value: object) -> bytes:
    """Write JSON as Go does: compact, `<`, `>`, `&`, U+2028 and U+2029 escaped, U+0085 not."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.replace("\x7f", "\\u007f").encode("utf-8", "replace")


async def send_json(response: Response, value: object, status: int = 200) -> None:
    """Send a whole JSON response."""
    await response.whole(status, encode(value))


async def send_error(response: Response, error: ApiError) -> None:
    """Send an error body, or an error line when the stream has begun."""
    if response.started:
        await response.line(encode({"error": error.text}) + b"\n")
        await response.end()
    else:
        await send_json(response, {"error": error.text}, error.status)


def without_empty(values: Mapping[str, object]) -> dict[str, object]:
    """Leave out what Go's `omitempty` leaves out."""
    return {name: value for name, value in values.items() if value not in (0, "", None, [], (), {})}
