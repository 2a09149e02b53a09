"""llama.cpp with a real small model: streaming, stopping, limits, failures. What the model says is not judged."""

import asyncio
import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from firsthand.adapters.gguf_header import read_gguf_header
from firsthand.adapters.llama_chat import LlamaChat, load_llama_chat
from firsthand.adapters.llama_process import LlamaProcess
from firsthand.core.answers import Message
from firsthand.core.ports import ChatEnd, ChatPart, ChatStage, ChatText
from firsthand.errors import ContextExceededError, InputRejectedError, ModelFailedError
from small_models import small_chat_model

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = Path(__file__).read_text("utf-8")
GREETING = [Message("system", "You are terse."), Message("user", "Say hello.")]
FRUIT = {
    "type": "object",
    "properties": {"fruit": {"type": "string", "maxLength": 20}, "count": {"type": "integer"}},
    "required": ["fruit", "count"],
    "additionalProperties": False,
}
# Takes the model minutes to write.
ENDLESS = {"type": "array", "items": {"type": "string", "minLength": 5}, "minItems": 500}


async def load(**changes: object) -> LlamaChat:
    """Load the small model with one thread."""
    options: dict[str, object] = {
        "name": "smollm2",
        "context_tokens": 2048,
        "answer_tokens": 48,
        "temperature": 0.1,
    }
    return await load_llama_chat(small_chat_model(), threads=1, **{**options, **changes})  # type: ignore[arg-type]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_chat() -> AsyncIterator[LlamaChat]:
    """A loaded model for all tests that do not change it."""
    chat = await load()
    yield chat
    await chat.close()


async def collect(
    chat: LlamaChat, messages: Sequence[Message], schema: Mapping[str, object] | None = None
) -> list[ChatPart]:
    """Return all parts of one answer."""
    async with contextlib.aclosing(chat.stream(messages, schema=schema)) as parts:
        return [part async for part in parts]


def text_of(parts: Sequence[ChatPart]) -> str:
    """Return the text of an answer."""
    return "".join(part.text for part in parts if isinstance(part, ChatText))


async def test_an_answer_arrives_in_pieces_and_ends_with_counts() -> None:
    """The first question loads the model; the text comes in pieces; the end carries the model's own counts."""
    chat = await load()

    parts = await collect(chat, GREETING)
    await chat.close()

    pieces = [part for part in parts if isinstance(part, ChatText)]
    assert parts[:2] == [ChatStage("loading model"), ChatStage("reading prompt")]
    assert len(pieces) > 1
    end = parts[-1]
    assert isinstance(end, ChatEnd)
    assert end.prompt_tokens is not None and end.prompt_tokens > 10
    assert end.answer_tokens is not None and end.answer_tokens >= len(pieces)


async def test_an_answer_is_never_longer_than_allowed(shared_chat: LlamaChat) -> None:
    """A model that would go on is stopped at `answer_tokens`, and the end says so."""
    parts = await collect(shared_chat, [Message("user", "Count upwards for ever.")], ENDLESS)

    end = parts[-1]
    assert isinstance(end, ChatEnd)
    assert (end.reason, end.answer_tokens) == ("length", shared_chat.answer_tokens)


async def test_an_answer_follows_its_schema(shared_chat: LlamaChat) -> None:
    """With a JSON schema the answer is JSON of that shape."""
    parts = await collect(shared_chat, [Message("user", "Name a fruit.")], FRUIT)

    answer = json.loads(text_of(parts))
    assert (set(answer), type(answer["count"])) == ({"fruit", "count"}, int)


async def test_an_unusable_schema_is_refused_and_the_model_lives(shared_chat: LlamaChat) -> None:
    """A schema that llama.cpp cannot use is an error of this request only."""
    with pytest.raises(InputRejectedError, match="unrecognized type nonsense"):
        await collect(shared_chat, GREETING, {"type": "nonsense"})

    assert text_of(await collect(shared_chat, GREETING))


async def test_a_prompt_beyond_the_window_is_refused_with_sizes(shared_chat: LlamaChat) -> None:
    """A prompt that does not fit is never cut silently: the error tells its size and the window's."""
    with pytest.raises(ContextExceededError) as failure:
        await collect(shared_chat, [Message("user", "x y z " * 5_000)])

    assert failure.value.context_tokens == 2048
    assert failure.value.prompt_tokens is not None and failure.value.prompt_tokens > 10_000


