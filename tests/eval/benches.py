"""A corpus that is indexed and can be asked: the questions with known answers, and every way of searching."""

import asyncio
import contextlib
import hashlib
import random
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from corpora import Material
from past_trees import questions_of_past

from firsthand.adapters.git_changes import GitChanges
from firsthand.adapters.git_files import WorkspaceTree
from firsthand.adapters.lance_store import open_store
from firsthand.adapters.parser_process import ProcessParser
from firsthand.core.chunking import CHUNKER_VERSION
from firsthand.core.evaluation_corpus import (
    Corpus,
    CorpusParser,
    CorpusTree,
    gather,
    without_documentation,
)
from firsthand.core.evaluation_metrics import Place
from firsthand.core.evaluation_questions import (
    KnownQuestion,
    documented_functions,
    functions_with_documentation,
    questions_of_commits,
    questions_of_docstrings,
    questions_of_tests,
)
from firsthand.core.identifiers import split_identifier, stem, terms
from firsthand.core.indexing import Indexer
from firsthand.core.languages import is_test_path
from firsthand.core.model import Progress, Scope
from firsthand.core.ports import ChunkStore, Embedder

_COMMITS_READ = 3_000
_EVERYTHING = 10**9


def say(sentence: str) -> None:
    """Tell whoever waits."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


@dataclass(frozen=True)
class Asked:
    """A question of any kind, as it is put to every way of searching."""

    kind: str
    text: str
    targets: tuple[Place, ...]
    scope: Scope = Scope()
    language: str = ""

    @property
    def names_its_file(self) -> bool:
        """True when a word of the question is in the name of a file that answers it."""
        asked = {stem(term) for term in terms(self.text)}
        return any(
            stem(word) in asked
            for target in self.targets
            for word in split_identifier(PurePosixPath(target.path).stem)
        )


@dataclass
class Bench:
    """One corpus, ready to be asked."""

    name: str
    group: str
    corpus: Corpus
    questions: Sequence[Asked]
    store: ChunkStore
    embedder: Embedder


class Remembering:
    """A store or an embedder whose answers are remembered, so that a hundred rankings cost one search."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._answers: dict[tuple[object, ...], Any] = {}

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._inner, name)
        if not asyncio.iscoroutinefunction(attribute):
            return attribute

        async def remembered(*arguments: Any, **named: Any) -> Any:
            key = (name, *map(_hashable, arguments), *((key, _hashable(named[key])) for key in sorted(named)))
            if key not in self._answers:
                self._answers[key] = await attribute(*arguments, **named)
            return self._answers[key]

        return remembered


def _hashable(argument: Any) -> object:
    if isinstance(argument, list | tuple):
        return tuple(argument)
    return argument.tobytes() if hasattr(argument, "tobytes") else argument


@contextlib.asynccontextmanager
async def open_bench(
    material: Material,
    embedder: Embedder,
    cache: Path,
    *,
    most_questions: int,
    labelled: Sequence[Asked] = (),
) -> AsyncIterator[Bench]:
    """Index a corpus without the documentation of its functions; the index is kept for the next run."""
    parser = ProcessParser()
    try:
        corpus = await read_corpus(material, parser)
        found = documented_functions(corpus.outlines)
        every = functions_with_documentation(corpus.outlines) if material.is_redacted else ()
        redacted, done = await without_documentation(corpus, parser, every)
    finally:
        parser.close()
    kept = {(function.path, function.symbol.qualified_name, function.sentence) for function in found}
    functions = [each for each in done if (each.path, each.symbol.qualified_name, each.sentence) in kept]
    changes = await GitChanges(material.root).changes(_COMMITS_READ) if material.has_history else ()
    by_kind: Mapping[str, list[KnownQuestion]] = {
        "docstring": questions_of_docstrings(functions),
        "test": questions_of_tests(corpus.outlines),
        "commit": questions_of_commits(changes, corpus.outlines),
    }
    draw = random.Random(0)
    questions = [
        each
        for of_kind in by_kind.values()
        for each in draw.sample(of_kind, min(most_questions, len(of_kind)))
    ]
    asked = [Asked(each.kind, each.text, each.targets, each.scope) for each in questions] + list(labelled)
    hunks = list(questions_of_past(material.changes, corpus.outlines).items())
    asked += [Asked("hunk", *each) for each in draw.sample(hunks, min(most_questions, len(hunks)))]
    counts = ", ".join(f"{len(of_kind)} {kind}" for kind, of_kind in by_kind.items()) + f", {len(hunks)} hunk"
    say(f"{material.name}: {len(redacted.sources)} files; questions: {counts}")
    folder = cache / (_digest(redacted) if material.is_redacted else material.name)
    store = await open_store(folder, embedder.fingerprint, CHUNKER_VERSION)
    try:
        await _fill(material.name, store, embedder, redacted)
        yield Bench(material.name, material.group, redacted, asked, Remembering(store), Remembering(embedder))
    finally:
        await store.close()


async def read_corpus(material: Material, parser: ProcessParser) -> Corpus:
    """Read and parse what of a folder is searched."""
    corpus = await gather(
        WorkspaceTree(material.root),
        parser,
        known={},
        recent=(),
        new_chunks=_EVERYTHING,
        seed=0,
        report=lambda progress: None,
    )
    for path in list(corpus.sources):
        is_elsewhere = bool(material.folders) and path.split("/")[0] not in material.folders
        if is_elsewhere or (is_test_path(path) and not material.has_tests):
            del corpus.sources[path]
            corpus.outlines.pop(path, None)
    return corpus


async def _fill(name: str, store: ChunkStore, embedder: Embedder, corpus: Corpus) -> None:
    indexer = Indexer(
        tree=CorpusTree(corpus),
        parser=CorpusParser(corpus),
        store=store,
        embedder=embedder,
        writer_lock=nullcontext,
    )
    shown = 0

    def show(progress: Progress) -> None:
        nonlocal shown
        if progress.stage == "embedding" and progress.done >= shown + 1_000:
            shown = progress.done
            say(f"{name}: {progress.done} of {progress.total} embedded")

    report = await indexer.refresh(show)
    if report.problem:
        raise SystemExit(report.problem)
    say(f"{name}: {report.chunks} chunks, {report.seconds:.0f} s")


def _digest(corpus: Corpus) -> str:
    digest = hashlib.sha256()
    for path in sorted(corpus.sources):
        digest.update(f"{path}\0{corpus.sources[path].content_hash}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]
