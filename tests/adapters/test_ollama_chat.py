"""Chat models of Ollama: what is sent, what comes back, what is lost, and stopping."""

import asyncio
import contextlib
import dataclasses
from typing import Any

import pytest

from fake_ollama.connecting import connected, opened_chat, spoken
from fake_ollama.faults import (
    BUSY,
    OUT_OF_MEMORY_TEXT,
    RUNNER_DIED,
    Drop,
    Inject,
    blank_line,
    ends_early,
    error,
    error_line,
    html,
)
from fake_ollama.models import FakeModel, chat, from_catalogue
from fake_ollama.server import FakeOllama
from fake_ollama.state import Reply
from firsthand.adapters.ollama_chat import OllamaChat, keep_alive_value
from firsthand.adapters.ollama_tokens import sizes_after_a_cut
from firsthand.core.answers import Message
from firsthand.core.ports import ChatEnd, ChatPart, ChatStage, ChatText, ChatThinking
from firsthand.core.tokens import estimate_tokens
from firsthand.errors import (
    ContextExceededError,
    ModelBusyError,
    ModelError,
    ModelFailedError,
    ModelMissingError,
    ModelRefusedError,
    ModelUnreachableError,
)

RELEASES = ["0.9", "0.12.3", "0.13", "0.24", "0.30.6", "0.33", "next"]


def text_of(parts: list[ChatPart]) -> str:
    """Join what was said."""
    return "".join(part.text for part in parts if isinstance(part, ChatText))


def catalogued(name: str) -> FakeModel:
    """A model of the fake's catalogue."""
    model = from_catalogue(name)
    assert model is not None
    return model


@pytest.mark.parametrize("version", RELEASES)
async def test_an_answer_comes_whole_from_every_release(version: str) -> None:
    """The text arrives in order and ends with a reason and the model's own counts."""
    async with FakeOllama(version=version) as fake, connected(fake) as client:
        fake.script("Because it is so.")
        model = await opened_chat(client)

        parts = await spoken(model, "Why is it so?")

    assert text_of(parts) == "Because it is so."
    assert ChatEnd("stop", fake.prompts[0].tokens, 4) == parts[-1]


async def test_a_request_says_everything_that_matters() -> None:
    """Window, answer length, temperature, keep_alive and truncation are explicit; nothing reloads or is unlimited."""
    async with FakeOllama() as fake, connected(fake) as client:
        model = await opened_chat(client, context_tokens=8192, answer_tokens=512)
        await spoken(model, schema={"type": "object"})

    assert fake.requests_to("/api/chat")[0].json == {
        "model": "qwen2.5-coder:7b",
        "messages": [{"role": "user", "content": "Why?"}],
        "stream": True,
        "options": {"num_ctx": 8192, "num_predict": 512, "temperature": 0.1},
        "keep_alive": "30m",
        "format": {"type": "object"},
    }


async def test_the_window_is_never_larger_than_the_model_was_trained_for() -> None:
    """A wish for more is capped, and the answer leaves room for the prompt."""
    async with FakeOllama([chat(train_context=2048)]) as fake, connected(fake) as client:
        model = await opened_chat(client, context_tokens=8192, answer_tokens=4096)

    assert (model.context_tokens, model.answer_tokens) == (2048, 1024)


async def test_every_call_shares_one_load() -> None:
    """Preloading, answers and answers with a schema use the same options, so the model is loaded once."""
    async with FakeOllama() as fake, connected(fake) as client:
        model = await opened_chat(client)
        await model.preload()
        await spoken(model)
        await spoken(model, schema={"type": "object"})

    assert [event.kind for event in fake.events] == ["load"]


@pytest.mark.parametrize(
    ("name", "think"), [("qwen2.5-coder:7b", None), ("qwen3:8b", False), ("gpt-oss:20b", "low")]
)
async def test_thinking_is_set_by_what_the_model_can(name: str, think: object) -> None:
    """Models that cannot think are not asked, others are told not to, and gpt-oss to be brief about it."""
    async with FakeOllama([catalogued(name)]) as fake, connected(fake) as client:
        await spoken(await opened_chat(client, name))

    assert think == fake.requests_to("/api/chat")[0].fields.get("think")


