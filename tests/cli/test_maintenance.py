"""`firsthand status`, `doctor`, `clean`, `model`, `settings` and the arguments of `serve`."""

import json
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from fakes.application import FakeApplication, FakeModel, new_terminal
from firsthand.app import Finding
from firsthand.cli.run import run
from firsthand.cli.setting_flags import SETTING_GROUPS
from firsthand.core.workspace import ModelOffer
from firsthand.errors import ModelFailedError

FINDINGS = [
    Finding("git", "ok", "/usr/bin/git"),
    Finding("Ollama", "warning", "does not answer.", "Start it: ollama serve"),
]
BROKEN = Finding("CPU", "error", "has no AVX2.", "Use another machine.")


def firsthand(
    *argv: str, application: FakeApplication, stdin: str = "", person: bool = False
) -> tuple[int, str, str]:
    terminal = new_terminal(stdin, person=person)
    code = run(argv, terminal, application)
    return code, terminal.stdout.getvalue(), terminal.stderr.getvalue()


def test_status_for_scripts(tmp_path: Path) -> None:
    """The status in JSON says health, counts, models and where the index is."""
    application = FakeApplication({"a.txt": "alpha\n"}, {"b.bin": "binary"})
    firsthand("index", str(tmp_path), application=application)

    code, out, _ = firsthand(
        "status", "--root", str(tmp_path), "--json", "--skipped", application=application
    )

    status = json.loads(out)
    assert code == 0
    assert status.pop("root") == str(tmp_path)
    assert status.pop("indexFolder") == f"/cache/indexes/{tmp_path.name}"
    assert status == snapshot(
        {
            "health": "ok",
            "message": "1 files, 1 chunks, 1 skipped",
            "stage": "idle",
            "questionMap": None,
            "files": {"total": 1, "skipped": 1, "failed": 0},
            "chunks": 1,
            "embedded": 1,
            "etaMs": None,
            "indexedCommit": "c0ffee",
            "models": {
                "provider": "embedded",
                "embedder": "fake",
                "building": None,
                "chat": "fake-chat",
                "notices": [],
                "offers": [],
            },
            "bytes": {
                "index": 2_500_000,
                "otherVersions": 0,
                "allIndexes": 1_250_000_000,
                "most": 5_000_000_000,
            },
            "leftOut": [{"path": "b.bin", "status": "skipped", "reason": "binary"}],
        }
    )


def test_status_for_people(tmp_path: Path) -> None:
    """The status says what answers, and what could be had."""
    offer = ModelOffer("chat", "m:7b", "Ollama does not have the chat model m:7b. Pull it?")
    application = FakeApplication({"a.txt": "alpha\n"}, chat=None, offers=(offer,))

    code, out, _ = firsthand("status", "--root", str(tmp_path), application=application)

    assert code == 0
    assert out.replace(str(tmp_path), "ROOT").replace(tmp_path.name, "NAME") == snapshot("""\
! no file is indexed; no chat model: answers are cited excerpts
  folder      ROOT
  files       0 indexed, 0 skipped, 0 failed
  chunks      0, 0 with a vector
  embedder    fake
  chat model  none: answers are cited excerpts
  commit      none
  index       /cache/indexes/NAME
  disk        2.5 MB; all indexes 1.2 GB, at most 5.0 GB
! To index this folder now, run: firsthand index
! The chat model is missing; get it with: ollama pull m:7b
""")


def test_doctor_for_people() -> None:
    """Every problem stands with what mends it."""
    application = FakeApplication(findings=[*FINDINGS, BROKEN])

    code, out, _ = firsthand("doctor", application=application)

    assert code == 1
    assert out == snapshot("""\
✓ git: /usr/bin/git
! Ollama: does not answer.
  → Start it: ollama serve
✗ CPU: has no AVX2.
  → Use another machine.
""")


def test_doctor_for_scripts() -> None:
    """Warnings are not errors; findings are a list."""
    code, out, _ = firsthand("doctor", "--json", application=FakeApplication(findings=FINDINGS))

    assert code == 0
    assert json.loads(out)[1] == {
        "name": "Ollama",
        "state": "warning",
        "message": "does not answer.",
        "fix": "Start it: ollama serve",
    }


@pytest.mark.parametrize(("typed", "left"), [("y\n", 1), ("yes\n", 1), ("n\n", 2), ("\n", 2), ("", 2)])
def test_clean_asks(typed: str, left: int) -> None:
    """A person is asked first, and only a clear yes deletes."""
    application = FakeApplication(indexes=2)

    code, _, _ = firsthand("clean", application=application, stdin=typed, person=True)

    assert (code, application.indexes) == (0 if left == 1 else 1, left)


