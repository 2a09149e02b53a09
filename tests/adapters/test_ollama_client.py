"""The catalogue of a server: reaching it, its models, what is loaded, pulls."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from fake_ollama.connecting import connected
from fake_ollama.faults import BUSY, FORBIDDEN, Drop, Instead, html, redirect
from fake_ollama.models import CATALOGUE, chat, embedder, from_catalogue
from fake_ollama.server import FakeOllama
from firsthand.adapters.ollama_client import OllamaClient
from firsthand.adapters.ollama_errors import OllamaError
from firsthand.adapters.ollama_host import parse_host
from firsthand.adapters.ollama_http import split_lines
from firsthand.core.model import Progress
from firsthand.errors import (
    ModelFailedError,
    ModelMissingError,
    ModelRefusedError,
    ModelUnreachableError,
)


async def test_version_is_told() -> None:
    """The server's version is what it says."""
    async with FakeOllama(version="0.33") as fake, connected(fake) as client:
        assert await client.version() == "0.33.0"


async def test_a_stopped_server_is_unreachable_and_found_again() -> None:
    """The message names the address and how to start the server; once it runs, the same client reaches it."""
    async with FakeOllama() as fake, connected(fake) as client:
        await fake.refuse_connections()
        with pytest.raises(ModelUnreachableError, match=rf"{fake.url}.*ollama serve"):
            await client.version()

        await fake.accept_connections()
        assert await client.version() == "0.33.0"


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (FORBIDDEN, "127.0.0.1"),
        (html(502), "proxy"),
        (html(200), "not Ollama"),
        (Instead(200, b"{}"), "not Ollama"),
        (Instead(200, b"[]"), "not Ollama"),
        (Instead(200, b"[" * 100_000), "not Ollama"),
        (redirect("http://127.0.0.1:1/"), "redirects to http://127.0.0.1:1/"),
        (Instead(404, b"404 page not found", "text/plain"), "endpoint"),
    ],
)
async def test_what_is_wrong_with_an_endpoint_is_told_apart(fault: Instead, word: str) -> None:
    """Host check, proxy, redirection and strangers are each named; redirections are not followed."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.fail("/api/version", fault)

        with pytest.raises(ModelUnreachableError, match=word):
            await client.version()
        assert len(fake.requests) == 1


async def test_a_server_that_hangs_is_given_up_by_the_probe() -> None:
    """A server that takes the connection and says nothing costs the probe's time, no more."""
    async with FakeOllama() as fake, connected(fake, probe=0.02) as client:
        fake.hold("headers", "/api/version")

        with pytest.raises(ModelUnreachableError, match="did not answer in time"):
            await client.version()


async def test_another_machine_gets_nothing_unless_allowed() -> None:
    """An endpoint that is not this machine is refused before a connection is made."""
    async with OllamaClient(parse_host("http://192.0.2.7:11434")) as client:
        with pytest.raises(ModelRefusedError, match="allow_remote_endpoint"):
            await client.models()


async def test_another_machine_is_asked_when_allowed() -> None:
    """With permission the request goes out."""
    async with OllamaClient(parse_host("http://firsthand.invalid"), allow_remote=True) as client:
        with pytest.raises(ModelUnreachableError):
            await client.version()


async def test_localhost_is_reached_over_ipv4() -> None:
    """`localhost` is tried at 127.0.0.1 first."""
    async with FakeOllama() as fake, OllamaClient(parse_host(f"localhost:{fake.port}")) as client:
        assert await client.version() == "0.33.0"
        assert fake.requests[0].headers["host"] == f"127.0.0.1:{fake.port}"


async def test_an_address_that_refuses_gives_way_to_the_next() -> None:
    """Of several addresses the first that takes a connection is used."""
    async with FakeOllama() as fake:
        client = OllamaClient(parse_host(f"localhost:{fake.port}"))
        client.http._urls = ("http://127.0.0.1:1", f"http://localhost:{fake.port}")
        async with client:
            assert await client.version() == "0.33.0"
            assert client.http.url == f"http://localhost:{fake.port}"


