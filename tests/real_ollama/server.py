"""Two processes: ollama-proxy-plus, which speaks Ollama's protocol, and llama.cpp behind it."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from small_models import small_chat_model

HERE = Path(__file__).parent
MODEL = "local/smollm2"
# It names a definition: even the smallest model repeats the name, and so has lines that its answer rests on.
QUESTION = "What does delete_user do?"
# With these a question is answered in seconds, also by one thread: little to read, not much to write.
SMALL_ANSWERS = {
    "embeddingModel": "embedded",
    "contextTokens": 2048,
    "answerTokens": 256,
    "temperature": 0,
    "excerpts": 2,
    "threads": 1,
}
_PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class RealOllama:
    """Where the two servers answer."""

    url: str
    """Speaks Ollama's protocol."""
    llama_url: str
    """llama.cpp itself."""

    def generating(self) -> bool:
        """Say whether the model works on an answer right now."""
        return bool(self._slot()["is_processing"])

    def stopped_early(self) -> bool:
        """Say whether the last answer ended because nobody wanted the rest of it."""
        slot = self._slot()
        return not slot["is_processing"] and bool(slot["next_token"][0]["has_next_token"])

    def wait_until_stopped_early(self) -> None:
        """Return when the model is idle and had more to say."""
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while self.generating():
            assert time.monotonic() < give_up, "the model goes on"
            time.sleep(0.05)
        assert self.stopped_early(), "the model was idle only after it had said everything"

    def settings(self) -> dict[str, object]:
        """Return what a user sets, by the names that clients use, so that this server answers."""
        return {**SMALL_ANSWERS, "provider": "ollama", "endpoint": self.url, "chatModel": MODEL}

    def _slot(self) -> dict[str, Any]:
        (slot,) = httpx.get(f"{self.llama_url}/slots", timeout=_PATIENCE_SECONDS).raise_for_status().json()
        return dict(slot)


@contextlib.contextmanager
def real_ollama_server(context_tokens: int) -> Iterator[RealOllama]:
    """Start both processes; both end with the block."""
    command = [
        sys.executable,
        str(HERE / "llama_http_server.py"),
        str(small_chat_model()),
        str(context_tokens),
    ]
    with _process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as llama:
        assert llama.stdout is not None
        address = llama.stdout.readline().decode().strip()
        assert address.startswith("http://127.0.0.1:")
        with _proxy(f"{address}/v1") as url:
            yield RealOllama(url, address)


@contextlib.contextmanager
def _proxy(backend: str) -> Iterator[str]:
    port = _free_port()
    # Keys of the developer's own would make the proxy talk to clouds.
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    environment |= {
        "PROVIDERS_LOCAL_API_KEY": "unused",
        "PROVIDERS_LOCAL_BASE_URL": backend,
        "EXTRA_MODELS": MODEL,
    }
    program = str(Path(sys.executable).with_name("ollama-proxy"))
    command = [program, "serve", "--host", "127.0.0.1", "--port", str(port)]
    with _process(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as proxy:
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(url, proxy)
        yield url


@contextlib.contextmanager
def _process(command: list[str], **options: object) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, **options) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while True:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{url}/api/version").raise_for_status()
            return
        assert process.poll() is None, "the proxy ended"
        assert time.monotonic() < give_up, "the proxy does not answer"
        time.sleep(0.05)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