async def test_thinking_is_told_apart_and_has_its_own_room() -> None:
    """Thinking is no part of the answer; a model that cannot leave it off may use more tokens."""
    async with FakeOllama([catalogued("gpt-oss:20b")]) as fake, connected(fake) as client:
        fake.script(Reply(("Yes",), thinking=("Well", " then")))
        model = await opened_chat(client, "gpt-oss:20b", answer_tokens=256)

        parts = await spoken(model)

    assert [ChatThinking("Well"), ChatThinking(" then"), ChatText("Yes")] == parts[:-1]
    assert model.answer_tokens == 256 + 1024


async def test_thinking_that_takes_the_whole_answer_ends_for_length() -> None:
    """An empty answer that ran out of tokens says so."""
    async with FakeOllama([catalogued("gpt-oss:20b")]) as fake, connected(fake) as client:
        fake.script(Reply(("Never",), thinking=("hmm ", "so ") * 2000))
        parts = await spoken(await opened_chat(client, "gpt-oss:20b"))

    assert text_of(parts) == ""
    assert isinstance(parts[-1], ChatEnd) and parts[-1].reason == "length"


async def test_a_long_answer_ends_for_length() -> None:
    """The model stops at the limit that was sent."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.script(Reply(tuple(f"w{at} " for at in range(500))))
        parts = await spoken(await opened_chat(client, answer_tokens=64))

    assert ChatEnd("length", fake.prompts[0].tokens, 64) == parts[-1]


@pytest.mark.parametrize(
    "text",
    ["a\u0085b", "a\u2028b\u2029c", "a\x0bb\x0cc\x1cd", "<b> & 'c' \"d\" \\n \u0000 é 漢 🙂", "\n\n\n"],
)
async def test_any_text_survives_the_stream(text: str) -> None:
    """Line separators inside of the text do not end a line."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.script(Reply((text, "end")))
        parts = await spoken(await opened_chat(client))

    assert text + "end" == text_of(parts)


async def test_blank_lines_are_skipped() -> None:
    """An empty line in the stream means nothing."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.script("one two")
        fake.fail("/api/chat", blank_line(1))
        parts = await spoken(await opened_chat(client))

    assert text_of(parts) == "one two"


async def test_an_end_without_done_is_broken() -> None:
    """Only `done: true` makes an answer complete."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.script("one two three")
        fake.fail("/api/chat", ends_early(2))
        parts = await spoken(await opened_chat(client))

    assert [ChatText("one"), ChatText(" two"), ChatEnd("broken")] == parts


