"""The fake is faithful: the official client works with it, and it says exactly what Ollama says."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import ollama
import pytest

from fake_ollama.clock import ManualClock
from fake_ollama.faults import BUSY_TEXT, Drop, Inject, ends_early, error_line
from fake_ollama.models import FakeModel, chat, embedder, from_catalogue
from fake_ollama.scheduler import FOREVER
from fake_ollama.server import FakeOllama, FakeOllamaThread
from fake_ollama.state import Reply
from fake_ollama.text import answer_from, embedding, tokenize

CHAT = "qwen2.5-coder:7b"
EMBED = "nomic-embed-text"


@contextlib.asynccontextmanager
async def official(fake: FakeOllama) -> AsyncIterator[ollama.AsyncClient]:
    """Yield the official client, without the proxies of this machine."""
    client = ollama.AsyncClient(fake.url, trust_env=False)
    try:
        yield client
    finally:
        await client._client.aclose()


@contextlib.asynccontextmanager
async def raw(fake: FakeOllama) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a plain HTTP client."""
    async with httpx.AsyncClient(base_url=fake.url, trust_env=False, timeout=20) as client:
        yield client


async def post(fake: FakeOllama, path: str, body: object) -> httpx.Response:
    """Send one request."""
    async with raw(fake) as client:
        return await client.post(path, content=body if isinstance(body, bytes) else json.dumps(body))


def said(content: str, role: str = "user") -> Mapping[str, str]:
    """One message."""
    return {"role": role, "content": content}


async def chatted(fake: FakeOllama, *contents: str, **fields: Any) -> dict[str, Any]:
    """Chat without streaming and return the answer's object."""
    body = {"model": CHAT, "messages": [said(content) for content in contents], "stream": False, **fields}
    answer = (await post(fake, "/api/chat", body)).json()
    assert isinstance(answer, dict)
    return answer


