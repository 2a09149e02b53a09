"""A running llama.cpp: starts the worker process, speaks its wire, notices its death."""

import asyncio
import contextlib
import importlib.util
import itertools
import json
import os
import re
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

from firsthand.adapters.worker_process import own_process_group
from firsthand.errors import ModelFailedError

_WORKER = "firsthand.adapters.llama_worker"
# One event is a few hundred bytes; a line beyond this is not from our worker.
_LONGEST_LINE_BYTES = 4_194_304
_CLOSE_SECONDS = 2.0
# Threads of llama.cpp meet after every operation and spin until all are there: without end, answers become ten times
# slower whenever something else needs a core; not at all (OMP_WAIT_POLICY=PASSIVE), three times slower when nothing
# does. A short spin costs neither.
_SHORT_SPIN = {"GOMP_SPINCOUNT": "20000"}
# An error in llama.cpp's log, without its time and module.
_LOGGED_ERROR = re.compile(rb"^[\d.]+ E .*?: (.+?)\.?$", re.MULTILINE)
# What llama.cpp says before it calls abort().
_ASSERTION = re.compile(rb"^.*(GGML_ASSERT.+)$", re.MULTILINE)


class LlamaProcess:
    """One worker with one model. `generate` calls must not overlap."""

    def __init__(
        self, process: asyncio.subprocess.Process, log: tempfile.SpooledTemporaryFile[bytes]
    ) -> None:
        self._process = process
        self._log = log
        self._request_ids = itertools.count(1)
        self.ready = False
        """True once the model is loaded."""

    @classmethod
    async def start(cls, model_file: Path, *, context_tokens: int, threads: int) -> "LlamaProcess":
        """Start a worker, which loads the model at once; `wait_ready` says when it is done."""
        log = tempfile.SpooledTemporaryFile()  # noqa: SIM115 — lives as long as the process
        log.rollover()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # a folder that happens to be current cannot bring modules of its own
            "-m",
            _WORKER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log.fileno(),
            limit=_LONGEST_LINE_BYTES,
            env=_SHORT_SPIN | os.environ,
            **own_process_group(),
        )
        started = cls(process, log)
        started._send({"model": str(model_file), "contextTokens": context_tokens, "threads": threads})
        return started

    @property
    def ended(self) -> bool:
        """True when the process is no longer there."""
        return self._process.returncode is not None

    async def wait_ready(self) -> None:
        """Return when the model is loaded.

        Raises:
            ModelFailedError: it cannot be loaded.
        """
        if not self.ready:
            message = await self._receive()
            if "failed" in message:
                reason = self._logged(_LOGGED_ERROR)
                await self.close()
                raise ModelFailedError(
                    f"The model cannot be loaded{reason}; choose another one with the setting chatModel."
                )
            self.ready = True

    async def generate(self, request: Mapping[str, object]) -> AsyncGenerator[Mapping[str, Any], None]:
        """Yield the events of one generation; closing the iterator stops it.

        Raises:
            ModelFailedError: the process died meanwhile.
        """
        request_id = next(self._request_ids)
        self._send({"id": request_id, "request": request})
        finished = False
        try:
            await self._drain()
            while not finished:
                message = await self._receive()
                # What a stopped generation still said is of no interest.
                if message.get("id") == request_id:
                    finished = "end" in message
                    if not finished:
                        yield message["event"]
        finally:
            if not finished and not self.ended:
                self._send({"cancel": request_id})

    async def close(self) -> None:
        """End the process."""
        try:
            if self._process.stdin is not None:
                self._process.stdin.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _CLOSE_SECONDS)
        finally:
            if not self.ended:
                self._process.kill()
            await self._process.wait()
            self._log.close()

    def _send(self, message: Mapping[str, object]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _drain(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):  # `_receive` tells why
            await self._process.stdin.drain()

    async def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            code = await self._process.wait()
            reason = self._logged(_ASSERTION) or f" (exit status {code})"
            await self.close()
            raise ModelFailedError(
                f"The model's process ended unexpectedly{reason}; ask again, and if it happens again, choose a smaller "
                "model or a smaller contextTokens: most often there is not enough memory."
            )
        message: dict[str, Any] = json.loads(line)
        return message

    def _logged(self, pattern: re.Pattern[bytes]) -> str:
        self._log.seek(0)
        match = pattern.search(self._log.read())
        return f" ({match[1].decode('utf-8', 'replace').strip()})" if match else ""


def require_llama() -> None:
    """Raise ModelFailedError unless llama.cpp is installed."""
    if importlib.util.find_spec("xllamacpp") is None:
        raise ModelFailedError(
            "llama.cpp is not installed, so Firsthand cannot run model files itself; "
            'run `pip install "firsthand[llama]"` or use Ollama.'
        )


def usable_threads(threads: int) -> int:
    """Return how many threads to ask for: llama.cpp's own choice (-1, the physical cores) when nothing limits it."""
    if threads:
        return threads
    if hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) < (os.cpu_count() or 1):
        return len(os.sched_getaffinity(0))
    return -1
