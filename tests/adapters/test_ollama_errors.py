"""Everything Ollama says when something is wrong becomes one error with something to do next."""

import json
from collections.abc import Mapping

import httpx
import pytest

from fake_ollama.faults import BUSY_TEXT, OUT_OF_MEMORY_TEXT, RUNNER_DIED_TEXT
from firsthand.adapters.ollama_errors import (
    MID_STREAM,
    Kind,
    OllamaError,
    Retry,
    fault_from_line,
    fault_from_response,
    translated,
)
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

URL = "http://127.0.0.1:11434"
EXCEEDED = (
    '{"error":{"code":400,"message":"request (9120 tokens) exceeds the available context size (4096 tokens), '
    'try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9120,"n_ctx":4096}}'
)

CATALOGUE = [
    (503, BUSY_TEXT, ModelBusyError, Retry.LATER),
    (404, "model 'x' not found", ModelMissingError, Retry.NEVER),
    (404, 'model "x" not found, try pulling it first', ModelMissingError, Retry.NEVER),
    (MID_STREAM, "pull model manifest: file does not exist", ModelMissingError, Retry.NEVER),
    (400, '"x" does not support chat', ModelFailedError, Retry.NEVER),
    (400, '"x" does not support thinking', ModelFailedError, Retry.NEVER),
    (400, "registry.ollama.ai/library/x:latest does not support tools", ModelFailedError, Retry.NEVER),
    (400, "registry.ollama.ai/library/x:latest does not support insert", ModelFailedError, Retry.NEVER),
    (
        501,
        "This server does not support embeddings. Start it with `--embeddings`",
        ModelFailedError,
        Retry.NEVER,
    ),
    (501, "this model does not support embeddings", ModelFailedError, Retry.NEVER),
    (400, "not supported", ModelFailedError, Retry.NEVER),
    (400, "invalid model name", ModelFailedError, Retry.NEVER),
    (400, "model is required", ModelFailedError, Retry.NEVER),
    (400, "invalid character 'x' looking for beginning of value", ModelFailedError, Retry.NEVER),
    (400, "json: cannot unmarshal string into Go struct field", ModelFailedError, Retry.NEVER),
    (400, "invalid input type", ModelFailedError, Retry.NEVER),
    (400, 'time: missing unit in duration "-1"', ModelFailedError, Retry.NEVER),
    (500, 'option "num_ctx" must be of type integer', ModelFailedError, Retry.NEVER),
    (
        500,
        'invalid format: "\\"xml\\""; expected "json" or a valid JSON Schema object',
        ModelFailedError,
        Retry.NEVER,
    ),
    (400, '{"error":{"code":400,"message":"failed to parse grammar"}}', ModelFailedError, Retry.NEVER),
    (400, EXCEEDED, ContextExceededError, Retry.NEVER),
    (
        400,
        "the prompt is longer than the context length currently available to the model; shorten the prompt, …",
        ContextExceededError,
        Retry.NEVER,
    ),
    (400, "the input length exceeds the context length", ContextExceededError, Retry.NEVER),
    (400, "input exceeds maximum context length", ContextExceededError, Retry.NEVER),
    (400, "input length exceeds maximum context length", ContextExceededError, Retry.NEVER),
    (400, "input after truncation exceeds maximum context length", ContextExceededError, Retry.NEVER),
    (
        400,
        "input exceeds maximum context length and cannot be truncated further",
        ContextExceededError,
        Retry.NEVER,
    ),
    (
        400,
        "input is too large to process. increase the physical batch size",
        ContextExceededError,
        Retry.NEVER,
    ),
    (500, "no user query found in messages", ContextExceededError, Retry.NEVER),
    (
        400,
        'do embedding request: Post "http://127.0.0.1:43817/v1/embeddings": EOF',
        ModelFailedError,
        Retry.AT_ONCE,
    ),
    (
        500,
        'do embedding request: Post "http://127.0.0.1:43817/embedding": EOF',
        ModelFailedError,
        Retry.AT_ONCE,
    ),
    (400, "dial tcp 127.0.0.1:43817: connect: connection refused", ModelFailedError, Retry.AT_ONCE),
    (400, "read tcp 127.0.0.1:43817: connection reset by peer", ModelFailedError, Retry.AT_ONCE),
    (400, "embedding contains NaN or Inf values", InputRejectedError, Retry.NEVER),
    (
        500,
        "failed to encode response: json: unsupported value: NaN",
        InputRejectedError,
        Retry.NEVER,
    ),
    (500, RUNNER_DIED_TEXT, ModelFailedError, Retry.LATER_ONCE),
    (
        MID_STREAM,
        "an error was encountered while running the model: unexpected EOF",
        ModelFailedError,
        Retry.LATER_ONCE,
    ),
    (500, OUT_OF_MEMORY_TEXT, ModelFailedError, Retry.NEVER),
    (
        500,
        "model requires more system memory (9.8 GiB) than is available (6.1 GiB)",
        ModelFailedError,
        Retry.NEVER,
    ),
    (500, "unable to load full model on GPU", ModelFailedError, Retry.NEVER),
    (500, "ggml: failed to allocate buffer", ModelFailedError, Retry.NEVER),
    (500, "llama-server process has terminated: exit status 1: boom", ModelFailedError, Retry.NEVER),
    (500, "llama runner process has terminated: exit status 2", ModelFailedError, Retry.NEVER),
    (
        500,
        "error loading model: this model may be incompatible with your version of Ollama. If you previously …",
        ModelFailedError,
        Retry.NEVER,
    ),
    (500, "timed out waiting for llama-server to start - ", ModelBusyError, Retry.LATER),
    (499, "request canceled", ModelBusyError, Retry.LATER),
    (500, "unexpected server status: llm server loading model", ModelBusyError, Retry.AT_ONCE),
    (500, "no slots available after 10 retries", ModelBusyError, Retry.AT_ONCE),
    (500, "model list cache unavailable", ModelBusyError, Retry.LATER),
    (
        500,
        "llama-server returned invalid tool call arguments for read_file",
        ModelFailedError,
        Retry.AT_ONCE,
    ),
    (
        MID_STREAM,
        "prediction aborted, token repeat limit reached",
        ModelFailedError,
        Retry.NEVER,
    ),
    (
        403,
        "ollama cloud is disabled: remote model details are unavailable",
        ModelRefusedError,
        Retry.NEVER,
    ),
    (401, "unauthorized", ModelRefusedError, Retry.NEVER),
    (400, "this server cannot run this remote model", ModelRefusedError, Retry.NEVER),
    (503, "something new", ModelBusyError, Retry.LATER),
    (500, "something new", ModelFailedError, Retry.NEVER),
]