class TestOfficialClient:
    """Everything that the official client can do with a server."""

    async def test_lists_shows_and_watches(self) -> None:
        """`list`, `show` and `ps` parse."""
        async with FakeOllama() as fake, official(fake) as client:
            listed = await client.list()
            shown = await client.show(EMBED)
            await client.embed(EMBED, "text")
            running = await client.ps()

        assert [CHAT, f"{EMBED}:latest"] == [model.model for model in listed.models]
        assert shown.capabilities == ["embedding"]
        assert shown.modelinfo is not None and shown.modelinfo["nomic-bert.embedding_length"] == 768
        assert shown.parameters == "num_ctx                        8192"
        assert [(f"{EMBED}:latest", 2048)] == [
            (model.model, model.context_length) for model in running.models
        ]

    async def test_embeds(self) -> None:
        """Vectors have length one, similar texts are near, and tokens are counted."""
        texts = ["def parse_http_response(data)", "parseHTTPResponse", "a recipe for bread"]
        async with FakeOllama() as fake, official(fake) as client:
            answer = await client.embed(EMBED, texts)

        one, near, far = answer.embeddings
        assert pytest.approx(sum(value * value for value in one), abs=1e-5) == 1.0
        assert sum(map(float.__mul__, one, near)) > sum(map(float.__mul__, one, far)) + 0.2  # type: ignore[arg-type]
        assert sum(len(tokenize(text)) + 2 for text in texts) == answer.prompt_eval_count

    async def test_chats(self) -> None:
        """Streamed and whole answers agree."""
        async with FakeOllama() as fake, official(fake) as client:
            fake.script("It is so.", "It is so.")
            whole = await client.chat(CHAT, [said("Why?")])
            parts = [part async for part in await client.chat(CHAT, [said("Why?")], stream=True)]

        assert "It is so." == whole.message.content == "".join(part.message.content or "" for part in parts)
        assert (parts[-1].done, parts[-1].done_reason, parts[-1].eval_count) == (True, "stop", 3)

    async def test_thinks(self) -> None:
        """Thinking comes before the content, and only if it was asked for or left open."""
        model = from_catalogue("qwen3:8b")
        assert model is not None
        async with FakeOllama([model]) as fake, official(fake) as client:
            replies = [Reply(("Yes",), thinking=("Hm",))] * 3
            fake.script(*replies)
            answers = [
                await client.chat("qwen3:8b", [said("?")], think=think) for think in (None, True, False)
            ]

        assert [answer.message.thinking for answer in answers] == ["Hm", "Hm", None]

    async def test_calls_tools(self) -> None:
        """Calls come in a chunk of their own or in the last one."""
        call = {"id": "call_k3v9x0ab", "function": {"index": 0, "name": "read", "arguments": {"path": "a"}}}
        async with FakeOllama() as fake, official(fake) as client:
            fake.script(Reply(tool_calls=(call,)), Reply(tool_calls=(call,), tool_calls_in_final=True))
            for in_final in (False, True):
                parts = [part async for part in await client.chat(CHAT, [said("?")], stream=True)]
                assert [in_final] == [part.done for part in parts if part.message.tool_calls]

    async def test_generates(self) -> None:
        """`generate` streams its own shape."""
        async with FakeOllama() as fake, official(fake) as client:
            fake.script("return a")
            parts = [
                part async for part in await client.generate(CHAT, "def f(a):", suffix="\n", stream=True)
            ]

        assert "".join(part.response for part in parts) == "return a"

    async def test_pulls(self) -> None:
        """A pull ends with success, and the model is there."""
        async with FakeOllama([]) as fake, official(fake) as client:
            parts = [part async for part in await client.pull("all-minilm", stream=True)]
            whole = await client.pull("all-minilm")

            assert parts[0].status == "pulling manifest"
            assert parts[1].status == f"pulling {(parts[1].digest or '').removeprefix('sha256:')[:12]}"
            assert "success" == parts[-1].status == whole.status
            assert [model.model for model in (await client.list()).models] == ["all-minilm:latest"]

    async def test_meets_the_errors_that_it_documents(self) -> None:
        """Status errors and error lines raise what they raise with a real server."""
        async with FakeOllama() as fake, official(fake) as client:
            with pytest.raises(ollama.ResponseError, match="model 'x' not found") as missing:
                await client.chat("x", [said("?")])
            fake.fail("/api/chat", error_line(1, "boom"))
            with pytest.raises(ollama.ResponseError, match="boom") as broken:
                assert [part async for part in await client.chat(CHAT, [said("?")], stream=True)]

        assert (missing.value.status_code, broken.value.status_code) == (404, -1)

    async def test_falls_over_text_that_splits_its_lines(self) -> None:
        """U+0085 goes over the wire unescaped, which the official client cannot read."""
        async with FakeOllama() as fake, official(fake) as client:
            fake.script(Reply(("a\u0085b",)))
            with pytest.raises(json.JSONDecodeError):
                assert [part async for part in await client.chat(CHAT, [said("?")], stream=True)]


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("/api/show", {"model": "x"}, 404, "model 'x:latest' not found"),
        ("/api/show", {}, 400, "model is required"),
        ("/api/show", b"", 400, "missing request body"),
        ("/api/chat", {"model": "x", "messages": [said("?")]}, 404, "model 'x' not found"),
        ("/api/chat", {"messages": []}, 400, "model is required"),
        ("/api/chat", b"", 400, "missing request body"),
        ("/api/chat", b"{", 400, "unexpected EOF"),
        ("/api/chat", b"x", 400, "invalid character 'x' looking for beginning of value"),
        (
            "/api/chat",
            {"model": CHAT, "messages": "x"},
            400,
            "json: cannot unmarshal string into Go struct field ChatRequest.messages of type []api.Message",
        ),
        (
            "/api/chat",
            {"model": EMBED, "messages": [said("?")]},
            400,
            f'"{EMBED}" does not support chat',
        ),
        (
            "/api/chat",
            {"model": CHAT, "messages": [said("?")], "think": True},
            400,
            f'"{CHAT}" does not support thinking',
        ),
        (
            "/api/chat",
            {"model": CHAT, "messages": [said("?")], "think": "ultra"},
            400,
            'invalid think value: "ultra" (must be "high", "medium", "low", "max", true, or false)',
        ),
        (
            "/api/chat",
            {"model": "plain", "messages": [said("?")], "tools": [{}]},
            400,
            "registry.ollama.ai/library/plain:latest does not support tools",
        ),
        (
            "/api/chat",
            {"model": CHAT, "messages": [said("?")], "keep_alive": "-1"},
            400,
            'time: missing unit in duration "-1"',
        ),
        (
            "/api/chat",
            {"model": CHAT, "messages": [said("?")], "options": {"num_ctx": "4096"}},
            500,
            'option "num_ctx" must be of type integer',
        ),
        (
            "/api/chat",
            {"model": CHAT, "messages": [said("?")], "format": "xml"},
            500,
            'invalid format: "\\"xml\\""; expected "json" or a valid JSON Schema object',
        ),
        ("/api/generate", {"model": "", "prompt": "x"}, 404, "model '' not found"),
        (
            "/api/generate",
            {"model": "plain", "prompt": "x", "suffix": "y"},
            400,
            "registry.ollama.ai/library/plain:latest does not support insert",
        ),
        (
            "/api/generate",
            {"model": CHAT, "prompt": "x", "raw": True, "system": "y"},
            400,
            "raw mode does not support template, system, or context",
        ),
        ("/api/generate", {"model": EMBED, "prompt": "x"}, 400, f'"{EMBED}" does not support generate'),
        ("/api/embed", {"model": "x", "input": "a"}, 404, 'model "x" not found, try pulling it first'),
        ("/api/embed", {"model": "", "input": "a"}, 404, "model '' not found"),
        ("/api/embed", {"model": "x", "input": [1]}, 400, "invalid input type"),
        (
            "/api/embed",
            {"model": CHAT, "input": "a"},
            501,
            "This server does not support embeddings. Start it with `--embeddings`",
        ),
        (
            "/api/embed",
            {"model": EMBED, "input": "word " * 3000, "truncate": False},
            400,
            "the input length exceeds the context length",
        ),
        ("/api/embeddings", {"prompt": "a"}, 400, "model is required"),
        ("/api/pull", {"model": "bad name"}, 400, "invalid model name"),
        (
            "/api/pull",
            {"model": "nowhere", "stream": False},
            500,
            "pull model manifest: file does not exist",
        ),
    ],
)
async def test_errors_are_told_word_for_word(path: str, body: object, status: int, text: str) -> None:
    """Status and text of each error are those of the server."""
    async with FakeOllama([chat(), embedder(), chat("plain", capabilities=("completion",))]) as fake:
        answer = await post(fake, path, body)

    assert (status, {"error": text}) == (answer.status_code, answer.json())


