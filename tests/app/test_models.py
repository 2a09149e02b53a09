"""Which models serve, over a fake Ollama on a real socket and the real embedded embedder."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fake_ollama.models import FakeModel, chat, embedder
from fake_ollama.server import FakeOllama
from firsthand.adapters.onnx_embedder import FINGERPRINT
from firsthand.app.folders import models_folder
from firsthand.app.installing import find_in_catalogue
from firsthand.app.models import ChosenModels, choose_models
from firsthand.core.late_embedder import LateEmbedder
from firsthand.core.model import Progress
from firsthand.errors import RequestError
from firsthand.settings import load

EMBEDDED = "bge-small-en-v1.5-int8"


@pytest.fixture(autouse=True)
def no_ollama_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests name the endpoint; nothing that runs here by chance takes part."""
    monkeypatch.delenv("OLLAMA_HOST", raising=False)


@contextlib.asynccontextmanager
async def chosen(
    cache: Path, models: Sequence[FakeModel] | None = None, *, need_chat: bool = True, **options: object
) -> AsyncIterator[ChosenModels]:
    """Choose with these settings while an Ollama with these models answers; None: there is no Ollama."""
    async with contextlib.AsyncExitStack() as resources:
        if models is not None:
            fake = await resources.enter_async_context(FakeOllama(models))
            options = {"endpoint": fake.url, **options}
        settings, problems = load(None, command_line={"cache_dir": str(cache), **options}, environment={})
        assert problems == []
        yield await choose_models(settings, resources, need_chat=need_chat)


async def test_ollama_serves_when_it_has_the_models(tmp_path: Path) -> None:
    """With Ollama and its models everything comes from there, and nothing needs saying."""
    small = chat("qwen2.5-coder:1.5b", size=986_000_000)
    async with chosen(tmp_path, [small, embedder()]) as models:
        state = models.state

    assert (state.provider, state.chat, state.notices, state.offers) == (
        "ollama",
        "qwen2.5-coder:1.5b",
        (),
        (),
    )
    assert state.embedder.startswith("nomic-embed-text")


async def test_the_embedded_embedder_stands_in(tmp_path: Path) -> None:
    """Ollama without an embedding model answers questions while the embedded one searches."""
    async with chosen(tmp_path, [chat("qwen2.5-coder:1.5b", size=986_000_000)]) as models:
        state = models.state

    assert (state.embedder, state.chat) == (EMBEDDED, "qwen2.5-coder:1.5b")


async def test_a_missing_chat_model_is_offered(tmp_path: Path) -> None:
    """Ollama without any chat model leads to the offer of one, and cited excerpts until then."""
    async with chosen(tmp_path, [embedder()]) as models:
        state = models.state

    assert state.chat is None
    assert [(offer.role, offer.model) for offer in state.offers] == [("chat", "qwen2.5-coder:7b")]


@pytest.mark.parametrize(
    ("setting", "role"), [("chat_model", "chat"), ("embedding_model", "embedding")], ids=["chat", "embedding"]
)
async def test_a_model_that_was_named_is_offered(setting: str, role: str, tmp_path: Path) -> None:
    """A model that the user named and Ollama lacks is offered by that name; nothing else takes its place unsaid."""
    async with chosen(tmp_path, [embedder()], **{setting: "absent:1b"}) as models:
        state = models.state

    assert (role, "absent:1b") in [(offer.role, offer.model) for offer in state.offers]
    assert any("absent:1b" in notice for notice in state.notices)


async def test_without_ollama_the_embedded_models_serve(tmp_path: Path) -> None:
    """No Ollama costs no error: search works, and one notice says how to get more."""
    async with chosen(tmp_path, provider="embedded") as models:
        state = models.state

    assert (state.provider, state.embedder, state.chat) == ("embedded", EMBEDDED, None)
    assert len(state.notices) == 1
    assert "firsthand model install" in state.notices[0]


async def test_an_endpoint_that_does_not_answer_is_named(tmp_path: Path, unused_tcp_port: int) -> None:
    """An endpoint that the user set and that is silent is named in a notice."""
    url = f"http://127.0.0.1:{unused_tcp_port}"
    async with chosen(tmp_path, endpoint=url) as models:
        state = models.state

    assert state.provider == "embedded"
    assert any(url in notice for notice in state.notices)