async def test_half_a_character_does_no_harm(shared_chat: LlamaChat) -> None:
    """A lone surrogate in the prompt is replaced, not fatal."""
    assert isinstance((await collect(shared_chat, [Message("user", "hi \ud800")]))[-1], ChatEnd)


async def test_two_conversations_take_turns(shared_chat: LlamaChat) -> None:
    """Answers that are asked for at the same time are both complete."""
    answers = await asyncio.gather(collect(shared_chat, GREETING), collect(shared_chat, GREETING))

    assert all(isinstance(parts[-1], ChatEnd) and text_of(parts) for parts in answers)


async def test_the_estimate_is_on_the_safe_side(shared_chat: LlamaChat) -> None:
    """The estimate for code is not below what the model counts, before and after it has learned from a prompt."""
    code = CODE[:1_200]
    before = shared_chat.estimate_tokens(code)

    end = (await collect(shared_chat, [Message("user", code)]))[-1]

    assert isinstance(end, ChatEnd)
    assert end.prompt_tokens is not None
    assert min(before, shared_chat.estimate_tokens(code)) >= end.prompt_tokens - 40  # the template's share


@pytest.mark.parametrize("last_seen", [ChatStage, ChatText])
async def test_closing_the_stream_stops_the_model(last_seen: type) -> None:
    """Closed while it reads or while it writes, a generation that would take minutes leaves the model free."""
    chat = await load(answer_tokens=1_500)
    async with contextlib.aclosing(chat.stream([Message("user", CODE[:1_500])], schema=ENDLESS)) as parts:
        async for part in parts:
            if isinstance(part, last_seen) and part != ChatStage("loading model"):
                break

    async with asyncio.timeout(30):
        answer = text_of(await collect(chat, GREETING, FRUIT))
    await chat.close()

    assert json.loads(answer)


async def test_a_cancelled_task_stops_the_model() -> None:
    """Cancelling the task that reads the stream, also while the model is loading, leaves it usable."""
    chat = await load(answer_tokens=1_500)
    for awaited in (ChatStage("loading model"), ChatStage("reading prompt")):
        seen = asyncio.Event()

        async def ask(awaited: ChatPart = awaited, seen: asyncio.Event = seen) -> None:
            async with contextlib.aclosing(chat.stream(GREETING, schema=ENDLESS)) as parts:
                async for part in parts:
                    if part == awaited:
                        seen.set()

        task = asyncio.create_task(ask())
        await seen.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async with asyncio.timeout(30):
        answer = text_of(await collect(chat, GREETING, FRUIT))
    await chat.close()

    assert json.loads(answer)


async def test_a_prompt_that_was_read_before_is_not_read_again() -> None:
    """The second request with the same beginning finds it in the cache."""
    process = await LlamaProcess.start(small_chat_model(), context_tokens=1024, threads=1)
    await process.wait_ready()
    cached = []
    for question in ("What is it?", "Who wrote it?"):
        request = {
            "messages": [{"role": "system", "content": CODE[:1_000]}, {"role": "user", "content": question}],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": 2,
        }
        usages = [event["usage"] async for event in process.generate(request) if "usage" in event]
        cached.append(usages[-1]["prompt_tokens_details"]["cached_tokens"])
    await process.close()

    assert cached[0] == 0
    assert cached[1] > 200


async def test_a_model_that_died_is_started_again() -> None:
    """The death of the worker costs the answer at hand, with a message; the next question is answered."""
    chat = await load(answer_tokens=1_500)
    with pytest.raises(ModelFailedError, match="ended unexpectedly"):
        async with contextlib.aclosing(chat.stream(GREETING, schema=ENDLESS)) as parts:
            async for part in parts:
                if isinstance(part, ChatText):
                    kill_workers()

    answer = text_of(await collect(chat, GREETING, FRUIT))
    await chat.close()

    assert json.loads(answer)


def kill_workers() -> None:
    """Kill the child processes that run llama.cpp, as the kernel does when memory is short."""
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            is_child = f"\nPPid:\t{os.getpid()}\n" in status.read_text()
            if is_child and b"llama_worker" in (status.parent / "cmdline").read_bytes():
                os.kill(int(status.parent.name), signal.SIGKILL)


