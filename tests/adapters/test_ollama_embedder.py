"""Embedding models of Ollama: one bad text costs that text, and no bad vector gets through."""

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest

from fake_ollama.connecting import connected, opened_embedder
from fake_ollama.faults import BUSY, OUT_OF_MEMORY_TEXT, Drop, EmbeddingTrouble, Instead, error, html
from fake_ollama.models import chat, embedder, from_catalogue
from fake_ollama.server import FakeOllama
from fake_ollama.text import embedding, tokenize
from firsthand.adapters.ollama_embedder import unit_vector
from firsthand.adapters.ollama_prefixes import looks_like_embedder, prefixes_of
from firsthand.core.model import Fingerprint
from firsthand.core.ports import Rejected
from firsthand.errors import (
    InputRejectedError,
    ModelBusyError,
    ModelError,
    ModelFailedError,
    ModelMissingError,
    ModelRefusedError,
    ModelUnreachableError,
)

RELEASES = ["0.9", "0.12.3", "0.13", "0.24", "0.30.6", "0.33", "next"]
TEXTS = [f"def function_{at}(argument): return argument + {at}" for at in range(40)]


def expected(text: str) -> list[float]:
    """The vector that the fake computes for a document."""
    return list(embedding("search_document: " + text, 768))


def has(word: str) -> Callable[[str], bool]:
    """A condition on texts."""
    return lambda text: word in text


@pytest.mark.parametrize("version", RELEASES)
async def test_documents_are_embedded_in_order_by_every_release(version: str) -> None:
    """Each text gets its own vector, with the document prefix before it."""
    async with FakeOllama(version=version) as fake, connected(fake) as client:
        vectors = await (await opened_embedder(client)).embed_documents(TEXTS)

    assert [expected(text) for text in TEXTS] == [
        None if isinstance(vector, Rejected) else list(vector) for vector in vectors
    ]


async def test_a_question_has_its_own_prefix() -> None:
    """A question is embedded as a question."""
    async with FakeOllama() as fake, connected(fake) as client:
        vector = await (await opened_embedder(client)).embed_query("Where is it?")

    assert list(embedding("search_query: Where is it?", 768)) == list(vector)


async def test_a_request_says_everything_that_matters() -> None:
    """Truncation is off, window and keep_alive are explicit, dimensions are not asked for."""
    async with FakeOllama() as fake, connected(fake) as client:
        await (await opened_embedder(client)).embed_documents(["text"])

    assert fake.requests_to("/api/embed")[0].json == {
        "model": "nomic-embed-text",
        "input": ["search_document: text"],
        "truncate": False,
        "options": {"num_ctx": 2048},
        "keep_alive": "30m",
    }


async def test_opening_learns_everything_without_loading() -> None:
    """Digest, dimensions and prefixes come from the catalogue."""
    async with FakeOllama() as fake, connected(fake) as client:
        model = await opened_embedder(client)

    assert (
        Fingerprint("nomic-embed-text", fake.models[1].digest, 768, "search_query: ", "search_document: ")
        == model.fingerprint
    )
    assert fake.events == []


async def test_dimensions_that_nobody_tells_are_measured() -> None:
    """A server without details is asked for one vector."""
    async with FakeOllama(version="0.24") as fake, connected(fake) as client:
        fake.hide(capabilities=True, model_info=True)

        assert (await opened_embedder(client)).fingerprint.dimensions == 768


@pytest.mark.parametrize(
    ("name", "max_tokens"),
    [
        ("nomic-embed-text", 2048 - 16),
        ("mxbai-embed-large", 512 - 16),
        ("all-minilm", 256 - 16),
        ("qwen3-embedding:0.6b", 2048 - 16),
    ],
)
async def test_the_longest_text_is_what_one_evaluation_takes(name: str, max_tokens: int) -> None:
    """The model's window, its Modelfile and the server's batch each limit a text."""
    model = from_catalogue(name)
    assert model is not None
    async with FakeOllama([model]) as fake, connected(fake) as client:
        assert max_tokens == (await opened_embedder(client, name)).max_tokens


