"""`firsthand settings`: every setting, its value here, its default, and where it can be set."""

from dataclasses import fields
from typing import Any

from rich.text import Text

from firsthand.cli.application import Context
from firsthand.cli.setting_flags import SETTING_GROUPS, flag_of
from firsthand.cli.terminal import visible
from firsthand.settings import Settings, camel_case


def run(context: Context) -> int:
    """List the settings."""
    rows = [_row(context.settings, group, name) for group, names in SETTING_GROUPS.items() for name in names]
    if context.arguments.json:
        context.terminal.write_json(rows)
        return 0
    out = context.terminal.out()
    for row in rows:
        out.print(Text.assemble((f"{row['key']} = {visible(_shown(row['value']))}", "bold"), _origin(row)))
        out.print(Text(f"  {row['help']}"))
        out.print(Text(f"  {row['flag']} · {row['environment']} · {_toml(row)}{row['client']}", style="dim"))
    return 0


def _row(settings: Settings, group: str, name: str) -> dict[str, Any]:
    item = next(item for item in fields(Settings) if item.name == name)
    return {
        "key": name,
        "group": group,
        "value": getattr(settings, name),
        "default": item.default,
        "help": item.metadata["help"],
        "flag": flag_of(name),
        "environment": f"FIRSTHAND_{name.upper()}",
        "client": camel_case(name),
        "workspace": item.metadata["workspace"],
    }


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "(none)"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if value != "" else "(empty)"


def _origin(row: dict[str, Any]) -> str:
    return "" if row["value"] == row["default"] else f"  (default: {_shown(row['default'])})"


def _toml(row: dict[str, Any]) -> str:
    return f"firsthand.toml: {row['key']} · " if row["workspace"] else ""