@pytest.mark.parametrize(("status", "text", "error", "retry"), CATALOGUE)
def test_each_row_of_the_catalogue_has_its_error(
    status: int, text: str, error: type[ModelError], retry: Retry
) -> None:
    """The status and the text decide the class of the error and whether the request is sent again."""
    if status == MID_STREAM:
        fault = fault_from_line(text, url=URL, model="x")
    else:
        fault = fault_from_response(
            status, json.dumps({"error": text}).encode(), "application/json", url=URL, model="x"
        )

    assert (error, retry) == (type(fault.error), fault.retry)


@pytest.mark.parametrize(("status", "text", "error", "retry"), CATALOGUE)
def test_each_message_says_what_to_do(status: int, text: str, error: type[ModelError], retry: Retry) -> None:
    """A message is one sentence with the cause and, after a semicolon, the next step."""
    message = str(fault_from_line(text, url=URL, model="x").error)

    assert ";" in message
    assert message.endswith(tuple("abcdefghijklmnopqrstuvwxyz0123456789.,)")) and "\n" not in message


@pytest.mark.parametrize(
    ("status", "body", "content_type", "word"),
    [
        (403, b"", "text/plain", "127.0.0.1"),
        (502, b"<html>squid</html>", "text/html", "NO_PROXY"),
        (503, b"<html>squid</html>", "text/html", "NO_PROXY"),
        (504, b"", "text/plain", "NO_PROXY"),
        (407, b"proxy authentication", "text/plain", "NO_PROXY"),
        (404, b"404 page not found", "text/plain", "endpoint"),
        (405, b"405 method not allowed", "text/plain", "endpoint"),
        (301, b"", "text/plain", "redirects to http://elsewhere"),
    ],
)
def test_what_does_not_come_from_the_api_is_told_apart(
    status: int, body: bytes, content_type: str, word: str
) -> None:
    """Host check, proxy, wrong address and redirection each have a message with their own remedy."""
    fault = fault_from_response(status, body, content_type, url=URL, model="x", location="http://elsewhere")

    assert isinstance(fault.error, ModelUnreachableError)
    assert word in str(fault.error) and URL in str(fault.error)


