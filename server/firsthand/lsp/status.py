"""How the session is doing: `firsthand/status` and what `firsthand/status/didChange` carries."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from firsthand.core.model import FileRecord
from firsthand.lsp.failures import answered, sentence_of
from firsthand.lsp.folders import NO_FOLDER, Folder
from firsthand.lsp.json_values import read, to_json
from firsthand.lsp.messages import (
    STATUS,
    BuildingResult,
    FileCounts,
    FolderStatus,
    Health,
    IndexingResult,
    LeftOutFile,
    ModelsResult,
    OfferResult,
    StatusParams,
    StatusResult,
)

if TYPE_CHECKING:
    from firsthand.core.workspace import WorkspaceStatus
    from firsthand.lsp.session import FirsthandServer

_WORST_FIRST: tuple[Health, ...] = ("error", "warning", "ok")


def register(server: FirsthandServer) -> None:
    """Answer `firsthand/status`."""

    @server.feature(STATUS)
    @answered
    async def status(ls: FirsthandServer, params: Any) -> Any:
        wanted = read(StatusParams, params or {})
        return to_json(await session_status(ls, details=wanted.details))


async def session_status(ls: FirsthandServer, *, details: bool = False) -> StatusResult:
    """Say how every folder is doing; never waits for a folder that is still opening."""
    folders = [await _folder_status(folder, details) for folder in ls.folders.all()]
    if not ls.folders.are_known:
        return StatusResult("ok", "starting", ())
    if not folders:
        return StatusResult("warning", NO_FOLDER, ())
    health = next(health for health in _WORST_FIRST if any(folder.health == health for folder in folders))
    if len(folders) == 1:
        return StatusResult(health, folders[0].message, tuple(folders))
    message = "; ".join(f"{folder.name}: {folder.message}" for folder in folders)
    return StatusResult(health, message, tuple(folders))


async def _folder_status(folder: Folder, details: bool) -> FolderStatus:
    workspace = folder.current
    if workspace is None:
        return _without_workspace(folder)
    try:
        state = await workspace.status()
        records = await workspace.files() if details else ()
    except Exception as error:
        return _unknown(folder, "error", sentence_of(error))
    return FolderStatus(
        uri=folder.uri,
        name=folder.name,
        health="error" if folder.failure else state.health,
        message=str(folder.failure) if folder.failure else state.message,
        files=_file_counts(state),
        chunks=state.stats.chunks,
        embedded=state.stats.embedded,
        indexing=IndexingResult(
            state.indexing.stage, state.indexing.done, state.indexing.total, state.indexing.message
        ),
        models=_models(state),
        eta_ms=None if state.indexing.eta_seconds is None else round(state.indexing.eta_seconds * 1000),
        indexed_commit=state.indexed_commit,
        languages=_languages(records) if details else None,
        skipped_files=_left_out(folder, records, "skipped") if details else None,
        failed_files=_left_out(folder, records, "failed") if details else None,
    )


def _without_workspace(folder: Folder) -> FolderStatus:
    if folder.failure is not None:
        return _unknown(folder, "error", str(folder.failure))
    return _unknown(folder, "ok", "opening the index and the models", stage="opening")


def _unknown(folder: Folder, health: Health, message: str, stage: str = "failed") -> FolderStatus:
    return FolderStatus(
        uri=folder.uri,
        name=folder.name,
        health=health,
        message=message,
        files=FileCounts(0, 0, 0, 0),
        chunks=0,
        embedded=0,
        indexing=IndexingResult(stage, 0, 0, message),
    )


def _file_counts(state: WorkspaceStatus) -> FileCounts:
    stats = state.stats
    if state.indexing.stage == "chunking":
        waiting = max(0, state.indexing.total - state.indexing.done)
        return FileCounts(stats.files, stats.files + waiting, stats.skipped, stats.failed)
    return FileCounts(stats.files, stats.files, stats.skipped, stats.failed)


def _models(status: WorkspaceStatus) -> ModelsResult:
    state = status.models
    offers = tuple(OfferResult(offer.role, offer.model, offer.message) for offer in state.offers)
    building = status.building
    return ModelsResult(
        state.provider,
        state.embedder,
        state.chat,
        tuple(state.notices),
        offers,
        None if building is None else BuildingResult(building.model, building.done, building.total),
    )


def _languages(records: Any) -> tuple[str, ...]:
    counts = Counter(record.language for record in records if record.status == "indexed" and record.language)
    return tuple(language for language, _ in counts.most_common())


def _left_out(folder: Folder, records: Any, status: str) -> tuple[LeftOutFile, ...]:
    wanted: list[FileRecord] = [record for record in records if record.status == status]
    return tuple(LeftOutFile(item.path, folder.uri_of(item.path), item.reason) for item in wanted)
