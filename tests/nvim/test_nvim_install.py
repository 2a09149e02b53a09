"""`:Firsthand install` in Neovim: a Python environment of the plugin's own, and the server found in it."""

import sys
from pathlib import Path

from neovim_session import StartNeovim, ask, until_indexed

from fake_ollama.server import FakeOllamaThread
from package_folder import make_package_folder

REPOSITORY = Path(__file__).parents[2]
NO_OTHER_SERVER = """
local options = vim.g.firsthand
options.server = nil
vim.g.firsthand = options
vim.env.VIRTUAL_ENV = nil
vim.env.PATH = '{python}:/usr/bin:/bin'
vim.o.columns = 200
"""


def no_other_server(**environment: str) -> str:
    """The configuration of a user who has Python and no server."""
    given = "".join(f"vim.env.{name} = '{value}'\n" for name, value in environment.items())
    return NO_OTHER_SERVER.format(python=Path(sys.base_prefix) / "bin") + given


def test_the_server_is_installed_and_answers(
    start_neovim: StartNeovim, root: Path, ollama: FakeOllamaThread, tmp_path: Path
) -> None:
    """pip installs the server below Neovim's data folder; it starts for the file that is open, and answers."""
    ollama.script("Sessions are revoked with `revoke_all` and `deleted_at` is set to the time of the clock.")
    neovim = start_neovim(
        root / "accounts" / "service.py",
        endpoint=ollama.url,
        lua=no_other_server(**make_package_folder(tmp_path / "packages")),
    )

    neovim.type(":Firsthand install firsthand<CR>")
    neovim.wait("vim.fn.execute('messages'):find('the server is installed')")

    found = neovim.lua("return (require('firsthand.server').find())")
    assert found["origin"] == ":Firsthand install"
    assert Path(found["command"][0]).is_relative_to(tmp_path / "home0" / "data" / "nvim")
    until_indexed(neovim)
    assert "Sessions are revoked" in ask(neovim, "How does user deletion work?")


def test_without_a_name_the_clone_of_the_plugin_is_installed(start_neovim: StartNeovim) -> None:
    """A plugin that is linked from a clone brings its own server, not what an index has under that name."""
    neovim = start_neovim()

    assert Path(neovim.lua("return require('firsthand.install').default_source()")) == REPOSITORY


def test_a_failed_installation_says_why(start_neovim: StartNeovim, tmp_path: Path) -> None:
    """When pip refuses, its last line is shown, and no half-made server is found."""
    neovim = start_neovim(lua=no_other_server())

    neovim.type(f":Firsthand install {tmp_path}/not-there.whl<CR>")
    neovim.wait("vim.fn.execute('messages'):find('the server was not installed: ')")

    assert "not-there.whl" in neovim.messages().split("was not installed: ")[1]
    assert neovim.lua("return (require('firsthand.server').find()) == nil")
