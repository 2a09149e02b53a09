"""What Ollama says when something is wrong, as errors a user can act on: the one mapping at the boundary.

Texts are matched on lower-case substrings, because they differ between releases only around their core.
"""

import contextlib
import enum
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import httpx

from firsthand.errors import (
    ContextExceededError,
    InputRejectedError,
    ModelBusyError,
    ModelError,
    ModelFailedError,
    ModelMissingError,
    ModelRefusedError,
    ModelUnreachableError,
)

_LONGEST_TEXT = 400
MID_STREAM = -1
"""Stands for the HTTP status of an error that arrives as a line of a stream."""


class Retry(enum.Enum):
    """Whether the same request may succeed when it is sent again."""

    NEVER = enum.auto()
    AT_ONCE = enum.auto()
    LATER_ONCE = enum.auto()
    LATER = enum.auto()


class Kind(enum.Enum):
    """What is wrong, as far as callers act differently on it."""

    UNREACHABLE = enum.auto()
    DROPPED = enum.auto()
    BUSY = enum.auto()
    MISSING = enum.auto()
    REFUSED = enum.auto()
    TOO_LONG = enum.auto()
    CRASHED = enum.auto()
    NOT_A_NUMBER = enum.auto()
    NONSENSE = enum.auto()
    FAILED = enum.auto()


class OllamaError(Exception):
    """A failed request, inside the adapter: the error for the user, and what callers need to decide what to do."""

    def __init__(self, kind: Kind, error: ModelError, retry: Retry = Retry.NEVER) -> None:
        super().__init__(str(error))
        self.kind = kind
        self.error = error
        self.retry = retry


@dataclass(frozen=True, slots=True)
class Failure:
    """One error response: HTTP status (`MID_STREAM` for a line), the server's text, the model and the address."""

    status: int
    text: str
    model: str
    url: str
    prompt_tokens: int | None = None
    context_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    """The first rule with one of its texts in the server's text, and its status if it names one, decides."""

    texts: tuple[str, ...]
    kind: Kind
    retry: Retry
    error: Callable[[Failure], ModelError]
    statuses: tuple[int, ...] = ()


def fault_from_response(
    status: int, body: bytes, content_type: str, *, url: str, model: str, location: str = ""
) -> OllamaError:
    """Return the fault that an error response stands for."""
    if 300 <= status < 400:
        return _unreachable(
            f"{url} redirects to {location or 'another address'}; set the endpoint to the address itself."
        )
    try:
        value = json.loads(body)
    except ValueError:
        return _fault_from_page(status, body, content_type, url)
    text, details = _error_text(value)
    return fault_from_text(status, text, details, url=url, model=model)


def fault_from_line(value: object, *, url: str, model: str) -> OllamaError:
    """Return the fault that the `error` of a line in a stream stands for."""
    text, details = _error_text({"error": value})
    return fault_from_text(MID_STREAM, text, details, url=url, model=model)


def fault_from_text(
    status: int, text: str, details: Mapping[str, object], *, url: str, model: str
) -> OllamaError:
    """Return the fault that Ollama's own words stand for."""
    failure = Failure(
        status, shown(text), model, url, _count(details.get("n_prompt_tokens")), _count(details.get("n_ctx"))
    )
    searched = f"{details.get('type', '')} {text}".lower()
    for rule in _RULES:
        if rule.statuses and status not in rule.statuses:
            continue
        if any(part in searched for part in rule.texts):
            return OllamaError(rule.kind, rule.error(failure), rule.retry)
    return OllamaError(Kind.FAILED, _unknown(failure))


@contextlib.contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn whatever the HTTP library raises into a `OllamaError`."""
    try:
        yield
    except httpx.ConnectTimeout as error:
        raise _unreachable(
            f"No connection to {url} within the time limit; check the address and any firewall between."
        ) from error
    except httpx.ConnectError as error:
        raise _unreachable(_why_not_connected(url, error)) from error
    except httpx.PoolTimeout as error:
        busy = ModelBusyError(f"Too many requests to {url} are under way; try again in a moment.")
        raise OllamaError(Kind.BUSY, busy, Retry.LATER) from error
    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.CloseError) as error:
        dropped = ModelUnreachableError(
            f"The connection to {url} broke before the answer was complete; see whether Ollama is still running."
        )
        raise OllamaError(Kind.DROPPED, dropped) from error
    except TimeoutError as error:
        raise _timed_out(url) from error
    except httpx.TimeoutException as error:
        raise _timed_out(url) from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, OSError) as error:
        raise _unreachable(f"{url} cannot be used as an Ollama endpoint: {shown(str(error))}.") from error


def nonsense(url: str, what: str) -> OllamaError:
    """The answer is not what Ollama answers."""
    error = ModelFailedError(f"Ollama at {url} sent {what}; restart or update Ollama if this goes on.")
    return OllamaError(Kind.NONSENSE, error, Retry.AT_ONCE)


def not_ollama(url: str) -> OllamaError:
    """Something answers, but it does not speak Ollama's protocol."""
    return _unreachable(
        f"What answers at {url} is not Ollama (or a proxy stands between); check the endpoint setting."
    )


