"""What the command line needs of the application, and what every command is given to work with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from firsthand.cli.terminal import Terminal
from firsthand.settings import Settings

if TYPE_CHECKING:
    import argparse

    from firsthand.app import CacheSizes, Finding, LearnedMap, OpenedEvaluator, OpenedLearner
    from firsthand.core.model import Fingerprint, Report
    from firsthand.core.workspace import Workspace


class CatalogueModel(Protocol):
    """A chat model that can be installed."""

    @property
    def name(self) -> str: ...
    @property
    def alias(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def note(self) -> str: ...


class InstalledModel(Protocol):
    """A chat model that is on this machine."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def bytes(self) -> int: ...


class HookState(Protocol):
    """A hook of git that may be installed."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def state(self) -> str: ...


class Application(Protocol):
    """The composition root as the command line sees it; `firsthand.app` is one."""

    async def open_workspace(
        self, root: Path, settings: Settings, *, need_chat: bool = True
    ) -> Workspace: ...

    def open_evaluator(
        self, root: Path, settings: Settings
    ) -> AbstractAsyncContextManager[OpenedEvaluator]: ...

    def open_learner(self, root: Path, settings: Settings) -> AbstractAsyncContextManager[OpenedLearner]: ...

    async def learned_map(
        self, root: Path, settings: Settings, embedder: Fingerprint
    ) -> LearnedMap | None: ...

    async def forget_map(self, root: Path, settings: Settings) -> bool: ...

    async def diagnose(self, root: Path | None, settings: Settings) -> Sequence[Finding]: ...

    def cache_folder(self, settings: Settings) -> Path: ...

    def index_folder(self, settings: Settings, root: Path) -> Path: ...

    async def cache_sizes(self, settings: Settings, root: Path) -> CacheSizes: ...

    def catalogue(self) -> Sequence[CatalogueModel]: ...

    def installed_models(self, settings: Settings) -> Sequence[InstalledModel]: ...

    async def install_model(self, settings: Settings, name: str, report: Report) -> Path: ...

    def remove_model(self, settings: Settings, name: str) -> None: ...

    async def clean_index(self, settings: Settings, root: Path) -> bool: ...

    async def clean_all(self, settings: Settings) -> int: ...

    def hook_states(self, root: Path) -> Sequence[HookState]: ...

    def install_hooks(self, root: Path) -> Sequence[HookState]: ...

    def uninstall_hooks(self, root: Path) -> Sequence[HookState]: ...

    async def refresh_after_git(self, root: Path, settings: Settings) -> bool: ...


@dataclass(frozen=True, slots=True)
class Context:
    """One run of one command."""

    load_application: Callable[[], Application]
    terminal: Terminal
    arguments: argparse.Namespace
    root: Path
    settings: Settings

    @property
    def application(self) -> Application:
        """What does the work; importing it takes a moment, which a server spends after its first answer."""
        return self.load_application()
