"""What search is compared with: grep, BM25, meaning alone, plain fusion, and semble where it is installed."""

import json
import math
import re
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from firsthand.core.evaluation import result_of
from firsthand.core.evaluation_corpus import Corpus
from firsthand.core.evaluation_metrics import Result
from firsthand.core.identifiers import terms
from firsthand.core.languages import is_test_path
from firsthand.core.model import Chunk, ChunkHead, Scope, ScoredChunk, ScoredHead
from firsthand.core.query import understand
from firsthand.core.retrieval import Searcher

LIMIT = 50
_DEPTH = 100
_DENSE_SHARE = 0.7
_WORD = re.compile(r"\w{3,}")
_STOP = frozenset(
    "the and for with that this from are how does what where which when who why into its".split()
)

Search = Callable[[str, Scope], Awaitable[Sequence[Result]]]
"""A way of searching: from a question and where to look to a ranking."""


def ours(store: Any, embedder: Any) -> Search:
    """What `firsthand search` does."""
    searcher = Searcher(store=store, embedder=embedder)

    async def search(text: str, scope: Scope) -> Sequence[Result]:
        return [result_of(hit) for hit in await searcher.search(text, scope=scope, limit=LIMIT)]

    return search


def meaning(store: Any, embedder: Any) -> Search:
    """The nearest chunks by meaning, without words and without rules."""

    async def search(text: str, scope: Scope) -> Sequence[Result]:
        found = await nearest(store, embedder, text, scope)
        return [result_of_chunk(each.chunk) for each in found[:LIMIT]]

    return search


async def nearest(store: Any, embedder: Any, text: str, scope: Scope) -> list[ScoredChunk]:
    """Return the chunks nearest to a question, with their text."""
    found = await store.find_dense(await embedder.embed_query(text), scope, _DEPTH)
    chunks = await store.read([each.chunk for each in found])
    pairs = zip(chunks, found, strict=True)
    return [ScoredChunk(chunk, each.score) for chunk, each in pairs if chunk is not None]


def index_keywords(store: Any) -> Search:
    """The index's own keyword search, without rules."""

    async def search(text: str, scope: Scope) -> Sequence[Result]:
        found = await store.search_keywords(understand(text).terms, scope, _DEPTH)
        return [result_of_chunk(each.chunk) for each in found[:LIMIT]]

    return search


def fusion(store: Any, embedder: Any) -> Search:
    """Reciprocal rank fusion (k = 60) of both lists, without rules."""

    async def search(text: str, scope: Scope) -> Sequence[Result]:
        lists: list[Sequence[ScoredChunk]] = [
            await nearest(store, embedder, text, scope),
            await store.search_keywords(understand(text).terms, scope, _DEPTH),
        ]
        scores: dict[str, float] = defaultdict(float)
        chunks: dict[str, Chunk] = {}
        for found in lists:
            for rank, each in enumerate(found, 1):
                scores[each.chunk.id] += 1 / (60 + rank)
                chunks[each.chunk.id] = each.chunk
        ordered = sorted(scores, key=lambda key: (-scores[key], key))
        return [result_of_chunk(chunks[key]) for key in ordered[:LIMIT]]

    return search


def plain_sum(dense: Sequence[ScoredHead], keywords: Sequence[ScoredHead]) -> Sequence[ChunkHead]:
    """Order by scores of meaning and of keywords, each on a scale of its list, without any rule."""
    scores: dict[str, float] = defaultdict(float)
    foot = dense[-1].score if dense else 0.0
    for each in dense:
        scores[each.chunk.id] += _DENSE_SHARE * (each.score - foot) / ((dense[0].score - foot) or 1.0)
    for each in keywords:
        scores[each.chunk.id] += (1 - _DENSE_SHARE) * each.score / keywords[0].score
    heads = {each.chunk.id: each.chunk for each in (*dense, *keywords)}
    return [heads[key] for key in sorted(scores, key=lambda key: (-scores[key], key))[:LIMIT]]


def grep(corpus: Corpus) -> Search:
    """What `rg -i -c WORD` tells, word by word: files with most of the words first, then those with most lines.

    A file stands for its line with most of the words.
    """
    lines = {path: source.text.lower().split("\n") for path, source in corpus.sources.items()}

    async def search(text: str, scope: Scope) -> Sequence[Result]:
        words = [word for word in dict.fromkeys(_WORD.findall(text.lower())) if word not in _STOP]
        found: list[tuple[int, int, str, Result]] = []
        for path, of_file in lines.items():
            if scope.tests is False and is_test_path(path):
                continue
            matches = {word: sum(word in line for line in of_file) for word in words}
            hits = [count for count in matches.values() if count]
            if hits:
                best = max(range(len(of_file)), key=lambda at: sum(word in of_file[at] for word in words))
                result = Result(path, best + 1, best + 1, len(of_file[best]))
                found.append((-len(hits), -sum(hits), path, result))
        return [result for *_, result in sorted(found, key=lambda each: each[:3])[:LIMIT]]

    return search


async def bm25(store: Any, corpus: Corpus) -> Search:
    """Textbook BM25 (k1 = 1.2, b = 0.75) over the same chunks with the words of their paths."""
    chunks = [chunk for path in corpus.sources for chunk in await store.chunks_of(path)]
    counts = [Counter(terms(f"{chunk.path} {chunk.text}")) for chunk in chunks]
    lengths = [sum(count.values()) for count in counts]
    average = sum(lengths) / max(len(lengths), 1)
    postings: dict[str, list[int]] = defaultdict(list)
    for number, count in enumerate(counts):
        for term in count:
            postings[term].append(number)

    async def search(text: str, scope: Scope) -> Sequence[Result]:
        scores: dict[int, float] = defaultdict(float)
        for term in dict.fromkeys(terms(text)):
            having = postings.get(term, ())
            weight = math.log(1 + (len(chunks) - len(having) + 0.5) / (len(having) + 0.5))
            for number in having:
                frequency = counts[number][term]
                norm = 1.2 * (0.25 + 0.75 * lengths[number] / average)
                scores[number] += weight * frequency * 2.2 / (frequency + norm)
        ordered = sorted(scores, key=lambda number: (-scores[number], number))
        wanted = [number for number in ordered if scope.tests is not False or not chunks[number].is_test]
        return [result_of_chunk(chunks[number]) for number in wanted[:LIMIT]]

    return search


def semble(interpreter: Path, corpus: Corpus, texts: Sequence[tuple[str, bool]], model: str) -> Search:
    """Semble in an environment of its own, asked everything at once; tests are dropped where they may not answer."""
    with tempfile.TemporaryDirectory(prefix="eval-semble-") as name:
        folder = Path(name) / "code"
        for path, source in corpus.sources.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source.text, encoding="utf-8", errors="surrogatepass")
        wanted = {
            "folder": str(folder),
            "queries": [text for text, _ in texts],
            "limit": 3 * LIMIT,
            "model": model,
        }
        worker = Path(__file__).with_name("semble_worker.py")
        output = subprocess.run(
            [interpreter, worker], input=json.dumps(wanted), capture_output=True, text=True, check=True
        ).stdout
    answers = dict(zip((text for text, _ in texts), json.loads(output), strict=True))

    async def search(text: str, scope: Scope) -> Sequence[Result]:
        found = [Result(*entry) for entry in answers[text]]
        return [each for each in found if scope.tests is not False or not is_test_path(each.path)][:LIMIT]

    return search


def result_of_chunk(chunk: Chunk) -> Result:
    """Return a chunk as an entry of a ranking."""
    return Result(chunk.path, chunk.span.start_line, chunk.span.end_line, len(chunk.text))
