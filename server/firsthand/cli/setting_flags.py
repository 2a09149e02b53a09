"""A flag for every setting, made from what the setting says of itself."""

import argparse
from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from firsthand.settings import Settings

SETTING_GROUPS: Mapping[str, tuple[str, ...]] = {
    "models": ("provider", "endpoint", "chat_model", "embedding_model", "keep_alive", "threads"),
    "privacy": ("allow_remote_endpoint", "allow_cloud_models"),
    "answers": ("context_tokens", "answer_tokens", "temperature", "excerpts"),
    "search": ("multi_query", "rerank"),
    "index": ("exclude", "max_file_kb"),
    "editor": ("hover_budget_ms",),
    "general": ("cache_dir", "max_cache_gb", "log_level"),
}
"""Every setting, in the groups in which help shows them."""


def add_setting_flags(parser: argparse.ArgumentParser, *groups: str) -> None:
    """Add a flag for every setting of these groups; a flag that is not given leaves None."""
    by_name = {item.name: item for item in fields(Settings)}
    hints = get_type_hints(Settings)
    for group, names in SETTING_GROUPS.items():
        if group in groups:
            section = parser.add_argument_group(f"settings: {group}")
            for name in names:
                _setting_flag(section, by_name[name], hints[name])


def given_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that were given as flags."""
    given = vars(arguments)
    return {item.name: given[item.name] for item in fields(Settings) if given.get(item.name) is not None}


def flag_of(setting: str) -> str:
    """`chat_model` → `--chat-model`."""
    return "--" + setting.replace("_", "-")


def _setting_flag(section: Any, item: "Field[Any]", hint: Any) -> None:
    options: dict[str, Any] = {"dest": item.name, "default": None}
    if get_origin(hint) is Literal:
        options |= {"choices": get_args(hint)}
    elif get_origin(hint) is tuple:
        options |= {"action": "append", "metavar": "TEXT"}
    elif hint is bool:
        options |= {"action": argparse.BooleanOptionalAction}
    else:
        options |= {"metavar": {int: "N", float: "X"}.get(hint, "TEXT")}
    section.add_argument(flag_of(item.name), help=_setting_help(item), **options)


def _setting_help(item: "Field[Any]") -> str:
    help_text: str = item.metadata["help"].rstrip(".").replace("%", "%%")
    if item.default in ("", ()):
        return help_text
    default = str(item.default).lower() if isinstance(item.default, bool) else item.default
    return f"{help_text} (default: {default})"
