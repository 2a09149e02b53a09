"""What a measurement searches: files of the workspace, some of their functions without the documentation."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from firsthand.core.evaluation_questions import DocumentedFunction
from firsthand.core.lines import LineTable, encode
from firsthand.core.model import (
    FileStat,
    Outline,
    Progress,
    Report,
    Scan,
    SkippedFile,
    SourceFile,
    Vector,
)
from firsthand.core.ports import ChunkStore, Embedder, Parser, Rejected, SourceTree
from firsthand.core.redaction import documentation_lines, undocumented, without_lines
from firsthand.core.wrapped_embedder import WrappedEmbedder

# More text than this takes longer to read and cut than a measurement should.
_MOST_CHARACTERS = 12_000_000
# What a chunk holds on average: how much work a file is, before it is cut.
_CHARACTERS_OF_A_CHUNK = 400
# A cancelled measurement ends soon, and progress moves.
_FILES_AT_A_TIME = 8
# Half of a sample is what people work on; the rest is drawn from everywhere.
_SHARE_OF_RECENT = 0.5


@dataclass(slots=True)
class Corpus:
    """The files that are searched, as read and as parsed."""

    sources: dict[str, SourceFile] = field(default_factory=dict)
    outlines: dict[str, Outline] = field(default_factory=dict)
    files_in_workspace: int = 0


@dataclass(slots=True)
class _Room:
    """How much may still be taken in."""

    characters: int
    unknown_characters: int

    def take(self, size: int, *, is_known: bool) -> bool:
        """Take in a file of this size, unless it does not fit."""
        cost = 0 if is_known else size
        if size > self.characters or cost > self.unknown_characters:
            return False
        self.characters -= size
        self.unknown_characters -= cost
        return True


async def gather(
    tree: SourceTree,
    parser: Parser,
    *,
    known: Mapping[str, str],
    recent: Sequence[str],
    new_chunks: int,
    seed: int,
    report: Report,
) -> Corpus:
    """Read and parse the workspace, or as much of it as can be embedded: recent files and a random sample.

    Args:
        known: hash of each file whose chunks all have a vector already, by path; they cost nothing.
        recent: paths that people work on.
        new_chunks: about how many chunks may be embedded for this.
    """
    scan = await tree.scan()
    corpus = Corpus(files_in_workspace=len(scan.files))
    room = _Room(_MOST_CHARACTERS, new_chunks * _CHARACTERS_OF_A_CHUNK)
    order = _order(scan.files, recent, room, seed)
    for start in range(0, len(order), _FILES_AT_A_TIME):
        batch = order[start : start + _FILES_AT_A_TIME]
        for source in await asyncio.gather(*(tree.read(stat.path) for stat in batch)):
            if isinstance(source, SourceFile):
                is_known = known.get(source.path) == source.content_hash
                if room.take(len(source.text), is_known=is_known):
                    corpus.sources[source.path] = source
        await _parse(corpus, parser, [stat.path for stat in batch])
        report(Progress("reading", min(start + _FILES_AT_A_TIME, len(order)), len(order)))
        if room.unknown_characters < _CHARACTERS_OF_A_CHUNK or room.characters < _CHARACTERS_OF_A_CHUNK:
            break
    return corpus


async def without_documentation(
    corpus: Corpus, parser: Parser, functions: Sequence[DocumentedFunction]
) -> tuple[Corpus, list[DocumentedFunction]]:
    """Return the corpus without the documentation of these functions, and those of them for which that could be done.

    A function counts only when the parser finds it at its line and finds no documentation for it any more.
    """
    lines: dict[str, dict[DocumentedFunction, range]] = defaultdict(dict)
    for function in functions:
        found = documentation_lines(function.symbol, LineTable.of(corpus.sources[function.path].text))
        if found:
            lines[function.path][function] = found
    redacted = Corpus(dict(corpus.sources), dict(corpus.outlines), corpus.files_in_workspace)
    done: list[DocumentedFunction] = []
    for path, of_functions in lines.items():
        source = corpus.sources[path]
        text = without_lines(source.text, of_functions.values())
        redacted.sources[path] = replace(source, text=text, content_hash=sha256(encode(text)).hexdigest())
        await _parse(redacted, parser, [path])
        for function in of_functions:
            symbol = undocumented(function.symbol, redacted.outlines.get(path))
            if symbol is not None:
                done.append(replace(function, symbol=symbol))
    return redacted, done


class CorpusTree:
    """The `SourceTree` of a corpus: what the indexer reads instead of the disk."""

    def __init__(self, corpus: Corpus) -> None:
        self._sources = corpus.sources

    async def scan(self) -> Scan:
        """List every file of the corpus."""
        return Scan(tuple(map(_stat, self._sources.values())), ())

    async def stat_all(self, paths: Sequence[str]) -> Mapping[str, FileStat | SkippedFile | None]:
        """Return what `scan` says of each path."""
        return {path: _stat(self._sources[path]) if path in self._sources else None for path in paths}

    async def read(self, path: str) -> SourceFile | SkippedFile | None:
        """Return a file."""
        return self._sources.get(path)


class CorpusParser:
    """The `Parser` of a corpus: its outlines are known."""

    def __init__(self, corpus: Corpus) -> None:
        self._outlines = {
            (source.language, source.text): corpus.outlines.get(path)
            for path, source in corpus.sources.items()
        }

    def outline(self, language: str, text: str) -> Outline | None:
        """Return the outline that was made before."""
        return self._outlines.get((language, text))


class RememberingEmbedder(WrappedEmbedder):
    """An `Embedder` that takes from an index what it has, and embeds the rest."""

    def __init__(self, embedder: Embedder, index: ChunkStore | None) -> None:
        super().__init__(embedder)
        self._index = index

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector | Rejected]:
        """Embed texts of the index, one result a text, in order."""
        # The hash of a chunk is that of the text that is embedded.
        keys = [sha256(encode(text)).hexdigest() for text in texts]
        vectors: Mapping[str, Vector] = await self._index.known_vectors(keys) if self._index else {}
        missing = [text for text, key in zip(texts, keys, strict=True) if key not in vectors]
        embedded = iter(await super().embed_documents(missing) if missing else ())
        return [vectors[key] if key in vectors else next(embedded) for key in keys]


async def _parse(corpus: Corpus, parser: Parser, paths: Sequence[str]) -> None:
    sources = [corpus.sources[path] for path in paths if path in corpus.sources]
    outlines = await asyncio.gather(
        *(asyncio.to_thread(parser.outline, source.language, source.text) for source in sources)
    )
    for source, outline in zip(sources, outlines, strict=True):
        corpus.outlines.pop(source.path, None)
        if outline is not None:
            corpus.outlines[source.path] = outline


def _order(files: Sequence[FileStat], recent: Sequence[str], room: _Room, seed: int) -> list[FileStat]:
    """Return recent files first, as far as their share goes, then all others in a random order."""
    by_path = {stat.path: stat for stat in files}
    share = room.unknown_characters * _SHARE_OF_RECENT
    first: list[FileStat] = []
    for path in recent:
        stat = by_path.get(path)
        if stat is not None and stat.size <= share:
            share -= stat.size
            first.append(by_path.pop(path))
    rest = sorted(by_path.values(), key=lambda stat: stat.path)
    random.Random(seed).shuffle(rest)
    return first + rest


def _stat(source: SourceFile) -> FileStat:
    return FileStat(source.path, len(source.text), int(source.content_hash[:12], 16))
