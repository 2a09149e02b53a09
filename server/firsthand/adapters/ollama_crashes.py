"""Stops asking a model that crashes every time, because each try costs a load and the machine's memory."""

import time
from collections.abc import Callable

from firsthand.adapters.ollama_errors import Kind, OllamaError
from firsthand.errors import ModelFailedError

_MOST_CRASHES = 3
_REST_SECONDS = 60.0


class CrashGuard:
    """Counts crashes in a row for each model; after a few of them the model rests for a while."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._crashes: dict[str, int] = {}
        self._rests_until: dict[str, float] = {}

    def check(self, model: str) -> None:
        """Fail at once while the model rests."""
        seconds = self._rests_until.get(model, 0.0) - self._clock()
        if seconds > 0:
            raise OllamaError(
                Kind.FAILED,
                ModelFailedError(
                    f"{model} crashed {_MOST_CRASHES} times in a row and is left alone for {seconds:.0f} seconds; "
                    "lower the context_tokens setting or choose a smaller model."
                ),
            )

    def crashed(self, model: str) -> None:
        """Count a crash; the first one after a rest leads to the next rest."""
        self._crashes[model] = self._crashes.get(model, 0) + 1
        if self._crashes[model] >= _MOST_CRASHES:
            self._rests_until[model] = self._clock() + _REST_SECONDS

    def worked(self, model: str) -> None:
        """Forget the crashes."""
        self._crashes.pop(model, None)
        self._rests_until.pop(model, None)