@pytest.mark.parametrize(
    ("version", "text", "status"),
    [
        ("0.9", "input length exceeds maximum context length", 500),
        ("0.12.3", "input exceeds maximum context length", 500),
        ("0.24", "the input length exceeds the context length", 400),
        ("0.33", "the input length exceeds the context length", 400),
    ],
)
async def test_releases_differ_in_embedding_errors(version: str, text: str, status: int) -> None:
    """The text for too long an input, and the status of a crash, follow the release."""
    async with FakeOllama(version=version) as fake:
        long = await post(fake, "/api/embed", {"model": EMBED, "input": "word " * 3000, "truncate": False})
        fake.fail_embedding("crash")
        crash = await post(fake, "/api/embed", {"model": EMBED, "input": "x"})

    assert (400, text) == (long.status_code, long.json()["error"])
    assert status == crash.status_code
    assert crash.json()["error"].startswith("do embedding request: Post") and "EOF" in crash.text


@pytest.mark.parametrize(
    ("version", "num_keep", "size"),
    [
        ("0.9", None, 4096),
        ("0.24", None, 4096),
        ("0.30.9", None, 4095),
        ("0.33", None, 2050),
        ("0.33", 24, 2060),
    ],
)
async def test_a_long_prompt_is_cut_as_the_release_does(
    version: str, num_keep: int | None, size: int
) -> None:
    """The start and the end survive; the count is the sign that gives the cut away."""
    options = {"num_ctx": 4096} | ({} if num_keep is None else {"num_keep": num_keep})
    async with FakeOllama(version=version) as fake:
        answer = await chatted(fake, "first " + "word " * 6000 + " last", options=options)

    assert size == answer["prompt_eval_count"] == fake.prompts[0].tokens
    assert fake.prompts[0].text.rstrip().endswith("last") and fake.prompts[0].cut_tokens > 0


