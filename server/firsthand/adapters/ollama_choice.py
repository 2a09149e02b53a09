"""Which of the models that are there to take, when the user leaves it open."""

import os
import re
from collections.abc import Sequence

from firsthand.adapters.ollama_models import OllamaModel
from firsthand.adapters.ollama_prefixes import looks_like_embedder

RECOMMENDED_CHAT_MODEL = "qwen2.5-coder:7b"
RECOMMENDED_EMBEDDING_MODEL = "nomic-embed-text"

# Best first: trained on code and answering at once; then general models; the first match of a name decides.
_CHAT_FAMILIES = (
    r"qwen3-coder",
    r"qwen2\.5-coder",
    r"devstral",
    r"deepseek-coder-v2",
    r"codestral",
    r"codegemma.*(instruct|it)",
    r"(granite|stable)-?code",
    r"coder|code",
    r"qwen3",
    r"gpt-oss",
    r"gemma3",
    r"mistral|ministral",
    r"llama-?3",
    r"qwen2",
    r"phi",
)
_EMBEDDING_FAMILIES = (
    r"qwen3-embedding",
    r"nomic-embed-text",
    r"embeddinggemma",
    r"snowflake-arctic-embed2|arctic-embed-l-v2",
    r"bge-m3",
    r"mxbai-embed-large",
    r"bge-",
    r"arctic-embed",
    r"granite-embedding",
    r"minilm",
)
# Completes text instead of answering, or sees only pictures.
_NOT_FOR_CHAT = re.compile(r"-base\b|:base\b|starcoder|:code\b|-code\b.*fim|llava|moondream|ocr|whisper")
# A model shares the memory with the editor, the embedding model and its own context.
_SHARE_OF_MEMORY = 0.6
# Larger embedders are better by a little and slower by a lot, while everything that is saved must be embedded.
_LARGEST_EMBEDDER_BYTES = 1_500_000_000
# A stub of a model that runs elsewhere takes a few hundred bytes, or none.
_SMALLEST_MODEL_BYTES = 2**20
_USUAL_MEMORY_BYTES = 8 * 2**30


def best_chat_model(models: Sequence[OllamaModel], *, memory_bytes: int | None = None) -> str | None:
    """Return the best chat model that fits this machine and stays on it; None when there is none."""
    most = _SHARE_OF_MEMORY * (memory_bytes or _memory_bytes())
    fitting = [model for model in models if _can_chat(model) and model.size_bytes <= most]
    return _best(fitting, _CHAT_FAMILIES)


def best_embedding_model(models: Sequence[OllamaModel]) -> str | None:
    """Return the best embedding model that stays on this machine; None when there is none."""
    fitting = [
        model
        for model in models
        if _is_here(model) and _can_embed(model) and model.size_bytes <= _LARGEST_EMBEDDER_BYTES
    ]
    return _best(fitting, _EMBEDDING_FAMILIES)


def _best(models: Sequence[OllamaModel], families: Sequence[str]) -> str | None:
    """Take the best family; within it the largest model, and of equals the one that the server lists first."""
    ranked = sorted(models, key=lambda model: (_rank(model.name, families), -model.billions))
    return ranked[0].name if ranked else None


def _rank(name: str, families: Sequence[str]) -> int:
    lowered = name.lower()
    return next((at for at, family in enumerate(families) if re.search(family, lowered)), len(families))


def _is_here(model: OllamaModel) -> bool:
    """Its weights are on the server: proxies list models of other companies beside the ones they have."""
    return not model.is_cloud and model.size_bytes >= _SMALLEST_MODEL_BYTES


def _can_chat(model: OllamaModel) -> bool:
    if not _is_here(model) or _NOT_FOR_CHAT.search(model.name.lower()):
        return False
    able = model.can("completion")
    return not looks_like_embedder(model.name) if able is None else able


def _can_embed(model: OllamaModel) -> bool:
    able = model.can("embedding")
    return looks_like_embedder(model.name) if able is None else able


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return _USUAL_MEMORY_BYTES
