"""Leave an editor's server open for long while files are saved and branches switched, and see what grows.

Run by hand: `python tests/bench/soak.py CLONE MINUTES`. The folder is a copy of a clone; its own history is what is
switched between. The fake Ollama embeds, in this process, so that what takes time is ours. Each line tells, of the
server, its resident memory and that of the processes it started, its open file descriptors and threads, and how large
its index is.
"""

import asyncio
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "lsp")]

from lsp_session import Session, answer_requests  # noqa: E402
from lsprotocol import types  # noqa: E402
from pytest_lsp import client_capabilities, make_test_lsp_client  # noqa: E402

from fake_ollama.server import FakeOllamaThread  # noqa: E402 - found through the path above

SECONDS_BETWEEN_LINES = 60.0
SECONDS_BETWEEN_STEPS = 0.5
SECONDS_FOR_INDEXING = 900
COMMITS_BACK = 20
OPEN_FILES = 8
QUERIES = (
    "where are sessions revoked",
    "how does a saved file get back into the index",
    "what happens when the disk is full",
    "parse a command line",
)


@dataclass
class Editor:
    """A window with some open documents."""

    session: Session
    drawn: random.Random
    documents: dict[str, int] = field(default_factory=dict)
    """The version of each open document, by its path."""
    steps: int = 0
    refused: int = 0

    async def step(self) -> None:
        """Do one of what people do."""
        self.steps += 1
        action = self.drawn.choices((self._save, self._look, self._search, self._switch), (12, 6, 6, 1))[0]
        await action()

    async def _save(self) -> None:
        path = await self._opened()
        text = await asyncio.to_thread((self.session.root / path).read_text)
        marked = "\n".join(line for line in text.split("\n") if not line.startswith("LAST_SAVED"))
        text = f"{marked.rstrip()}\nLAST_SAVED = {self.drawn.randrange(10**6)}\n"
        self.documents[path] += 1
        uri = self.session.uri(path)
        self.session.change(uri, self.documents[path], types.TextDocumentContentChangeWholeDocument(text))
        await asyncio.to_thread((self.session.root / path).write_text, text)
        document = types.TextDocumentIdentifier(uri)
        self.session.client.text_document_did_save(types.DidSaveTextDocumentParams(document))

    async def _look(self) -> None:
        path = await self._opened()
        document = types.TextDocumentIdentifier(self.session.uri(path))
        place = types.Position(self.drawn.randrange(60), 6)
        await self.session.client.text_document_hover_async(types.HoverParams(document, place))

    async def _search(self) -> None:
        await self.session.request("firsthand/search", {"query": self.drawn.choice(QUERIES)})

    async def _switch(self) -> None:
        for path in list(self.documents):
            self._close(path)
        await asyncio.to_thread(git, self.session.root, "reset", "--hard", "--quiet")
        back = f"main~{self.drawn.randrange(COMMITS_BACK)}"
        await asyncio.to_thread(git, self.session.root, "checkout", "--quiet", "--detach", back)

    async def _opened(self) -> str:
        """Return a document that is open, opening one and closing another where it is time to."""
        path = self.drawn.choice(sorted(await asyncio.to_thread(python_files, self.session.root)))
        if path not in self.documents:
            if len(self.documents) >= OPEN_FILES:
                self._close(next(iter(self.documents)))
            text = await asyncio.to_thread((self.session.root / path).read_text)
            self.documents[path] = 1
            self.session.open(path, text)
        return path

    def _close(self, path: str) -> None:
        del self.documents[path]
        document = types.TextDocumentIdentifier(self.session.uri(path))
        self.session.client.text_document_did_close(types.DidCloseTextDocumentParams(document))