@pytest.mark.parametrize(
    ("done_reason", "reason"), [("stop", "stop"), ("length", "length"), ("error", "broken")]
)
async def test_the_reason_of_the_end_is_told(done_reason: str, reason: str) -> None:
    """A reason that nobody knows is not taken for a proper end."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.script(Reply(("one",), done_reason=done_reason))
        end = (await spoken(await opened_chat(client)))[-1]

    assert isinstance(end, ChatEnd) and end.reason == reason


@pytest.mark.parametrize(("version", "ends"), [("0.33", "broken"), ("next", "error")])
async def test_a_model_that_repeats_itself_is_not_complete(version: str, ends: str) -> None:
    """Old servers end silently, new ones say why."""
    async with FakeOllama(version=version) as fake, connected(fake) as client:
        fake.script(Reply(("no ",) * 500))
        model = await opened_chat(client, answer_tokens=512)
        if ends == "error":
            with pytest.raises(ModelFailedError, match="repeated itself"):
                await spoken(model)
        else:
            assert ChatEnd("broken") == (await spoken(model))[-1]


@pytest.mark.parametrize(
    ("fault", "error_class"),
    [
        (error_line(1, "an error was encountered while running the model: unexpected EOF"), ModelFailedError),
        (error_line(1, '{"error":{"message":"boom"}}'), ModelFailedError),
        (error_line(1, 42), ModelFailedError),
        (error_line(1, None), ModelFailedError),
        (error_line(1, {"message": "boom"}), ModelFailedError),
        (Inject(1, b"not json\n"), ModelFailedError),
        (Inject(1, b"[1]\n"), ModelFailedError),
        (Inject(1, b'{"a":"' + b"x" * 5_000_000 + b'"}\n'), ModelFailedError),
        (Drop(400), ModelUnreachableError),
    ],
)
async def test_what_breaks_a_stream_is_raised_and_not_tried_again(
    fault: Any, error_class: type[ModelError]
) -> None:
    """After the first word was shown nothing is repeated behind the reader's back."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.script("one two three four five six seven eight", "never sent")
        fake.fail("/api/chat", fault)
        model = await opened_chat(client)
        shown: list[ChatPart] = []

        with pytest.raises(error_class):
            async with contextlib.aclosing(model.stream([Message("user", "Why?")])) as parts:
                async for part in parts:
                    shown.append(part)

        assert shown[0] == ChatText("one")
        assert len(fake.requests_to("/api/chat")) == 1


@pytest.mark.parametrize(
    ("fault", "times"),
    [(BUSY, 3), (RUNNER_DIED, 1), (error(500, "llm server loading model"), 1), (Drop(), 1)],
)
async def test_what_passes_is_tried_again(fault: Any, times: int) -> None:
    """Busy servers, a crash and a broken connection before the first word cost a retry, not the answer."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.script("Because.")
        fake.fail("/api/chat", fault, times=times)

        assert text_of(await spoken(await opened_chat(client))) == "Because."
        assert len(fake.requests_to("/api/chat")) == times + 1


@pytest.mark.parametrize(
    ("fault", "error_class", "requests"),
    [
        (BUSY, ModelBusyError, 5),
        (RUNNER_DIED, ModelFailedError, 2),
        (error(400, "some Go text"), ModelFailedError, 1),
        (error(500, OUT_OF_MEMORY_TEXT), ModelFailedError, 1),
        (error(401, "unauthorized"), ModelRefusedError, 1),
        (html(502), ModelUnreachableError, 1),
        (Drop(), ModelUnreachableError, 2),
    ],
)
async def test_what_does_not_pass_is_told(fault: Any, error_class: type[ModelError], requests: int) -> None:
    """Retries are bounded, and what is permanent is not retried at all."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.fail("/api/chat", fault, times=None)

        with pytest.raises(error_class):
            await spoken(await opened_chat(client))
        assert requests == len(fake.requests_to("/api/chat"))


async def test_a_model_that_keeps_crashing_is_left_alone_for_a_while() -> None:
    """After three crashes in a row nothing is sent until the rest is over."""
    now = 0.0
    async with FakeOllama() as fake, connected(fake, clock=lambda: now) as client:
        fake.fail("/api/chat", RUNNER_DIED, times=3)
        model = await opened_chat(client)
        for _ in range(2):
            with pytest.raises(ModelFailedError):
                await spoken(model)
        sent = len(fake.requests_to("/api/chat"))

        with pytest.raises(ModelFailedError, match="in a row"):
            await spoken(model)
        assert sent == len(fake.requests_to("/api/chat"))

        now = 61.0
        fake.script("Better.")
        assert text_of(await spoken(model)) == "Better."


