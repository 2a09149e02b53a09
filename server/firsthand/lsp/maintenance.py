"""Looking after folders: index them again, pull models, and tell the user what could be better."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from firsthand.core.model import Progress
from firsthand.lsp.places import holding_folder

if TYPE_CHECKING:
    from firsthand.core.workspace import ModelOffer, Workspace
    from firsthand.lsp.folders import Folder
    from firsthand.lsp.progress import WorkDoneProgress
    from firsthand.lsp.session import FirsthandServer

NOT_NOW = "Not now"
# How often to look whether Ollama was started or ended; a probe of a closed port costs next to nothing.
_SECONDS_BETWEEN_PROBES = 20.0
_PROBES_BEFORE_LEAVING = 2


async def wanted_folders(ls: FirsthandServer, uri: str | None) -> tuple[Folder, ...]:
    """Return the folder that is meant, or all.

    Raises:
        RequestError: no folder is open, or none is or holds `uri`.
    """
    folders = await ls.folders.known()
    if uri is None:
        return folders
    named = tuple(folder for folder in folders if folder.uri == uri)
    return named or ((await holding_folder(ls, uri))[0],)


async def reindex(ls: FirsthandServer, folders: Sequence[Folder], progress: WorkDoneProgress) -> None:
    """Bring the index of folders up to date; a folder that could not be opened, or has no index, is opened anew.

    Raises:
        FirsthandError: a folder could not be indexed.
    """

    def report(step: Progress) -> None:
        progress.report(step)
        ls.status_watch.changed()

    for folder in folders:
        current = folder.current
        if current.without_index if current is not None else folder.failure is not None:
            ls.folders.reopen(folder, ls.configuration.settings_of(folder.root))
        else:
            # Another window may be writing this index; the user can stop waiting for it.
            await (await folder.workspace()).indexer.refresh(report, patience=math.inf)


async def pull_model(ls: FirsthandServer, model: str, progress: WorkDoneProgress) -> None:
    """Have Ollama pull a model, then choose the models of every folder anew.

    Raises:
        FirsthandError: there is no Ollama, or the pull failed.
    """
    folders = await ls.folders.known()
    await (await folders[0].workspace()).pull_model(model, lambda step: progress.report(pull_step(step)))
    for folder in folders:
        ls.folders.reopen(folder, ls.configuration.settings_of(folder.root))
    ls.say(f"{model} is here and will be used from now on.")


def pull_step(step: Progress) -> Progress:
    """Return a step of a pull for a line below a title that names the model: bytes while they come, else the work."""
    if step.done >= step.total:
        return Progress(step.detail or step.stage)
    unit, size = ("GB", 1e9) if step.total >= 1e9 else ("MB", 1e6)
    return Progress("", step.done, step.total, f"{step.done / size:.1f} of {step.total / size:.1f} {unit}")


async def introduce(ls: FirsthandServer, workspace: Workspace) -> None:
    """Tell the user, once a session, what would make this better, and offer the models that are missing."""
    for notice in workspace.models.notices:
        ls.say_once(notice)
    for offer in workspace.models.offers:
        if ls.first_time(f"offer {offer.model}"):
            await _offer(ls, offer)


async def follow_models(ls: FirsthandServer, folder: Folder, workspace: Workspace) -> None:
    """Open the folder anew when Ollama comes or goes or has another embedding model, or when an index can be kept at
    last; searches go on meanwhile.

    Nobody's answer is cut off for it, and a server that restarts is given the time to do so.
    """
    needed = 1 if workspace.models.provider != "ollama" else _PROBES_BEFORE_LEAVING
    seen = 0
    while folder.current is workspace:
        await asyncio.sleep(_SECONDS_BETWEEN_PROBES)
        seen = seen + 1 if await workspace.models_have_changed() else 0
        wants_reopening = seen >= needed or await workspace.index_has_come()
        if folder.current is workspace and wants_reopening and not workspace.is_answering:
            ls.folders.reopen(folder, ls.configuration.settings_of(folder.root))
            return


async def _offer(ls: FirsthandServer, offer: ModelOffer) -> None:
    accept = f"Pull {offer.model}"
    chosen = await ls.window_show_message_request_async(
        types.ShowMessageRequestParams(
            type=types.MessageType.Info,
            message=offer.message,
            actions=[types.MessageActionItem(title=accept), types.MessageActionItem(title=NOT_NOW)],
        )
    )
    if chosen is None or chosen.title != accept:
        return

    async def work(progress: WorkDoneProgress) -> None:
        await pull_model(ls, offer.model, progress)

    ls.jobs.start(f"Pulling {offer.model}", work)
