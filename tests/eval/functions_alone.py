"""Measure documentation → function the way it is published: documented functions alone are searched, in one pool.

    python tests/eval/functions_alone.py --work DIR

The question is the first sentence of a function's documentation; the documentation of every function is taken out
before. A function counts when this sentence has 25 characters or more, no function before it has the same, and three
lines of code are left. Set A is requests, flask, click and networkx, set C 1,000 functions of textual and litestar,
drawn by a fixed seed. Nothing else is searched: no classes, no tests, no text beside them.
"""

import argparse
import asyncio
import hashlib
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from baselines import Search, bm25, index_keywords, meaning, nearest, ours, plain_sum, result_of_chunk
from benches import Asked, read_corpus, say
from corpora import python_packages
from kept_candidates import Keeper
from tables import Scored, average, difference, short, signed, table, written

from firsthand.adapters.lance_store import open_store
from firsthand.adapters.onnx_embedder import load_embedded_embedder
from firsthand.adapters.parser_process import ProcessParser
from firsthand.core.chunking import CHUNKER_VERSION, chunk_file
from firsthand.core.evaluation_corpus import Corpus
from firsthand.core.evaluation_metrics import Place, Result, score
from firsthand.core.evaluation_questions import DocumentedFunction, functions_with_documentation
from firsthand.core.lines import LineTable, encode
from firsthand.core.linking import link_chunks
from firsthand.core.model import Chunk, FileRecord, FileUpdate, Outline, Scope, Symbol
from firsthand.core.ports import ChunkStore, Embedder, Rejected
from firsthand.core.query import understand
from firsthand.core.redaction import documentation_lines

# Title, packages, how many functions are drawn; all of them when 0.
_SETS = (
    ("A: requests, flask, click, networkx", ("requests", "flask", "click", "networkx"), 0),
    ("C: textual, litestar", ("textual", "litestar"), 1_000),
)
_OURS = "Firsthand"
_METRICS = ("mrr10", "top1", "recall5")
_SHORTEST_SENTENCE = 25
_FEWEST_LINES = 3
_DEPTH = 100
_BATCH = 256


async def _corpus(work: Path, packages: Sequence[str]) -> tuple[Corpus, list[DocumentedFunction]]:
    """Return the files of some packages without the documentation of their functions, and these functions."""
    corpus, found = Corpus(), []
    parser = ProcessParser()
    try:
        for material in python_packages(work, list(packages)):
            read = await read_corpus(material, parser)
            for path, outline in sorted(read.outlines.items()):
                documented = functions_with_documentation({path: outline})
                text, left = _without_documentation(read.sources[path].text, documented)
                corpus.sources[path] = replace(
                    read.sources[path], text=text, content_hash=hashlib.sha256(encode(text)).hexdigest()
                )
                bare = await asyncio.to_thread(parser.outline, "python", text)
                if bare is not None:
                    corpus.outlines[path] = bare
                    found += [replace(each, symbol=symbol) for each in left for symbol in _same(each, bare)]
    finally:
        parser.close()
    return corpus, found


def _without_documentation(
    text: str, functions: Sequence[DocumentedFunction]
) -> tuple[str, list[DocumentedFunction]]:
    """Return a text without the lines that document functions, and the functions of which enough is left."""
    table, lines = LineTable.of(text), text.split("\n")
    gone: set[int] = set()
    left = []
    for function in functions:
        span = function.symbol.span
        documentation = documentation_lines(function.symbol, table)
        code = [at for at in range(span.start_line, span.end_line + 1) if at not in documentation]
        if documentation and sum(bool(lines[at - 1].strip()) for at in code) >= _FEWEST_LINES:
            gone.update(documentation)
            left.append(function)
    return "\n".join(line for at, line in enumerate(lines, 1) if at not in gone), left


def _same(function: DocumentedFunction, outline: Outline) -> list[Symbol]:
    """Return the definition of this name without documentation, when there is exactly one."""
    name = function.symbol.qualified_name
    found = [each for each in outline.symbols if each.qualified_name == name and not each.docstring]
    return found if len(found) == 1 else []


def _chosen(functions: Sequence[DocumentedFunction], most: int) -> list[DocumentedFunction]:
    found: dict[str, DocumentedFunction] = {}
    for function in functions:
        if len(function.sentence) >= _SHORTEST_SENTENCE:
            found.setdefault(function.sentence.lower(), function)
    every = list(found.values())
    return random.Random(0).sample(every, most) if most else every


def _updates(corpus: Corpus, functions: Sequence[DocumentedFunction]) -> list[FileUpdate]:
    """Cut the files as the index does, and keep the chunks that are these functions or parts of them."""
    by_path: dict[str, list[DocumentedFunction]] = defaultdict(list)
    for function in functions:
        by_path[function.path].append(function)
    updates = []
    for path, wanted in by_path.items():
        source, outline = corpus.sources[path], corpus.outlines.get(path)
        cut = [each for each in chunk_file(source, outline) if any(_is_of(each, one) for one in wanted)]
        record = FileRecord(path, source.content_hash, len(source.text), 0, "indexed", "", "python", len(cut))
        updates.append(FileUpdate(record, tuple(cut), links=link_chunks(source, outline, cut)))
    return updates


