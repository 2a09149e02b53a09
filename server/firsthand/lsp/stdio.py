"""Serves over standard input and output, and answers `initialize` before the server is loaded.

Loading pygls and the types of LSP costs most of a second. The first answer needs neither, so it is given at once; the
server is loaded afterwards and sees the same message, whose second answer is not sent.
"""

import io
import json
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from firsthand.lsp.capabilities import initialize_result

if TYPE_CHECKING:
    from firsthand.lsp.folders import OpenWorkspace
    from firsthand.lsp.session import CacheFolder


def serve(
    open_workspace: "OpenWorkspace",
    cache_folder: "CacheFolder | None" = None,
    *,
    stdin: BinaryIO | None = None,
    stdout: BinaryIO | None = None,
) -> None:
    """Serve one client until it leaves."""
    source, target = stdin or sys.stdin.buffer, stdout or sys.stdout.buffer
    first = _read_message(source)
    answered = _answer(first, target)
    from firsthand.lsp.server import create_server

    server = create_server(open_workspace, cache_folder)
    if answered is not None:
        server.protocol.answered_before.add(answered)
    server.start_io(io.BufferedReader(ReplayedInput(first, source)), target)


class ReplayedInput(io.RawIOBase):
    """An input whose first bytes were read before; they come again."""

    def __init__(self, read_before: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._read_before = read_before
        self._rest = rest

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a part of the buffer with what comes next."""
        room = len(buffer)
        data, self._read_before = self._read_before[:room], self._read_before[room:]
        # Reads what is there, so that a message is not held back until the next one fills the buffer.
        data = data or self._rest.read1(room)  # type: ignore[attr-defined]
        buffer[: len(data)] = data
        return len(data)


def _read_message(source: BinaryIO) -> bytes:
    """Return the bytes of the first message, header included; what there is when the input ends early."""
    data, length = b"", 0
    while line := source.readline():
        data += line
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            length = int(value)
        if not line.strip():
            return data + source.read(length)
    return data


def _answer(message: bytes, target: BinaryIO) -> int | str | None:
    """Answer a request to initialize and return its id; anything else is left to the server."""
    try:
        request: Any = json.loads(message.partition(b"\r\n\r\n")[2])
        if request["method"] != "initialize":
            return None
        request_id, capabilities = request["id"], request["params"]["capabilities"]
    except (ValueError, LookupError, TypeError):
        return None
    if not isinstance(request_id, int | str) or not isinstance(capabilities, dict):
        return None
    answer = {"jsonrpc": "2.0", "id": request_id, "result": initialize_result(capabilities)}
    body = json.dumps(answer).encode()
    target.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    target.flush()
    return request_id
