"""The index follows the files: after any change a sweep or a drain makes it equal again, touching only what differs."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Sequence

import pytest

from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from fakes.tree import DictTree
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core import indexing
from firsthand.core.cutting import ParserCutter
from firsthand.core.indexing import Indexer
from firsthand.core.model import (
    FileStat,
    FileUpdate,
    Outline,
    Progress,
    Scope,
    SkippedFile,
    SourceFile,
    Vector,
)
from firsthand.core.ports import Rejected
from firsthand.errors import ModelFailedError, StoreBusyError, StoreDamagedError

# How long a test waits for what takes a fraction of a second.
_PATIENCE_SECONDS = 30

FILES = {
    "app/users.py": '"""Users."""\n\n\nclass UserService:\n    """Keeps users."""\n\n'
    "    def delete_user(self, user_id):\n"
    "        self.repository.mark_deleted(user_id)\n        self.audit.record('deleted', user_id)\n",
    "app/mail.py": "def send_mail(address, text):\n    connection = connect()\n    connection.send(address, text)\n",
    "README.md": "# Users\n\nHow users come and go.\n",
}


class Bench:
    """An indexer over fakes, with everything it reported."""

    def __init__(self, files: dict[str, str] | None = None, **options: object) -> None:
        self.tree = DictTree(FILES if files is None else files, {"app/key.pem": "secret"})
        self.store = MemoryStore()
        self.embedder = FakeEmbedder(**options)  # type: ignore[arg-type]
        self.progress: list[Progress] = []
        self.holder: str = ""
        self.chunking = asyncio.Event()
        self.held = 0
        self._reported = asyncio.Event()
        self.indexer = Indexer(
            tree=self.tree,
            parser=TreeSitterParser(),
            store=self.store,
            embedder=self.embedder,
            writer_lock=self._lock,
        )

    @contextlib.asynccontextmanager
    async def _lock(self) -> AsyncIterator[None]:
        if self.holder:
            raise StoreBusyError(self.holder)
        self.held += 1
        try:
            yield
        finally:
            self.held -= 1

    async def reach(self, stage: str) -> None:
        """Wait until a stage is reported next."""
        self.progress.clear()
        while not any(progress.stage == stage for progress in self.progress):
            self._reported.clear()
            await self._reported.wait()

    def report(self, progress: Progress) -> None:
        self.progress.append(progress)
        self._reported.set()
        if progress.stage == "chunking":
            self.chunking.set()

    async def texts(self) -> dict[str, str]:
        """The indexed text of each path, chunk after chunk."""
        manifest = await self.store.manifest()
        return {
            path: "".join(chunk.text for chunk in await self.store.chunks_of(path))
            for path, record in manifest.items()
            if record.status == "indexed"
        }


async def test_first_sweep_indexes_everything() -> None:
    """Every file is chunked and every chunk embedded; what is left out is recorded with its reason."""
    bench = Bench()

    report = await bench.indexer.refresh(bench.report)

    assert (report.files, report.skipped, report.failed, report.reused) == (3, 1, 0, 0)
    assert report.embedded == report.chunks > 3
    assert (await bench.store.manifest())["app/key.pem"].reason == "secret"
    assert bench.indexer.state.stage == "idle"


async def test_what_another_workspace_has_embedded_is_not_embedded_again() -> None:
    """Its vectors are taken over before anything is embedded, and count as reused."""
    first = Bench()
    await first.indexer.refresh(first.report)
    second = Bench()
    chunks = [chunk for path in FILES for chunk in await first.store.chunks_of(path)]
    second.store.elsewhere = dict(
        await first.store.known_vectors([chunk.content_hash for chunk in chunks[1:]])
    )

    report = await second.indexer.refresh(second.report)

    assert second.embedder.documents == [chunks[0].embedding_text]
    assert (report.embedded, report.reused) == (1, len(chunks) - 1)


async def test_nothing_changed_reads_nothing() -> None:
    """A second sweep opens no file and embeds no chunk."""
    bench = Bench()
    first = await bench.indexer.refresh(bench.report)
    bench.tree.reads.clear()

    second = await bench.indexer.refresh(bench.report)

    assert (bench.tree.reads, second.embedded, second.reused) == ([], 0, first.chunks)


async def test_touched_file_is_read_but_not_chunked_again() -> None:
    """A new time with the same bytes costs one read and no embedding."""
    bench = Bench()
    await bench.indexer.refresh(bench.report)
    bench.tree.reads.clear()
    bench.tree.write("app/mail.py", FILES["app/mail.py"])

    report = await bench.indexer.refresh(bench.report)
    bench.tree.reads.clear()
    await bench.indexer.refresh(bench.report)

    assert (report.embedded, bench.tree.reads) == (0, [])


async def test_a_damaged_index_is_mended_once() -> None:
    """A refresh that meets damage opens the index anew and goes on; damage that stays is told."""
    bench = Bench()
    bench.store.fail_once(StoreDamagedError("The index could not be read."))

    report = await bench.indexer.refresh(bench.report)

    assert (bench.store.mended, report.files) == (1, 3)
    bench.store.fail_once(StoreDamagedError("once"), StoreDamagedError("twice"))
    with pytest.raises(StoreDamagedError, match="twice"):
        await bench.indexer.refresh(bench.report)


async def test_only_changed_chunks_are_embedded() -> None:
    """Changing one function of a file embeds that function's chunk and no other."""
    long_body = "\n".join(f"    total += measure(item, {number})" for number in range(30))
    first = f"def first(item):\n    total = 0\n{long_body}\n    return total\n\n\n"
    second = f"def second(item):\n    total = 1\n{long_body}\n    return total\n"
    bench = Bench({"work.py": first + second})
    await bench.indexer.refresh(bench.report)
    bench.embedder.documents.clear()
    bench.tree.write("work.py", first + second.replace("total = 1", "total = 2"))

    report = await bench.indexer.refresh(bench.report)

    assert report.embedded == len(bench.embedder.documents)
    assert bench.embedder.documents
    assert all("def second" in text or "second" in text for text in bench.embedder.documents)
    assert not any("total = 0" in text for text in bench.embedder.documents)