def _is_of(chunk: Chunk, function: DocumentedFunction) -> bool:
    """Tell whether half of the chunk is in the function, or half of the function in the chunk."""
    mine, its = chunk.span, function.symbol.span
    shared = min(mine.end_line, its.end_line) - max(mine.start_line, its.start_line) + 1
    shorter = min(mine.end_line - mine.start_line, its.end_line - its.start_line) + 1
    return shared > 0 and 2 * shared >= shorter


async def _fill(store: ChunkStore, embedder: Embedder, updates: Sequence[FileUpdate]) -> None:
    known = await store.manifest()
    await store.replace([each for each in updates if each.record.path not in known])
    while waiting := await store.without_vector(_BATCH):
        texts = {chunk.content_hash: chunk.embedding_text for chunk in waiting}
        vectors = await embedder.embed_documents(list(texts.values()))
        made = {key: each for key, each in zip(texts, vectors, strict=True) if not isinstance(each, Rejected)}
        if len(made) < len(texts):
            raise SystemExit("A function cannot be embedded.")
        await store.set_vectors(made)
        say(f"{len(made)} more embedded")
    await store.optimize()


def _convex(store: ChunkStore, embedder: Embedder) -> Search:
    """Scores of meaning and of keywords, each on a scale of its list, added without any rule."""

    async def search(text: str, scope: Scope) -> Sequence[Result]:
        dense = await nearest(store, embedder, text, scope)
        keywords = await store.search_keywords(understand(text).terms, scope, _DEPTH)
        texts = {each.chunk.id: each.chunk for each in (*dense, *keywords)}
        return [result_of_chunk(texts[head.id]) for head in plain_sum(dense, keywords)]

    return search


async def _measure(
    title: str, work: Path, packages: Sequence[str], most: int, embedder: Embedder, keep: Path | None
) -> list[Scored]:
    corpus, documented = await _corpus(work, packages)
    functions = _chosen(documented, most)
    updates = _updates(corpus, functions)
    say(f"{title}: {len(functions)} functions, {sum(len(each.chunks) for each in updates)} chunks")
    hashes = "".join(chunk.content_hash for each in updates for chunk in each.chunks)
    folder = work / "indexes" / f"functions-{hashlib.sha256(hashes.encode()).hexdigest()[:16]}"
    store = await open_store(folder, embedder.fingerprint, CHUNKER_VERSION)
    try:
        await _fill(store, embedder, updates)
        questions = [_asked(function) for function in functions]
        if keep:
            await Keeper(keep, store, embedder).keep(title, title, questions)
        searched = Corpus({each.record.path: corpus.sources[each.record.path] for each in updates})
        methods = {
            _OURS: ours(store, embedder),
            "meaning alone (bge-small int8)": meaning(store, embedder),
            "meaning .7, keywords .3, no rules": _convex(store, embedder),
            "its keyword list alone": index_keywords(store),
            "BM25 over the same chunks": await bm25(store, searched),
        }
        return [
            await _scored(title, name, number, question, search)
            for name, search in methods.items()
            for number, question in enumerate(questions)
        ]
    finally:
        await store.close()


def _asked(function: DocumentedFunction) -> Asked:
    span = function.symbol.span
    target = Place(function.path, span.start_line, span.end_line)
    return Asked("docstring", function.sentence, (target,), language="python")


async def _scored(title: str, method: str, number: int, question: Asked, search: Search) -> Scored:
    scores = score(question.targets, await search(question.text, Scope()))
    return Scored(title, title, "docstring", method, number, scores, names_its_file=False, language="python")


def _table(rows: Sequence[Scored]) -> str:
    of_ours = [row for row in rows if row.method == _OURS]
    lines = []
    for method in dict.fromkeys(row.method for row in rows):
        of_method = [row for row in rows if row.method == method]
        first, *others = (average(of_method, metric) for metric in _METRICS)
        lead = "" if method == _OURS else signed(difference(of_ours, of_method, "mrr10"))
        lines.append([method, written(first), *(short(each.mean) for each in others), lead])
    return table(["", "MRR@10", "Top-1", "R@5", "Firsthand's lead in MRR@10"], lines)


async def main(work: Path, keep: Path | None) -> None:
    """Measure both sets and write Markdown."""
    embedder = await load_embedded_embedder(0)
    try:
        for title, packages, most in _SETS:
            rows = await _measure(title, work, packages, most, embedder, keep)
            questions = sum(row.method == _OURS for row in rows)
            sys.stdout.write(f"### {title}: {questions} functions\n\n{_table(rows)}\n\n")
            sys.stdout.flush()
    finally:
        await embedder.close()


if __name__ == "__main__":
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--work", type=Path, required=True, help="folder for downloads and indexes")
    flags.add_argument("--keep", type=Path, help="keep what the ranking is given, for replay.py")
    arguments = flags.parse_args()
    asyncio.run(main(arguments.work, arguments.keep))
