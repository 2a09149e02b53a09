"""What the ranking is given, kept in a file: its questions are ranked again in seconds, without an index or a model."""

import contextlib
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benches import Asked

from firsthand.core import retrieval
from firsthand.core.evaluation_metrics import Place, Result
from firsthand.core.fusion import Candidate
from firsthand.core.model import Chunk, ChunkHead, ChunkKind, Hit, ScoredHead, Span
from firsthand.core.ports import ChunkStore, Embedder
from firsthand.core.retrieval import Searcher


@dataclass(frozen=True, slots=True)
class KeptHead:
    """What the ranking reads of a chunk, and how long its text is."""

    id: str
    path: str
    language: str
    kind: ChunkKind
    name: str
    qualified_name: str
    span: Span
    is_test: bool
    characters: int
    content_hash: str = ""

    @property
    def result(self) -> Result:
        """The chunk as an entry of a ranking."""
        return Result(self.path, self.span.start_line, self.span.end_line, self.characters)


@dataclass(frozen=True, slots=True)
class Lists:
    """What a search hands to the ranking beside the question."""

    dense: Sequence[ScoredHead]
    keywords: Sequence[ScoredHead]
    defining: Sequence[ChunkHead]
    using: Sequence[tuple[ChunkHead, Sequence[str]]]
    """What uses a name whose users are asked for, with the reasons."""

    @property
    def heads(self) -> list[ChunkHead]:
        """Every chunk in them; one may come twice."""
        scored = [each.chunk for each in (*self.dense, *self.keywords)]
        return [*scored, *self.defining, *(head for head, _ in self.using)]


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """A question with known answers, and what the ranking was given for it."""

    group: str
    corpus: str
    asked: Asked
    lists: Lists


class Keeper:
    """Adds questions and what searching for them brought to a file; an entry of the file is one corpus."""

    def __init__(self, file: Path, store: ChunkStore, embedder: Embedder) -> None:
        """Take where to write and what to search; the file is made when it is not there."""
        self._file = file
        self._store = store
        self._searcher = Searcher(store=store, embedder=embedder)

    async def keep(self, group: str, corpus: str, questions: Sequence[Asked]) -> None:
        """Search for each question, and write down what the ranking is given."""
        found = []
        for each in questions:
            with _recorded() as calls:
                await self._searcher.search(each.text, scope=each.scope, limit=1)
            found += [(each, lists) for lists in calls]
        heads = {head.id: head for _, lists in found for head in lists.heads}
        chunks = await self._store.read(list(heads.values()))
        numbers = {chunk.id: number for number, chunk in enumerate(chunks) if chunk is not None}
        entry = {
            "group": group,
            "corpus": corpus,
            "chunks": [_fields(chunk) for chunk in chunks if chunk is not None],
            "questions": [_question(asked, lists, numbers) for asked, lists in found],
        }
        with gzip.open(self._file, "at", encoding="utf-8") as out:
            out.write(json.dumps(entry) + "\n")


@contextlib.contextmanager
def _recorded() -> Iterator[list[Lists]]:
    """Collect what is handed to the ranking, and rank nothing."""
    calls: list[Lists] = []

    def record(
        query: object,
        dense: Sequence[ScoredHead],
        keywords: Sequence[ScoredHead],
        defining: Sequence[ChunkHead],
        using: Sequence[Hit] = (),
        **options: object,
    ) -> list[Candidate]:
        calls.append(Lists(dense, keywords, defining, [(hit.chunk, hit.reasons) for hit in using]))
        return []

    with patch.object(retrieval, "rank", record):
        yield calls


def _fields(chunk: Chunk) -> list[object]:
    names = [chunk.id, chunk.path, chunk.language, chunk.kind, chunk.name, chunk.qualified_name]
    return [*names, list(chunk.span), chunk.is_test, len(chunk.text)]


def _question(asked: Asked, lists: Lists, numbers: Mapping[str, int]) -> dict[str, object]:
    return {
        "kind": asked.kind,
        "text": asked.text,
        "targets": [[place.path, place.start_line, place.end_line] for place in asked.targets],
        "language": asked.language,
        "dense": [[numbers[each.chunk.id], each.score] for each in lists.dense],
        "keywords": [[numbers[each.chunk.id], each.score] for each in lists.keywords],
        "defining": [numbers[head.id] for head in lists.defining],
        "using": [[numbers[head.id], list(reasons)] for head, reasons in lists.using],
    }


def kept_questions(files: Iterable[Path]) -> Iterator[KeptQuestion]:
    """Yield the questions of some files, in order."""
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                entry = json.loads(line)
                heads = [
                    KeptHead(*names, Span(*span), is_test, size)
                    for *names, span, is_test, size in entry["chunks"]
                ]
                for row in entry["questions"]:
                    targets = tuple(Place(*place) for place in row["targets"])
                    asked = Asked(row["kind"], row["text"], targets, language=row["language"])
                    yield KeptQuestion(entry["group"], entry["corpus"], asked, _lists(row, heads))


def _lists(row: Mapping[str, Any], heads: Sequence[KeptHead]) -> Lists:
    return Lists(
        [ScoredHead(heads[number], score) for number, score in row["dense"]],
        [ScoredHead(heads[number], score) for number, score in row["keywords"]],
        [heads[number] for number in row["defining"]],
        [(heads[number], reasons) for number, reasons in row["using"]],
    )
