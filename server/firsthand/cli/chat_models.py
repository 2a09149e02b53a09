"""Seeing to it that there is a chat model before a question is asked: an offered pull, or an installation."""

import contextlib
from collections.abc import AsyncIterator

from firsthand.cli.application import Context
from firsthand.cli.installing import install
from firsthand.cli.progress import download_progress
from firsthand.cli.rendering import missing_model
from firsthand.core.workspace import ModelOffer, Workspace
from firsthand.errors import ModelError


@contextlib.asynccontextmanager
async def with_chat_model(context: Context, model_to_install: str = "none") -> AsyncIterator[Workspace]:
    """Open the workspace; when something that answers is missing, offer it, and open anew with it.

    Args:
        model_to_install: what to fetch without asking when nothing else can answer, or "none".
    """
    workspace = await _open(context)
    try:
        if await _pulled(context, workspace) or await _installed(context, workspace, model_to_install):
            await workspace.close()
            workspace = await _open(context)
        yield workspace
    finally:
        await workspace.close()


async def _open(context: Context) -> Workspace:
    return await context.application.open_workspace(context.root, context.settings, need_chat=True)


async def _pulled(context: Context, workspace: Workspace) -> bool:
    """Offer the models that Ollama lacks; say whether one was pulled."""
    pulled = False
    for offer in workspace.models.offers:
        if context.arguments.json or not context.terminal.can_ask:
            context.terminal.say(missing_model(offer))
        elif context.terminal.confirms(offer.message):
            pulled = await _pull(context, workspace, offer) or pulled
    return pulled


async def _pull(context: Context, workspace: Workspace, offer: ModelOffer) -> bool:
    try:
        with download_progress(context.terminal) as report:
            await workspace.pull_model(offer.model, report)
    except ModelError as error:
        context.terminal.say(str(error))
        return False
    return True


async def _installed(context: Context, workspace: Workspace, name: str) -> bool:
    """Install a model when nothing can answer and the user did not choose to go without; say whether it was."""
    if name == "none" or workspace.models.chat is not None or context.settings.chat_model != "auto":
        return False
    if context.application.installed_models(context.settings):
        return False
    try:
        await install(context, name)
    except ModelError as error:
        context.terminal.say(f"{error} Until then the answer is the cited excerpts.")
        return False
    return True