async def test_a_load_that_fails_for_memory_says_what_to_change() -> None:
    """The message names the setting that lowers what the model needs."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.fail_load(OUT_OF_MEMORY_TEXT)

        with pytest.raises(ModelFailedError, match="context_tokens"):
            await spoken(await opened_chat(client))


async def test_a_model_that_disappears_is_missing() -> None:
    """A model that was removed after it was opened can be pulled again."""
    async with FakeOllama() as fake, connected(fake) as client:
        model = await opened_chat(client)
        fake.models.clear()

        with pytest.raises(ModelMissingError) as caught:
            await spoken(model)
        assert caught.value.model == "qwen2.5-coder:7b"


async def test_a_silent_server_is_watched_until_it_speaks() -> None:
    """While the model loads and reads, the reader is told which, and nothing is sent twice."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.script("Ready.")
        loading, reading = fake.hold("load"), fake.hold("chunk")
        model = await opened_chat(client)
        seen: list[ChatPart] = []
        async with contextlib.aclosing(model.stream([Message("user", "Why?")])) as parts:
            async for part in parts:
                seen.append(part)
                if part == ChatStage("loading model"):
                    loading.release()
                if part == ChatStage("reading prompt"):
                    reading.release()

    assert [ChatStage("loading model"), ChatStage("reading prompt"), ChatText("Ready.")] == seen[:-1]
    assert [event.kind for event in fake.events] == ["load"]
    assert len(fake.requests_to("/api/chat")) == 1


@pytest.mark.parametrize("trouble", ["hangs", "fails"])
async def test_watching_never_harms_the_answer(trouble: str) -> None:
    """A list of loaded models that hangs or fails leaves the answer alone."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.script("Ready.")
        if trouble == "hangs":
            fake.hold("ps")
        else:
            fake.fail("/api/ps", error(500, "boom"), times=None)
        loading = fake.hold("load")
        model = await opened_chat(client)
        client.http.limits = dataclasses.replace(client.http.limits, probe=0.01)

        answer = asyncio.create_task(spoken(model))
        await loading.reached()
        await fake.requested("/api/ps", 2)
        loading.release()

        assert text_of(await answer) == "Ready."


async def test_a_server_that_never_begins_is_given_up() -> None:
    """The budget for the first byte ends the wait."""
    async with FakeOllama() as fake, connected(fake, first_byte=0.02) as client:
        fake.hold("load")

        with pytest.raises(ModelBusyError, match="did not begin"):
            await spoken(await opened_chat(client))


async def test_a_server_that_falls_silent_is_given_up() -> None:
    """The budget between two tokens ends the wait."""
    async with FakeOllama() as fake, connected(fake, idle=0.02) as client:
        fake.script("one two three")
        fake.hold("chunk", index=2)

        with pytest.raises(ModelFailedError, match="fell silent"):
            await spoken(await opened_chat(client))
        assert (await fake.cancellation()).path == "/api/chat"


async def test_closing_the_stream_stops_the_model() -> None:
    """The server sees the client leave and stops at that token."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.script("one two three four")
        gate = fake.hold("chunk", index=2)
        model = await opened_chat(client)

        async with contextlib.aclosing(model.stream([Message("user", "Why?")])) as parts:
            assert await anext(parts) == ChatText("one")
            await gate.reached()

        assert (await fake.cancellation()).tokens_sent == 2


async def test_closing_before_the_first_word_was_read_stops_the_model() -> None:
    """An answer that began while its reader was still told about the load is stopped as well."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.script("one two three")
        loading, speaking = fake.hold("load"), fake.hold("chunk", index=1)
        model = await opened_chat(client)

        async with contextlib.aclosing(model.stream([Message("user", "Why?")])) as parts:
            assert await anext(parts) == ChatStage("loading model")
            loading.release()
            await speaking.reached()
            await client.version()

        assert (await fake.cancellation()).tokens_sent == 1


async def test_cancelling_during_the_load_leaves_the_queue() -> None:
    """A cancelled question does not go on loading."""
    async with FakeOllama() as fake, connected(fake) as client:
        gate = fake.hold("load")
        task = asyncio.create_task(spoken(await opened_chat(client)))
        await gate.reached()
        task.cancel()

        assert (await fake.cancellation()).path == "/api/chat"
        assert [event.kind for event in fake.events] == ["load aborted"]
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_one_answer_at_a_time() -> None:
    """A second question to the same model waits here instead of fighting over the server's prompt cache."""
    async with FakeOllama(parallel=4) as fake, connected(fake) as client:
        fake.script("first", "second")
        gate = fake.hold("chunk", index=1)
        one, other = await opened_chat(client), await opened_chat(client)
        first = asyncio.create_task(spoken(one, "1?"))
        await gate.reached()
        second = asyncio.create_task(spoken(other, "2?"))
        await client.version()
        gate.release()

        assert [text_of(await first), text_of(await second)] == ["first", "second"]
        assert fake.most_concurrent == {"qwen2.5-coder:7b": 1}


