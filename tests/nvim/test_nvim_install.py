"""`:Firsthand install` in Neovim: a Python environment of the plugin's own, and the server found in it."""

import sys
import zipfile
from pathlib import Path

from neovim_session import StartNeovim

PROGRAM = "def main():\n    print('firsthand 9.9.9')\n"
METADATA = "Metadata-Version: 2.1\nName: firsthand\nVersion: 9.9.9\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
NO_OTHER_SERVER = """
vim.g.firsthand = nil
vim.env.VIRTUAL_ENV = nil
vim.env.PATH = '{python}:/usr/bin:/bin'
vim.o.columns = 200
"""


def small_wheel(folder: Path) -> Path:
    """Make a package whose program tells a version, so that nothing has to be fetched."""
    path = folder / "firsthand-9.9.9-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("firsthand_program.py", PROGRAM)
        information = "firsthand-9.9.9.dist-info"
        wheel.writestr(f"{information}/METADATA", METADATA)
        wheel.writestr(f"{information}/WHEEL", WHEEL)
        wheel.writestr(
            f"{information}/entry_points.txt", "[console_scripts]\nfirsthand = firsthand_program:main\n"
        )
        wheel.writestr(f"{information}/RECORD", "")
    return path


def test_the_server_is_installed_into_an_environment_of_its_own(
    start_neovim: StartNeovim, tmp_path: Path
) -> None:
    """What pip is given is installed below Neovim's data folder, tried, and found from then on."""
    neovim = start_neovim(lua=NO_OTHER_SERVER.format(python=Path(sys.base_prefix) / "bin"))

    neovim.type(f":Firsthand install {small_wheel(tmp_path)}<CR>")
    neovim.wait("vim.fn.execute('messages'):find('the server is installed')")

    found = neovim.lua("return (require('firsthand.server').find())")
    assert found["origin"] == ":Firsthand install"
    assert Path(found["command"][0]).is_relative_to(tmp_path / "home0" / "data" / "nvim")


def test_a_failed_installation_says_why(start_neovim: StartNeovim, tmp_path: Path) -> None:
    """When pip refuses, its last line is shown, and no half-made server is found."""
    neovim = start_neovim(lua=NO_OTHER_SERVER.format(python=Path(sys.base_prefix) / "bin"))

    neovim.type(f":Firsthand install {tmp_path}/not-there.whl<CR>")
    neovim.wait("vim.fn.execute('messages'):find('the server was not installed: ')")

    assert "not-there.whl" in neovim.messages().split("was not installed: ")[1]
    assert neovim.lua("return (require('firsthand.server').find()) == nil")