async def test_requests_are_small_and_few_at_once() -> None:
    """Batches have at most 16 texts and two are under way; the model computes one at a time and loads once."""
    async with FakeOllama() as fake, connected(fake) as client:
        model = await opened_embedder(client)
        gate = fake.hold("embedding")
        work = asyncio.create_task(model.embed_documents(TEXTS * 2))
        await fake.requested("/api/embed", 2)
        await gate.reached()
        await client.version()
        assert len(fake.requests_to("/api/embed")) == 2
        gate.release()
        await work

    sizes = [len(request.fields["input"]) for request in fake.requests_to("/api/embed")]  # type: ignore[arg-type]
    assert sizes == [16] * 5
    assert [event.kind for event in fake.events] == ["load"]
    assert fake.most_concurrent == {"nomic-embed-text:latest": 1}


async def test_large_texts_make_small_batches() -> None:
    """A request has a limit in characters as well."""
    async with FakeOllama() as fake, connected(fake) as client:
        await (await opened_embedder(client)).embed_documents(["word " * 1000] * 16)

    assert max(len(request.body) for request in fake.requests_to("/api/embed")) < 60_000


async def test_blank_texts_are_never_sent() -> None:
    """A blank text is rejected here, whatever the release would do with it."""
    async with FakeOllama() as fake, connected(fake) as client:
        model = await opened_embedder(client)
        results = await model.embed_documents(["", "real", " \n\t"])

        assert [isinstance(result, Rejected) for result in results] == [True, False, True]
        assert fake.requests_to("/api/embed")[0].fields["input"] == ["search_document: real"]
        with pytest.raises(InputRejectedError):
            await model.embed_query("  ")


async def test_nothing_to_embed_is_no_request() -> None:
    """No texts, no request."""
    async with FakeOllama() as fake, connected(fake) as client:
        assert await (await opened_embedder(client)).embed_documents([]) == []
        assert fake.requests_to("/api/embed") == []


@pytest.mark.parametrize("version", ["0.9", "0.12.3", "0.24", "0.33"])
@pytest.mark.parametrize("letters_per_token", [1, 4])
async def test_a_text_that_is_too_long_is_cut_and_leaves_the_others_alone(
    version: str, letters_per_token: int
) -> None:
    """The beginning is embedded, as much of it as the model takes within a third."""
    long = "abcdefghijkl " * 4000
    async with (
        FakeOllama([embedder(letters_per_token=letters_per_token)], version) as fake,
        connected(fake) as client,
    ):
        results = await (await opened_embedder(client)).embed_documents([*TEXTS[:3], long, *TEXTS[3:6]])

    assert not any(isinstance(result, Rejected) for result in results)
    [last] = [text for text in _sent(fake) if len(text) > 200][-1:]
    assert expected(last.removeprefix("search_document: ")) == list(results[3])  # type: ignore[arg-type]
    assert 0.6 * 2046 < len(tokenize(last, letters_per_token)) <= 2046


async def test_a_model_that_reads_almost_nothing_rejects_long_texts() -> None:
    """When no sensible beginning fits, the text is left out."""
    async with FakeOllama([embedder(train_context=6)]) as fake, connected(fake) as client:
        model = await opened_embedder(client)

        [result] = await model.embed_documents(["abcdefgh " * 50])

    assert Rejected("it is too long for the embedding model") == result


def _sent(fake: FakeOllama) -> list[str]:
    texts: list[str] = []
    for request in fake.requests_to("/api/embed"):
        inputs = request.fields["input"]
        assert isinstance(inputs, list)
        texts.extend(inputs)
    return texts