def shown(text: str) -> str:
    """Make the server's words fit to be shown: one line, no control characters, not endless."""
    printable = "".join(
        character if character.isprintable() else " " for character in text[: 4 * _LONGEST_TEXT]
    )
    line = " ".join(printable.split()).rstrip(".")
    return line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 1] + "…"


def _unreachable(message: str) -> OllamaError:
    return OllamaError(Kind.UNREACHABLE, ModelUnreachableError(message))


def _timed_out(url: str) -> OllamaError:
    return _unreachable(f"{url} took the connection but did not answer in time; see whether Ollama is stuck.")


def _why_not_connected(url: str, error: httpx.ConnectError) -> str:
    cause = str(error).lower()
    if any(part in cause for part in ("name or service", "nodename", "getaddrinfo", "name resolution")):
        return f"The host name in {url} is not known; check the endpoint setting."
    if "certificate" in cause or "ssl" in cause:
        return f"No secure connection to {url}: {shown(str(error))}."
    return (
        f"Nothing answers at {url}: start Ollama (ollama serve), or set the endpoint if it runs elsewhere; "
        "in WSL or a container, 127.0.0.1 is not the machine outside."
    )


def _fault_from_page(status: int, body: bytes, content_type: str, url: str) -> OllamaError:
    """A body that is not JSON comes from a check before the API, or not from Ollama at all."""
    text = body.decode("utf-8", "replace")
    if status == 403 and not text.strip():
        return _unreachable(
            f"Ollama at {url} refuses this host name (403): use 127.0.0.1, or let it listen on the address "
            "that you use (OLLAMA_HOST, OLLAMA_ORIGINS)."
        )
    if status in (404, 405) and "text/html" not in content_type:
        return _unreachable(
            f"{url} has no Ollama API at this address (or one older than 0.2.6); check the endpoint, update Ollama."
        )
    if status == 500 and not text.strip():
        error = ModelFailedError(
            f"Ollama at {url} failed without saying why; see its log, and update it if this goes on."
        )
        return OllamaError(Kind.FAILED, error)
    if "html" in content_type or status in (407, 502, 503, 504):
        return _unreachable(
            f"A proxy answers for {url} with status {status}; exclude the host from the proxy (NO_PROXY)."
        )
    error = ModelFailedError(
        f"Ollama at {url} answered with status {status}: {shown(text) or 'nothing more'}; see its log."
    )
    return OllamaError(Kind.FAILED, error)