@pytest.mark.parametrize(
    ("flags", "deleted", "left"), [(["--yes"], 1, 1), (["--all", "-y"], 2, 0), (["--yes", "--json"], 1, 1)]
)
def test_clean_with_yes_does_not_ask(flags: list[str], deleted: int, left: int, tmp_path: Path) -> None:
    """`--yes` deletes one index or all."""
    application = FakeApplication(indexes=2)

    code, out, err = firsthand("clean", "--root", str(tmp_path), *flags, application=application)

    assert (code, err, application.indexes) == (0, "", left)
    if "--json" in flags:
        assert json.loads(out) == {"deleted": deleted, "bytes": 2_500_000, "root": str(tmp_path)}


@pytest.mark.parametrize("person", [True, False])
def test_clean_needs_a_yes_from_a_script(person: bool) -> None:
    """Nobody is asked in a script: without `--yes` nothing is deleted."""
    application = FakeApplication(indexes=1)

    code, _, err = firsthand("clean", "--json", application=application, stdin="y\n", person=person)

    assert (code, application.indexes) == (1, 1)
    assert "add --yes" in err


def test_clean_without_an_index() -> None:
    """There may be nothing to delete."""
    assert firsthand("clean", "--yes", application=FakeApplication())[:2] == (
        0,
        "There was nothing to delete.\n",
    )


def test_model_install_list_remove() -> None:
    """A model is listed, installed by alias, listed as installed, and removed."""
    application = FakeApplication()

    before = json.loads(firsthand("model", "list", "--json", application=application)[1])
    installed = json.loads(firsthand("model", "install", "--json", application=application)[1])
    after = json.loads(firsthand("model", "list", "--json", application=application)[1])
    removed = json.loads(firsthand("model", "remove", "default", "--json", application=application)[1])

    assert [model["path"] for model in before] == [None, None]
    assert installed == {"path": "/models/fake.gguf"}
    assert [model["path"] for model in after] == ["/models/fake.gguf", None]
    assert removed == {"removed": "default"}
    assert application.installed == []


def test_model_list_for_people() -> None:
    """The list shows alias, name, size, whether it is installed, and files of the user's own."""
    application = FakeApplication(installed=[FakeModel("small-model", "small"), FakeModel("own-model")])

    assert firsthand("model", "list", application=application)[1] == snapshot("""\
  available default  big-model            a note
✓ installed small    small-model          a note
✓ installed          own-model
""")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["install", "huge"], 'There is no model "huge" to install.'),
        (["remove", "small"], "small is not installed."),
    ],
)
def test_a_model_that_is_not_there(argv: list[str], message: str) -> None:
    """A wrong name fails in one sentence."""
    assert firsthand("model", *argv, application=FakeApplication()) == (1, "", f"firsthand: {message}\n")


def test_a_model_that_cannot_be_fetched() -> None:
    """A failed download is a failure that says why."""
    application = FakeApplication(install_failure=ModelFailedError("The file is not the one expected."))

    code, out, err = firsthand("model", "install", application=application)

    assert (code, out) == (1, "")
    assert err.endswith("firsthand: The file is not the one expected.\n")


def test_settings_for_scripts() -> None:
    """Documentation of settings is made from this list: key, default, flag, variable, client's name, help."""
    rows = json.loads(
        firsthand("settings", "--json", "--chat-model", "none", application=FakeApplication())[1]
    )

    row = next(row for row in rows if row["key"] == "chat_model")
    assert [row["key"] for row in rows] == [name for names in SETTING_GROUPS.values() for name in names]
    assert row == {
        "key": "chat_model",
        "group": "models",
        "value": "none",
        "default": "auto",
        "help": row["help"],
        "flag": "--chat-model",
        "environment": "FIRSTHAND_CHAT_MODEL",
        "client": "chatModel",
        "workspace": False,
    }


def test_settings_for_people() -> None:
    """A person sees the value, the default where it differs, and every place where it can be set."""
    out = firsthand("settings", "--excerpts", "3", application=FakeApplication())[1]

    assert "excerpts = 3  (default: 12)\n  Most excerpts that go into a prompt" in out
    assert "  --excerpts · FIRSTHAND_EXCERPTS · firsthand.toml: excerpts · excerpts\n" in out


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("7777", "is not HOST:PORT"),
        ("127.0.0.1:", "is not HOST:PORT"),
        ("127.0.0.1:port", "is not HOST:PORT"),
        ("127.0.0.1:65536", "is not HOST:PORT"),
        ("0.0.0.0:7777", "can be reached by other machines"),
        ("[::]:7777", "can be reached by other machines"),
        ("192.168.1.2:7777", "can be reached by other machines"),
        ("example.org:7777", "can be reached by other machines"),
    ],
)
def test_serve_listens_only_where_it_should(address: str, message: str) -> None:
    """A socket that other machines can reach is refused, and so is what is no address."""
    code, out, err = firsthand("serve", "--tcp", address, application=FakeApplication())

    assert (code, out) == (2, "")
    assert message in err
