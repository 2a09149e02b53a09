"""Folders are opened anew when other models are there than those that were chosen."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from firsthand.lsp.maintenance import follow_models
from firsthand.settings import Settings


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Probes follow each other at once."""
    monkeypatch.setattr("firsthand.lsp.maintenance._SECONDS_BETWEEN_PROBES", 0)


@dataclass
class Session:
    """A session with one folder, whose models answer probes as told; when nothing is left to tell it is closed."""

    provider: str
    answers: list[bool]
    is_answering: Iterator[bool] = field(default_factory=lambda: iter(()))
    index_comes_after: int | None = None
    reopened_after: int | None = None
    probes: int = 0

    async def run(self) -> None:
        """Follow the models until the folder is opened anew or closed."""
        workspace: Any = _Workspace(self)
        folder: Any = SimpleNamespace(current=workspace, root=None)

        async def have_changed() -> bool:
            if self.probes == len(self.answers):
                folder.current = None
                return False
            self.probes += 1
            return self.answers[self.probes - 1]

        workspace.models_have_changed = have_changed
        server: Any = SimpleNamespace(
            folders=SimpleNamespace(reopen=self._reopen),
            configuration=SimpleNamespace(settings_of=lambda root: Settings()),
        )
        await asyncio.wait_for(follow_models(server, folder, workspace), 20)

    def _reopen(self, folder: object, settings: Settings) -> None:
        self.reopened_after = self.probes


class _Workspace:
    def __init__(self, session: Session) -> None:
        self.models = SimpleNamespace(provider=session.provider)
        self._session = session

    async def index_has_come(self) -> bool:
        return self._session.probes == self._session.index_comes_after

    @property
    def is_answering(self) -> bool:
        return next(self._session.is_answering, False)


async def test_a_folder_is_opened_anew_when_an_index_can_be_kept_at_last() -> None:
    """As when the disk has room again; the models are still the same."""
    session = Session("ollama", [False, False, False], index_comes_after=2)

    await session.run()

    assert session.reopened_after == 2


@pytest.mark.parametrize(
    ("provider", "answers", "reopened_after"),
    [
        ("embedded", [False, False, True], 3),
        ("ollama", [False, True, True], 3),
        ("ollama", [True, False, False, False], None),
        ("embedded", [False, False], None),
    ],
    ids=["Ollama starts", "Ollama ends", "Ollama restarts", "nothing happens"],
)
async def test_a_folder_is_opened_anew_when_its_models_change(
    provider: str, answers: list[bool], reopened_after: int | None
) -> None:
    """Models that come are used at once; those that go are given the time of a restart."""
    session = Session(provider, answers)

    await session.run()

    assert session.reopened_after == reopened_after


async def test_an_answer_under_way_is_not_cut_off() -> None:
    """The folder is opened anew when it has ended."""
    session = Session("ollama", [True] * 5, is_answering=iter([True, True]))

    await session.run()

    assert session.reopened_after == 4