def _error_text(value: object, depth: int = 0) -> tuple[str, Mapping[str, object]]:
    """Return the text of an error value and the object around it; errors may be JSON inside of a text."""
    if isinstance(value, Mapping):
        inner = value.get("error", value.get("message"))
        if inner is not None and depth < 4:
            text, details = _error_text(inner, depth + 1)
            return text, details or cast("Mapping[str, object]", value)
        return json.dumps(value), cast("Mapping[str, object]", value)
    if isinstance(value, str) and value.lstrip().startswith("{") and depth < 4:
        with contextlib.suppress(ValueError):
            return _error_text(json.loads(value), depth + 1)
    return (value if isinstance(value, str) else json.dumps(value)), {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _unknown(failure: Failure) -> ModelError:
    said = failure.text or "nothing more"
    if failure.status == 503:
        return ModelBusyError(f"Ollama is not ready: {said}; try again in a moment.")
    return ModelFailedError(f"Ollama could not do it: {said}; see its log, and update it if this goes on.")


def _busy(failure: Failure) -> ModelError:
    return ModelBusyError(f"Ollama has too much to do ({failure.text}); try again in a moment.")


def _missing(failure: Failure) -> ModelError:
    return ModelMissingError(
        failure.model,
        f"Ollama does not have the model {failure.model}; get it with: ollama pull {failure.model}",
    )


def _refused(failure: Failure) -> ModelError:
    return ModelRefusedError(
        f"Ollama does not run {failure.model}: {failure.text}; choose a model that runs on this machine."
    )


def _not_capable(failure: Failure) -> ModelError:
    return ModelFailedError(f"{failure.model} cannot do this ({failure.text}); choose another model.")


def _too_long(failure: Failure) -> ModelError:
    return ContextExceededError(
        f"The prompt is longer than the window of {failure.model} ({failure.text}); "
        "ask about less, or raise the context_tokens setting.",
        prompt_tokens=failure.prompt_tokens,
        context_tokens=failure.context_tokens,
    )


def _crashed(failure: Failure) -> ModelError:
    return ModelFailedError(
        f"{failure.model} crashed inside Ollama ({failure.text}); try again, and see Ollama's log if it goes on."
    )


def _out_of_memory(failure: Failure) -> ModelError:
    return ModelFailedError(
        f"There is not enough memory for {failure.model} ({failure.text}); "
        "lower the context_tokens setting or choose a smaller model."
    )


def _load_failed(failure: Failure) -> ModelError:
    return ModelFailedError(
        f"Ollama cannot load {failure.model} ({failure.text}); update Ollama, then run: ollama pull {failure.model}"
    )


def _load_stalled(failure: Failure) -> ModelError:
    return ModelBusyError(f"Loading {failure.model} takes Ollama too long ({failure.text}); try again later.")


def _bad_name(failure: Failure) -> ModelError:
    return ModelFailedError(f'"{failure.model}" is not the name of a model; check the model settings.')


def _not_a_number(failure: Failure) -> ModelError:
    return InputRejectedError(
        f"{failure.model} computes no usable vector for this text ({failure.text}); it is left out."
    )


def _malformed(failure: Failure) -> ModelError:
    return ModelFailedError(f"{failure.model} wrote something unreadable ({failure.text}); ask again.")


def _repeating(failure: Failure) -> ModelError:
    return ModelFailedError(
        f"{failure.model} repeated itself and was stopped; ask differently or choose another model."
    )


# Order matters: a refusal for length may mention memory, and a crash during a load mentions its cause.
_RULES = (
    _Rule(("cloud is disabled", "unauthorized", "remote model"), Kind.REFUSED, Retry.NEVER, _refused, (400, 401, 403)),
    _Rule(
        (
            "exceed_context_size_error", "exceeds the available context size", "longer than the context length",
            "input length exceeds", "exceeds maximum context length", "cannot be truncated further",
            "physical batch size", "no user query found in messages",
        ),
        Kind.TOO_LONG, Retry.NEVER, _too_long,
    ),
    _Rule(("nan or inf", "unsupported value: nan"), Kind.NOT_A_NUMBER, Retry.NEVER, _not_a_number),
    _Rule(("token repeat limit",), Kind.FAILED, Retry.NEVER, _repeating),
    _Rule(
        ("out-of-memory", "out of memory", "cudamalloc failed", "failed to allocate", "not enough memory",
         "requires more system memory", "unable to load full model on gpu"),
        Kind.FAILED, Retry.NEVER, _out_of_memory,
    ),
    _Rule(("may be incompatible with your version", "process has terminated"), Kind.FAILED, Retry.NEVER, _load_failed),
    _Rule(("timed out waiting for", "request canceled"), Kind.BUSY, Retry.LATER, _load_stalled),
    _Rule(("loading model", "no slots available"), Kind.BUSY, Retry.AT_ONCE, _busy),
    _Rule(("server busy", "maximum pending requests", "list cache unavailable"), Kind.BUSY, Retry.LATER, _busy),
    _Rule(
        ("do embedding request", "connection refused", "connection reset"), Kind.CRASHED, Retry.AT_ONCE, _crashed
    ),
    _Rule(
        ("unexpectedly stopped", "encountered while running the model", "unexpected eof"),
        Kind.CRASHED, Retry.LATER_ONCE, _crashed, (500, 400, MID_STREAM),
    ),
    _Rule(
        ("does not support", "do not support", "not supported"), Kind.FAILED, Retry.NEVER, _not_capable, (400, 501)
    ),
    _Rule(("invalid model name", "model is required"), Kind.FAILED, Retry.NEVER, _bad_name, (400,)),
    _Rule(("not found",), Kind.MISSING, Retry.NEVER, _missing, (404,)),
    _Rule(("file does not exist",), Kind.MISSING, Retry.NEVER, _missing, (MID_STREAM, 500)),
    _Rule(("tool call",), Kind.FAILED, Retry.AT_ONCE, _malformed, (500, MID_STREAM)),
    _Rule(("",), Kind.BUSY, Retry.LATER, _unknown, (503,)),
)  # fmt: skip
