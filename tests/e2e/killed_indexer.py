"""An indexing process that is killed at any moment, and a look at what it leaves behind.

Processes are forked from one that has imported everything, so that a kill does not cost a start of Python; they run
the real command line with an embedder that takes no time.
"""

import asyncio
import contextlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from adapters.git_repositories import make_repository, write_files
from builders import nearest_chunks
from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from firsthand.__main__ import main
from firsthand.adapters import lance_store, onnx_embedder, parser_process
from firsthand.adapters.git_files import WorkspaceTree
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.app import open_workspace
from firsthand.core.cutting import ParserCutter
from firsthand.core.indexing import Indexer
from firsthand.core.model import FileStat, FileUpdate, Scope, SourceFile
from firsthand.core.workspace import Workspace
from firsthand.lsp import server
from firsthand.settings import load

Work = Literal["fresh", "changed", "serve"]

# Stands in every piece of every file, so that one search finds them all.
_EVERYWHERE = "everywhere"
_CODE = "def count_{number}(value):\n    # everywhere\n    return value + {number}\n\n\n"
_MORE_THAN_THERE_ARE = 100_000
_SECONDS_BETWEEN_SAVES = 0.1
_LOOK_SECONDS = 0.003
_SHARE_BY_TIME = 0.5

_HERE = Path(__file__).parent

# Imported so that no process has to.
_HEAVY = (lance_store, server)
# Grammars are loaded here, in the process that all others are forked from.
_PARSER = TreeSitterParser()
_PARSER.outline("python", _CODE)


@dataclass(frozen=True, slots=True)
class Remains:
    """What a killed process has left, and what a new process made of it."""

    phase: str
    """How far the process was."""
    lost: bool
    """Whether the index had to be made anew."""
    twice: int
    """Pieces that stood in the index twice."""
    differences: list[str]
    """Between the index that the new process finished and one from nothing."""


class _Process:
    """A process that somebody else has started."""

    def __init__(self, number: int) -> None:
        self._handle = os.pidfd_open(number)

    def ended(self, seconds: float | None = None) -> bool:
        """Tell whether it ends within some seconds."""
        readable, _, _ = select.select([self._handle], [], [], seconds)
        return bool(readable)

    def kill(self) -> None:
        """End it at once."""
        signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def wait(self) -> None:
        """Return when it has ended, and let go of it."""
        self.ended()
        os.close(self._handle)


@dataclass(frozen=True, slots=True)
class _Extent:
    """How long some work takes and how many files it adds to the index: the moments to choose from."""

    seconds: float
    files: int


