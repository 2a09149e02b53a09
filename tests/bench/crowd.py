"""Let two editors, a terminal, git with its hooks and a killer work on one folder, and compare its index now and then.

Run by hand: `python tests/bench/crowd.py MINUTES [SEED]`. All are real processes; the fake Ollama embeds, in this one.
Every minute or so all but the editors rest until these have nothing to do, and the index they share is held against one
that `firsthand index` makes from nothing: the rows of chunks and files, the vector of every chunk, and what is found by
keyword.
"""

import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "lsp"), str(Path(__file__).parent)]

import lancedb  # noqa: E402
from lsp_session import Session, answer_requests  # noqa: E402
from pytest_lsp import client_capabilities, make_test_lsp_client  # noqa: E402
from soak import SECONDS_FOR_INDEXING, Editor, say, server_of, stage  # noqa: E402

from adapters.git_repositories import commit_all, make_repository, write_files  # noqa: E402
from fake_ollama.server import FakeOllamaThread  # noqa: E402

FILES = 120
BRANCHES = ("main", "one", "two")
EDITORS = ("visual-studio-code", "neovim@v0.11")
SECONDS_OF_WORK = 60.0
SECONDS_UNTIL_EQUAL = 60.0
MOST_SECONDS_BETWEEN_STEPS = 0.6
OLLAMA_MODEL = "nomic-embed-text"
WORDS = ("total", "alpha", "bravo", "delta", "count", "function", "return")


class CrowdedEditor(Editor):
    """A window beside another one: it saves, looks and searches; branches are switched in the terminal."""

    async def step(self) -> None:
        """Do one of what people do; the server may be killed meanwhile, and a file may go."""
        self.steps += 1
        action = self.drawn.choices((self._save, self._look, self._search), (6, 2, 2))[0]
        await action()


