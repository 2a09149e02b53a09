"""Answers as markdown files, for editors that show documents but know nothing of Firsthand's own messages."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from firsthand.core.answers import Answer, AnswerEvent, TextArrived, UngroundedName
from firsthand.core.model import Hit
from firsthand.core.narrowing import filters_sentence
from firsthand.errors import FirsthandError
from firsthand.lsp.messages import DoneStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from firsthand.lsp.folders import Folder
    from firsthand.lsp.tasks import OwnedTasks

# Enough to find last week's answer again; the folder stays small.
_MOST_DOCUMENTS = 100
_STATUS_LINES = {
    "incomplete": "The answer reached its length limit and is incomplete.",
    "cancelled": "The answer was stopped.",
    "noModel": "No chat model is available: these are the excerpts that fit the question best.",
}


class AnswerDocument:
    """One file that holds a question and its answer; while the answer grows, so does the file."""

    def __init__(self, path: Path, title: str, tasks: OwnedTasks) -> None:
        self.path = path
        self._title = title
        self._tasks = tasks
        self._text = ""
        self._writing: asyncio.Task[None] | None = None

    def heard(self, event: AnswerEvent) -> None:
        """Add text of the answer; what arrives during a write goes into the next one."""
        if isinstance(event, TextArrived):
            self._text += event.text
            if self._writing is None or self._writing.done():
                self._writing = self._tasks.start(self._write(self._text), "writing an answer")

    def broken_off(self, status: DoneStatus, message: str | None = None) -> None:
        """Nothing: `finish` or the user's stop decides what the file holds."""

    async def finish(self, body: str) -> None:
        """Write the document as it stays."""
        if self._writing is not None:
            await asyncio.wait([self._writing])
        await self._write(body)

    async def _write(self, body: str) -> None:
        text = f"# {self._title}\n\n{body.strip()}\n"
        try:
            await asyncio.to_thread(_replace, self.path, text)
        except OSError as error:
            raise _cannot_write(self.path.parent, error) from error


async def new_document(folder: Path, title: str, tasks: OwnedTasks) -> AnswerDocument:
    """Make a document in the folder of answers, readable for the user alone, and drop the oldest ones.

    Raises:
        FirsthandError: the cache folder cannot be written.
    """
    try:
        path = await asyncio.to_thread(_prepare, folder, title)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    return AnswerDocument(path, _one_line(title), tasks)


def answer_markdown(answer: Answer, folder: Folder) -> str:
    """Return an answer with its sources as links, what to doubt, and the model that gave it."""
    parts = [answer.text.strip()]
    if answer.status in _STATUS_LINES:
        parts.insert(0, f"> {_STATUS_LINES[answer.status]}")
    parts.extend(f"> {_one_line(warning)}" for warning in answer.warnings)
    if answer.ungrounded:
        parts.append("\n".join(["## Not found in the workspace", "", *map(_ungrounded, answer.ungrounded)]))
    if answer.citations:
        lines = [
            f"{citation.id}. {_link(folder, citation.path, citation.start_line, citation.end_line)}"
            for citation in answer.citations
        ]
        parts.append("\n".join(["## Sources", "", *lines]))
    if answer.model:
        seconds = sum(milliseconds for _, milliseconds in answer.timings) / 1000
        parts.append(f"*{answer.model}, {seconds:.1f} s*")
    return "\n\n".join(part for part in parts if part)


def hits_markdown(hits: Sequence[tuple[Folder, Hit]], filters: Sequence[str] = (), notice: str = "") -> str:
    """Return hits as a list of links with their reasons, below what was read as filters and what is to be known."""
    said = [_one_line(filters_sentence(filters))] if filters else []
    lead = "".join(f"> {line}\n\n" for line in (*said, notice) if line)
    if not hits:
        return f"{lead}Nothing was found."
    return lead + "\n".join(
        f"{number}. {_link(folder, hit.chunk.path, hit.chunk.span.start_line, hit.chunk.span.end_line)}"
        f" `{hit.chunk.qualified_name or hit.chunk.kind}` — {', '.join(hit.reasons)}"
        for number, (folder, hit) in enumerate(hits, start=1)
    )


def _ungrounded(name: UngroundedName) -> str:
    nearest = f" (nearest: {', '.join(f'`{other}`' for other in name.nearest)})" if name.nearest else ""
    return f"- `{name.name}`{nearest}"


def _link(folder: Folder, path: str, start_line: int, end_line: int) -> str:
    label = re.sub(r"([\\\[\]`*_<>])", r"\\\1", f"{path}:{start_line}-{end_line}")
    return f"[{label}](<{folder.uri_of(path)}#L{start_line}>)"


def _cannot_write(folder: Path, error: OSError) -> FirsthandError:
    return FirsthandError(
        f"{folder} cannot be written ({error.strerror}); free its permissions or set FIRSTHAND_CACHE_DIR."
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _prepare(folder: Path, title: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    old = sorted(folder.glob("*.md"), key=lambda path: path.stat().st_mtime)
    for path in old[: max(0, len(old) - _MOST_DOCUMENTS + 1)]:
        path.unlink(missing_ok=True)
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower())[:48].strip("-") or "answer"
    return folder / f"{slug}-{secrets.token_hex(3)}.md"


def _replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(".part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    temporary.replace(path)