class KilledIndexer:
    """A repository, its index, and processes that work on it until they are killed."""

    def __init__(self, home: Path, *, files: int, seed: int) -> None:
        self.root = home / "w"
        self._cache = home / "cache"
        self._random = random.Random(seed)
        self._count = files
        self._extents: dict[Work, _Extent] = {}
        self._answer = home / "answer.json"
        path = os.pathsep.join([*map(str, (_HERE, _HERE.parent)), os.environ.get("PYTHONPATH", "")])
        self._nursery = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__],  # LanceDB warns of forks
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._nursery.stdout.readline()
        make_repository(self.root, {self._path(): self._text() for _ in range(files)})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._nursery.communicate()

    def kill_one(self, work: Work) -> bool:
        """Kill a process at a random moment of its work; False when it had ended before.

        One half of the moments is drawn from the time that the work takes, the other from the files that it writes.
        """
        extent = self._extent_of(work)
        self._prepare(work)
        seconds = 10 * extent.seconds
        files = self._files() + 1 + self._random.randrange(extent.files)
        if self._random.random() < _SHARE_BY_TIME:
            seconds, files = self._random.random() * extent.seconds, sys.maxsize
        with self._started("work", work) as process:
            until = next_save = time.monotonic()
            until += seconds
            while time.monotonic() < until and self._files() < files:
                if work == "serve" and time.monotonic() > next_save:
                    self._edit(3)
                    next_save = time.monotonic() + _SECONDS_BETWEEN_SAVES
                if process.ended(_LOOK_SECONDS):
                    return False
            process.kill()
        return True

    def look(self) -> Remains:
        """Have a new process say what is there, finish the work and compare."""
        self._answer.unlink(missing_ok=True)
        with self._started("look", str(self._answer)):
            pass
        answer = json.loads(self._answer.read_text())
        return Remains(**answer)

    def _extent_of(self, work: Work) -> _Extent:
        # A server does not end; it is killed while it indexes and follows saves for as long as indexing anew takes.
        work = "fresh" if work == "serve" else work
        if work not in self._extents:
            self._prepare(work)
            files, began = self._files(), time.monotonic()
            with self._started("work", work):
                pass
            self._extents[work] = _Extent(time.monotonic() - began, self._files() - files)
        return self._extents[work]

    def _prepare(self, work: Work) -> None:
        if work == "fresh":
            shutil.rmtree(self._cache, ignore_errors=True)
        self._edit(self._count // 4)

    def _files(self) -> int:
        return sum(len(files) for _, _, files in os.walk(self._cache))

    @contextlib.contextmanager
    def _started(self, deed: str, argument: str) -> Iterator["_Process"]:
        """Have a process do something; return when it has ended."""
        line = json.dumps([deed, str(self.root), str(self._cache), argument])
        self._nursery.stdin.write(f"{line}\n".encode())
        self._nursery.stdin.flush()
        process = _Process(int(self._nursery.stdout.readline()))
        try:
            yield process
        finally:
            process.wait()

    def _edit(self, most: int) -> None:
        """Change, add and delete some files."""
        changed = {self._path(): self._text() for _ in range(self._random.randint(1, most))}
        write_files(self.root, changed)
        for path in self._random.sample(sorted(changed), len(changed) // 3):
            (self.root / path).unlink()

    def _path(self) -> str:
        number = self._random.randrange(2 * self._count)
        return f"pkg{number % 7}/part{number}.py"

    def _text(self) -> str:
        return "".join(
            _CODE.format(number=self._random.randrange(100_000)) for _ in range(self._random.randint(1, 4))
        )


class _QuickEmbedder(FakeEmbedder):
    async def close(self) -> None:
        """There is nothing to release."""


class _QuickParser(TreeSitterParser):
    """Parses and cuts in the process that indexes."""

    def __init__(self, **options: object) -> None:
        super().__init__()
        self.most_workers = 2

    def cut(self, stat: FileStat, source: SourceFile) -> FileUpdate:
        """Return the new rows of a file."""
        return ParserCutter(self).cut(stat, source)

    def rest(self) -> None:
        """There is nothing to end."""

    def close(self) -> None:
        """There is nothing to release."""


def _be_quick() -> None:
    """Leave out what takes time and has no part in the index: the model, and the start of the parsers' processes."""

    async def load_quick_embedder(threads: int | None = None) -> _QuickEmbedder:
        return _QuickEmbedder()

    onnx_embedder.load_embedded_embedder = load_quick_embedder
    parser_process.ProcessParser = _QuickParser


def _work(root: Path, cache: Path, work: Work) -> None:
    """Be the process that is killed."""
    os.environ["FIRSTHAND_CACHE_DIR"] = str(cache)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    models = ["--provider", "embedded", "--chat-model", "none"]
    if work != "serve":
        main(["index", str(root), *models])
        return
    incoming, outgoing = os.pipe()
    os.write(outgoing, b"".join(_framed(message) for message in _opening(root)))
    os.dup2(incoming, 0)
    sys.stdin, sys.stdout = os.fdopen(0, "r"), os.fdopen(1, "w")
    main(["serve", *models])


def _opening(root: Path) -> Iterator[dict[str, Any]]:
    folder = {"uri": root.as_uri(), "name": root.name}
    params = {"processId": None, "rootUri": root.as_uri(), "workspaceFolders": [folder], "capabilities": {}}
    yield {"id": 1, "method": "initialize", "params": params}
    yield {"method": "initialized", "params": {}}


def _framed(message: dict[str, Any]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def _look(root: Path, cache: Path, answer: str) -> None:
    """Be the process that comes after."""
    Path(answer).write_text(json.dumps(asdict(asyncio.run(_remains(root, cache)))))


async def _remains(root: Path, cache: Path) -> Remains:
    before = _indexes(cache)
    options = {"provider": "embedded", "chat_model": "none", "cache_dir": str(cache)}
    settings, _ = load(None, command_line=options, environment={})
    workspace = await open_workspace(root, settings, need_chat=False)
    try:
        lost = not before <= _indexes(cache)
        wanted, wanted_files = await _from_nothing(root)
        phase = await _phase(workspace, wanted_files)
        twice = sum(count - 1 for count in Counter(await _by_word(workspace)).values())
        report = await workspace.indexer.refresh(lambda progress: None)
        differences = [report.problem] if report.problem else []
        differences += _difference("by word", wanted, await _by_word(workspace))
        differences += _difference("by meaning", wanted, await _by_meaning(workspace))
        differences += _difference("files", wanted_files, await _files(workspace.store))
        return Remains(phase, lost, twice, differences)
    finally:
        await workspace.close()


def _indexes(cache: Path) -> set[int]:
    """Return the folders of finished indexes, each by its number in the file system."""
    return {meta.parent.stat().st_ino for meta in cache.glob("indexes/*/*/meta.json")}


async def _from_nothing(root: Path) -> tuple[list[Any], list[Any]]:
    store = MemoryStore()
    indexer = Indexer(
        tree=WorkspaceTree(root),
        parser=TreeSitterParser(),
        store=store,
        embedder=FakeEmbedder(),
        writer_lock=contextlib.nullcontext,
    )
    await indexer.refresh(lambda progress: None)
    return _pieces(store._all()), await _files(store)


async def _phase(workspace: Workspace, wanted: list[Any]) -> str:
    """Say how far the killed process was, by what it has stored."""
    files, stats = await _files(workspace.store), await workspace.store.stats()
    if not files:
        return "before the first commit"
    if any(status == "failed" for _, status, _ in files):
        return "within a commit"
    if files != wanted:
        return "between commits"
    return "embedding" if stats.embedded < stats.chunks else "compacting, or following"


async def _files(store: Any) -> list[Any]:
    manifest = await store.manifest()
    return sorted((path, record.status, record.content_hash) for path, record in manifest.items())


async def _by_word(workspace: Workspace) -> list[Any]:
    found = await workspace.store.search_keywords([_EVERYWHERE], Scope(), _MORE_THAN_THERE_ARE)
    return _pieces(hit.chunk for hit in found)


async def _by_meaning(workspace: Workspace) -> list[Any]:
    vector = await FakeEmbedder().embed_query(_EVERYWHERE)
    return _pieces(await nearest_chunks(workspace.store, vector, _MORE_THAN_THERE_ARE))


def _pieces(chunks: Any) -> list[tuple[str, int, int, str]]:
    return sorted((chunk.path, chunk.span.start_byte, chunk.span.end_byte, chunk.text) for chunk in chunks)


def _difference(what: str, wanted: list[Any], found: list[Any]) -> list[str]:
    missing, surplus = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    return [f"{what}: missing {item}" for item in missing] + [f"{what}: surplus {item}" for item in surplus]


def _fork_processes() -> None:
    """Start a process for each line, and say its number; zero means that processes can be started."""
    sys.stdout.write("0\n")
    sys.stdout.flush()
    for line in sys.stdin:
        deed, root, cache, argument = json.loads(line)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them here
        number = os.fork()
        if number == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                _be_quick()
                {"work": _work, "look": _look}[deed](Path(root), Path(cache), argument)
            except Exception:
                traceback.print_exc()
            finally:
                os._exit(0)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _fork_processes()
