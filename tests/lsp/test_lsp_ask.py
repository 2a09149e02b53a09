"""`firsthand/ask`: the answer, its stream, its cancellation and its failures."""

import asyncio
from typing import Any

import pytest
from lsp_session import EDITORS, Session, StartServer
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import client_capabilities

ANSWER = "Tokens 🙂 are refreshed in refresh(). It calls imaginary()."


@pytest.mark.parametrize("editor", EDITORS)
async def test_the_response_holds_the_whole_answer(editor: str, start_server: StartServer) -> None:
    """Every editor gets text, citations that can be opened, doubts, model, budget and timings."""
    session = await start_server()
    await session.initialize(client_capabilities(editor))

    answer = await session.request("firsthand/ask", {"question": "How are tokens refreshed?"})

    assert answer["answerId"] == "answer-ask"
    assert (answer["status"], answer["text"], answer["model"]) == ("complete", ANSWER, "fake-model")
    [citation] = answer["citations"]
    assert citation["uri"] == session.uri("src/auth.py")
    assert (citation["path"], citation["startLine"], citation["endLine"]) == ("src/auth.py", 1, 2)
    assert answer["budget"]["contextTokens"] == 8192
    assert answer["timings"] == {"searching": 1.2, "generating": 20.0}
    assert answer["ungrounded"][0]["nearest"] == ["refresh"]


@pytest.mark.parametrize(
    ("encoding", "expected"), [("utf-8", (0, 39)), ("utf-16", (0, 37)), ("utf-32", (0, 36)), (None, (0, 37))]
)
async def test_spans_count_in_the_negotiated_encoding(
    encoding: str | None, expected: tuple[int, int], start_server: StartServer
) -> None:
    """The spans of an answer's text count the units that the client counts; UTF-16 when it did not say."""
    session = await start_server()
    general = types.GeneralClientCapabilities(
        position_encodings=[types.PositionEncodingKind(encoding)] if encoding else None
    )
    await session.initialize(types.ClientCapabilities(general=general))

    answer = await session.request("firsthand/ask", {"question": "How?"})

    [span] = answer["citations"][0]["spans"]
    assert (span["start"], span["end"]) == expected
    units = {"utf-8": ("utf-8", 1), "utf-32": ("utf-32-le", 4)}.get(encoding or "", ("utf-16-le", 2))
    piece = answer["text"].encode(units[0])[: span["end"] * units[1]].decode(units[0])
    assert piece == "Tokens 🙂 are refreshed in refresh()."


async def test_the_stream_is_numbered_and_complete(session: Session) -> None:
    """The context comes before the first text, the numbers rise by one, the texts add up, and done is last."""
    answer = await session.request("firsthand/ask", {"question": "How?", "streamId": "s1"})

    kinds = [update["kind"] for update in session.updates]
    assert [update["seq"] for update in session.updates] == list(range(len(kinds)))
    assert {update["streamId"] for update in session.updates} == {"s1"}
    assert kinds.index("context") < kinds.index("delta")
    assert kinds[-1] == "done"
    assert (
        "".join(update["text"] for update in session.updates if update["kind"] == "delta") == answer["text"]
    )
    by_kind = {update["kind"]: update for update in session.updates}
    assert by_kind["context"]["hits"][0]["uri"] == session.uri("src/auth.py")
    assert by_kind["context"]["cut"][0]["reason"] == "does not fit the window"
    assert by_kind["citation"]["citation"] == answer["citations"][0]
    assert by_kind["warning"]["message"] == "One sentence rests on nothing."
    assert by_kind["done"]["status"] == "complete"
    assert by_kind["done"]["answerId"] == answer["answerId"]


async def test_text_is_gathered_before_it_is_sent(session: Session) -> None:
    """Words that arrive together go out together, not as a message each."""
    await session.request("firsthand/ask", {"question": "How?", "streamId": "s1"})

    deltas = [update for update in session.updates if update["kind"] == "delta"]
    assert 1 <= len(deltas) < len(ANSWER.split(" "))


async def test_only_clients_that_ask_for_it_get_a_stream(start_server: StartServer) -> None:
    """Without `streaming` in the options, nothing of ours is sent unasked."""
    session = await start_server()
    await session.initialize(client_capabilities("visual-studio-code"))

    await session.request("firsthand/ask", {"question": "How?", "streamId": "s1"})

    assert session.updates == []
    assert session.statuses == []


async def test_a_question_waits_for_the_first_look_at_the_files(session: Session) -> None:
    """A question that comes while the folder is first read says so, and is answered when that is done."""
    sweeping = session.root / "sweeping"
    sweeping.touch()
    request = asyncio.create_task(session.request("firsthand/ask", {"question": "How?", "streamId": "s1"}))
    await session.until(lambda: session.updates)
    before = [update.get("stage") for update in session.updates]

    sweeping.unlink()

    assert (await request)["text"] == ANSWER
    assert before == ["indexing"]


async def test_cancelling_closes_the_models_stream(session: Session) -> None:
    """A cancelled question closes the model's stream, is answered as cancelled, and the stream ends with done."""
    request = asyncio.create_task(cancellable(session, {"question": "wait for ever", "streamId": "s1"}))
    await session.until_noted("waiting")

    session.client.cancel_request(types.CancelParams(id="to-cancel"))

    error = await request
    assert error.code == types.LSPErrorCodes.RequestCancelled
    assert session.notes()[-1] == "model stream closed"
    assert session.updates[-1]["kind"] == "done"
    assert session.updates[-1]["status"] == "cancelled"
    assert (await session.request("firsthand/ask", {"question": "How?"}))["status"] == "complete"


