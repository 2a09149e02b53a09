"""Settings: every source, their order, and what a wrong value costs."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from firsthand import settings
from firsthand.cli.setting_flags import SETTING_GROUPS, flag_of
from firsthand.settings import Settings

NAMES = [item.name for item in fields(Settings)]
# For every setting, a value that is not its default, as JSON has it and as text has it.
OTHER_VALUES: dict[str, tuple[Any, str]] = {
    "provider": ("ollama", "ollama"),
    "endpoint": ("http://localhost:1", "http://localhost:1"),
    "chat_model": ("none", "none"),
    "embedding_model": ("embedded", "embedded"),
    "context_tokens": (4096, "4096"),
    "answer_tokens": (256, "256"),
    "temperature": (0.5, "0.5"),
    "keep_alive": ("5m", "5m"),
    "hover_budget_ms": (200, "200"),
    "allow_remote_endpoint": (True, "true"),
    "allow_cloud_models": (["a", "b"], "a, b"),
    "exclude": (["*.gen", "out/"], "*.gen,out/"),
    "max_file_kb": (10, "10"),
    "excerpts": (3, "3"),
    "multi_query": (True, "yes"),
    "rerank": (True, "true"),
    "cache_dir": ("/somewhere", "/somewhere"),
    "max_cache_gb": (2.5, "2.5"),
    "threads": (2, "2"),
    "log_level": ("debug", "debug"),
}
WORKSPACE_KEYS = {"exclude", "max_file_kb", "excerpts"}


def expected(name: str) -> Any:
    value = OTHER_VALUES[name][0]
    return tuple(value) if isinstance(value, list) else value


def toml_of(name: str) -> str:
    value = OTHER_VALUES[name][0]
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{name} = {value!r}\n" if isinstance(value, str) else f"{name} = {text}\n"


def test_without_sources_everything_has_its_default(tmp_path: Path) -> None:
    """An empty world gives the defaults and no complaint."""
    assert settings.load(tmp_path, environment={}) == (Settings(), [])


def test_defaults_keep_code_on_the_machine() -> None:
    """Nothing leaves the machine unless the user says so."""
    defaults = Settings()

    assert (defaults.allow_remote_endpoint, defaults.allow_cloud_models, defaults.endpoint) == (False, (), "")


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_explained(name: str) -> None:
    """Each setting has a sentence of help and stands in one group of the command line's help."""
    item = next(item for item in fields(Settings) if item.name == name)

    assert item.metadata["help"].endswith(".")
    assert sum(name in group for group in SETTING_GROUPS.values()) == 1


@pytest.mark.parametrize("name", NAMES)
def test_environment(name: str) -> None:
    """`FIRSTHAND_<NAME>` sets every setting."""
    values, problems = settings.from_environment({f"FIRSTHAND_{name.upper()}": OTHER_VALUES[name][1]})

    assert (values, problems) == ({name: expected(name)}, [])


@pytest.mark.parametrize("name", NAMES)
def test_client(name: str) -> None:
    """The editor sets every setting by its camelCase name."""
    values, problems = settings.from_client({settings.camel_case(name): OTHER_VALUES[name][0]})

    assert (values, problems) == ({name: expected(name)}, [])


@pytest.mark.parametrize("name", NAMES)
def test_command_line(name: str) -> None:
    """Parsed flags set every setting, as text or as values."""
    value, text = OTHER_VALUES[name]

    assert settings.from_command_line({name: text}) == ({name: expected(name)}, [])
    assert settings.from_command_line({name: value}) == ({name: expected(name)}, [])
    assert settings.from_command_line({name: None}) == ({}, [])


@pytest.mark.parametrize("name", NAMES)
def test_workspace_file(name: str, tmp_path: Path) -> None:
    """A workspace may say what is indexed, and never where code is sent, what runs, or where files are put."""
    (tmp_path / "firsthand.toml").write_text(toml_of(name))

    values, problems = settings.from_workspace(tmp_path)

    if name in WORKSPACE_KEYS:
        assert (values, problems) == ({name: expected(name)}, [])
    else:
        assert values == {}
        assert [problem.key for problem in problems] == [name]
        assert f'"{name}" is ignored' in str(problems[0])


def test_later_sources_win(tmp_path: Path) -> None:
    """Workspace file, environment, editor, command line: each is stronger than those before it."""
    (tmp_path / "firsthand.toml").write_text("excerpts = 2\n")
    sources: list[dict[str, Any]] = [
        {"environment": {}},
        {"environment": {"FIRSTHAND_EXCERPTS": "3"}},
        {"environment": {"FIRSTHAND_EXCERPTS": "3"}, "client": {"excerpts": 4}},
        {
            "environment": {"FIRSTHAND_EXCERPTS": "3"},
            "client": {"excerpts": 4},
            "command_line": {"excerpts": "5"},
        },
    ]

    assert [settings.load(tmp_path, **source)[0].excerpts for source in sources] == [2, 3, 4, 5]


def test_an_untrusted_workspace_says_nothing(tmp_path: Path) -> None:
    """In a folder that the user does not trust, its file is not read."""
    (tmp_path / "firsthand.toml").write_text("excerpts = 2\nendpoint = 'http://elsewhere'\n")

    assert settings.load(tmp_path, environment={}, trusted=False) == (Settings(), [])


