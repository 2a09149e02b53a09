"""Settings, trust, and what the user is offered."""

from pathlib import Path
from typing import Any

import pytest
from lsp_session import StartServer
from lsprotocol import types
from pytest_lsp import client_capabilities


@pytest.mark.parametrize(
    ("options", "section", "expected"),
    [
        (None, None, "chat=auto excerpts=12"),
        ({"chatModel": "none", "excerpts": 3}, None, "chat=none excerpts=3"),
        ({"excerpts": 3}, {"excerpts": 4}, "chat=auto excerpts=4"),
        ({"excerpts": 3}, {"excerpts": None, "trace": {"server": "off"}}, "chat=auto excerpts=3"),
        ("nonsense", None, "chat=auto excerpts=12"),
    ],
)
async def test_settings_come_from_options_and_section(
    options: Any, section: Any, expected: str, start_server: StartServer
) -> None:
    """The section that the client is asked for is stronger than the options that it sent first."""
    session = await start_server()
    if section is not None:
        session.client.set_configuration(section, section="firsthand")

    await session.initialize(client_capabilities("visual-studio-code"), options=options)

    await session.until_noted(f"open alpha {expected}")
    await session.folders_open()
    assert session.client.messages == []


async def test_a_wrong_value_costs_a_message(start_server: StartServer) -> None:
    """The message names the key, the default is used, and the session goes on."""
    session = await start_server()
    options = {"excerpts": "many", "noSuchSetting": 1}

    await session.initialize(client_capabilities("neovim@v0.11"), options=options)

    await session.until_noted("open alpha chat=auto excerpts=12")
    await session.folders_open()
    messages = [message.message for message in session.client.messages]
    assert len(messages) == 2
    assert '"excerpts"' in messages[0]
    assert '"noSuchSetting"' in messages[1]


async def test_changed_settings_open_the_folder_anew(start_server: StartServer) -> None:
    """Only a change that matters reopens; what was open answers until then."""
    session = await start_server()
    await session.initialize(client_capabilities("visual-studio-code"))
    await session.folders_open()
    session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))
    session.client.set_configuration({"excerpts": 5}, section="firsthand")

    session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))

    await session.until_noted("open alpha chat=auto excerpts=5")
    await session.until_noted("closed alpha")
    assert sum(note.startswith("open alpha") for note in session.notes()) == 2


async def test_settings_may_be_pushed(start_server: StartServer) -> None:
    """A client that cannot be asked sends its section with the notification."""
    session = await start_server()
    await session.initialize(types.ClientCapabilities())
    await session.folders_open()

    session.client.workspace_did_change_configuration(
        types.DidChangeConfigurationParams(settings={"firsthand": {"excerpts": 6}, "other": {}})
    )

    await session.until_noted("open alpha chat=auto excerpts=6")


@pytest.mark.parametrize(
    ("trusted", "expected"),
    [(True, "chat=auto excerpts=2"), (False, "chat=none excerpts=12")],
)
async def test_an_untrusted_folder_is_not_believed(
    trusted: bool, expected: str, start_server: StartServer, root: Path
) -> None:
    """Its own settings are not read, and no model is contacted."""
    (root / "firsthand.toml").write_text("excerpts = 2\n", "utf-8")
    session = await start_server()

    await session.initialize(client_capabilities("visual-studio-code"), options={"trusted": trusted})

    await session.until_noted(f"open alpha {expected}")


async def test_a_missing_model_is_offered_once(start_server: StartServer, root: Path) -> None:
    """The user is told what would be better, and asked once whether to pull; "Not now" is the end of it."""
    (root / "offer-model").touch()
    session = await start_server()
    session.reply = "Not now"
    await session.initialize(client_capabilities("visual-studio-code"))
    await session.until(lambda: session.questions)
    session.client.set_configuration({"excerpts": 5}, section="firsthand")
    session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))
    await session.until_noted("closed alpha")
    await session.folders_open()

    [question] = session.questions
    assert question.message == "There is no chat model. Pull qwen2.5-coder?"
    assert [action.title for action in question.actions or []] == ["Pull qwen2.5-coder", "Not now"]
    messages = [message.message for message in session.client.messages]
    assert messages == ["Answers are excerpts until there is a model."]
    assert "pull qwen2.5-coder" not in session.notes()


async def test_a_client_with_notices_of_its_own_is_shown_none(
    start_server: StartServer, root: Path, tmp_path: Path
) -> None:
    """What is missing and what failed stands in the status, and the server shows no message about it."""
    (root / "offer-model").touch()
    missing = tmp_path / "missing"
    session = await start_server()
    await session.initialize(
        client_capabilities("visual-studio-code"), options={"notices": True}, roots=[root, missing]
    )
    await session.failing("firsthand/ask", {"question": "How?", "uri": (missing / "a.py").as_uri()})
    await session.folders_open()

    status = await session.request("firsthand/status", {})

    offering, failed = status["folders"]
    assert offering["models"]["notices"] == ["Answers are excerpts until there is a model."]
    assert [offer["model"] for offer in offering["models"]["offers"]] == ["qwen2.5-coder"]
    assert failed["message"] == f"There is no folder {missing}; check the path."
    assert (session.questions, session.client.messages) == ([], [])


async def test_an_accepted_offer_pulls_the_model(start_server: StartServer, root: Path) -> None:
    """The model is pulled, the folder opened anew with it, and the user told."""
    (root / "offer-model").touch()
    session = await start_server()
    session.reply = "Pull qwen2.5-coder"
    await session.initialize(client_capabilities("visual-studio-code"))

    await session.until_noted("pull qwen2.5-coder")

    await session.until_noted("closed alpha")
    status = await session.request("firsthand/status", {})
    assert status["folders"][0]["models"]["chat"] == "fake-model"
    assert session.client.messages[-1].message == "qwen2.5-coder is here and will be used from now on."