async def test_progress_of_a_request_shows_stages_and_can_cancel(session: Session) -> None:
    """A `workDoneToken` gets begin, stages and end, never text; cancelling it cancels the request."""
    session.client.progress_reports["token-1"] = []

    await session.request("firsthand/ask", {"question": "How?", "workDoneToken": "token-1"})

    reports = session.client.progress_reports["token-1"]
    assert [report.kind for report in reports] == ["begin", "report", "report", "end"]
    assert [report.message for report in reports[1:3]] == ["searching", "generating"]


async def test_cancelling_the_progress_cancels_the_request(session: Session) -> None:
    """The client's cancel button for a progress stops the model too."""
    session.client.progress_reports["token-1"] = []
    request = asyncio.create_task(
        cancellable(session, {"question": "wait for ever", "workDoneToken": "token-1"})
    )
    await session.until_noted("waiting")

    session.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams("token-1"))

    assert (await request).code == types.LSPErrorCodes.RequestCancelled
    assert session.notes()[-1] == "model stream closed"


async def test_a_failure_is_one_sentence(session: Session) -> None:
    """A failing model is answered by its sentence and no more, in the response and in the stream."""
    error = await session.failing("firsthand/ask", {"question": "fail", "streamId": "s1"})

    assert error.code == types.LSPErrorCodes.RequestFailed
    assert error.message == "Ollama does not answer at http://127.0.0.1:1; start it: ollama serve"
    assert error.data is None
    assert session.updates[-1]["status"] == "failed"
    assert session.updates[-1]["message"] == error.message


async def test_an_unexpected_failure_shows_no_traceback(session: Session) -> None:
    """What nobody expected is logged; the wire carries neither its text nor a traceback, and the session goes on."""
    error = await session.failing("firsthand/ask", {"question": "crash"})

    assert error.code == types.ErrorCodes.InternalError
    assert "secret" not in error.message
    assert "log" in error.message
    assert error.data is None
    assert (await session.request("firsthand/ask", {"question": "How?"}))["status"] == "complete"


async def test_the_selection_goes_into_the_question(session: Session) -> None:
    """A marked range of an unsaved document is what the model is told about."""
    uri = session.open("src/auth.py", 'x = "🙂🙂" + unsaved\n')
    marked = {"start": {"line": 0, "character": 13}, "end": {"line": 0, "character": 20}}

    await session.request("firsthand/ask", {"question": "What?", "uri": uri, "range": marked})

    assert "selected unsaved" in session.notes()


@pytest.mark.parametrize(
    ("params", "named"),
    [
        (None, "parameter"),
        ([], "parameter"),
        ({}, '"question"'),
        ({"question": 7}, '"question"'),
        ({"question": "  "}, '"question"'),
        ({"question": "q", "streamId": 1}, '"streamId"'),
        ({"question": "q", "range": {"start": {"line": 0}}}, '"range.start.character"'),
        ({"question": "q", "range": {"start": {"line": -1, "character": 0}}}, '"range.start.line"'),
        ({"question": "q", "scope": {"paths": "src"}}, '"scope.paths"'),
        ({"question": "q", "scope": {"paths": ["src", 1]}}, '"scope.paths[1]"'),
        ({"question": "q", "scope": {"tests": 1}}, '"scope.tests"'),
        ({"question": "q", "workDoneToken": []}, '"workDoneToken"'),
    ],
)
async def test_wrong_params_are_answered_by_naming_the_field(
    params: Any, named: str, session: Session
) -> None:
    """Whatever is wrong with the params, the answer is an error that names the field."""
    error = await session.failing("firsthand/ask", params)

    assert error.code in (types.ErrorCodes.InvalidParams, types.LSPErrorCodes.RequestFailed)
    assert named in error.message
    assert error.data is None


async def test_the_context_of_an_answer_can_be_seen(session: Session) -> None:
    """Excerpts, messages with token counts and what was cut are there for an answer, and only for real ones."""
    answer = await session.request("firsthand/ask", {"question": "How?"})

    context = await session.request("firsthand/context", {"answerId": answer["answerId"]})

    assert context["excerpts"][0]["text"] == "def refresh():\n    pass"
    assert [message["role"] for message in context["messages"]] == ["system", "user"]
    assert all(message["tokens"] > 0 for message in context["messages"])
    assert context["cut"][0]["path"] == "src/other.py"
    assert "no-such" in (await session.failing("firsthand/context", {"answerId": "no-such"})).message


async def test_a_conversation_is_named(session: Session) -> None:
    """The id of a conversation is handed on, so that follow-ups have their history."""
    await session.request("firsthand/ask", {"question": "How?", "conversationId": "c1"})

    assert "conversation c1" in session.notes()


async def test_a_client_may_bring_what_was_said_before(session: Session) -> None:
    """The turns of a conversation that the client kept are handed on, so that it goes on after a restart."""
    turns = [{"question": "How?", "answer": "So."}, {"question": "Why?", "answer": "Because."}]

    await session.request("firsthand/ask", {"question": "And then?", "turns": turns})

    assert "said before: How? / So." in session.notes()
    assert "said before: Why? / Because." in session.notes()


async def cancellable(session: Session, params: object) -> JsonRpcException:
    """Ask under a known id and return the error that ends it."""
    with pytest.raises(JsonRpcException) as caught:
        await session.client.protocol.send_request_async("firsthand/ask", params, msg_id="to-cancel")
    return caught.value
