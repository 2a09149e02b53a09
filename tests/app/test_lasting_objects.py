"""The garbage collector does not look through the libraries again and again."""

import subprocess
import sys
from pathlib import Path

_OPENED = """
import asyncio, gc, sys
from pathlib import Path
from firsthand.app.workspaces import open_workspace
from firsthand.settings import load

async def opened_and_counted():
    settings, _ = load(None, command_line={"cache_dir": sys.argv[1], "provider": "embedded"}, environment={})
    workspace = await open_workspace(Path(sys.argv[2]), settings, need_chat=False)
    print(len(gc.get_objects()), gc.get_freeze_count(), any(each is workspace for each in gc.get_objects()))
    await workspace.close()

asyncio.run(opened_and_counted())
"""


def test_libraries_are_set_aside_and_the_workspace_is_not(tmp_path: Path) -> None:
    """With a workspace open most objects are set aside for good, its own ones are not: it may be opened anew."""
    (tmp_path / "folder").mkdir()
    call = [sys.executable, "-c", _OPENED, str(tmp_path / "cache"), str(tmp_path / "folder")]

    printed = subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True).stdout

    looked_through, set_aside, workspace_is_looked_through = printed.split()
    assert int(looked_through) * 4 < int(set_aside)
    assert workspace_is_looked_through == "True"