def test_a_failure_without_a_body_is_the_servers() -> None:
    """A handler that panicked answers 500 with nothing."""
    fault = fault_from_response(500, b"", "text/plain", url=URL, model="x")

    assert isinstance(fault.error, ModelFailedError)


@pytest.mark.parametrize(
    "value",
    [EXCEEDED, json.loads(EXCEEDED), json.loads(EXCEEDED)["error"], {"error": EXCEEDED}],
)
def test_errors_inside_of_errors_are_unwrapped(value: object) -> None:
    """Sizes are read from JSON in a text, from an object, and from both nested."""
    error = fault_from_line(value, url=URL, model="x").error

    assert isinstance(error, ContextExceededError)
    assert (error.prompt_tokens, error.context_tokens) == (9120, 4096)


@pytest.mark.parametrize("value", [42, None, [], {}, "", "42", "null", "{", {"error": {"error": {}}}, True])
def test_odd_errors_are_errors_all_the_same(value: object) -> None:
    """No value under `error` can break the mapping."""
    assert isinstance(fault_from_line(value, url=URL, model="x").error, ModelFailedError)


def test_the_servers_words_are_shown_on_one_short_line() -> None:
    """Text of the server is untrusted: no control characters, no end-less message."""
    message = str(fault_from_line("a\x1b[31m\n" * 10_000, url=URL, model="x").error)

    assert len(message) < 600
    assert message.isprintable()


def _http_errors() -> Mapping[str, Exception]:
    errors: dict[str, Exception] = {}
    pending = [httpx.HTTPError]
    while pending:
        kind = pending.pop()
        pending.extend(kind.__subclasses__())
        if kind is not httpx.HTTPStatusError:
            errors[kind.__name__] = kind("boom")
    return errors | {
        "HTTPStatusError": httpx.HTTPStatusError(
            "boom", request=httpx.Request("GET", URL), response=httpx.Response(500)
        ),
        "InvalidURL": httpx.InvalidURL("boom"),
        "StreamClosed": httpx.StreamClosed(),
        "StreamConsumed": httpx.StreamConsumed(),
        "OSError": OSError("boom"),
        "TimeoutError": TimeoutError(),
    }


@pytest.mark.parametrize("error", _http_errors().values(), ids=_http_errors().keys())
def test_every_error_of_the_http_library_is_translated(error: Exception) -> None:
    """Nothing that httpx raises leaves the adapter as it is, and the cause is kept."""
    with pytest.raises(OllamaError) as caught, translated(URL):
        raise error

    assert caught.value.__cause__ is error
    assert isinstance(caught.value.error, ModelUnreachableError | ModelBusyError)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[Errno 111] Connection refused", "ollama serve"),
        ("All connection attempts failed", "WSL"),
        ("[Errno -2] Name or service not known", "host name"),
        ("[Errno 8] nodename nor servname provided, or not known", "host name"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "secure connection"),
    ],
)
def test_a_failed_connection_tells_its_likely_cause(text: str, word: str) -> None:
    """Refused, unknown host and bad certificate are told apart, with the address that was tried."""
    with pytest.raises(OllamaError) as caught, translated(URL):
        raise httpx.ConnectError(text)

    assert Kind.UNREACHABLE is caught.value.kind
    assert word in str(caught.value.error) and URL in str(caught.value.error)
