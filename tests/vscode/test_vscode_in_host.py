"""The tests of clients/vscode/test/host, which run inside the editor's extension host, on the packaged extension."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fake_ollama.server import FakeOllamaThread
from vscode.desk import Desk

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXTENSION = Path(__file__).parents[2] / "clients" / "vscode"
NEW_TEST = "```python\ndef test_closing_twice_is_refused(service):\n    assert service is not None\n```"


async def test_in_the_extension_host(
    desk: Desk, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread
) -> None:
    """Every test in the extension host passes; what failed is told here."""
    await asyncio.to_thread(subprocess.run, ["node", "test/host/build.mjs"], cwd=EXTENSION, check=True)
    ollama.script(NEW_TEST)

    code, output = await desk.run_in_host(
        workspace_copy("accounts"), EXTENSION / "build" / "host" / "index.js"
    )

    assert "passing" in output
    if code != 0:
        pytest.fail(output, pytrace=False)