async def test_a_prompt_that_cannot_fit_is_not_sent() -> None:
    """The server would drop its beginning without a word; the sizes are told instead."""
    async with FakeOllama() as fake, connected(fake) as client:
        model = await opened_chat(client)

        with pytest.raises(ContextExceededError) as caught:
            await spoken(model, "word " * 4000)
        assert caught.value.context_tokens == 4096
        assert caught.value.prompt_tokens == model.estimate_tokens("word " * 4000)
        assert fake.requests_to("/api/chat") == []


def dense(version: str, **changes: Any) -> FakeOllama:
    """A server whose model takes three times as many tokens as a text seems to have."""
    return FakeOllama([chat(letters_per_token=1, **changes)], version)


LONG = ["abcdefghijkl " * 700]


@pytest.mark.parametrize("version", ["0.9", "0.24", "0.33"])
async def test_a_prompt_that_was_cut_silently_is_noticed(version: str) -> None:
    """Releases that cut to the window or to half of it are found out by the count of tokens."""
    async with dense(version) as fake, connected(fake) as client:
        parts = await spoken(await opened_chat(client), *LONG)

    assert fake.prompts[0].cut_tokens > 0
    assert isinstance(parts[-1], ChatEnd) and parts[-1].prompt_was_cut


async def test_messages_that_were_dropped_are_noticed() -> None:
    """A server whose window is smaller than it was asked for drops whole messages and reads much less."""
    async with FakeOllama([chat(train_context=1024)]) as fake, connected(fake) as client:
        fake.hide(model_info=True)
        model = await opened_chat(client)

        parts = await spoken(model, "abcdefghijkl " * 400, "abcdefghijkl " * 100)

    assert len(fake.prompts[-1].messages) == 1
    assert isinstance(parts[-1], ChatEnd) and parts[-1].prompt_was_cut


@pytest.mark.parametrize(
    ("version", "changes", "numbers"),
    [
        ("0.33", {"native": True}, (8401, 4096)),
        ("0.30.6", {}, (8401, 4096)),
        ("0.33", {"shifts_context": False}, (None, None)),
    ],
)
async def test_a_prompt_that_is_refused_for_its_length_tells_the_sizes(
    version: str, changes: dict[str, Any], numbers: tuple[int | None, int | None]
) -> None:
    """Servers that refuse what does not fit say how much it was, so that the caller can shrink it."""
    async with dense(version, **changes) as fake, connected(fake) as client:
        with pytest.raises(ContextExceededError) as caught:
            await spoken(await opened_chat(client), *LONG)

    assert numbers[1] == caught.value.context_tokens
    assert (numbers[0] is None) == (caught.value.prompt_tokens is None)
    assert len(fake.requests_to("/api/chat")) == 1


async def test_a_prompt_that_fits_is_not_taken_for_cut() -> None:
    """Ordinary prose and code are read whole and counted as such."""
    code = "def handler(request):\n    return respond(request.user, request.path)\n" * 40
    async with FakeOllama() as fake, connected(fake) as client:
        model = await opened_chat(client)
        ends = [(await spoken(model, text))[-1] for text in (code, "It is so because it is so. " * 90, code)]

    assert [isinstance(end, ChatEnd) and end.prompt_was_cut for end in ends] == [False] * 3