@pytest.mark.parametrize("version", ["0.13", "0.9", "0.33"])
@pytest.mark.parametrize("bad", [{0}, {13}, {39}, {3, 4}, {0, 20, 39}])
async def test_a_text_that_crashes_the_model_is_found_and_left_out(version: str, bad: set[int]) -> None:
    """Batches are halved until the texts to blame are alone; all others are embedded."""
    words = {f"function_{at}(" for at in bad}
    async with FakeOllama(version=version) as fake, connected(fake) as client:
        fake.fail_embedding("crash", when=lambda text: any(word in text for word in words))
        results = await (await opened_embedder(client)).embed_documents(TEXTS)

    assert bad == {at for at, result in enumerate(results) if isinstance(result, Rejected)}


async def test_a_crash_that_passes_costs_nothing() -> None:
    """A request whose runner died is sent again, whole."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.fail_embedding("crash", when=has("function_3("), times=1)
        results = await (await opened_embedder(client)).embed_documents(TEXTS[:8])

    assert not any(isinstance(result, Rejected) for result in results)
    assert len(fake.requests_to("/api/embed")) == 2


async def test_a_model_that_crashes_on_everything_is_broken() -> None:
    """No text is blamed when a harmless one crashes too, and a model that does so again and again is left alone."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.fail_embedding("crash")
        model = await opened_embedder(client)
        for _ in range(3):
            with pytest.raises(ModelFailedError, match="crashed"):
                await model.embed_documents(TEXTS[:2])
        sent = len(fake.requests)

        with pytest.raises(ModelFailedError, match="in a row"):
            await model.embed_documents(TEXTS[:2])
        assert sent == len(fake.requests)


async def test_inputs_beyond_the_batch_never_crash_a_decoder() -> None:
    """A model that dies of inputs between its batch and its window is not given any."""
    model = from_catalogue("qwen3-embedding:0.6b")
    assert model is not None
    async with FakeOllama([model]) as fake, connected(fake) as client:
        [result] = await (await opened_embedder(client, model.name)).embed_documents(["word " * 9000])

    assert not isinstance(result, Rejected)
    assert [event.kind for event in fake.events] == ["load"]


@pytest.mark.parametrize("trouble", ["zero", "nan", "unnormalised"])
@pytest.mark.parametrize("version", ["0.13", "0.24", "0.33"])
async def test_a_vector_that_is_none_is_never_returned(version: str, trouble: EmbeddingTrouble) -> None:
    """Zeros, NaN and wrong lengths are tried alone and after a reload, then the text is left out."""
    async with FakeOllama(version=version) as fake, connected(fake) as client:
        fake.fail_embedding(trouble, when=has("function_5("))
        results = await (await opened_embedder(client)).embed_documents(TEXTS[:10])

    assert [at for at, result in enumerate(results) if isinstance(result, Rejected)] == [5]
    assert "unload" in [event.kind for event in fake.events]


@pytest.mark.parametrize("times", [1, 2])
async def test_a_vector_that_fails_for_a_while_is_computed_again(times: int) -> None:
    """A vector of zeros under load is replaced by the right one: alone, or after a reload."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.fail_embedding("zero", when=has("function_5("), times=times)
        results = await (await opened_embedder(client)).embed_documents(TEXTS[:10])

    assert [expected(text) for text in TEXTS[:10]] == [list(result) for result in results]  # type: ignore[arg-type]
    assert ["unload"] * (times - 1) == [event.kind for event in fake.events if event.kind == "unload"]


async def test_reloads_in_vain_come_to_an_end() -> None:
    """Many hopeless texts do not reload the model for each of them."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.fail_embedding("zero")
        results = await (await opened_embedder(client)).embed_documents(TEXTS[:12])

    assert all(isinstance(result, Rejected) for result in results)
    assert len([event for event in fake.events if event.kind == "unload"]) <= 4


