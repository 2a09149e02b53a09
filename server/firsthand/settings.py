"""What a user may set: one frozen value, every default visible, every source parsed at the edge.

Sources, the later one wins: defaults, `firsthand.toml` in the workspace (only keys marked `workspace`), environment
(`FIRSTHAND_CHAT_MODEL`), client (`initializationOptions`, `workspace/configuration`), command line.
A value that cannot be used is left out and reported with its key; the session goes on.
"""

import math
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from firsthand.errors import SettingsError

Provider = Literal["auto", "ollama", "embedded"]
LogLevel = Literal["error", "warning", "info", "debug"]

# Far more than any settings need, and little enough to parse at once.
_MOST_WORKSPACE_FILE_BYTES = 256 * 1024


def _setting(
    default: Any, help: str, *, workspace: bool = False, least: float | None = None, most: float | None = None
) -> Any:
    return field(
        default=default, metadata={"help": help, "workspace": workspace, "least": least, "most": most}
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, with its default."""

    provider: Provider = _setting(
        "auto", "Who runs the models: Ollama, the models built into Firsthand, or whichever is there."
    )
    endpoint: str = _setting(
        "", "Where Ollama answers. Empty: OLLAMA_HOST if it is set, else http://127.0.0.1:11434."
    )
    chat_model: str = _setting(
        "auto", "The model that answers: a name of Ollama's, an installed model, a .gguf file, auto or none."
    )
    embedding_model: str = _setting("auto", "The model that embeds: a name of Ollama's, embedded or auto.")
    context_tokens: int = _setting(
        8192, "Context window (num_ctx) asked of the chat model, the same for all calls.", least=1024
    )
    answer_tokens: int = _setting(1024, "Longest answer (num_predict), in tokens.", least=64)
    temperature: float = _setting(0.1, "Randomness of answers, 0 to 2.", least=0, most=2)
    keep_alive: str = _setting("30m", "How long Ollama keeps the models loaded after the last request.")
    hover_budget_ms: int = _setting(
        0, "How long a hover may wait for the model, in milliseconds; 0 never waits.", least=0, most=10_000
    )
    allow_remote_endpoint: bool = _setting(
        False, "Allow an endpoint that is not on this machine: your code is sent there."
    )
    allow_cloud_models: tuple[str, ...] = _setting(
        (), "Models that Ollama runs in its cloud and that may see your code, by name."
    )
    multi_query: bool = _setting(
        False,
        "Have the chat model word each question anew and search for that too; see: firsthand eval --multi-query.",
    )
    rerank: bool = _setting(
        False, "Have the chat model put what is found for a question in order; see: firsthand eval --rerank."
    )
    exclude: tuple[str, ...] = _setting(
        (), "Files to leave out of the index, as .gitignore patterns.", workspace=True
    )
    max_file_kb: int = _setting(
        1024, "Files larger than this many kilobytes are not indexed.", workspace=True, least=1
    )
    excerpts: int = _setting(
        12,
        "Most excerpts that go into a prompt; short ones of what the best call, and of what calls them, may follow.",
        workspace=True,
        least=1,
        most=50,
    )
    cache_dir: str = _setting("", "Where indexes and models are kept. Empty: the user's cache directory.")
    max_cache_gb: float = _setting(
        5.0,
        "Most gigabytes that the indexes of all folders take; those unused for longest are deleted first. 0: no limit.",
        least=0,
    )
    threads: int = _setting(
        0, "Threads that models built into Firsthand may use; 0 takes one for each core.", least=0, most=256
    )
    log_level: LogLevel = _setting("warning", "How much is logged to stderr: error, warning, info or debug.")


def from_environment(environment: Mapping[str, str]) -> tuple[dict[str, Any], list[SettingsError]]:
    """Read `FIRSTHAND_*` variables; tuples are comma-separated."""
    prefix = "FIRSTHAND_"
    known = {prefix + item.name.upper(): item.name for item in fields(Settings)}
    values = {known[name]: text for name, text in environment.items() if name in known}
    return _checked(values, source="the environment", from_text=True, show=lambda key: prefix + key.upper())


def from_client(options: object) -> tuple[dict[str, Any], list[SettingsError]]:
    """Read a client's JSON object with camelCase keys; unknown keys are reported."""
    if options is None:
        return {}, []
    if not isinstance(options, Mapping):
        return {}, [SettingsError("", "Settings from the editor must be an object; defaults are used.")]
    names = {camel_case(item.name): item.name for item in fields(Settings)}
    values = {names.get(str(key), str(key)): value for key, value in options.items() if value is not None}
    return _checked(values, source="the editor's settings", show=camel_case)


def from_workspace(root: Path) -> tuple[dict[str, Any], list[SettingsError]]:
    """Read `firsthand.toml` of a workspace: untrusted input, so only keys that cannot leak or run anything."""
    path = root / "firsthand.toml"
    try:
        details = path.lstat()
        # A link may lead out of the workspace, or to a device that never ends.
        if not stat.S_ISREG(details.st_mode) or details.st_size > _MOST_WORKSPACE_FILE_BYTES:
            raise OSError("it is not a plain, small file")
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        return {}, [
            SettingsError("firsthand.toml", f"firsthand.toml cannot be read and is ignored: {error}.")
        ]
    allowed = {item.name for item in fields(Settings) if item.metadata["workspace"]}
    known = {item.name for item in fields(Settings)}
    refused = [
        SettingsError(
            key,
            f'firsthand.toml: "{key}" is ignored: a workspace may not set it; set it in your own settings.',
        )
        for key in table
        if key in known - allowed
    ]
    values = {key: value for key, value in table.items() if key not in known - allowed}
    accepted, problems = _checked(values, source="firsthand.toml", show=lambda key: key)
    return accepted, refused + problems


def from_command_line(options: Mapping[str, Any]) -> tuple[dict[str, Any], list[SettingsError]]:
    """Read parsed flags; None means "not given"."""
    values = {key: value for key, value in options.items() if value is not None}
    return _checked(
        values, source="the command line", from_text=True, show=lambda key: "--" + key.replace("_", "-")
    )


def merged(*layers: Mapping[str, Any]) -> Settings:
    """Lay checked values over the defaults; the later layer wins."""
    settings = Settings()
    for layer in layers:
        settings = replace(settings, **layer)
    return settings


def load(
    root: Path | None,
    *,
    client: object = None,
    command_line: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    trusted: bool = True,
) -> tuple[Settings, list[SettingsError]]:
    """Combine all sources for a workspace root; problems are for the user, one clear message each.

    Args:
        trusted: False when the editor says the folder is not trusted: nothing that it says is believed.
    """
    parts = [
        from_workspace(root) if root is not None and trusted else ({}, []),
        from_environment(os.environ if environment is None else environment),
        from_client(client),
        from_command_line(command_line or {}),
    ]
    problems = [problem for _, found in parts for problem in found]
    return merged(*(values for values, _ in parts)), problems


def camel_case(name: str) -> str:
    """`chat_model` → `chatModel`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _checked(
    values: Mapping[str, Any], *, source: str, show: Any, from_text: bool = False
) -> tuple[dict[str, Any], list[SettingsError]]:
    by_name = {item.name: item for item in fields(Settings)}
    hints = get_type_hints(Settings)
    accepted: dict[str, Any] = {}
    problems: list[SettingsError] = []
    for key, value in values.items():
        if key not in by_name:
            problems.append(SettingsError(key, f'Unknown setting "{key}" in {source} is ignored.'))
            continue
        try:
            accepted[key] = _value(by_name[key], hints[key], value, from_text)
        except ValueError as error:
            shown = show(key)
            problems.append(
                SettingsError(key, f'Setting "{shown}" in {source} {error}; the default is used instead.')
            )
    return accepted, problems


def _value(item: "Field[Any]", hint: Any, value: Any, from_text: bool) -> Any:
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ValueError(f"must be one of {', '.join(get_args(hint))}")
        return value
    if get_origin(hint) is tuple:
        return _strings(value, from_text)
    if hint is bool:
        return _boolean(value, from_text)
    if hint in (int, float):
        return _number(item, hint, value, from_text)
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value.strip()


def _strings(value: Any, from_text: bool) -> tuple[str, ...]:
    if from_text and isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
        raise ValueError("must be a list of texts")
    return tuple(value)


def _boolean(value: Any, from_text: bool) -> bool:
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if from_text and isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _number(item: "Field[Any]", hint: type, value: Any, from_text: bool) -> float | int:
    if from_text and isinstance(value, str):
        try:
            value = hint(value)
        except ValueError:
            raise ValueError("must be a number") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a whole number" if hint is int else "must be a number")
    if not math.isfinite(value) or (hint is int and value != int(value)):
        raise ValueError("must be a whole number" if hint is int else "must be a finite number")
    least, most = item.metadata["least"], item.metadata["most"]
    if least is not None and value < least:
        raise ValueError(f"must be at least {least}")
    if most is not None and value > most:
        raise ValueError(f"must be at most {most}")
    return hint(value)  # type: ignore[no-any-return]