async def test_another_machine_is_refused_aloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A remote OLLAMA_HOST is not contacted, and the notice names the setting that would allow it."""
    monkeypatch.setenv("OLLAMA_HOST", "http://gpu.example:11434")
    async with chosen(tmp_path) as models:
        state = models.state

    assert state.provider == "embedded"
    assert any("gpu.example" in notice and "allow" in notice for notice in state.notices)


async def test_a_cloud_model_is_refused_until_it_is_allowed(tmp_path: Path) -> None:
    """A model that runs in Ollama's cloud is used only when the user allowed it by name."""
    cloud = chat("qwen3-coder:480b-cloud", remote_host="https://ollama.example", size=400)
    async with chosen(tmp_path, [cloud, embedder()], chat_model=cloud.name) as models:
        refused = models.state
    async with chosen(
        tmp_path, [cloud, embedder()], chat_model=cloud.name, allow_cloud_models=(cloud.name,)
    ) as models:
        allowed = models.state

    assert (refused.chat, allowed.chat) == (None, cloud.name)
    assert any("cloud" in notice for notice in refused.notices)


async def test_no_chat_model_is_opened_for_a_search(tmp_path: Path) -> None:
    """Searching and indexing ask for no chat model and hear nothing about one."""
    async with chosen(tmp_path, [embedder()], need_chat=False) as models:
        state = models.state

    assert (state.chat, state.offers, state.notices) == (None, (), ())


async def test_a_model_file_that_is_not_one_costs_a_notice(tmp_path: Path) -> None:
    """A .gguf file that is no model is named; search goes on."""
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"not a model")
    async with chosen(tmp_path, provider="embedded", chat_model=str(file)) as models:
        state = models.state

    assert state.chat is None
    assert any("broken" in notice for notice in state.notices)


async def test_it_is_noticed_that_ollama_ends(tmp_path: Path) -> None:
    """What was chosen while it answered holds until it does not."""
    async with chosen(tmp_path, [embedder()]) as models:
        while_it_answers = await models.have_changed()
    afterwards = await models.have_changed()

    assert (while_it_answers, afterwards) == (False, True)


@pytest.mark.parametrize(("provider", "is_noticed"), [("auto", True), ("embedded", False)])
async def test_it_is_noticed_that_ollama_starts(provider: str, is_noticed: bool, tmp_path: Path) -> None:
    """Unless the settings keep it out."""
    fake = FakeOllama([embedder()])
    async with fake:
        port = fake.url.rpartition(":")[2]
    async with chosen(tmp_path, endpoint=fake.url, provider=provider) as models:
        before = await models.have_changed()
        async with FakeOllama([embedder()], port=int(port)):
            after = await models.have_changed()

    assert (before, after) == (False, is_noticed)


async def test_another_embedding_model_is_noticed(tmp_path: Path) -> None:
    """New weights under the old name would make vectors that must not mix with the old ones."""
    model = embedder()
    async with chosen(tmp_path, [model]) as models:
        before = await models.have_changed()
        model.revision += 1
        after = await models.have_changed()

    assert (before, after) == (False, True)


async def test_embedders_of_earlier_vectors_are_found_again(tmp_path: Path) -> None:
    """The embedded one always, without loading it; one of Ollama's if its very weights are there."""
    other = embedder("mxbai-embed-large")
    async with chosen(tmp_path, [embedder(), other], embedding_model=other.name) as models:
        earlier = models.embedder.fingerprint
    async with chosen(tmp_path, [embedder(), other]) as models:
        embedded = await models.revive(FINGERPRINT)
        found = await models.revive(earlier)
        changed = await models.revive(replace(earlier, digest="other weights"))
    async with chosen(tmp_path) as models:
        gone = await models.revive(earlier)

    assert isinstance(embedded, LateEmbedder)
    assert found is not None
    assert found.fingerprint == earlier
    assert (changed, gone) == (None, None)


async def test_a_model_of_our_own_is_pulled_without_ollama(tmp_path: Path) -> None:
    """What runs inside Firsthand is fetched by its name, and what is there already is not fetched again."""
    small = find_in_catalogue("small")
    folder = models_folder(load(None, command_line={"cache_dir": str(tmp_path)}, environment={})[0])
    folder.mkdir(parents=True)
    with (folder / small.file_name).open("wb") as file:
        file.truncate(small.bytes)
    steps: list[Progress] = []

    async with chosen(tmp_path, chat_model="none") as models:
        await models.pull(small.name, steps.append)

    assert steps == []


async def test_without_ollama_its_models_cannot_be_pulled(tmp_path: Path) -> None:
    """The error says which model, and how to start Ollama."""
    async with chosen(tmp_path, chat_model="none") as models:
        with pytest.raises(RequestError, match=r"cannot pull qwen2\.5-coder:7b; start it with: ollama serve"):
            await models.pull("qwen2.5-coder:7b", print)
