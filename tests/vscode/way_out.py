"""The way out of this machine that the browser and the editor are given: it leads nowhere and remembers who tried."""

import socketserver
import threading
from types import TracebackType
from typing import Self


class WayOut:
    """A proxy that refuses every request and keeps what was asked for."""

    def __init__(self) -> None:
        self.attempts: list[str] = []
        attempts = self.attempts

        class Refusal(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                words = self.rfile.readline(65536).decode("latin-1").split()
                if len(words) > 1:
                    attempts.append(f"{words[0]} {words[1]}")
                self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusal)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="way-out", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """The proxy's address."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"