async def test_a_damaged_model_is_explained(tmp_path: Path) -> None:
    """A file that breaks off after its header fails when it is loaded, with llama.cpp's reason."""
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(small_chat_model().read_bytes()[:3_000_000])
    chat = await load_llama_chat(damaged, name="damaged", context_tokens=512, answer_tokens=8, temperature=0)

    with pytest.raises(ModelFailedError, match=r"cannot be loaded \(.*corrupted or incomplete\)"):
        await collect(chat, GREETING)

    await chat.close()


async def test_the_window_is_not_larger_than_the_model_was_trained_for() -> None:
    """A model with a smaller window than asked for keeps its own."""
    chat = await load(context_tokens=1_000_000)

    assert chat.context_tokens == 8192


async def test_without_llama_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """When llama.cpp is not installed the message names the extra to install."""
    monkeypatch.setitem(sys.modules, "xllamacpp", None)

    with pytest.raises(ModelFailedError, match=r"firsthand\[llama\]"):
        await load()


async def test_the_worker_writes_only_its_wire_and_ends_with_its_input() -> None:
    """Whatever the library prints stays away from stdout, and the worker does not outlive whoever started it."""
    order = {"model": str(small_chat_model()), "contextTokens": 512, "threads": 1}
    request = {
        "id": 1,
        "request": {"messages": [{"role": "user", "content": "hi"}], "stream": True, "max_tokens": 4},
    }

    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "firsthand.adapters.llama_worker"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(b"".join(json.dumps(line).encode() + b"\n" for line in (order, request)))
    lines = [json.loads(await worker.stdout.readline())]
    while "end" not in lines[-1]:
        lines.append(json.loads(await worker.stdout.readline()))
    worker.stdin.close()
    rest, errors = await worker.communicate()

    assert lines[0] == {"ready": True}
    assert all(line["id"] == 1 for line in lines[1:])
    assert (rest, errors, worker.returncode) == (b"", b"", 0)


def string(text: bytes) -> bytes:
    """Encode a text as GGUF does."""
    return struct.pack("<Q", len(text)) + text


HEAD = b"GGUF" + struct.pack("<IQQ", 3, 0, 9)
WINDOW = string(b"llama.context_length") + struct.pack("<II", 4, 4096)


@pytest.mark.parametrize(
    ("content", "window"),
    [
        (HEAD + WINDOW, 4096),
        (HEAD + string(b"general.name") + struct.pack("<I", 8) + string(b"m") + WINDOW, 4096),
        (HEAD + string(b"general.tags") + struct.pack("<IIQ", 9, 8, 1) + string(b"t") + WINDOW, 4096),
        (HEAD + string(b"general.x") + struct.pack("<IB", 7, 1) + WINDOW, 4096),
        (HEAD + string(b"tokenizer.tokens") + struct.pack("<IIQ", 9, 8, 100_000) + WINDOW, None),
        (HEAD + string(b"a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 2_000, None),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 0), None),
    ],
)
async def test_the_window_is_read_from_the_header(tmp_path: Path, content: bytes, window: int | None) -> None:
    """The window is found in front of the vocabulary, behind values of any type."""
    (tmp_path / "m.gguf").write_bytes(content)

    assert read_gguf_header(tmp_path / "m.gguf").context_tokens == window


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GGUF",
        b"not a model at all, but a long text",
        b"GGUF" + struct.pack("<IQQ", 99, 0, 0),
        HEAD,
        HEAD + struct.pack("<Q", 2**63) + b"x",
        HEAD + string(b"x") + struct.pack("<I", 77),
    ],
)
async def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    """Anything but a GGUF file is refused before a process is started for it."""
    (tmp_path / "m.gguf").write_bytes(content)

    with pytest.raises(ModelFailedError, match="not a complete GGUF model file"):
        await load_llama_chat(
            tmp_path / "m.gguf", name="m", context_tokens=512, answer_tokens=8, temperature=0
        )


async def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    """A file that is not there is named with the reason."""
    with pytest.raises(ModelFailedError, match=r"m\.gguf cannot be read \(No such file"):
        await load_llama_chat(
            tmp_path / "m.gguf", name="m", context_tokens=512, answer_tokens=8, temperature=0
        )