@pytest.mark.parametrize(
    ("name", "value", "wish"),
    [
        ("provider", "cloud", "must be one of auto, ollama, embedded"),
        ("provider", ["auto"], "must be one of auto, ollama, embedded"),
        ("provider", {"a": 1}, "must be one of auto, ollama, embedded"),
        ("endpoint", 5, "must be a text"),
        ("context_tokens", "many", "must be a whole number"),
        ("context_tokens", 8192.5, "must be a whole number"),
        ("context_tokens", True, "must be a whole number"),
        ("context_tokens", 100, "must be at least 1024"),
        ("context_tokens", float("inf"), "must be a whole number"),
        ("context_tokens", float("nan"), "must be a whole number"),
        ("temperature", float("nan"), "must be a finite number"),
        ("temperature", "hot", "must be a number"),
        ("temperature", 3, "must be at most 2"),
        ("allow_remote_endpoint", "yes", "must be true or false"),
        ("allow_remote_endpoint", 1, "must be true or false"),
        ("exclude", "*.gen", "must be a list of texts"),
        ("exclude", [1], "must be a list of texts"),
        ("threads", -1, "must be at least 0"),
        ("log_level", "loud", "must be one of error, warning, info, debug"),
    ],
)
def test_a_wrong_value_from_the_editor_costs_one_message(name: str, value: Any, wish: str) -> None:
    """The message names the key as the user wrote it and says what is wanted; the default stays."""
    values, problems = settings.from_client({settings.camel_case(name): value, "keepAlive": "1m"})

    assert values == {"keep_alive": "1m"}
    assert [problem.key for problem in problems] == [name]
    assert f'Setting "{settings.camel_case(name)}"' in str(problems[0])
    assert wish in str(problems[0])


@pytest.mark.parametrize(
    ("name", "text", "wish"),
    [
        ("context_tokens", "many", "must be a number"),
        ("context_tokens", "1.5", "must be a number"),
        ("temperature", "-1", "must be at least 0"),
        ("temperature", "nan", "must be a finite number"),
        ("allow_remote_endpoint", "perhaps", "must be true or false"),
        ("provider", "", "must be one of"),
    ],
)
def test_a_wrong_value_from_text_costs_one_message(name: str, text: str, wish: str) -> None:
    """Environment and command line name the variable or the flag that is wrong."""
    variable = f"FIRSTHAND_{name.upper()}"
    from_environment = settings.from_environment({variable: text})
    from_command_line = settings.from_command_line({name: text})

    for shown, (values, problems) in ((variable, from_environment), (flag_of(name), from_command_line)):
        assert values == {}
        assert f'Setting "{shown}"' in str(problems[0])
        assert wish in str(problems[0])


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("TRUE", True), (" on ", True), ("0", False), ("no", False)]
)
def test_words_for_yes_and_no(text: str, value: bool) -> None:
    """Text sources take the usual words for true and false."""
    assert settings.from_environment({"FIRSTHAND_ALLOW_REMOTE_ENDPOINT": text})[0] == {
        "allow_remote_endpoint": value
    }


def test_unknown_keys_are_named(tmp_path: Path) -> None:
    """A key that does not exist is reported and nothing else is lost."""
    (tmp_path / "firsthand.toml").write_text("excerpt = 2\n")

    from_client, client_problems = settings.from_client({"chatmodel": "x", "chatModel": "y"})
    _, workspace_problems = settings.from_workspace(tmp_path)

    assert from_client == {"chat_model": "y"}
    assert 'Unknown setting "chatmodel"' in str(client_problems[0])
    assert 'Unknown setting "excerpt" in firsthand.toml' in str(workspace_problems[0])


@pytest.mark.parametrize("options", [[], "provider", 5, True])
def test_settings_that_are_no_object(options: object) -> None:
    """An editor that sends something else than an object gets a message, and the defaults."""
    values, problems = settings.from_client(options)

    assert (values, len(problems)) == ({}, 1)


@pytest.mark.parametrize(
    "content", [b"excerpts = ", b"\xff\xfe", b"[[[", b"a = " + b"[" * 9999, b"excerpts = 1\nexcerpts = 2\n"]
)
def test_a_broken_workspace_file_is_ignored(content: bytes, tmp_path: Path) -> None:
    """A file that is not TOML costs one message that names it."""
    (tmp_path / "firsthand.toml").write_bytes(content)

    values, problems = settings.load(tmp_path, environment={})

    assert values == Settings()
    assert [problem.key for problem in problems] == ["firsthand.toml"]


def test_a_folder_in_place_of_the_workspace_file(tmp_path: Path) -> None:
    """A folder called firsthand.toml costs one message."""
    (tmp_path / "firsthand.toml").mkdir()

    assert [problem.key for problem in settings.load(tmp_path, environment={})[1]] == ["firsthand.toml"]


@pytest.mark.parametrize("target", ["/dev/zero", "elsewhere.toml"])
def test_a_link_in_place_of_the_workspace_file(target: str, tmp_path: Path) -> None:
    """A link is not followed: it may lead out of the workspace or to a device that never ends."""
    (tmp_path / "elsewhere.toml").write_text("excerpts = 2\n")
    (tmp_path / "firsthand.toml").symlink_to(target)

    values, problems = settings.load(tmp_path, environment={})

    assert (values, [problem.key for problem in problems]) == (Settings(), ["firsthand.toml"])
