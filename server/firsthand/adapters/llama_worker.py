"""The process in which llama.cpp runs: `python -P -m firsthand.adapters.llama_worker`, started by `llama_process`.

It is a process of its own because the library holds Python's global lock for the seconds that a model takes to load,
replaces the handlers of SIGINT and SIGTERM, and answers damaged model files and exhausted memory with abort().

The wire is JSON, one object a line. In: first `{"model", "contextTokens", "threads"}`, then `{"id", "request"}` or
`{"cancel": id}`; the end of the input ends the process. Out: `{"ready": true}` or `{"failed": true}`, then for each
request any number of `{"id", "event"}` and one `{"id", "end": true}`.
"""

import json
import os
import queue
import secrets
import sys
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO

# A generation can be stopped between two batches of the prompt, so a batch must take less than half a second on
# slow machines; larger ones read prompts less than a tenth faster on CPUs.
_BATCH_TOKENS = 16
# Prompts that were read before are kept this far, so that two conversations do not evict each other.
_PROMPT_CACHE_MIB = 256
_ERRORS_ONLY = 1


def main() -> int:
    """Load the model that the first line names and generate until the input ends."""
    wire = _take_stdout()
    order = json.loads(sys.stdin.buffer.readline())
    try:
        server = _load(order)
    except RuntimeError:  # the library says why on stderr
        _send(wire, {"failed": True})
        return 1
    _send(wire, {"ready": True})
    Generations(server, wire).run()
    return 0


class Generations:
    """Takes requests one after the other; a second thread listens for cancellations meanwhile."""

    def __init__(self, server: Any, wire: BinaryIO) -> None:
        self._server = server
        self._wire = wire
        self._requests: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self._cancelled: set[int] = set()

    def run(self) -> None:
        """Generate for ever; the listening thread ends the process."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            order = self._requests.get()
            self._generate(order["id"], order["request"])

    def _listen(self) -> None:
        for line in sys.stdin.buffer:
            order = json.loads(line)
            if "cancel" in order:
                self._cancelled.add(order["cancel"])
            else:
                self._requests.put(order)
        # Nobody waits for a generation any more, and the library would finish the batch at hand first.
        os._exit(0)

    def _generate(self, request_id: int, request: dict[str, Any]) -> None:
        def forward(event: dict[str, Any]) -> bool:
            if request_id in self._cancelled:
                return True
            _send(self._wire, {"id": request_id, "event": event})
            return False

        if request_id not in self._cancelled:
            try:
                self._server.handle_chat_completions(request, forward)
            except (RuntimeError, ValueError) as error:  # what the library makes of an unusable request
                forward({"error": {"code": 400, "message": str(error)}})
        self._cancelled.discard(request_id)
        _send(self._wire, {"id": request_id, "end": True})


def _load(order: Mapping[str, Any]) -> Any:
    import xllamacpp  # only this process may load it

    params = xllamacpp.CommonParams()
    params.model.path = order["model"]
    params.n_ctx = order["contextTokens"]
    params.n_parallel = 1
    params.n_batch = params.n_ubatch = _BATCH_TOKENS
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = order["threads"]
        cpu.poll = 0  # threads that wait must sleep: the index and the editor need the cores, too
    params.fit_params = False  # the window is what was asked for, whatever memory is free
    params.cache_ram_mib = _PROMPT_CACHE_MIB
    params.warmup = False
    params.verbosity = _ERRORS_ONLY
    # The library always listens on a port as well; nobody else on this machine may use it.
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [secrets.token_hex(32)]
    params.endpoint_slots = False
    params.ui = False
    return xllamacpp.Server(params)


def _take_stdout() -> BinaryIO:
    """Return the wire, and send whatever the library prints to stderr."""
    wire = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return wire


def _send(wire: BinaryIO, message: Mapping[str, object]) -> None:
    try:
        wire.write(json.dumps(message).encode() + b"\n")
        wire.flush()
    except OSError:  # the other side is gone
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
