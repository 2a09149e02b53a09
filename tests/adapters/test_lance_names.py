"""The names of a real table: what is known of them is what the table holds, while it changes."""

import random
from pathlib import Path

import pytest

from builders import make_chunk, make_update
from firsthand.adapters import lance_catalogue
from firsthand.adapters.lance_store import open_store
from firsthand.core.model import FileUpdate, Fingerprint

FINGERPRINT = Fingerprint("test-model", "digest", 3)


def file(path: str, names: list[list[str]]) -> FileUpdate:
    """Return a file of chunks that each have the first of some names and call the others."""
    chunks = [
        make_chunk(path, f"{path} {part} {named}\n", name=named[0], calls=named[1:], start_byte=part * 1000)
        for part, named in enumerate(names)
    ]
    return make_update(path, chunks)


async def test_names_are_those_of_the_files_that_are_there(tmp_path: Path) -> None:
    """After any change, for the handle that wrote it and for one that only reads."""
    draw = random.Random(5)
    writer = await open_store(tmp_path, FINGERPRINT, 1)
    reader = await open_store(tmp_path, FINGERPRINT, 1)
    files: dict[str, list[list[str]]] = {}

    for step in range(25):
        path = f"{draw.randrange(8)}.py"
        if step % 5 == 4:
            files.pop(path, None)
            await writer.remove([path])
        else:
            count = draw.randrange(4)
            files[path] = [[f"n{draw.randrange(40)}" for _ in range(3)] for _ in range(count)]
            await writer.replace([file(path, files[path])])
        if step == 15:
            await writer.optimize()
        wanted = {name for chunks in files.values() for names in chunks for name in names}
        assert await writer.names() == wanted
        if step % 3 == 0:
            assert await reader.names() == wanted

    await writer.close()
    await reader.close()


async def test_names_are_there_while_the_catalogue_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large index that was just opened is asked directly."""
    monkeypatch.setattr(lance_catalogue, "_READ_AT_ONCE", 0)
    store = await open_store(tmp_path, FINGERPRINT, 1)
    await store.replace([file("a.py", [["walk", "run"]])])

    assert await store.names() == {"walk", "run"}
    await store.close()