@pytest.mark.parametrize(("bos", "size"), [(False, 2050), (True, 2051)])
async def test_a_beginning_of_text_token_is_kept_too(bos: bool, size: int) -> None:
    """A tokenizer that adds a token at the start keeps one more."""
    async with FakeOllama([chat(adds_bos=bos)]) as fake:
        answer = await chatted(fake, "word " * 6000, options={"num_ctx": 4096})

    assert size == answer["prompt_eval_count"]


@pytest.mark.parametrize(
    ("version", "changes"), [("0.33", {"native": True}), ("0.30.6", {}), ("0.33", {"shifts_context": False})]
)
async def test_a_long_prompt_is_refused_where_nothing_may_be_cut(
    version: str, changes: dict[str, Any]
) -> None:
    """The native path, 0.30.0 to 0.30.8 and models without context shift answer 400."""
    async with FakeOllama([chat(**changes)], version) as fake:
        answer = await post(
            fake,
            "/api/chat",
            {"model": CHAT, "messages": [said("word " * 6000)], "options": {"num_ctx": 4096}},
        )

    assert answer.status_code == 400
    text = answer.json()["error"]
    if changes.get("shifts_context") is None:
        inner = json.loads(text)["error"]
        assert (inner["type"], inner["n_ctx"]) == ("exceed_context_size_error", 4096)
    else:
        assert "longer than the context length" in text


async def test_old_releases_tell_early_errors_in_the_stream() -> None:
    """Before 0.12.6 an error before the first chunk is a line after status 200."""
    model = chat(shifts_context=False)
    body = {"model": CHAT, "messages": [said("word " * 6000)], "options": {"num_ctx": 4096}}
    async with FakeOllama([model], "0.9") as fake:
        answer = await post(fake, "/api/chat", body)

    assert answer.status_code == 200
    assert "error" in json.loads(answer.text)


async def test_old_messages_are_dropped_whole() -> None:
    """The oldest go first; system messages and the last message always stay."""
    messages = [said("rules", "system"), said("old " * 3000), said("answer", "assistant"), said("new")]
    async with FakeOllama() as fake:
        await post(fake, "/api/chat", {"model": CHAT, "messages": messages, "options": {"num_ctx": 2048}})

    assert [message["content"] for message in fake.prompts[0].messages] == ["rules", "answer", "new"]


@pytest.mark.parametrize(
    ("body", "reason", "loaded"),
    [
        ({"model": CHAT, "messages": []}, "load", [CHAT]),
        ({"model": CHAT}, "load", [CHAT]),
        ({"model": CHAT, "messages": [], "keep_alive": 0}, "unload", []),
    ],
)
async def test_loading_answers_with_one_unterminated_object(
    body: object, reason: str, loaded: list[str]
) -> None:
    """Even in a stream, load and unload are one JSON object without a line end."""
    async with FakeOllama() as fake:
        answer = await post(fake, "/api/chat", body)

        assert (True, reason) == (answer.json()["done"], answer.json()["done_reason"])
        assert not answer.text.endswith("\n")
        assert loaded == fake.loaded


async def test_an_embedding_without_input_loads() -> None:
    """No durations, no vectors."""
    async with FakeOllama() as fake:
        answer = await post(fake, "/api/embed", {"model": EMBED, "input": []})

        assert answer.json() == {"model": EMBED, "embeddings": []}
        assert [f"{EMBED}:latest"] == fake.loaded


