"""The small projects of `tests/workspaces`, as texts."""

import json
from pathlib import Path
from typing import Any

WORKSPACES = Path(__file__).parent.parent / "workspaces"


def workspace_files(name: str) -> dict[str, str]:
    """Read one of `tests/workspaces` as the index sees it."""
    root = WORKSPACES / name
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name not in ("questions.jsonl", ".firsthandignore")
    }


def workspace_questions(name: str) -> list[dict[str, Any]]:
    """Read what people ask about one of `tests/workspaces`, and where the answer lies."""
    lines = (WORKSPACES / name / "questions.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]
