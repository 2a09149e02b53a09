"""Fetching a chat model with a progress bar."""

from pathlib import Path

from firsthand.cli.application import CatalogueModel, Context
from firsthand.cli.progress import download_progress


async def install(context: Context, name: str) -> Path:
    """Fetch a model of the catalogue by name or alias; a part that is already there is kept.

    Raises:
        FirsthandError: there is no such model, or no source has it.
    """
    model = _named(context, name)
    if model is not None:
        size = f"{model.bytes / 1_000_000_000:.1f} GB"
        context.terminal.say(f"Fetching {model.name} ({size}); it stays on this machine and works offline.")
    with download_progress(context.terminal) as report:
        return await context.application.install_model(context.settings, name, report)


def _named(context: Context, name: str) -> CatalogueModel | None:
    return next(
        (model for model in context.application.catalogue() if name in (model.name, model.alias)), None
    )