async def test_dimensions_are_cut_and_normalised() -> None:
    """Fewer dimensions are the first ones, of length one; old releases ignore the wish."""
    body = {"model": EMBED, "input": "a text of a few words and more", "dimensions": 64}
    for version, length in (("0.33", 64), ("0.9", 768)):
        async with FakeOllama(version=version) as fake:
            [vector] = (await post(fake, "/api/embed", body)).json()["embeddings"]
        assert length == len(vector)
        assert pytest.approx(sum(value * value for value in vector), abs=1e-5) == 1.0


async def test_truncation_keeps_the_head_of_an_input() -> None:
    """What is beyond the window changes nothing."""
    async with FakeOllama() as fake:
        bodies = [{"model": EMBED, "input": "word " * 3000 + end} for end in ("", "another end")]
        one, other = [(await post(fake, "/api/embed", body)).json() for body in bodies]

    assert one["embeddings"] == other["embeddings"]
    assert one["prompt_eval_count"] == 2048


async def test_zero_metrics_are_absent() -> None:
    """An answer without tokens has no count of them."""
    async with FakeOllama() as fake:
        fake.script(Reply())

        assert "eval_count" not in await chatted(fake, "?")


async def test_names_are_normalised() -> None:
    """Case and the default tag do not matter; the answer repeats the name as it was asked for."""
    async with FakeOllama() as fake:
        answer = await post(fake, "/api/embed", {"model": "Nomic-Embed-Text:LATEST", "input": "x"})

    assert (answer.status_code, answer.json()["model"]) == (200, "Nomic-Embed-Text:LATEST")


@pytest.mark.parametrize(
    ("one", "other", "events"),
    [
        ({"num_ctx": 4096}, {"num_ctx": 4096, "temperature": 1, "num_predict": 5}, ["load"]),
        ({"num_ctx": 4096}, {"num_ctx": 8192}, ["load", "reload"]),
        ({"num_ctx": 40_000}, {"num_ctx": 50_000}, ["load"]),
        ({}, {"num_batch": 64}, ["load", "reload"]),
        ({}, {"num_thread": 2}, ["load", "reload"]),
    ],
)
async def test_only_runner_options_reload(one: object, other: object, events: list[str]) -> None:
    """Sampling never reloads; a window that is capped to the same size does not either."""
    async with FakeOllama() as fake:
        await chatted(fake, "?", options=one)
        await chatted(fake, "?", options=other)

    assert events == [event.kind for event in fake.events]


async def test_models_expire_and_are_evicted() -> None:
    """keep_alive counts from the last request; room is made by the idle model with the shortest one."""
    clock = ManualClock()
    models = [chat(), embedder(), embedder("all-minilm")]
    async with FakeOllama(models, clock=clock, max_loaded=2) as fake:
        await chatted(fake, "?", keep_alive="1h")
        await post(fake, "/api/embed", {"model": EMBED, "input": "x", "keep_alive": 60})
        await post(fake, "/api/embed", {"model": "all-minilm", "input": "x", "keep_alive": -1})
        assert fake.loaded == [CHAT, "all-minilm:latest"]

        clock.advance(3601)
        assert fake.loaded == ["all-minilm:latest"]
        clock.advance(FOREVER / 2)
        assert fake.loaded == ["all-minilm:latest"]

    assert [event.kind for event in fake.events] == ["load", "load", "evict", "load", "expire"]


async def test_memory_makes_room_as_well() -> None:
    """A model that needs more than four fifths of what is free evicts another."""
    async with FakeOllama(memory_bytes=5_000_000_000) as fake:
        await post(fake, "/api/embed", {"model": EMBED, "input": "x"})
        await chatted(fake, "?")
        assert fake.loaded == [CHAT]


async def test_a_full_queue_is_busy() -> None:
    """Only requests that need a load are counted, and one too many is refused."""
    async with FakeOllama(max_queue=1) as fake:
        gate = fake.hold("load")
        first = asyncio.create_task(chatted(fake, "?"))
        await gate.reached()

        answer = await post(fake, "/api/embed", {"model": EMBED, "input": "x"})
        gate.release()
        await first

    assert (answer.status_code, answer.json()["error"]) == (503, BUSY_TEXT)


