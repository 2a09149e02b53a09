"""The parts of the plugin that can be looked at without a server, and its papers."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from neovim_process import NEOVIM
from neovim_session import PLUGIN

from firsthand.lsp.messages import NAMES


def run_lua(tmp_path: Path, code: str, *arguments: str) -> object:
    """Run Lua in a Neovim of its own that knows the plugin; return the JSON of what the code returns."""
    script, result = tmp_path / "script.lua", tmp_path / "result.json"
    script.write_text(
        f"vim.opt.runtimepath:append('{PLUGIN}')\n"
        f"local function run() {code} end\n"
        f"vim.fn.writefile({{ vim.json.encode(run()) }}, '{result}')\n"
    )
    command = [NEOVIM, "--clean", "--headless", "-l", script, *arguments]
    finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    return json.loads(result.read_text("utf-8"))


def test_names_on_the_wire_are_the_servers() -> None:
    """Every name of the protocol in the plugin is one that the server has."""
    text = (PLUGIN / "lua" / "firsthand" / "protocol.lua").read_text("utf-8")

    mirrored = set(re.findall(r"'(firsthand[./][^']+)'", text))

    assert mirrored
    assert mirrored <= set(NAMES)


def test_the_help_has_a_tag_for_each_subcommand(tmp_path: Path) -> None:
    """`:helptags` finds no tag twice, and there is one for each subcommand."""
    documentation = tmp_path / "doc"
    documentation.mkdir()
    (documentation / "firsthand.txt").write_bytes((PLUGIN / "doc" / "firsthand.txt").read_bytes())
    subprocess.run(
        [NEOVIM, "--clean", "--headless", f"+helptags {documentation}", "+q"], check=True, timeout=60
    )
    tags = {line.split("\t")[0] for line in (documentation / "tags").read_text("utf-8").splitlines()}

    names = run_lua(tmp_path, "return require('firsthand.commands').names()")

    assert isinstance(names, list)
    assert {f":Firsthand-{name}" for name in names} <= tags


def test_every_line_of_the_help_fits() -> None:
    """The help is readable in 80 columns, but for the tags of long names."""
    lines = (PLUGIN / "doc" / "firsthand.txt").read_text("utf-8").splitlines()

    assert [
        line for line in lines if len(line) > 80 and "*<Plug>" not in line and "*firsthand" not in line
    ] == []


@pytest.mark.parametrize(("encoding", "start", "end"), [("utf-8", 9, 12), ("utf-16", 6, 9), ("utf-32", 5, 8)])
def test_spans_are_found_in_every_encoding(encoding: str, start: int, end: int, tmp_path: Path) -> None:
    """A span behind an emoji and a line end is the same bytes of the same row, whatever the wire counts."""
    code = """
    local convert = require('firsthand.spans').converter('a 🙂\\nüb cd', arg[1])
    return convert({ start = tonumber(arg[2]), ['end'] = tonumber(arg[3]) })
    """

    found = run_lua(tmp_path, code, encoding, str(start), str(end))

    line = "üb cd".encode()
    assert found == {"start": [1, line.index(b"b")], "stop": [1, line.index(b"d")]}


@pytest.mark.parametrize(
    ("text", "scope", "rest"),
    [
        ("in=src How?", {"paths": ["src"]}, "How?"),
        ("changed=main How?", {"changedSince": "main"}, "How?"),
        ("in=a in=b lang=go tests=no x", {"paths": ["a", "b"], "languages": ["go"], "tests": False}, "x"),
        ("How does a=b work?", None, "How does a=b work?"),
        ("size=3 is what?", None, "size=3 is what?"),
        ("kind=class", {"kinds": ["class"]}, ""),
    ],
)
def test_scope_words_are_split_off(text: str, scope: object, rest: str, tmp_path: Path) -> None:
    """Only leading words that are known belong to the scope."""
    code = "local scope, rest = require('firsthand.scope').split(arg[1]) return { scope or vim.NIL, rest }"

    assert run_lua(tmp_path, code, text) == [scope, rest]


def test_a_file_that_is_there_is_meant_itself(tmp_path: Path) -> None:
    """A star in the name of a file is no wildcard; a glob that names no file stays one."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "star*.py").touch()
    code = "return require('firsthand.scope').for_root({ paths = { arg[1] .. '/star*.py', 's*.py' } }, arg[1]).paths"

    assert run_lua(tmp_path, code, str(root)) == ["star\\*.py", "s*.py"]


def test_control_characters_become_pictures(tmp_path: Path) -> None:
    """What would be invisible or break a line is shown, and `%` is harmless in a statusline."""
    code = """
    local visible = require('firsthand.visible')
    return { visible.one_line('a\\27[31m\\nb\\0\\127 🙂'), visible.in_statusline('%{x}') }
    """

    assert run_lua(tmp_path, code) == ["a␛[31m␊b␀␡ 🙂", "%%{x}"]
