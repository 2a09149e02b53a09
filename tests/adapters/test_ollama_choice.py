"""Which model is taken when the user leaves it open."""

import pytest

from firsthand.adapters.ollama_choice import (
    RECOMMENDED_CHAT_MODEL,
    RECOMMENDED_EMBEDDING_MODEL,
    best_chat_model,
    best_embedding_model,
)
from firsthand.adapters.ollama_models import OllamaModel, is_cloud_name, same_model

GIGABYTE = 2**30
CHAT = frozenset({"completion"})
EMBEDDING = frozenset({"embedding"})


def models(*entries: tuple[str, float, float]) -> list[OllamaModel]:
    """Models by name, thousands of millions of parameters, and size in gigabytes."""
    return [
        OllamaModel(
            name,
            billions=billions,
            size_bytes=int(size * GIGABYTE),
            capabilities=EMBEDDING if "embed" in name or "bge" in name else CHAT,
        )
        for name, billions, size in entries
    ]


@pytest.mark.parametrize(
    ("available", "best"),
    [
        ([], None),
        ([("llama3.2:3b", 3.2, 2.0), ("qwen2.5-coder:1.5b", 1.5, 1.0)], "qwen2.5-coder:1.5b"),
        ([("qwen2.5-coder:1.5b", 1.5, 1.0), ("qwen2.5-coder:7b", 7.6, 4.4)], "qwen2.5-coder:7b"),
        ([("qwen2.5-coder:32b", 32.8, 19.0), ("qwen2.5-coder:7b", 7.6, 4.4)], "qwen2.5-coder:7b"),
        ([("qwen2.5-coder:32b", 32.8, 19.0)], None),
        ([("gpt-oss:120b-cloud", 116.8, 0.0), ("gemma3:4b", 4.3, 3.1)], "gemma3:4b"),
        ([("qwen2.5-coder:7b-base", 7.6, 4.4), ("starcoder2:3b", 3.0, 1.7)], None),
        ([("nomic-embed-text", 0.1, 0.2)], None),
        ([("openai/gpt-coder", 0.0, 0.0), ("llama3.2:3b", 3.2, 2.0)], "llama3.2:3b"),
        ([("somebody/model", 3.0, 2.0)], "somebody/model"),
    ],
)
def test_the_best_chat_model_is_a_coder_that_fits(
    available: list[tuple[str, float, float]], best: str | None
) -> None:
    """Coders come first, the largest that fits into memory; clouds, base models and embedders never."""
    assert best == best_chat_model(models(*available), memory_bytes=16 * GIGABYTE)


@pytest.mark.parametrize(
    ("available", "best"),
    [
        ([], None),
        ([("qwen2.5-coder:7b", 7.6, 4.4)], None),
        ([("all-bge-small", 0.03, 0.1), ("nomic-embed-text", 0.1, 0.2)], "nomic-embed-text"),
        ([("qwen3-embedding:8b", 7.6, 4.7), ("mxbai-embed-large", 0.3, 0.6)], "mxbai-embed-large"),
        ([("nomic-embed-text:cloud", 0.1, 0.0)], None),
    ],
)
def test_the_best_embedding_model_is_known_and_quick(
    available: list[tuple[str, float, float]], best: str | None
) -> None:
    """Well-known families come first; what would take hours to index with is left to the user's choice."""
    assert best == best_embedding_model(models(*available))


def test_models_without_capabilities_are_told_apart_by_name() -> None:
    """Old servers do not say what a model can do."""
    found = [
        OllamaModel("nomic-embed-text", size_bytes=GIGABYTE),
        OllamaModel("qwen2.5-coder:7b", size_bytes=GIGABYTE),
    ]

    assert (best_chat_model(found), best_embedding_model(found)) == ("qwen2.5-coder:7b", "nomic-embed-text")


def test_what_is_recommended_would_be_chosen() -> None:
    """A user who follows the recommendation gets it used."""
    found = [
        OllamaModel(RECOMMENDED_CHAT_MODEL, size_bytes=GIGABYTE),
        OllamaModel(RECOMMENDED_EMBEDDING_MODEL, size_bytes=GIGABYTE),
    ]

    assert best_chat_model(found) == RECOMMENDED_CHAT_MODEL
    assert best_embedding_model(found) == RECOMMENDED_EMBEDDING_MODEL


@pytest.mark.parametrize(
    ("name", "cloud"),
    [
        ("x:cloud", True),
        ("gpt-oss:120b-cloud", True),
        ("X:CLOUD ", True),
        ("cloud", False),
        ("cloudy:7b", False),
        ("x-cloud:7b", False),
    ],
)
def test_cloud_names_are_known(name: str, cloud: bool) -> None:
    """The suffixes that select Ollama's cloud."""
    assert cloud == is_cloud_name(name)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("x", "x:latest", True),
        ("X", "x", True),
        ("library/x", "x", True),
        ("registry.ollama.ai/library/x:7b", "x:7b", True),
        ("x:7b", "x", False),
        ("host:5000/a", "host:5000/a:latest", True),
    ],
)
def test_names_are_compared_as_ollama_does(one: str, other: str, same: bool) -> None:
    """Case, the default tag and the default registry do not matter."""
    assert same == same_model(one, other)