@pytest.mark.parametrize("parallel", [1, 2])
async def test_requests_to_one_model_take_turns(parallel: int) -> None:
    """As many run at once as the server is told."""
    async with FakeOllama(parallel=parallel) as fake:
        gate = fake.hold("chunk")
        work = [asyncio.create_task(chatted(fake, "?")) for _ in range(3)]
        await fake.requested("/api/chat", 3)
        await gate.reached()
        await post(fake, "/api/show", {"model": CHAT})
        gate.release()
        await asyncio.gather(*work)

    assert {CHAT: parallel} == fake.most_concurrent


async def test_embedding_models_never_run_in_parallel() -> None:
    """The server gives them one slot whatever it is told."""
    async with FakeOllama(parallel=4) as fake:
        body = {"model": EMBED, "input": "x"}
        await asyncio.gather(*(post(fake, "/api/embed", body) for _ in range(4)))

    assert {f"{EMBED}:latest": 1} == fake.most_concurrent


async def test_a_client_that_leaves_is_recorded_with_its_token() -> None:
    """Leaving stops the stream and frees the model for the next."""
    async with FakeOllama() as fake, raw(fake) as client:
        fake.script("one two three", "next")
        gate = fake.hold("chunk", index=2)
        body = {"model": CHAT, "messages": [said("?")]}
        async with client.stream("POST", "/api/chat", json=body) as response:
            assert await anext(response.aiter_lines())
            await gate.reached()
        left = await fake.cancellation()
        gate.release()

        assert (left.model, left.tokens_sent) == (CHAT, 2)
        assert (await chatted(fake, "?"))["message"]["content"] == "next"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "vscode-webview://abc"}, 200),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Host": "host.docker.internal:11434"}, 200),
        ({"Host": "192.168.1.4:1"}, 200),
        ({"Host": "gpu-box.corp.example:11434"}, 403),
    ],
)
async def test_origin_and_host_are_checked(headers: dict[str, str], status: int) -> None:
    """A refusal has an empty body."""
    async with FakeOllama() as fake, raw(fake) as client:
        answer = await client.get("/api/version", headers=headers)

    assert status == answer.status_code
    assert (status == 403) == (answer.content == b"")


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/", 200, "Ollama is running"),
        ("HEAD", "/", 200, ""),
        ("GET", "/nothing", 404, "404 page not found"),
        ("GET", "/api/chat", 405, "405 method not allowed"),
    ],
)
async def test_plain_paths_answer_plainly(method: str, path: str, status: int, text: str) -> None:
    """What is not the API answers in text."""
    async with FakeOllama() as fake, raw(fake) as client:
        answer = await client.request(method, path)

    assert (status, text) == (answer.status_code, answer.text)


async def test_json_is_escaped_as_go_does() -> None:
    """`<`, `>`, `&` and the Unicode line separators are escaped, U+0085 is not."""
    async with FakeOllama() as fake:
        fake.script(Reply(("<&>\u2028\u0085",)))
        answer = await post(fake, "/api/chat", {"model": CHAT, "messages": [said("?")]})

    assert '"content":"\\u003c\\u0026\\u003e\\u2028\u0085"' in answer.text


@pytest.mark.parametrize(("version", "ends"), [("0.33", 31), ("next", 101)])
async def test_repetition_is_aborted(version: str, ends: int) -> None:
    """The same chunk again and again ends the stream: silently, or with an error in newer releases."""
    async with FakeOllama(version=version) as fake:
        fake.script(Reply(("no ",) * 500))
        answer = await post(fake, "/api/chat", {"model": CHAT, "messages": [said("?")]})

    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert ends == len([line for line in lines if "message" in line])
    assert not any(line.get("done") for line in lines)
    assert (version == "next") == ("error" in lines[-1])