async def test_the_environment_neither_redirects_nor_adds_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy for the internet does not come between, and no API key is sent."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("OLLAMA_API_KEY", "secret")
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:abc:def")
    async with FakeOllama() as fake, connected(fake) as client:
        assert await client.version() == "0.33.0"
        assert "authorization" not in fake.requests[0].headers


async def test_unusable_proxy_settings_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy variable that cannot be used costs a message, not a crash."""
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:1")
    async with OllamaClient(parse_host("http://firsthand.invalid"), allow_remote=True) as client:
        with pytest.raises(ModelUnreachableError, match="ALL_PROXY"):
            await client.version()


@pytest.mark.parametrize("version", ["0.9", "0.12.3", "0.13", "0.24", "0.30.6", "0.33", "next"])
async def test_models_are_described_alike_by_every_release(version: str) -> None:
    """What old servers leave out of their list is asked for."""
    async with FakeOllama(version=version) as fake, connected(fake) as client:
        models = await client.models()

    assert [
        (model.name, model.can("completion"), model.train_context, model.billions) for model in models
    ] == [
        ("qwen2.5-coder:7b", True, 32_768, 7.6),
        ("nomic-embed-text:latest", False, 2048, 0.137),
    ]


async def test_a_missing_capabilities_list_means_unknown() -> None:
    """A server that tells no capabilities gets neither yes nor no."""
    async with FakeOllama([chat()]) as fake, connected(fake) as client:
        fake.hide(capabilities=True, model_info=True)

        [model] = await client.models()

    assert model.can("completion") is None


async def test_a_model_is_shown_with_its_digest_and_parameters() -> None:
    """`show` joins what the list and the details tell, by any spelling of the name."""
    model = chat("big", parameters={"num_ctx": 1_048_576, "num_keep": 24, "stop": ["a", "b"]})
    async with FakeOllama([model]) as fake, connected(fake) as client:
        shown = await client.show("BIG:latest")

    assert (model.digest, 1_048_576, 24) == (shown.digest, shown.num_ctx, shown.num_keep)


async def test_a_model_that_is_not_there_is_missing() -> None:
    """The error carries the name, so that a pull can be offered."""
    async with FakeOllama() as fake, connected(fake) as client:
        with pytest.raises(ModelMissingError, match="ollama pull llama9") as caught:
            await client.show("llama9")

    assert caught.value.model == "llama9"


async def test_a_model_that_tells_no_details_is_listed_all_the_same() -> None:
    """One odd model does not hide the others."""
    async with FakeOllama(version="0.24") as fake, connected(fake) as client:
        fake.fail("/api/show", Instead(500, b"{}"))

        models = await client.models()

    assert [model.can("completion") for model in models] == [None, False]


async def test_an_empty_server_has_no_models() -> None:
    """No models is an empty list."""
    async with FakeOllama([]) as fake, connected(fake) as client:
        assert await client.models() == []


async def test_running_models_are_told_with_their_window() -> None:
    """What is loaded is known with the window that is in force."""
    async with FakeOllama() as fake, connected(fake) as client:
        await client.preload(
            "/api/chat",
            {"model": "qwen2.5-coder:7b", "messages": [], "options": {"num_ctx": 8192}},
            "qwen2.5-coder:7b",
        )

        [running] = await client.running()
        await client.unload("qwen2.5-coder:7b")

        assert (running.name, running.num_ctx) == ("qwen2.5-coder:7b", 8192)
        assert await client.running() == []


async def test_a_busy_server_is_asked_again() -> None:
    """503 is retried a few times, then told."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.fail("/api/tags", BUSY, times=2)

        assert len(await client.models()) == 2
        assert len(fake.requests_to("/api/tags")) == 3


