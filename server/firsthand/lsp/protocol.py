"""pygls' protocol with our messages, our open documents, and an answer for requests of the wrong shape."""

import json
import logging
from collections.abc import Callable, Generator, Mapping
from functools import lru_cache
from typing import Any

import attrs
from cattrs import ClassValidationError, Converter, transform_error
from lsprotocol import converters, types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, lsp_method

from firsthand.lsp.capabilities import initialize_result
from firsthand.lsp.failures import ExpectedErrors
from firsthand.lsp.json_values import to_json
from firsthand.lsp.messages import NOTIFICATIONS, REQUESTS

logging.getLogger("pygls").setLevel(logging.WARNING)  # At INFO it logs every message: the user's code.
logging.getLogger("pygls.protocol.json_rpc").addFilter(ExpectedErrors())


@attrs.define
class OurRequest:
    """A request of ours: params stay JSON until the handler has checked them."""

    id: int | str
    method: str
    jsonrpc: str
    params: Any = None


@attrs.define
class OurNotification:
    """A notification of ours."""

    method: str
    jsonrpc: str
    params: Any = None


@attrs.define
class MalformedRequest:
    """A request whose params do not have the shape that LSP prescribes; it is answered by an error."""

    id: int | str
    problem: str
    method: str = ""
    jsonrpc: str = "2.0"


def create_converter() -> Converter:
    """Return lsprotocol's converter that leaves the params of our messages alone."""
    converter = converters.get_converter()
    for kind in (OurRequest, OurNotification):
        converter.register_structure_hook(kind, _untouched)
        converter.register_unstructure_hook(kind, _as_json)
    return converter


class FirsthandProtocol(LanguageServerProtocol):
    """Knows our methods and keeps the open documents itself.

    pygls counts form feeds and U+2028 as line ends, which LSP does not, and so applies edits at the wrong place in
    files that have them.
    """

    def __init__(self, server: Any, converter: Converter) -> None:
        super().__init__(server, converter)
        self.answered_before: set[int | str] = set()
        """Ids of requests that the client has an answer to already."""

    def json_of(self, value: object) -> Any:
        """Return one of lsprotocol's values as the JSON that goes over the wire."""
        return self._converter.unstructure(value)

    @lru_cache  # noqa: B019 - one protocol lives as long as the process
    def get_message_type(self, method: str) -> type[Any] | None:
        """Return the type of a message, ours included."""
        if method in REQUESTS:
            return OurRequest
        if method in NOTIFICATIONS:
            return OurNotification
        return super().get_message_type(method)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Return the typed message; a request that has the wrong shape becomes one that can be answered."""
        if "method" not in data or "id" not in data or "jsonrpc" not in data:
            return super().structure_message(data)
        kind = self.get_message_type(data["method"])
        if kind is None:
            return OurRequest(data["id"], data["method"], data["jsonrpc"], data.get("params"))
        try:
            return self._converter.structure(data, kind)
        except Exception as error:
            return MalformedRequest(data["id"], _problem(error), data["method"])

    def handle_message(self, message: Any) -> None:
        """Hand a message to its handler."""
        if isinstance(message, MalformedRequest):
            error = JsonRpcException(message.problem, code=types.ErrorCodes.InvalidParams)
            self._send_response(message.id, error=error.to_response_error())
            return
        super().handle_message(message)

    def _send_response(
        self, msg_id: int | str, result: Any = None, error: types.ResponseError | None = None
    ) -> None:
        if msg_id in self.answered_before:
            self.answered_before.remove(msg_id)
        else:
            super()._send_response(msg_id, result, error)

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, Any]:
        """Let pygls prepare itself, and answer what `capabilities` says."""
        yield from super().lsp_initialize(params)
        return initialize_result(self.json_of(params.capabilities))

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(
        self, params: types.DidOpenTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Hand over to the feature."""
        yield from self._feature(types.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(
        self, params: types.DidChangeTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Hand over to the feature."""
        yield from self._feature(types.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(
        self, params: types.DidCloseTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Hand over to the feature."""
        yield from self._feature(types.TEXT_DOCUMENT_DID_CLOSE, params)

    def _feature(self, method: str, params: object) -> Generator[Any, Any, None]:
        handler: Callable[..., Any] = self.fm.features[method]
        yield handler, (params,), None


def _untouched(data: Mapping[str, Any], kind: type[Any]) -> Any:
    return kind(**{item.name: data.get(item.name) for item in attrs.fields(kind)})


def _as_json(message: OurRequest | OurNotification) -> dict[str, Any]:
    values = {item.name: getattr(message, item.name) for item in attrs.fields(type(message))}
    return {**values, "params": to_json(values["params"])}


def _problem(error: Exception) -> str:
    if not isinstance(error, ClassValidationError):
        return "The request cannot be read: its parameters do not have the shape that LSP prescribes."
    problems = "; ".join(problem.replace("@ $.", "at ") for problem in transform_error(error))
    return f"The request cannot be read: {json.dumps(problems)[1:-1]}."