async def test_faults_strike_where_they_are_planned() -> None:
    """Cuts, injected bytes and early ends happen at their place and then are over."""
    async with FakeOllama() as fake:
        fake.script("a b", "a b", "a b", "a b")
        fake.fail("/api/chat", Drop(300), Inject(1, b"junk\n"), ends_early(1))
        body = {"model": CHAT, "messages": [said("?")]}

        with pytest.raises(httpx.RemoteProtocolError):
            await post(fake, "/api/chat", body)
        junk = (await post(fake, "/api/chat", body)).text.splitlines()
        early = (await post(fake, "/api/chat", body)).text.splitlines()
        whole = (await post(fake, "/api/chat", body)).text.splitlines()

    assert [line for line in junk if not line.startswith("{")] == ["junk"]
    assert (len(early), len(whole)) == (1, 3)


async def test_an_unscripted_answer_tells_what_survived_in_the_prompt() -> None:
    """The answer quotes the first excerpt of the last message as the model saw it."""
    prompt = "What does it do?\n\nsrc/auth.py:10-12\n```python\ndef refresh(token):\n    return token\n```\n"
    async with FakeOllama() as fake:
        text = (await chatted(fake, prompt))["message"]["content"]

    assert (
        text
        == "The code starts with `def refresh(token):` in src/auth.py:10-12. It goes on with `return token`."
    )


async def test_a_schema_is_followed() -> None:
    """An unscripted answer with a format is the smallest object that follows it."""
    schema = {"type": "object", "properties": {"test": {"type": "string"}, "names": {"type": "array"}}}
    async with FakeOllama() as fake:
        value = json.loads((await chatted(fake, "def f(): pass", format=schema))["message"]["content"])

    assert ({"test", "names"}, []) == (set(value), value["names"])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("hello world", ["hell", "o", " worl", "d"]),
        ("a_b(12345)", ["a", "_", "b", "(", "123", "45", ")"]),
        ("漢字 x\n", ["漢", "字", " x", "\n"]),
    ],
)
def test_tokens_can_be_counted_by_hand(text: str, tokens: list[str]) -> None:
    """Four letters, three digits, or one other mark are a token; they join to the text."""
    assert tokens == tokenize(text)
    assert text == "".join(tokens)


def test_embeddings_depend_on_the_prefix() -> None:
    """The same text under another prefix has another vector."""
    assert embedding("search_query: x", 64) != embedding("search_document: x", 64)


def test_an_answer_needs_something_to_quote() -> None:
    """Without any words in the prompt the fake says that there is nothing."""
    assert "nothing" in answer_from("?!")


def test_a_thread_serves_other_processes() -> None:
    """The thread's helper can be scripted, held, watched and stopped from outside of its loop."""
    with FakeOllamaThread([chat()]) as served:
        served.script("one two three")
        gate = served.hold("chunk", index=1)
        body = {"model": CHAT, "messages": [said("?")]}
        with httpx.Client(trust_env=False) as client:
            with client.stream("POST", f"{served.url}/api/chat", json=body) as response:
                assert next(response.iter_lines())
                gate.wait_until_reached()
            left = served.wait_for_cancellation()

            served.refuse_connections()
            with pytest.raises(httpx.ConnectError):
                client.get(f"{served.url}/api/version")
            served.accept_connections()
            assert client.get(f"{served.url}/api/version").status_code == 200

        assert left.tokens_sent == 1
        served.wait_for_request("/api/version")
        assert [request.path for request in served.requests] == ["/api/chat", "/api/version"]


def test_a_process_tells_its_port() -> None:
    """`python -m fake_ollama --port 0 --print-port` serves until it is ended."""
    command = [sys.executable, "-m", "fake_ollama", "--port", "0", "--print-port", "--model", "all-minilm"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/api/tags", trust_env=False)
        finally:
            process.terminate()

    assert [model["name"] for model in answer.json()["models"]] == ["all-minilm:latest"]


def test_a_model_has_a_full_name() -> None:
    """Some errors tell the name with registry and namespace."""
    assert FakeModel("x").full_name == "registry.ollama.ai/library/x:latest"