class Crowd:
    """The folder and all who work on it."""

    def __init__(self, home: Path, url: str, drawn: random.Random) -> None:
        self.home, self.root, self.cache = home, home / "folder", home / "cache"
        self.drawn = drawn
        self.environment = {
            **os.environ,
            "FIRSTHAND_CACHE_DIR": str(self.cache),
            "FIRSTHAND_PROVIDER": "ollama",
            "FIRSTHAND_ENDPOINT": url,
            "FIRSTHAND_CHAT_MODEL": "none",
        }
        self.editors: dict[str, CrowdedEditor] = {}
        self.done: Counter[str] = Counter()
        self.running: set[asyncio.Task[int]] = set()

    def prepare(self) -> None:
        """Make a repository with three branches, and have its hooks index."""
        make_repository(self.root, {self.path(): self.text() for _ in range(FILES)})
        for branch in BRANCHES[1:]:
            self._git("switch", "--quiet", "--create", branch)
            write_files(self.root, {self.path(): self.text() for _ in range(FILES // 3)})
            commit_all(self.root, branch)
        command = (sys.executable, "-m", "firsthand", "hook", "install", "--root", str(self.root))
        subprocess.run(command, check=True, capture_output=True, env=self.environment)

    async def open_editor(self, name: str) -> None:
        """Open a window."""
        session = Session(make_test_lsp_client(), self.root, self.home / "notes")
        answer_requests(session)
        await session.client.start_io(sys.executable, "-m", "firsthand", "serve", env=self.environment)
        await session.initialize(client_capabilities(name), options={"streaming": True})
        self.editors[name] = CrowdedEditor(session, self.drawn)

    async def work(self, seconds: float) -> None:
        """Do this and that."""
        deeds: dict[Callable[[], Awaitable[object]], int] = {
            self.use_editor: 30, self.write: 8, self.rename: 3, self.delete: 3, self.switch: 4, self.stash: 1,
            self.commit: 2, self.search: 2, self.index: 1, self.kill: 2,
        }  # fmt: skip
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            deed = self.drawn.choices(list(deeds), list(deeds.values()))[0]
            with contextlib.suppress(OSError, subprocess.CalledProcessError):
                await deed()
            await asyncio.sleep(self.drawn.random() * MOST_SECONDS_BETWEEN_STEPS)

    async def use_editor(self) -> None:
        """Save, look or search in one of the windows."""
        await self.drawn.choice(list(self.editors.values())).step()
        self.done["steps in editors"] += 1

    async def write(self) -> None:
        """Write a file from a program that tells nobody."""
        await asyncio.to_thread(write_files, self.root, {self.path(): self.text()})
        self.done["files written"] += 1

    async def rename(self) -> None:
        """Move a file, or a folder with all that is in it."""
        source = self.root / (self.path() if self.drawn.random() < 0.7 else f"pkg{self.drawn.randrange(7)}")
        goal = source.with_name(f"moved{self.drawn.randrange(30)}{source.suffix}")
        if not goal.exists():
            await asyncio.to_thread(source.rename, goal)
            self.done["files or folders moved"] += 1

    async def delete(self) -> None:
        """Delete a file."""
        (self.root / self.path()).unlink()
        self.done["files deleted"] += 1

    async def switch(self) -> None:
        """Go to another branch; the hook indexes behind it."""
        await asyncio.to_thread(
            self._git, "switch", "--quiet", "--discard-changes", self.drawn.choice(BRANCHES)
        )
        self.done["switches"] += 1

    async def stash(self) -> None:
        """Put everything aside and take it back."""
        await asyncio.to_thread(self._git, "stash", "--include-untracked", "--quiet")
        await asyncio.to_thread(self._git, "stash", "pop", "--quiet")
        self.done["stashes"] += 1

    async def commit(self) -> None:
        """Commit all."""
        await asyncio.to_thread(commit_all, self.root, "More")
        self.done["commits"] += 1

    async def search(self) -> None:
        """Search in the terminal."""
        self._start("search", self.drawn.choice(WORDS), "--root", str(self.root))

    async def index(self) -> None:
        """Index in the terminal."""
        self._start("index", str(self.root))

    async def kill(self) -> None:
        """End one of the servers at once, more often the one that keeps the index, and open the window again."""
        keepers = [int(file.read_text() or 0) for file in self.cache.glob("indexes/*/*.keeper.pid")]
        servers = {name: server_of(editor.session) for name, editor in self.editors.items()}
        kept = [name for name, server in servers.items() if server in keepers]
        name = kept[0] if kept and self.drawn.random() < 0.8 else self.drawn.choice(list(servers))
        os.kill(servers[name], 9)
        self.done["servers killed that kept the index" if name in kept else "other servers killed"] += 1
        await self._leave(self.editors.pop(name))
        await self.open_editor(name)

    async def rest(self) -> None:
        """Wait until commands and hooks have ended and the editors have nothing to do."""
        if self.running:
            await asyncio.wait(self.running)
        async with asyncio.timeout(SECONDS_FOR_INDEXING):
            while not all(is_at_rest(editor.session) for editor in self.editors.values()):  # noqa: ASYNC110
                await asyncio.sleep(0.2)

    async def differences(self) -> list[str]:
        """Hold the index against one from nothing, until they are equal or it takes too long."""
        with tempfile.TemporaryDirectory() as fresh:
            environment = {**self.environment, "FIRSTHAND_CACHE_DIR": fresh}
            await run(environment, "index", str(self.root))
            wanted = await asyncio.to_thread(contents, Path(fresh))
            until = time.monotonic() + SECONDS_UNTIL_EQUAL
            while True:
                found = await asyncio.to_thread(contents, self.cache)
                wrong = [line for name in wanted for line in difference(name, wanted[name], found[name])]
                if not wrong or time.monotonic() > until:
                    return wrong
                await asyncio.sleep(1)

    async def close(self) -> None:
        """Close the windows."""
        for editor in self.editors.values():
            await editor.session.shut_down()

    def path(self) -> str:
        """Name a file that may be there."""
        number = self.drawn.randrange(2 * FILES)
        return f"pkg{number % 7}/part{number}.py"

    def text(self) -> str:
        """Write some functions."""
        return "".join(
            f"def {self.drawn.choice(WORDS)}_{self.drawn.randrange(10**5)}(alpha):\n"
            f"    total = alpha + {self.drawn.randrange(10**5)}\n    return total\n\n\n"
            for _ in range(self.drawn.randint(1, 5))
        )

    async def _leave(self, editor: CrowdedEditor) -> None:
        with contextlib.suppress(Exception):  # what was asked of a server that is gone fails in many ways
            await asyncio.wait_for(editor.session.client.stop(), 5)

    def _git(self, *words: str) -> None:
        """Run git, whose hooks need to know where the index is."""
        command = ("git", "-C", str(self.root), *words)
        subprocess.run(command, check=True, capture_output=True, env=self.environment)

    def _start(self, *words: str) -> None:
        task = asyncio.create_task(run(self.environment, *words))
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        self.done[f"{words[0]} in the terminal"] += 1


async def run(environment: dict[str, str], *words: str) -> int:
    """Run a command of the terminal; what fails is said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "firsthand", *words),
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, told = await process.communicate()
    if process.returncode:
        say(f"firsthand {words[0]} ended with {process.returncode}: {told.decode()[-500:]}")
    return int(process.returncode or 0)


def is_at_rest(session: Session) -> bool:
    """Tell whether a server says that it has nothing to do."""
    return bool(session.statuses) and stage(session.statuses[-1]) in ("idle", "following")


def contents(cache: Path) -> dict[str, list[Any]]:
    """Return what the one index in a folder holds, in an order that does not depend on how it came about."""
    (index,) = [meta.parent for meta in cache.glob("indexes/*/*/meta.json")]
    connection = lancedb.connect(index)
    chunks = connection.open_table("chunks")
    rows = chunks.to_arrow().drop_columns(["revision"])
    files = (
        connection.open_table("files")
        .to_arrow()
        .select(["path", "content_hash", "status", "reason", "chunks"])
    )
    # A process that had no answer from Ollama in time begins vectors of the embedded model beside the others.
    meta = max(index.glob("vectors-*.json"), key=lambda file: OLLAMA_MODEL in file.read_text())
    vectors = connection.open_table(meta.stem)
    known = {row["content_hash"]: row["vector"] for row in vectors.to_arrow().to_pylist()}
    return {
        "chunks": ordered(rows),
        "files": ordered(files),
        "vectors": sorted({(key, tuple(known.get(key) or ())) for key in rows["content_hash"].to_pylist()}),
        "by keyword": sorted(found_by(chunks, word) for word in WORDS),
    }


def ordered(rows: pa.Table) -> list[str]:
    """Return each row as JSON."""
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in rows.to_pylist())


def found_by(chunks: Any, word: str) -> tuple[str, tuple[str, ...]]:
    """Return where a word is found through the index of words."""
    hits = (
        chunks.search(word, query_type="fts", fts_columns="terms")
        .limit(10**6)
        .select(["slot", "_score"])
        .to_list()
    )
    return word, tuple(sorted(hit["slot"] for hit in hits))


def difference(name: str, wanted: list[Any], found: list[Any]) -> list[str]:
    """Return a line for what is missing and what is there too much."""
    missing, surplus = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    return [f"{name}: missing {str(item)[:300]}" for item in missing] + [
        f"{name}: surplus {str(item)[:300]}" for item in surplus
    ]


async def main(minutes: float, seed: int) -> int:
    """Return how many comparisons found something wrong."""
    wrong = compared = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, FakeOllamaThread() as ollama:
        crowd = Crowd(Path(home), ollama.url, random.Random(seed))
        await asyncio.to_thread(crowd.prepare)
        for name in EDITORS:
            await crowd.open_editor(name)
        until = time.monotonic() + 60 * minutes
        while time.monotonic() < until:
            await crowd.work(SECONDS_OF_WORK)
            await crowd.rest()
            differences = await crowd.differences()
            compared += 1
            wrong += bool(differences)
            say(f"{compared} comparisons, {wrong} wrong; {dict(crowd.done)}")
            for line in differences[:20]:
                say(line)
        await crowd.close()
    return wrong


if __name__ == "__main__":
    numbers = [*sys.argv[1:], "1"]
    sys.exit(1 if asyncio.run(main(float(numbers[0]), int(numbers[1]))) else 0)
