"""A processor that LanceDB's wheels are not compiled for costs a clear message, not the process."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from firsthand.adapters import processor
from firsthand.adapters.processor import check_processor, missing_features
from firsthand.app import diagnose
from firsthand.settings import load

OLD = "processor\t: 0\nmodel name\t: Old\nflags\t\t: fpu sse2 sse4_2 avx\n\nprocessor\t: 1\nflags\t\t: fpu\n"
NEW = "processor\t: 0\nflags\t\t: fpu sse2 avx2 fma bmi1\n"


@pytest.fixture
def cpu_info(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the kernel tells of an x86-64 processor, to be written by the test."""
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr(processor, "_CPU_INFO", file)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    return file


@pytest.mark.parametrize(
    ("told", "missing"),
    [(OLD, ["avx2", "fma"]), (NEW, []), (NEW.replace(" fma", ""), ["fma"]), ("no flags\n", []), (None, [])],
    ids=["old", "new", "without fma", "says nothing", "cannot be read"],
)
def test_what_is_missing(told: str | None, missing: list[str], cpu_info: Path) -> None:
    """Only what is known to be missing counts."""
    if told is not None:
        cpu_info.write_text(told)

    assert missing_features() == missing


def test_other_machines_are_not_judged_by_these_flags(
    cpu_info: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wheels for ARM have needs of their own, which every such machine meets."""
    cpu_info.write_text(OLD)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")

    check_processor()


def test_the_doctor_says_it_and_lives(cpu_info: Path, tmp_path: Path) -> None:
    """It names what is missing and does not load what would end it."""
    cpu_info.write_text(OLD)
    settings, _ = load(
        None, command_line={"cache_dir": str(tmp_path), "provider": "embedded"}, environment={}
    )

    findings = {finding.name: finding for finding in asyncio.run(diagnose(None, settings))}

    assert findings["CPU"].state == findings["Index library"].state == "error"
    assert "avx2, fma" in findings["CPU"].message


PROGRAM = """
import asyncio, json, platform, sys
from pathlib import Path

from firsthand.adapters import processor
from firsthand.app import open_workspace
from firsthand.core.answers import Selection
from firsthand.errors import StoreError
from firsthand.settings import load

root = Path(sys.argv[1])
sys.platform, platform.machine, processor._CPU_INFO = "linux", lambda: "x86_64", root / "cpuinfo"


async def main():
    settings, _ = load(None, command_line={"provider": "embedded", "chat_model": "none"})
    workspace = await open_workspace(root / "code", settings, need_chat=False)
    keeping = asyncio.create_task(workspace.keeper.run(lambda progress: None))
    try:
        await workspace.indexer.refresh(lambda progress: None)
    except StoreError as error:
        print(error)
    hits = await workspace.searcher.search("what does shipping cost?", late_vectors=4)
    status = await workspace.status()
    standing = await workspace.standing("prices.py")
    text = (root / "code" / "prices.py").read_text()
    card = await workspace.hovers.card(Selection("prices.py", text, text.index("shipping_cost"), 0))
    keeping.cancel()
    await asyncio.wait({keeping})
    await workspace.close()
    print(json.dumps([(hit.chunk.path, hit.chunk.name) for hit in hits]))
    print(status.health, status.message)
    print(standing.state, standing.reason)
    print(card.markdown.splitlines()[-1])
    print("lancedb" in sys.modules)


asyncio.run(main())
"""


def test_a_folder_is_searched_without_an_index_and_without_its_library(
    tmp_path: Path, cache_dir: Path
) -> None:
    """One sentence says what is missing and what to do; what the files hold is found all the same, with its users."""
    (tmp_path / "cpuinfo").write_text(OLD)
    code = tmp_path / "code"
    code.mkdir()
    (code / "prices.py").write_text("def shipping_cost(weight):\n    return weight * 2\n")
    (code / "users.py").write_text("def delete_user(user):\n    user.clear()\n")
    (code / "orders.py").write_text("from prices import shipping_cost\n\nTOTAL = shipping_cost(3)\n")

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=True
    )

    message, hits, status, standing, card, loaded = done.stdout.splitlines()
    assert message.startswith("This machine's processor lacks AVX2 and FMA")
    assert ["prices.py", "shipping_cost"] in json.loads(hits)
    assert "users.py" not in hits
    assert status == f"error {message}"
    assert standing == f"read {message}"
    assert "orders.py" in card
    assert loaded == "False"
    assert not list(cache_dir.glob("indexes/*"))