@pytest.mark.parametrize(
    ("trouble", "message"),
    [("short vector", "384 numbers instead of 768"), ("missing vector", "vectors for")],
)
async def test_vectors_of_the_wrong_shape_or_number_stop_the_work(
    trouble: EmbeddingTrouble, message: str
) -> None:
    """A vector too few or too short means that nothing of the answer can be trusted."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.fail_embedding(trouble, when=has("function_5("))

        with pytest.raises(ModelFailedError, match=message):
            await (await opened_embedder(client)).embed_documents(TEXTS[:10])


@pytest.mark.parametrize(
    ("fault", "error_class", "requests"),
    [
        (BUSY, ModelBusyError, 5),
        (error(500, OUT_OF_MEMORY_TEXT), ModelFailedError, 1),
        (error(404, 'model "nomic-embed-text" not found, try pulling it first'), ModelMissingError, 1),
        (
            error(501, "This server does not support embeddings. Start it with `--embeddings`"),
            ModelFailedError,
            1,
        ),
        (html(502), ModelUnreachableError, 1),
        (Instead(200, b'{"embedding":[1]}'), ModelFailedError, 2),
        (Instead(200, b"[]"), ModelUnreachableError, 1),
    ],
)
async def test_what_no_text_is_to_blame_for_is_raised(
    fault: Any, error_class: type[ModelError], requests: int
) -> None:
    """Nothing is halved or rejected when the server is at fault."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.fail("/api/embed", fault, times=None)

        with pytest.raises(error_class):
            await (await opened_embedder(client)).embed_documents(TEXTS[:4])
        assert requests == len(fake.requests_to("/api/embed"))


