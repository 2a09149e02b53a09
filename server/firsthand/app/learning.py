"""Opens what learns a map of questions from a workspace, tells of the one that is kept, and forgets it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from firsthand.app.evaluating import open_evaluator
from firsthand.app.folders import index_folder
from firsthand.core.model import Fingerprint
from firsthand.core.question_map import Verdict
from firsthand.errors import StoreError
from firsthand.settings import Settings

if TYPE_CHECKING:
    from firsthand.adapters.query_map import QueryMap
    from firsthand.core.learning import Learner


@dataclass(frozen=True, slots=True)
class OpenedLearner:
    """What learns, and what the user should know of the models that were chosen."""

    learner: "Learner[QueryMap]"
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LearnedMap:
    """A map that is kept for a workspace, and whether searches use it: only with the embedder it was learned for."""

    embedder: str
    is_used: bool
    learned_at: datetime
    verdict: Verdict


@contextlib.asynccontextmanager
async def open_learner(root: Path, settings: Settings) -> AsyncIterator[OpenedLearner]:
    """Open a learner of the configured embedder; of the index it reads the vectors, and writes nothing.

    Raises:
        StoreError: the index cannot be read, or this processor cannot run its library.
        ModelError: there is no embedder at all.
    """
    async with open_evaluator(root, settings) as opened:
        from firsthand.adapters.query_map import QueryMapLesson
        from firsthand.adapters.query_map_file import map_file, write_map
        from firsthand.core.learning import Learner

        file = map_file(index_folder(settings, root))
        fingerprint = opened.embedder.fingerprint

        async def keep(question_map: "QueryMap", verdict: Verdict) -> None:
            try:
                await asyncio.to_thread(write_map, file, question_map, fingerprint, verdict)
            except OSError as error:
                raise StoreError(f"{file} cannot be written ({error.strerror}); make room there.") from error

        async def forget() -> bool:
            return await forget_map(root, settings)

        yield OpenedLearner(
            Learner(opened.evaluator, QueryMapLesson, keep=keep, forget=forget), opened.notices
        )


async def learned_map(root: Path, settings: Settings, embedder: Fingerprint) -> LearnedMap | None:
    """Return what is known of the map that is kept for a workspace; None when there is none that can be read.

    Args:
        embedder: what the vectors that are searched depend on.
    """
    from firsthand.adapters.query_map_file import map_file, read_map

    kept = await asyncio.to_thread(read_map, map_file(index_folder(settings, root)))
    if kept is None:
        return None
    return LearnedMap(kept.fingerprint.model, kept.fingerprint == embedder, kept.learned_at, kept.verdict)


async def forget_map(root: Path, settings: Settings) -> bool:
    """Delete the map that is kept for a workspace; tell whether there was one.

    Raises:
        StoreError: it cannot be deleted.
    """
    from firsthand.adapters.query_map_file import map_file

    file = map_file(index_folder(settings, root))
    try:
        await asyncio.to_thread(file.unlink)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(f"{file} cannot be deleted ({error.strerror}).") from error
    return True
