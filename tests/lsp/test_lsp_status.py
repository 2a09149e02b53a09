"""`firsthand/status`, its notifications, and the progress of indexing."""

from pathlib import Path

from lsp_session import Session, StartServer
from lsprotocol import types
from pytest_lsp import client_capabilities


async def test_the_status_tells_all_of_a_folder(session: Session) -> None:
    """Counts, models, time left and commit are there; lists of files only on request."""
    status = await session.request("firsthand/status", None)

    assert (status["health"], status["message"]) == ("ok", "3 files")
    [folder] = status["folders"]
    assert (folder["uri"], folder["name"]) == (session.root.as_uri(), "alpha")
    assert folder["files"] == {"done": 3, "total": 3, "skipped": 1, "failed": 0}
    assert (folder["chunks"], folder["embedded"], folder["indexedCommit"]) == (12, 12, "c0ffee")
    assert folder["models"]["chat"] == "fake-model"
    assert "skippedFiles" not in folder


async def test_files_that_were_left_out_are_listed_on_request(session: Session) -> None:
    """Each has its reason and can be opened; the languages of the others are named."""
    status = await session.request("firsthand/status", {"details": True})

    [folder] = status["folders"]
    assert folder["skippedFiles"] == [
        {"path": "logo.png", "uri": session.uri("logo.png"), "reason": "binary"}
    ]
    assert folder["failedFiles"][0]["reason"] == "cannot be read"
    assert folder["languages"] == ["python"]


async def test_changes_are_notified_in_the_shape_of_the_request(
    start_server: StartServer, root: Path
) -> None:
    """While a folder is indexed, its stages arrive; in the end the notification says what the request says."""
    (root / "slow-index").touch()
    session = await start_server()
    await session.initialize(client_capabilities("visual-studio-code"), options={"streaming": True})
    await session.until(lambda: "scanning" in stages(session))

    (root / "slow-index").unlink()

    await session.until(lambda: session.statuses[-1]["folders"][0]["indexing"]["stage"] == "idle")
    assert session.statuses[-1] == await session.request("firsthand/status", {})


async def test_indexing_shows_one_progress_that_rises(start_server: StartServer, root: Path) -> None:
    """The client's progress begins after it was created, never falls, and ends."""
    session = await start_server(process=True)
    await session.initialize(client_capabilities("visual-studio-code"))
    await session.folders_open()
    (root / "slow-index").touch()
    await session.execute("firsthand.reindex")
    await session.until(lambda: any(session.client.progress_reports.values()))
    (root / "slow-index").unlink()

    await session.until(
        lambda: any(
            reports and reports[-1].kind == "end" for reports in session.client.progress_reports.values()
        )
    )

    ended = [reports for reports in session.client.progress_reports.values() if reports]
    for reports in ended:
        assert reports[0].kind == "begin"
        percentages = [report.percentage for report in reports[:-1] if report.percentage is not None]
        assert percentages == sorted(percentages)


async def test_no_progress_for_clients_that_show_none(start_server: StartServer) -> None:
    """A client without `window.workDoneProgress` is never asked to create one."""
    session = await start_server()
    await session.initialize(types.ClientCapabilities())
    await session.folders_open()

    await session.execute("firsthand.reindex")
    await session.until_noted("refresh alpha")
    await session.request("firsthand/ask", {"question": "How?"})

    assert session.client.progress_reports == {}


def stages(session: Session) -> set[str]:
    """The stages that were notified."""
    return {folder["indexing"]["stage"] for status in session.statuses for folder in status["folders"]}
