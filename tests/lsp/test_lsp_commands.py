"""`workspace/executeCommand`: the features as a client without our messages has them."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from lsp_session import EDITORS, SOURCE, Session, StartServer
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import client_capabilities

from firsthand.core.model import Progress
from firsthand.lsp.maintenance import pull_step
from firsthand.lsp.progress import message_of

RANGE = {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 11}}


def shown_file(session: Session) -> Path:
    """The file that the client was told to show."""
    [shown] = session.client.shown_documents
    return Path(unquote(urlsplit(shown.uri).path))


@pytest.mark.parametrize("editor", ["visual-studio-code", "neovim@v0.11"])
async def test_an_answer_is_shown_as_a_document(
    editor: str, start_server: StartServer, cache_dir: Path
) -> None:
    """The command returns at once; the complete answer with its sources is then shown as a markdown file."""
    session = await start_server()
    await session.initialize(client_capabilities(editor))

    result = await session.execute("firsthand.ask", {"question": "How are tokens\nrefreshed?"})

    assert result["token"].startswith("firsthand-")
    await session.until(lambda: session.client.shown_documents)
    file = shown_file(session)
    assert file.parent == cache_dir / "answers"
    assert file.stat().st_mode & 0o077 == 0
    text = file.read_text("utf-8")
    assert text.startswith("# How are tokens refreshed?\n\n")
    assert "Tokens 🙂 are refreshed in refresh()." in text
    assert f"[src/auth.py:1-2](<{session.uri('src/auth.py')}#L1>)" in text
    assert "`imaginary` (nearest: `refresh`)" in text
    assert "fake-model" in text
    assert list(file.parent.iterdir()) == [file]


async def test_clients_that_show_no_documents_get_a_message(
    start_server: StartServer, cache_dir: Path
) -> None:
    """The message has the beginning of the answer and where the whole of it is."""
    session = await start_server()
    await session.initialize(client_capabilities("emacs"))

    await session.execute("firsthand.explain", {"uri": session.uri("src/auth.py"), "range": RANGE})

    await session.until(lambda: session.client.messages)
    [message] = session.client.messages
    assert message.message.startswith("It is refresh.")
    assert str(cache_dir / "answers") in message.message


@pytest.mark.parametrize("editor", EDITORS)
async def test_a_test_arrives_as_an_edit(editor: str, start_server: StartServer) -> None:
    """Every editor gets the generated test as an edit to apply, at the right places in its own units."""
    session = await start_server()
    await session.initialize(client_capabilities(editor))
    uri = session.open("src/auth.py", version=3)

    await session.execute("firsthand.generateTest", {"uri": uri, "range": RANGE})

    await session.until(lambda: session.edits)
    [applied] = session.edits
    assert applied.label == "Generate test"
    change = (applied.edit.document_changes or [])[-1]
    assert (change.text_document.uri, change.text_document.version) == (uri, 3)
    assert change.edits[0].range == types.Range(types.Position(2, 4), types.Position(2, 8))


@pytest.mark.parametrize(
    ("command", "extra", "note", "new_text"),
    [
        ("firsthand.document", {}, "document refresh", '"""Doc."""'),
        ("firsthand.fix", {"diagnostic": "undefined"}, "fix undefined: refresh", "fixed"),
    ],
)
async def test_other_edits_arrive_too(
    command: str, extra: dict[str, str], note: str, new_text: str, session: Session
) -> None:
    """Documenting and fixing change the marked code."""
    uri = session.open("src/auth.py")

    await session.execute(command, {"uri": uri, "range": RANGE, **extra})

    await session.until(lambda: session.edits)
    [change] = session.edits[0].edit.document_changes or []
    assert change.edits[0].new_text == new_text
    assert note in session.notes()


async def test_an_edit_that_is_refused_is_said(session: Session) -> None:
    """When the client does not apply the edit, the user reads why."""
    session.accepts_edits = False

    await session.execute("firsthand.document", {"uri": session.open("src/auth.py"), "range": RANGE})

    await session.until(lambda: session.client.messages)
    assert session.client.messages[-1].message == "Document this: the edit was not applied: the user said no."


async def test_without_a_model_the_excerpts_are_shown(session: Session) -> None:
    """A test that no model can write becomes a document that says so."""
    uri = session.open("src/auth.py", "x = 'no model'\n")

    await session.execute("firsthand.generateTest", {"uri": uri, "range": RANGE})

    await session.until(lambda: session.client.shown_documents)
    assert "No chat model is available" in shown_file(session).read_text("utf-8")


async def test_a_command_can_be_stopped(session: Session) -> None:
    """`firsthand.cancel` stops the model of the command that the token names, or of all."""
    started = await session.execute("firsthand.ask", {"question": "wait for ever"})
    await session.until_noted("waiting")

    wrong = await session.execute("firsthand.cancel", {"token": "other"})
    right = await session.execute("firsthand.cancel", started)

    assert (wrong, right) == ({"cancelled": 0}, {"cancelled": 1})
    await session.until_noted("model stream closed")
    assert session.client.shown_documents == []
    assert await session.execute("firsthand.cancel") == {"cancelled": 0}


async def test_progress_is_shown_and_can_stop_the_work(session: Session) -> None:
    """The progress has the command's token; the client's cancel button stops the model, and the progress ends."""
    started = await session.execute("firsthand.ask", {"question": "wait for ever"})
    await session.until_noted("waiting")
    reports = session.client.progress_reports
    await session.until(lambda: reports.get(started["token"]))

    session.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(started["token"]))

    await session.until_noted("model stream closed")
    await session.until(lambda: reports[started["token"]][-1].kind == "end")
    assert reports[started["token"]][0].cancellable is True


async def test_what_goes_wrong_in_the_background_is_said(session: Session) -> None:
    """The user reads the sentence; nothing else is shown."""
    await session.execute("firsthand.ask", {"question": "fail"})

    await session.until(lambda: session.client.messages)
    [message] = session.client.messages
    assert message.type == types.MessageType.Error
    assert message.message == "Ollama does not answer at http://127.0.0.1:1; start it: ollama serve"


async def test_a_question_about_marked_code_needs_no_words(session: Session) -> None:
    """The code action "Ask about this" has a question of its own."""
    await session.execute("firsthand.ask", {"uri": session.uri("src/auth.py"), "range": RANGE})

    await session.until(lambda: session.client.shown_documents)
    assert "ask alpha: How is this code used, and what depends on it?" in session.notes()
    assert "selected refresh" in session.notes()


async def test_search_shows_its_hits(session: Session) -> None:
    """The hits are links in a document, with their reasons, below what was read from the words as a filter."""
    await session.execute("firsthand.search", {"query": "refresh tests:no"})

    await session.until(lambda: session.client.shown_documents)
    text = shown_file(session).read_text("utf-8")
    assert "> Only this was searched: no tests." in text
    assert f"1. [src/auth.py:1-2](<{session.uri('src/auth.py')}#L1>) `refresh` — same words" in text


async def test_status_is_returned_and_said(session: Session) -> None:
    """Scripts read the result, people the message."""
    status = await session.execute("firsthand.status", {"details": True})

    assert status["folders"][0]["skippedFiles"][0]["reason"] == "binary"
    await session.until(lambda: session.client.messages)
    assert session.client.messages[-1].message == "3 files"


async def test_indexing_can_be_paused_and_repeated(session: Session) -> None:
    """Pause, resume and reindex reach the indexer of the folder that is meant."""
    paused = await session.execute("firsthand.pause")
    resumed = await session.execute("firsthand.resume", {"uri": session.root.as_uri()})
    await session.execute("firsthand.reindex", {"uri": session.uri("src/auth.py")})

    await session.until_noted("refresh alpha")
    stages = [status["folders"][0]["indexing"]["stage"] for status in (paused, resumed)]
    assert stages == ["paused", "idle"]


async def test_reindex_opens_a_folder_that_could_not_be_opened(
    start_server: StartServer, tmp_path: Path
) -> None:
    """Once the reason is gone, reindexing brings the folder to life."""
    session = await start_server()
    missing = tmp_path / "missing"
    await session.initialize(client_capabilities("neovim@v0.11"), roots=[missing])
    await session.failing("firsthand/ask", {"question": "How?"})
    missing.mkdir()

    await session.execute("firsthand.reindex")

    await session.until(lambda: session.notes().count("open missing chat=auto excerpts=12") == 2)


@pytest.mark.parametrize(
    ("command", "arguments", "named"),
    [
        ("firsthand.ask", (), '"question"'),
        ("firsthand.ask", ({"question": 1},), '"question"'),
        ("firsthand.ask", ("How?",), "object"),
        ("firsthand.ask", ({"question": "q"}, {}), "one object"),
        ("firsthand.explain", ({},), '"uri"'),
        ("firsthand.generateTest", ({"uri": 1},), '"uri"'),
        ("firsthand.document", (["x"],), "object"),
        ("firsthand.fix", ({"uri": "file:///x", "range": RANGE},), '"diagnostic"'),
        ("firsthand.search", ({"query": ""},), '"query"'),
        ("firsthand.pullModel", ({},), '"model"'),
        ("firsthand.cancel", ({"token": {}},), '"token"'),
        ("firsthand.reindex", ({"uri": "file:///elsewhere"},), "elsewhere"),
        ("firsthand.unknown", (), "firsthand.unknown"),
    ],
)
async def test_wrong_arguments_name_the_field(
    command: str, arguments: tuple[Any, ...], named: str, session: Session
) -> None:
    """A command with a wrong argument fails at once, by a sentence that names the field."""
    with pytest.raises(JsonRpcException) as caught:
        await session.execute(command, *arguments)

    assert named in caught.value.message
    assert caught.value.data is None


async def test_pulling_a_model_opens_the_folders_anew(session: Session) -> None:
    """After the pull the models are chosen anew, and the folder answers with them."""
    await session.execute("firsthand.pullModel", {"model": "qwen2.5-coder"})

    await session.until(lambda: session.notes().count("open alpha chat=auto excerpts=12") == 2)
    await session.until_noted("closed alpha")
    assert (await session.request("firsthand/ask", {"question": "How?"}))["status"] == "complete"


async def test_a_pull_says_how_much_has_come_and_can_be_stopped(session: Session) -> None:
    """The title names the model, the line below says how many bytes have come; the client's cancel button ends it."""
    started = await session.execute("firsthand.pullModel", {"model": "endless"})
    reports = session.client.progress_reports
    await session.until(lambda: reports.get(started["token"]))
    begin = reports[started["token"]][0]

    session.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(started["token"]))

    await session.until(lambda: reports[started["token"]][-1].kind == "end")
    assert (begin.title, begin.message, begin.percentage) == ("Pulling endless", "1.2 of 4.7 GB", 26)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Progress("pulling m", 0, 0, "pulling manifest"), "pulling manifest"),
        (Progress("pulling m", 300_000_000, 667_900_000, "pulling 6a07"), "300.0 of 667.9 MB"),
        (Progress("pulling m", 5, 5, "verifying sha256 digest"), "verifying sha256 digest"),
        (Progress("downloading model", 0, 1_100_000_000, "from the package index"), "0.0 of 1.1 GB"),
        (Progress("checking model", 5, 5), "checking model"),
    ],
)
def test_steps_of_a_pull_in_words(step: Progress, message: str) -> None:
    """Bytes while they come, and what is being done before and after."""
    assert message_of(pull_step(step)) == message


async def test_a_pull_that_fails_is_said(session: Session) -> None:
    """The reason goes to the user."""
    await session.execute("firsthand.pullModel", {"model": "unknown"})

    await session.until(lambda: session.client.messages)
    assert session.client.messages[-1].message == "Ollama has no model unknown."


def test_the_source_has_what_the_tests_mark() -> None:
    """The range that the tests use marks the function's name."""
    assert SOURCE.splitlines()[0][4:11] == "refresh"
