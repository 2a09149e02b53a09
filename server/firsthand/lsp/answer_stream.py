"""`firsthand/answer/didUpdate`: an answer in the making, for clients that read streams."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from firsthand.core.answers import (
    AnswerEvent,
    AnswerFinished,
    CitationFound,
    ContextChosen,
    StageStarted,
    TextArrived,
    WarningRaised,
)
from firsthand.lsp.convert import budget_result, citation_result, cut_results, excerpt_results
from firsthand.lsp.json_values import to_json
from firsthand.lsp.messages import ANSWER_DID_UPDATE, AnswerUpdate, DoneStatus, UpdateKind
from firsthand.lsp.positions import SpanConverter

if TYPE_CHECKING:
    from firsthand.lsp.folders import Folder
    from firsthand.lsp.session import FirsthandServer

# Text is gathered this long before it is sent: still fluent to read, and far fewer messages than tokens.
_SECONDS_OF_TEXT = 0.04


class AnswerListener(Protocol):
    """Hears of an answer in the making."""

    def heard(self, event: AnswerEvent) -> None:
        """Take the next event."""
        ...

    def broken_off(self, status: DoneStatus, message: str | None = None) -> None:
        """Learn that no more events come, because the work was cancelled or failed."""
        ...


class AnswerStream:
    """Sends the events of one answer to the client, numbered without gaps."""

    def __init__(self, server: FirsthandServer, folder: Folder, stream_id: str) -> None:
        self._server = server
        self._folder = folder
        self._stream_id = stream_id
        self._sequence = 0
        self._text = ""
        self._waiting = ""
        self._timer: asyncio.TimerHandle | None = None

    def heard(self, event: AnswerEvent) -> None:
        """Send an event; text is gathered a little first."""
        if isinstance(event, TextArrived):
            self._gather(event.text)
            return
        self._flush()
        match event:
            case StageStarted(name):
                self._send("stage", stage=name)
            case ContextChosen(_, context):
                # A second context means that the text begins anew.
                self._text = ""
                self._send(
                    "context",
                    hits=excerpt_results(context.excerpts, self._folder),
                    cut=cut_results(context.cut, self._folder),
                    budget=budget_result(context.budget),
                )
            case CitationFound(citation):
                spans = SpanConverter(self._text, self._server.encoding)
                self._send("citation", citation=citation_result(citation, self._folder, spans))
            case WarningRaised(message):
                self._send("warning", message=message)
            case AnswerFinished(answer):
                self._send("done", status=answer.status, answer_id=answer.id)

    def broken_off(self, status: DoneStatus, message: str | None = None) -> None:
        """Send what is left, and that no more comes."""
        self._flush()
        self._send("done", status=status, message=message)

    def _gather(self, text: str) -> None:
        self._text += text
        self._waiting += text
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SECONDS_OF_TEXT, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            self._send("delta", text=self._waiting)
            self._waiting = ""

    def _send(self, kind: UpdateKind, **fields: Any) -> None:
        update = AnswerUpdate(self._stream_id, self._sequence, kind, **fields)
        self._sequence += 1
        self._server.protocol.notify(ANSWER_DID_UPDATE, to_json(update))