async def test_estimates_learn_from_the_server() -> None:
    """A model that takes more tokens than expected raises the estimate above its true count, and keeps it there."""
    text = "abcdefghijkl " * 200
    async with dense("0.33") as fake, connected(fake) as client:
        model = await opened_chat(client, context_tokens=8192)
        before = model.estimate_tokens(text)
        await spoken(model, text)

    assert before == estimate_tokens(text) < fake.prompts[0].tokens
    assert fake.prompts[0].tokens <= model.estimate_tokens(text) <= 1.3 * fake.prompts[0].tokens


@pytest.mark.parametrize(
    ("num_ctx", "num_keep", "size"),
    [(4096, None, 2050), (4096, None, 2051), (4096, None, 4095), (4096, None, 4096), (32_768, None, 16_386),
     (32_768, None, 16_387), (4096, 24, 2060), (4096, -1, 2050)],
)  # fmt: skip
def test_sizes_after_a_cut_are_known(num_ctx: int, num_keep: int | None, size: int) -> None:
    """The sizes seen in the field and those of a model's own num_keep are among them."""
    assert size in sizes_after_a_cut(num_ctx, num_keep)


@pytest.mark.parametrize(
    ("name", "allow_cloud", "allowed"),
    [
        ("gpt-oss:120b-cloud", (), False),
        ("gpt-oss:120b-cloud", ("gpt-oss:120b-cloud",), True),
        ("gpt-oss:120b-cloud", ("other:cloud",), False),
        ("innocent", (), False),
        ("innocent", ("innocent:latest",), True),
    ],
)
async def test_models_in_a_cloud_need_permission(
    name: str, allow_cloud: tuple[str, ...], allowed: bool
) -> None:
    """A cloud name or a remote host is refused unless the user allowed that very model."""
    remote = {"remote_host": "https://ollama.com:443", "remote_model": "x"}
    models = [chat("gpt-oss:120b-cloud", **remote), chat("innocent", **remote)]
    async with FakeOllama(models) as fake, connected(fake) as client:
        if allowed:
            assert (await opened_chat(client, name, allow_cloud=allow_cloud)).name == name
        else:
            with pytest.raises(ModelRefusedError, match="allow_cloud_models"):
                await opened_chat(client, name, allow_cloud=allow_cloud)
        assert fake.requests_to("/api/chat") == []


async def test_an_embedding_model_cannot_chat() -> None:
    """The mistake is told when the model is opened."""
    async with FakeOllama() as fake, connected(fake) as client:
        with pytest.raises(ModelFailedError, match="not a chat model"):
            await opened_chat(client, "nomic-embed-text")


async def test_a_server_without_capabilities_is_tried() -> None:
    """Unknown is not no."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.hide(capabilities=True, model_info=True)
        fake.script("Yes.")

        assert text_of(await spoken(await opened_chat(client))) == "Yes."


@pytest.mark.parametrize(
    ("setting", "sent"), [("30m", "30m"), ("-1", -1), ("300", 300), (" 5m ", "5m"), ("", "30m")]
)
def test_keep_alive_has_a_unit_or_is_a_number(setting: str, sent: str | int) -> None:
    """A bare number in a text is an error for the server, so it is sent as a number."""
    assert sent == keep_alive_value(setting)


async def test_a_stable_prefix_is_evaluated_once() -> None:
    """The prompt is sent as it was given, so the server's cache holds everything up to the first difference."""
    instructions = Message("system", "You answer from excerpts only. " * 10)
    async with FakeOllama() as fake, connected(fake) as client:
        model = await opened_chat(client)
        for question in ("What?", "Why?"):
            async with contextlib.aclosing(model.stream([instructions, Message("user", question)])) as parts:
                assert [part async for part in parts]

    assert fake.prompts[1].cached_tokens >= 80


def test_a_chat_is_what_the_domain_expects() -> None:
    """The adapter has everything of the port."""
    assert {"name", "context_tokens", "answer_tokens", "estimate_tokens", "stream"} <= set(dir(OllamaChat))
