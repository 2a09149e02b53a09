"""What each family of embedding models wants in front of a question and of a document; Ollama adds nothing itself."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prefixes:
    """What is put before a question and before a document."""

    query: str = ""
    document: str = ""


_NOMIC = Prefixes("search_query: ", "search_document: ")
_SEARCHING_PASSAGES = Prefixes("Represent this sentence for searching relevant passages: ")
# From the models' cards. The first pattern that is found in the name decides.
_FAMILIES = (
    (r"nomic-embed-text|nomic-embed-v2", _NOMIC),
    (r"mxbai-embed", _SEARCHING_PASSAGES),
    (r"bge-m3", Prefixes()),
    (r"bge-(small|base|large)", _SEARCHING_PASSAGES),
    (r"arctic-embed2|arctic-embed-.*v2", Prefixes("query: ")),
    (r"arctic-embed", _SEARCHING_PASSAGES),
    (
        r"qwen3-embedding",
        Prefixes("Instruct: Given a code search query, retrieve relevant code snippets\nQuery:"),
    ),
    (r"embeddinggemma", Prefixes("task: code retrieval | query: ", "title: none | text: ")),
    (r"minilm|granite-embedding|paraphrase-multilingual", Prefixes()),
)
_EMBEDDER_NAME = re.compile(r"embed|bge-|minilm|paraphrase|\be5\b|\bgte\b")


def prefixes_of(name: str) -> Prefixes:
    """Return the prefixes for a model by its name; none for a model that is not known."""
    lowered = name.lower()
    return next((prefixes for family, prefixes in _FAMILIES if re.search(family, lowered)), Prefixes())


def looks_like_embedder(name: str) -> bool:
    """Tell by the name alone, for servers that tell no capabilities."""
    return _EMBEDDER_NAME.search(name.lower()) is not None