async def test_a_connection_that_was_closed_meanwhile_is_replaced() -> None:
    """A dropped connection is tried once more."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.fail("/api/version", Drop())

        assert await client.version() == "0.33.0"


async def test_a_connection_that_keeps_breaking_is_told() -> None:
    """Dropped twice is an error, not a loop."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.fail("/api/version", Drop(), times=None)

        with pytest.raises(ModelUnreachableError, match="broke"):
            await client.version()
        assert len(fake.requests) == 2


async def test_a_pull_reports_bytes_and_brings_the_model() -> None:
    """Progress rises to the sum of all layers, and the model is there afterwards."""
    seen: list[Progress] = []
    async with FakeOllama([]) as fake, connected(fake) as client:
        await client.pull("all-minilm", seen.append)

        done = [progress.done for progress in seen]
        assert sorted(done) == done
        assert seen[-1].done == seen[-1].total > 45_000_000
        assert [model.name for model in await client.models()] == ["all-minilm:latest"]


async def test_a_pull_never_goes_back() -> None:
    """A layer that is tried again, counts without `completed` and a short last line do not lower the progress."""
    seen: list[Progress] = []
    layer = {"status": "pulling abc", "digest": "sha256:abc", "total": 100}
    async with FakeOllama([]) as fake, connected(fake) as client:
        fake.script_pull(
            {"status": "pulling manifest"},
            layer,
            {**layer, "completed": 80},
            {**layer, "completed": 20},
            {**layer, "completed": 99},
            {"status": "success"},
        )
        await client.pull("x", seen.append)

    assert [progress.done for progress in seen] == [0, 0, 80, 80, 99, 100]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ({"error": "pull model manifest: file does not exist"}, ModelMissingError),
        ({"error": "max retries exceeded: no space left on device"}, ModelFailedError),
        ({"status": "writing manifest"}, ModelFailedError),
    ],
)
async def test_a_pull_that_fails_says_so(line: dict[str, object], error: type[Exception]) -> None:
    """An error line and an end without `success` are failures."""
    async with FakeOllama([]) as fake, connected(fake) as client:
        fake.script_pull({"status": "pulling manifest"}, line)

        with pytest.raises(error):
            await client.pull("x", lambda progress: None)


async def test_cancelling_a_pull_closes_the_connection() -> None:
    """The server sees the client leave at once."""
    async with FakeOllama([]) as fake, connected(fake) as client:
        gate = fake.hold("pull", "all-minilm", 3)
        task = asyncio.create_task(client.pull("all-minilm", lambda progress: None))
        await gate.reached()
        task.cancel()

        left = await fake.cancellation()
        assert (left.path, left.tokens_sent) == ("/api/pull", 3)
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([b"a\nb\n"], [b"a", b"b"]),
        ([b"a", b"b\n", b"\n \n", b"c"], [b"ab", b"c"]),
        (["x\u0085y\u2028z\x0bw\x0c\n".encode()], ["x\u0085y\u2028z\x0bw\x0c".encode()]),
        ([b'{"a":1}\r\n'], [b'{"a":1}\r']),
        ([], []),
    ],
)
async def test_lines_end_at_line_feeds_only(chunks: list[bytes], lines: list[bytes]) -> None:
    """Other separators belong to the text, blank lines are skipped, the last line needs no end."""

    async def source() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    assert lines == [line async for line in split_lines(source(), "http://x")]


async def test_an_endless_line_is_refused() -> None:
    """A line that cannot be an answer does not fill the memory."""

    async def source() -> AsyncIterator[bytes]:
        while True:
            yield b"a" * 1_000_000

    with pytest.raises(OllamaError):
        assert [line async for line in split_lines(source(), "http://x")] == []


def test_the_catalogue_of_the_fake_holds_what_tests_ask_for() -> None:
    """Each model of the catalogue is found under its own name."""
    for name in CATALOGUE:
        model = from_catalogue(name)
        assert model is not None
        assert model.name.startswith(name)
    assert embedder().embeds
