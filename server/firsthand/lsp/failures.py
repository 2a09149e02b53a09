"""Errors as the wire carries them: one sentence, a code, never a traceback."""

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from firsthand.errors import FirsthandError, OutdatedError
from firsthand.lsp.json_values import MalformedError

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

INTERNAL_ERROR = "Firsthand hit an internal error; the server's log says more. The session goes on."


def answered(handler: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Wrap a request handler: whatever goes wrong is answered by one sentence."""

    @functools.wraps(handler)
    async def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await handler(*args, **kwargs)
        except Exception as error:
            raise response_error(error) from None

    return answer


def noted(handler: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """Wrap a notification handler: nobody waits for an answer, so what goes wrong is logged."""

    @functools.wraps(handler)
    async def note(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await handler(*args, **kwargs)
        except FirsthandError as error:
            log.warning("%s", error)
        except Exception:
            log.exception("a notification could not be handled")

    return note


def response_error(error: Exception) -> JsonRpcException:
    """Return the error response for an exception; what is unexpected is logged here."""
    if isinstance(error, JsonRpcException):
        return error
    if isinstance(error, MalformedError):
        return JsonRpcException(str(error), code=types.ErrorCodes.InvalidParams)
    if isinstance(error, OutdatedError):
        return JsonRpcException(str(error), code=types.LSPErrorCodes.ContentModified)
    if isinstance(error, FirsthandError):
        return JsonRpcException(str(error), code=types.LSPErrorCodes.RequestFailed)
    log.error("internal error", exc_info=error)
    return JsonRpcException(INTERNAL_ERROR, code=types.ErrorCodes.InternalError)


def sentence_of(error: Exception) -> str:
    """Return what a user may read about an exception that nobody waits for; what is unexpected is logged here."""
    return response_error(error).message


class ExpectedErrors(logging.Filter):
    """Drops pygls' records about error responses: they are answers, and what is unexpected was logged before."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record that is not about a JSON-RPC error."""
        return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcException))