async def test_deleted_and_new_files() -> None:
    """What is gone from disk is gone from the index, what is new is in it."""
    bench = Bench()
    await bench.indexer.refresh(bench.report)
    bench.tree.delete("app/mail.py")
    bench.tree.write("app/sms.py", "def send_sms(number, text):\n    return gateway.send(number, text)\n")

    report = await bench.indexer.refresh(bench.report)

    assert report.removed == 1
    assert set(await bench.texts()) == {"app/users.py", "README.md", "app/sms.py"}


async def test_dirty_paths_are_followed() -> None:
    """Saves, deletes of files and of folders that are marked dirty reach the index by themselves."""
    bench = Bench()
    running = asyncio.create_task(bench.indexer.run(bench.report))
    await bench.indexer.settled()

    bench.tree.write("README.md", "# Changed\n")
    bench.tree.delete("app/mail.py")
    bench.tree.delete("app/users.py")
    bench.indexer.mark_dirty(["README.md", "app"])
    await bench.indexer.settled()
    texts = await bench.texts()
    running.cancel()

    assert {path: text.strip() for path, text in texts.items()} == {"README.md": "# Changed"}


async def test_a_defect_is_shown_and_following_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw goes to the state, and the same change is looked at again."""
    monkeypatch.setattr(indexing, "_RETRY_SECONDS", 0.01)
    bench = Bench()
    running = asyncio.create_task(bench.indexer.run(bench.report))
    await bench.indexer.settled()
    stat_all = bench.tree.stat_all

    async def fail_once(paths: Sequence[str]) -> object:
        bench.tree.stat_all = stat_all  # type: ignore[method-assign]
        raise ValueError("odd")

    bench.tree.stat_all = fail_once  # type: ignore[assignment, method-assign]
    bench.tree.write("README.md", "# Changed\n")
    bench.indexer.mark_dirty(["README.md"])
    await bench.reach("failed")
    message = bench.progress[-1].detail
    await bench.indexer.settled()
    texts = await bench.texts()
    running.cancel()

    assert (message, texts["README.md"].strip()) == ("ValueError: odd", "# Changed")


async def test_the_first_sweep_is_under_way_until_keywords_can_be_searched() -> None:
    """From the beginning until everything is stored a search may miss something, unless indexing stands still."""
    bench = Bench()
    assert bench.indexer.sweeping
    bench.indexer.pause()
    assert not bench.indexer.sweeping
    bench.indexer.resume()

    await bench.indexer.refresh(bench.report)

    assert not bench.indexer.sweeping
    broken = Bench()
    broken.indexer.fail("no room", broken.report)
    assert not broken.indexer.sweeping


async def test_a_save_does_not_wait_for_the_vectors_of_a_new_index() -> None:
    """A file that is saved while the first index is being embedded is searchable before that is done."""
    bench = Bench({f"{number}.md": f"# Number {number}\n\nText {number}.\n" for number in range(20)})
    found: list[int] = []

    class SavingEmbedder(FakeEmbedder):
        async def embed_documents(self, texts: Sequence[str]) -> list[Vector | Rejected]:
            if not self.documents:
                bench.tree.write("3.md", "# Rewritten meanwhile\n")
                indexer.mark_dirty(["3.md"])
            found.append(len(await bench.store.search_keywords(["rewritten"], Scope(), 5)))
            return await super().embed_documents(texts)

    indexer = Indexer(
        tree=bench.tree,
        parser=TreeSitterParser(),
        store=bench.store,
        embedder=SavingEmbedder(),
        writer_lock=contextlib.nullcontext,
    )

    report = await indexer.refresh(bench.report)

    # The second batch is with the model already when the first brings the save.
    assert found[:3] == [0, 0, 1]
    assert (report.chunks, report.problem) == ((await bench.store.stats()).embedded, "")


async def test_the_table_is_compacted_as_changes_go_on() -> None:
    """Following single changes compacts the index when that pays, not just at the start, and not before."""
    bench = Bench()
    running = asyncio.create_task(bench.indexer.run(bench.report))
    await bench.indexer.settled()
    compactions = bench.store.compactions
    bench.store.compacted.clear()

    for number in range(50):
        bench.store.untidy = number == 40
        bench.tree.write("README.md", f"# Version {number}\n")
        bench.indexer.mark_dirty(["README.md"])
        await bench.indexer.settled()
    await bench.store.compacted.wait()
    running.cancel()

    assert bench.store.compactions == compactions + 1


async def test_what_can_wait_is_compacted_when_nothing_changes_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Compaction that is not pressing begins once the saves are over, also when one came as that was about to be."""
    monkeypatch.setattr(indexing, "_CALM_SECONDS", 0.0)
    monkeypatch.setattr(indexing, "_REST_SECONDS", None)
    bench = Bench()
    running = asyncio.create_task(bench.indexer.run(bench.report))
    await bench.indexer.settled()
    await bench.store.compacted.wait()
    bench.store.compacted.clear()
    bench.store.can_wait = bench.store.untidy = True

    bench.tree.write("README.md", "# Saved\n")
    bench.indexer.mark_dirty(["README.md"])
    await bench.indexer.settled()
    when_settled = bench.store.compactions
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await bench.store.compacted.wait()
    running.cancel()

    assert (when_settled, bench.store.compactions) == (1, 2)