async def main(clone: Path, minutes: float) -> None:
    """Print a table, a line a minute."""
    with tempfile.TemporaryDirectory() as home, FakeOllamaThread() as ollama:
        root, cache = Path(home) / "folder", Path(home) / "cache"
        git(clone, "clone", "--quiet", "--no-hardlinks", str(clone), str(root))
        git(root, "checkout", "--quiet", "-B", "main")
        options = {
            "FIRSTHAND_CACHE_DIR": str(cache),
            "FIRSTHAND_PROVIDER": "ollama",
            "FIRSTHAND_ENDPOINT": ollama.url,
        }
        session = Session(make_test_lsp_client(), root, Path(home) / "notes")
        answer_requests(session)
        environment = {**os.environ, **options, "FIRSTHAND_CHAT_MODEL": "none"}
        await session.client.start_io(sys.executable, "-m", "firsthand", "serve", env=environment)
        await session.initialize(client_capabilities("visual-studio-code"), options={"streaming": True})
        await idle(session)
        say("| minutes | steps | memory | of its processes | descriptors | threads | index |")
        say("|---|---|---|---|---|---|---|")
        await replay(Editor(session, random.Random(1)), cache, minutes)
        await idle(session)
        await asyncio.sleep(SECONDS_BETWEEN_LINES)
        say(f"| at rest | | {measured(server_of(session), cache)} |")
        await session.shut_down()


async def replay(editor: Editor, cache: Path, minutes: float) -> None:
    """Work for so long."""
    began = said = time.monotonic()
    say(f"| 0 | 0 | {measured(server_of(editor.session), cache)} |")
    while time.monotonic() < began + 60 * minutes:
        await editor.step()
        await asyncio.sleep(SECONDS_BETWEEN_STEPS)
        if time.monotonic() > said + SECONDS_BETWEEN_LINES:
            said = time.monotonic()
            passed = (said - began) / 60
            numbers = await asyncio.to_thread(measured, server_of(editor.session), cache)
            say(f"| {passed:.0f} | {editor.steps} | {numbers} |")


async def idle(session: Session) -> None:
    """Wait until nothing is left to index."""
    async with asyncio.timeout(SECONDS_FOR_INDEXING):
        while not (session.statuses and stage(session.statuses[-1]) == "idle"):  # noqa: ASYNC110 - in another process
            await asyncio.sleep(0.5)


def stage(status: dict[str, Any]) -> str:
    """What the indexer of the one folder does."""
    return str(status["folders"][0]["indexing"]["stage"]) if status["folders"] else ""


def server_of(session: Session) -> int:
    """Return the number of the server's process."""
    server = session.client._server
    assert server is not None
    return int(server.pid)


def measured(server: int, cache: Path) -> str:
    """Return the cells of one line."""
    proc = Path("/proc") / str(server)
    own, others = resident_mb(server), sum(map(resident_mb, children(server)))
    descriptors = len(list((proc / "fd").iterdir()))
    threads = len(list((proc / "task").iterdir()))
    sizes = sizes_of_files(cache)
    return f"{own} MB | {others} MB | {descriptors} | {threads} | {sum(sizes) / 2**20:.1f} MB, {len(sizes)} files"


def sizes_of_files(folder: Path) -> list[int]:
    """Return the size of each file below a folder that is there when it is looked at."""
    sizes = []
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                sizes.append((Path(place) / name).stat().st_size)
    return sizes


def children(process: int) -> list[int]:
    """Return all processes that this one has started, and those that they started; none of one that has ended."""
    direct: list[int] = []
    # A thread or process that ends between the listing and the reading has none.
    with contextlib.suppress(OSError):
        for task in (Path("/proc") / str(process) / "task").iterdir():
            with contextlib.suppress(OSError):
                direct += map(int, (task / "children").read_text().split())
    return [*direct, *(number for child in direct for number in children(child))]


def resident_mb(process: int) -> int:
    """Return what a process holds in memory now; 0 when it is gone."""
    try:
        pages = int((Path("/proc") / str(process) / "statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def python_files(root: Path) -> list[str]:
    """Return the files that may be opened."""
    return [path for path in git(root, "ls-files", "*.py").splitlines() if (root / path).is_file()]


def git(folder: Path, *words: str) -> str:
    """Run git and return what it says."""
    ran = subprocess.run(("git", "-C", str(folder), *words), check=True, capture_output=True, text=True)
    return ran.stdout


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))