async def test_a_connection_that_breaks_in_the_middle_is_survived() -> None:
    """A response that was cut off once is asked for again in halves."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.fail("/api/embed", Drop(5000))
        results = await (await opened_embedder(client)).embed_documents(TEXTS[:4])

    assert not any(isinstance(result, Rejected) for result in results)


async def test_a_model_that_disappears_is_missing() -> None:
    """A model that was removed while indexing can be pulled again."""
    async with FakeOllama() as fake, connected(fake) as client:
        model = await opened_embedder(client)
        fake.models.clear()

        with pytest.raises(ModelMissingError) as caught:
            await model.embed_documents(["text"])
        assert caught.value.model == "nomic-embed-text"


async def test_a_new_digest_is_a_new_fingerprint() -> None:
    """A model that was pulled anew under its old name is not the same model."""
    async with FakeOllama() as fake, connected(fake) as client:
        before = (await opened_embedder(client)).fingerprint
        fake.models[1].revision += 1
        after = (await opened_embedder(client)).fingerprint

    assert before.digest != after.digest


async def test_cancelling_closes_every_connection() -> None:
    """Both requests under way are left, and nothing is sent afterwards."""
    async with FakeOllama() as fake, connected(fake) as client:
        model = await opened_embedder(client)
        gate = fake.hold("embedding")
        work = asyncio.create_task(model.embed_documents(TEXTS))
        await fake.requested("/api/embed", 2)
        await gate.reached()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

        assert (await fake.cancellation()).path == "/api/embed"
        assert len(fake.requests_to("/api/embed")) == 2


async def test_a_failing_batch_ends_the_others() -> None:
    """When nothing can be embedded, batches that wait are not sent."""
    async with FakeOllama() as fake, connected(fake) as client:
        fake.fail("/api/embed", error(500, OUT_OF_MEMORY_TEXT), times=None)

        with pytest.raises(ModelFailedError):
            await (await opened_embedder(client)).embed_documents(TEXTS * 5)
        assert len(fake.requests_to("/api/embed")) <= 4


async def test_preloading_loads_with_the_options_of_later_calls() -> None:
    """The first document finds the model loaded."""
    async with FakeOllama() as fake, connected(fake) as client:
        model = await opened_embedder(client)
        await model.preload()
        await model.embed_documents(["text"])

    assert [event.kind for event in fake.events] == ["load"]
    assert fake.requests_to("/api/embed")[0].fields["input"] == []


async def test_a_chat_model_cannot_embed() -> None:
    """The mistake is told when the model is opened, with a model that can."""
    async with FakeOllama() as fake, connected(fake) as client:
        with pytest.raises(ModelFailedError, match="nomic-embed-text"):
            await opened_embedder(client, "qwen2.5-coder:7b")


async def test_a_name_that_speaks_for_itself_is_tried() -> None:
    """A proxy that says the same of every model does not keep an embedding model from being used."""
    async with FakeOllama() as fake, connected(fake) as client:
        tags = b'{"models":[{"name":"nomic-embed-text","capabilities":["completion"]}]}'
        fake.fail("/api/tags", Instead(200, tags))
        fake.fail("/api/show", Instead(200, b'{"capabilities":["completion"]}'))

        assert (await opened_embedder(client)).fingerprint.dimensions == 768


async def test_embedding_in_a_cloud_needs_permission() -> None:
    """Code is not sent to a cloud to be embedded either."""
    model = embedder("embed:cloud", remote_host="https://ollama.com")
    async with FakeOllama([model, chat()]) as fake, connected(fake) as client:
        with pytest.raises(ModelRefusedError):
            await opened_embedder(client, "embed:cloud")
        assert (await opened_embedder(client, "embed:cloud", allow_cloud=["embed:cloud"])).max_tokens
        assert fake.requests_to("/api/embed") == []


@pytest.mark.parametrize(
    ("name", "query", "document"),
    [
        ("nomic-embed-text", "search_query: ", "search_document: "),
        ("nomic-embed-text-v2-moe:latest", "search_query: ", "search_document: "),
        ("hf.co/nomic-ai/nomic-embed-text-v1.5-GGUF:F16", "search_query: ", "search_document: "),
        ("mxbai-embed-large", "Represent this sentence for searching relevant passages: ", ""),
        ("bge-m3", "", ""),
        ("bge-large", "Represent this sentence for searching relevant passages: ", ""),
        ("snowflake-arctic-embed:22m", "Represent this sentence for searching relevant passages: ", ""),
        ("snowflake-arctic-embed2", "query: ", ""),
        (
            "qwen3-embedding:0.6b",
            "Instruct: Given a code search query, retrieve relevant code snippets\nQuery:",
            "",
        ),
        ("embeddinggemma", "task: code retrieval | query: ", "title: none | text: "),
        ("all-minilm", "", ""),
        ("granite-embedding:30m", "", ""),
        ("paraphrase-multilingual", "", ""),
        ("unknown", "", ""),
    ],
)
def test_each_family_has_its_prefixes(name: str, query: str, document: str) -> None:
    """Ollama adds no prefix by itself; these are of the models' cards."""
    prefixes = prefixes_of(name)

    assert (query, document) == (prefixes.query, prefixes.document)


@pytest.mark.parametrize(
    ("name", "looks"),
    [("bge-m3", True), ("all-minilm:33m", True), ("x/embeddinggemma", True), ("llama3.2", False)],
)
def test_an_embedder_is_known_by_its_name(name: str, looks: bool) -> None:
    """Servers that tell no capabilities leave only the name."""
    assert looks == looks_like_embedder(name)


@pytest.mark.parametrize(
    ("numbers", "good"),
    [
        ([1.0, 0.0], True),
        ([0.6, 0.8], True),
        ([1.005, 0.0], True),
        ([1.02, 0.0], False),
        ([0.0, 0.0], False),
        ([math.nan, 1.0], False),
        ([math.inf, 1.0], False),
        ([1e300, 0.0], False),
        ([None, 1.0], False),
        (["1", 0.0], False),
        ([], False),
    ],
)
def test_only_unit_vectors_are_vectors(numbers: list[Any], good: bool) -> None:
    """Zeros, NaN, infinity, null, texts and other lengths are no vectors."""
    assert good == (unit_vector(numbers) is not None)
