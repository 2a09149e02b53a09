"""Questions that others wrote, read from a file: they are not part of this project.

One JSON object a line, as MinishLab's semble benchmark has them: `repo`, `query`, `category`, `language` and
`relevant`, a list of `{"path", "start_line", "end_line"}` whose lines may be missing. A table of tab-separated lines
names each repository, its language, where it comes from, its commit, and the folder of it that is searched.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpora import Material

from firsthand.core.evaluation_metrics import Place


@dataclass(frozen=True)
class LabelledQuestion:
    """A question, its right places and what it is counted under."""

    text: str
    targets: tuple[Place, ...]
    language: str
    category: str


@dataclass(frozen=True)
class LabelledRepository:
    """A repository with its questions."""

    material: Material
    questions: tuple[LabelledQuestion, ...]


def labelled_repositories(questions: Path, table: Path, clones: Path) -> list[LabelledRepository]:
    """Read the questions of every repository that has a folder of its name in `clones`."""
    asked = [json.loads(line) for line in questions.read_text("utf-8").splitlines() if line.strip()]
    repositories = []
    for line in table.read_text("utf-8").splitlines():
        name, *_, below = [*line.split("\t"), ""][:5]
        root = clones / name / below
        if root.is_dir():
            found = tuple(_question(each, below) for each in asked if each["repo"] == name)
            material = Material(name, "file labels", root, has_history=True, is_redacted=False)
            repositories.append(LabelledRepository(material, found))
    return repositories


def _question(each: dict[str, Any], below: str) -> LabelledQuestion:
    prefix = f"{below}/" if below else ""
    targets = tuple(
        Place(item["path"].removeprefix(prefix), item.get("start_line") or 0, item.get("end_line") or 0)
        for item in each["relevant"]
    )
    return LabelledQuestion(each["query"], targets, each["language"], each["category"])