async def test_compacting_that_changes_get_in_the_way_of_waits_longer_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its work is not lost again and again to somebody who saves every few seconds."""
    rests: list[float | None] = []
    tidied = asyncio.Event()

    def timeout(delay: float | None) -> asyncio.Timeout:
        rests.append(delay)
        if delay is None:
            tidied.set()
        return asyncio.Timeout(None if delay is None else asyncio.get_running_loop().time())

    monkeypatch.setattr(asyncio, "timeout", timeout)
    bench = Bench()
    bench.store.given_up = 3
    running = asyncio.create_task(bench.indexer.run(bench.report))
    await tidied.wait()
    running.cancel()

    assert rests == [10.0, 20.0, 40.0, 5.0, 65.0, None]
    assert bench.store.compactions == 4


async def test_a_save_does_not_wait_for_compaction() -> None:
    """What is saved while the index is compacted is found, with its vector, before that ends."""
    bench = Bench()
    bench.store.may_compact.clear()
    running = asyncio.create_task(bench.indexer.run(bench.report))
    await bench.store.compacted.wait()

    bench.tree.write("README.md", "# Saved meanwhile\n")
    bench.indexer.mark_dirty(["README.md"], saved=True)
    await bench.indexer.settled()
    (chunk,) = await bench.store.chunks_of("README.md")
    running.cancel()

    assert chunk.text == "# Saved meanwhile"
    assert await bench.store.known_vectors([chunk.content_hash])
    assert bench.store.compactions == 1


async def test_many_dirty_paths_are_followed() -> None:
    """A branch switch that touches a hundred files reaches the index like single saves do."""
    bench = Bench()
    running = asyncio.create_task(bench.indexer.run(bench.report))
    await bench.indexer.settled()

    for number in range(100):
        bench.tree.write(f"new/{number}.md", f"# Number {number}\n")
    bench.tree.delete("README.md")
    bench.indexer.mark_dirty([*(f"new/{number}.md" for number in range(100)), "README.md"])
    await bench.indexer.settled()
    texts = await bench.texts()
    running.cancel()

    assert len(texts) == 102
    assert "README.md" not in texts


async def test_unreadable_file_is_listed_and_the_rest_goes_on() -> None:
    """One file that cannot be read costs a reason, not the run."""
    bench = Bench()
    bench.tree.unreadable.add("app/mail.py")

    report = await bench.indexer.refresh(bench.report)

    assert (report.files, report.failed) == (2, 1)
    assert "Permission denied" in (await bench.store.manifest())["app/mail.py"].reason


async def test_a_file_that_changes_while_it_is_read_is_read_again() -> None:
    """What the index remembers is the time from before reading, so the next sweep sees that the file is newer."""
    bench = Bench()
    read = bench.tree.read

    async def read_just_before_a_save(path: str) -> SourceFile | SkippedFile | None:
        source = await read(path)
        if path == "README.md" and "Saved" not in bench.tree.files[path]:
            bench.tree.write(path, "# Saved meanwhile\n")
        return source

    bench.tree.read = read_just_before_a_save
    await bench.indexer.refresh(bench.report)
    await bench.indexer.refresh(bench.report)

    assert (await bench.texts())["README.md"].strip() == "# Saved meanwhile"


async def test_crashing_parser_costs_one_file() -> None:
    """A parser that raises on one file leaves the others indexed."""

    class Brittle(TreeSitterParser):
        def outline(self, language: str, text: str) -> Outline | None:
            if "connect()" in text:
                raise RuntimeError("boom")
            return super().outline(language, text)

    bench = Bench()
    indexer = Indexer(
        tree=bench.tree,
        parser=Brittle(),
        store=bench.store,
        embedder=bench.embedder,
        writer_lock=contextlib.nullcontext,
    )

    report = await indexer.refresh(bench.report)

    assert (report.files, report.failed) == (2, 1)


async def test_failing_embedder_leaves_keyword_search() -> None:
    """Chunks are searchable although no vector could be made, and the report says what is wrong."""
    bench = Bench()
    bench.embedder.failure = ModelFailedError("The embedder crashed; restart it.")

    report = await bench.indexer.refresh(bench.report)
    found = await bench.store.search_keywords(["mail"], Scope(), 5)

    assert report.problem == "The embedder crashed; restart it."
    assert found
    assert bench.indexer.state.stage == "failed"


async def test_rejected_chunk_is_not_tried_again() -> None:
    """A chunk that the embedder refuses is remembered; the others have vectors and the next run is quiet."""
    bench = Bench(reject="mark_deleted")
    report = await bench.indexer.refresh(bench.report)
    bench.embedder.documents.clear()

    again = await bench.indexer.refresh(bench.report)

    assert 0 < report.embedded < report.chunks
    assert (again.embedded, bench.embedder.documents) == (0, [])


async def test_busy_index_is_refused() -> None:
    """While another process writes, a refresh says so instead of writing too."""
    bench = Bench()
    bench.holder = "Process 7 is indexing this folder."

    with pytest.raises(StoreBusyError, match="Process 7"):
        await bench.indexer.refresh(bench.report)


async def test_pause_holds_and_resume_goes_on() -> None:
    """While paused nothing is read and the right to write is free; afterwards nothing was missed."""
    bench = Bench()
    bench.indexer.pause()
    refreshing = asyncio.create_task(bench.indexer.refresh(bench.report))
    await bench.reach("paused")
    stage, reads, held = bench.indexer.state.stage, list(bench.tree.reads), bench.held

    bench.indexer.resume()
    report = await refreshing

    assert (stage, reads, held, report.files) == ("paused", [], 0, 3)


async def test_pause_in_the_middle_lets_go_of_the_index() -> None:
    """What was embedded until then is kept, another process may write, and resuming embeds the rest."""
    bench = Bench({f"{number}.md": f"# Number {number}\n" for number in range(20)})
    embed = bench.embedder.embed_documents

    async def embed_and_pause(texts: Sequence[str]) -> list[Vector | Rejected]:
        bench.indexer.pause()
        return await embed(texts)

    bench.embedder.embed_documents = embed_and_pause  # type: ignore[method-assign]
    refreshing = asyncio.create_task(bench.indexer.refresh(bench.report))
    await bench.reach("paused")
    held, embedded = bench.held, (await bench.store.stats()).embedded

    bench.embedder.embed_documents = embed  # type: ignore[method-assign]
    bench.indexer.resume()
    await refreshing

    assert (held, embedded) == (0, 2 * bench.embedder.batch_size)
    assert len(bench.embedder.documents) == 20


async def test_a_pause_that_is_taken_back_at_once_ends_nothing() -> None:
    """The one who keeps the index is told, and what is saved afterwards is indexed by its next run."""
    bench = Bench()
    running = asyncio.create_task(bench.indexer.run(bench.report))
    await bench.reach("idle")
    bench.indexer.pause()
    await asyncio.sleep(0)
    bench.indexer.resume()
    await running
    bench.tree.write("README.md", "# Changed meanwhile\n")
    again = asyncio.create_task(bench.indexer.run(bench.report))
    await bench.reach("idle")

    assert "Changed" in (await bench.texts())["README.md"]
    again.cancel()


async def test_indexing_yields_to_an_answer() -> None:
    """While someone waits for an answer no further batch is started."""
    bench = Bench()
    async with bench.indexer.yielding():
        refreshing = asyncio.create_task(bench.indexer.refresh(bench.report))
        await bench.chunking.wait()
        reads = list(bench.tree.reads)

    report = await refreshing

    assert (reads, report.files) == ([], 3)


async def test_progress_has_totals() -> None:
    """Stages come in order, and each counts up to its total."""
    bench = Bench()

    await bench.indexer.refresh(bench.report)
    stages = list(dict.fromkeys(progress.stage for progress in bench.progress))
    last = {progress.stage: progress for progress in bench.progress}

    assert stages == ["scanning", "chunking", "embedding", "idle"]
    assert last["chunking"].done == last["chunking"].total == 3
    assert last["embedding"].done == last["embedding"].total > 0


async def test_a_rename_that_changes_only_the_case() -> None:
    """The old spelling goes, the new one comes, and its text keeps its vectors."""
    bench = Bench()
    running = asyncio.create_task(bench.indexer.run(bench.report))
    await bench.indexer.settled()
    bench.embedder.documents.clear()

    bench.tree.write("README.MD", FILES["README.md"])
    bench.tree.delete("README.md")
    bench.indexer.mark_dirty(["README.md", "README.MD"])
    await bench.indexer.settled()
    texts = await bench.texts()
    running.cancel()

    assert {path for path in texts if path.lower() == "readme.md"} == {"README.MD"}


async def test_a_folder_that_is_replaced_keeps_what_is_still_there() -> None:
    """A folder that is reported as one path is compared file by file, not forgotten as a whole."""
    bench = Bench()
    running = asyncio.create_task(bench.indexer.run(bench.report))
    await bench.indexer.settled()

    bench.tree.delete("app/users.py")
    bench.tree.write("app/new.py", "def new():\n    return 1\n")
    bench.indexer.mark_dirty(["app", "app/new.py"])
    await bench.indexer.settled()
    texts = await bench.texts()
    running.cancel()

    assert set(texts) == {"app/mail.py", "app/new.py", "README.md"}


async def test_a_report_of_nothing_new_writes_nothing() -> None:
    """A path that is reported once more, unchanged, is no commit."""
    bench = Bench()
    await bench.indexer.refresh(bench.report)
    running = asyncio.create_task(bench.indexer.run(bench.report))
    await bench.indexer.settled()
    commits, touched = bench.store.commits, bench.store.touched

    bench.indexer.mark_dirty(["README.md"])
    await bench.indexer.settled()
    running.cancel()

    assert (bench.store.commits, bench.store.touched) == (commits, touched)


class HeldCutter(ParserCutter):
    """Holds one file until it is let go."""

    def __init__(self, path: str) -> None:
        super().__init__(TreeSitterParser())
        self.held = path
        self.let_go = threading.Event()

    def cut(self, stat: FileStat, source: SourceFile) -> FileUpdate:
        if source.path == self.held:
            self.let_go.wait()
        return super().cut(stat, source)


async def test_a_file_that_takes_long_holds_back_no_other() -> None:
    """Files behind it are cut and stored meanwhile, and it is stored with those that come after."""
    bench = Bench({f"notes/{number:03}.txt": f"note {number}\n" for number in range(100)})
    cutter = HeldCutter("notes/000.txt")
    indexer = Indexer(
        tree=bench.tree,
        parser=TreeSitterParser(),
        bulk_cutter=cutter,
        store=bench.store,
        embedder=bench.embedder,
        writer_lock=bench._lock,
    )
    stored, replace = asyncio.Event(), bench.store.replace

    async def replace_and_tell(updates: Sequence[FileUpdate]) -> None:
        await replace(updates)
        if any(update.chunks for update in updates):
            stored.set()

    bench.store.replace = replace_and_tell  # type: ignore[method-assign]
    refreshing = asyncio.create_task(indexer.refresh(bench.report))
    try:
        async with asyncio.timeout(60):
            await stored.wait()
        meanwhile = set(await bench.texts())
    finally:
        cutter.let_go.set()
    await refreshing

    assert (len(meanwhile), cutter.held in meanwhile) == (64, False)
    assert len(await bench.texts()) == 100


async def test_a_long_first_indexing_takes_words_into_the_search_indexes_early_and_at_its_end() -> None:
    """Searches do not read all rows one by one, and what is made from all rows is not made shortly before the end."""
    bench = Bench({f"notes/{number}.txt": f"note {number}\n" for number in range(700)})

    await bench.indexer.refresh(bench.report)

    skipped = 1
    assert bench.store.files_when_words_were_indexed == [448 + skipped, 700 + skipped]
