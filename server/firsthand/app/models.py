"""Which models serve a workspace: Ollama's when it answers and has them, else those built into Firsthand."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from firsthand.app.embedders import Embedders, Revive, wanted_model
from firsthand.app.findings import Findings
from firsthand.app.installing import catalogue, find_in_catalogue, install_model, installed_models
from firsthand.core.model import Report
from firsthand.core.ports import ChatModel, Embedder
from firsthand.core.workspace import ModelOffer, ModelState, PullModel
from firsthand.errors import ModelError, ModelMissingError, ModelRefusedError, RequestError
from firsthand.settings import Settings

if TYPE_CHECKING:
    from firsthand.adapters.ollama_client import OllamaClient
    from firsthand.adapters.ollama_models import OllamaModel

_HOW_TO_GET_MORE = (
    "For better answers install Ollama (https://ollama.com), start it, and run: ollama pull {model} — "
    "Firsthand uses it from then on."
)
# Two cores read 30 to 75 tokens of a prompt a second with the 1.5B model: this window keeps the first word of an
# answer within about a minute, leaves room to write a test, and small models answer better from few excerpts.
_OWN_CONTEXT_TOKENS = 3072
_OWN_ANSWER_TOKENS = 896


@dataclass(frozen=True, slots=True)
class ChosenModels:
    """The models that will be used, and what to tell the user about the choice."""

    embedder: Embedder
    revive: Revive
    chat: ChatModel | None
    state: ModelState
    pull: PullModel
    have_changed: Callable[[], Awaitable[bool]]
    """Asks Ollama now; True when other models would be chosen, or the embedder's weights are others."""


async def choose_models(
    settings: Settings, resources: contextlib.AsyncExitStack, *, need_chat: bool
) -> ChosenModels:
    """Open the models that the settings and this machine allow; whatever is missing costs a notice, not the session.

    Args:
        resources: takes over closing what is opened.
        need_chat: False for searching and indexing, which load no chat model.

    Raises:
        ModelError: not even the embedded embedder works.
    """
    findings = Findings()
    client, models = await _ollama(settings, resources, findings)
    embedders = Embedders(settings, client, models, resources)
    embedder = await embedders.choose(findings)
    chat = await _chat(settings, client, models, resources, findings) if need_chat else None
    state = ModelState(
        provider="ollama" if client else "embedded",
        embedder=embedder.fingerprint.model,
        chat=chat.name if chat else None,
        notices=tuple(findings.notices),
        offers=tuple(findings.offers),
    )
    before = _choice(settings, client, models)

    async def have_changed() -> bool:
        return await _choice_now(settings) != before

    return ChosenModels(embedder, embedders.revive, chat, state, _puller(settings, client), have_changed)


@dataclass(frozen=True, slots=True)
class _Choice:
    """What would be chosen: whether Ollama serves, and which of its models embeds, with its digest."""

    has_ollama: bool
    embedder: str = ""
    digest: str = ""


async def _choice_now(settings: Settings) -> _Choice:
    async with contextlib.AsyncExitStack() as resources:
        client, models = await _ollama(settings, resources, Findings())
        return _choice(settings, client, models)


def _choice(settings: Settings, client: "OllamaClient | None", models: list["OllamaModel"]) -> _Choice:
    if client is None:
        return _Choice(has_ollama=False)
    model = wanted_model(settings, models)
    return _Choice(True, model.name, model.digest) if model else _Choice(has_ollama=True)


def _puller(settings: Settings, client: "OllamaClient | None") -> PullModel:
    """Fetches the models that run inside Firsthand by their names; every other one is Ollama's."""

    async def pull(name: str, report: Report) -> None:
        if any(model.name == name for model in catalogue()):
            await install_model(settings, name, report)
        elif client is not None:
            await client.pull(name, report)
        else:
            raise RequestError(
                f"Ollama does not answer, so it cannot pull {name}; start it with: ollama serve"
            )

    return pull


async def _ollama(
    settings: Settings, resources: contextlib.AsyncExitStack, findings: Findings
) -> tuple["OllamaClient | None", list["OllamaModel"]]:
    if settings.provider == "embedded":
        return None, []
    client = await asyncio.to_thread(new_ollama_client, settings)
    try:
        await client.version()
        models = await client.models()
    except ModelError as error:
        await client.close()
        # Silence is normal on a machine without Ollama; what the user asked for by name is not.
        asked_for = settings.provider == "ollama" or settings.endpoint or os.environ.get("OLLAMA_HOST")
        if asked_for or isinstance(error, ModelRefusedError):
            findings.notices.append(str(error))
        return None, []
    resources.push_async_callback(client.close)
    return client, models


def new_ollama_client(settings: Settings) -> "OllamaClient":
    """Make a client for the endpoint that is set, in `OLLAMA_HOST`, or the usual one."""
    from firsthand.adapters.ollama_client import OllamaClient
    from firsthand.adapters.ollama_host import parse_host

    host = parse_host(settings.endpoint or os.environ.get("OLLAMA_HOST", ""))
    return OllamaClient(host, allow_remote=settings.allow_remote_endpoint)


async def _chat(
    settings: Settings,
    client: "OllamaClient | None",
    models: list["OllamaModel"],
    resources: contextlib.AsyncExitStack,
    findings: Findings,
) -> ChatModel | None:
    if settings.chat_model == "none":
        return None
    own = await _own_chat(settings, resources, findings)
    if own is not None and settings.chat_model != "auto":
        return own
    if client is not None:
        chat = await _ollama_chat(settings, client, models, findings, has_fallback=own is not None)
        if chat is not None or settings.chat_model != "auto":
            return chat
    _explain_missing_chat(settings, findings, has_own=own is not None, has_ollama=client is not None)
    return own


async def _ollama_chat(
    settings: Settings,
    client: "OllamaClient",
    models: list["OllamaModel"],
    findings: Findings,
    *,
    has_fallback: bool,
) -> ChatModel | None:
    from firsthand.adapters.ollama_chat import open_ollama_chat
    from firsthand.adapters.ollama_choice import RECOMMENDED_CHAT_MODEL, best_chat_model

    name = settings.chat_model
    if name == "auto":
        name = best_chat_model(models) or ""
    if not name:
        if not has_fallback:
            findings.offers.append(_chat_offer(RECOMMENDED_CHAT_MODEL))
        return None
    try:
        return await open_ollama_chat(
            client,
            name,
            context_tokens=settings.context_tokens,
            answer_tokens=settings.answer_tokens,
            temperature=settings.temperature,
            keep_alive=settings.keep_alive,
            allow_cloud=settings.allow_cloud_models,
        )
    except ModelMissingError as error:
        findings.offers.append(_chat_offer(error.model))
        findings.notices.append(str(error))
    except ModelError as error:
        findings.notices.append(str(error))
    return None


def _chat_offer(model: str) -> ModelOffer:
    return ModelOffer("chat", model, f"Ollama does not have the chat model {model}. Pull it?")


async def _own_chat(
    settings: Settings, resources: contextlib.AsyncExitStack, findings: Findings
) -> ChatModel | None:
    """The chat model that runs inside Firsthand: a file that the user named, or an installed one."""
    found = await asyncio.to_thread(_model_file, settings)
    if found is None:
        return None
    from firsthand.adapters.llama_chat import load_llama_chat

    name, file = found
    context_tokens, answer_tokens = _own_window(settings)
    try:
        chat = await load_llama_chat(
            file,
            name=name,
            context_tokens=context_tokens,
            answer_tokens=answer_tokens,
            temperature=settings.temperature,
            threads=settings.threads,
        )
    except ModelError as error:
        findings.notices.append(str(error))
        return None
    resources.push_async_callback(chat.close)
    return chat


def _own_window(settings: Settings) -> tuple[int, int]:
    """Return the window and the longest answer for a model that runs on this CPU, unless the user chose them."""
    usual = Settings()
    is_chosen = settings.context_tokens != usual.context_tokens
    context_tokens = settings.context_tokens if is_chosen else min(usual.context_tokens, _OWN_CONTEXT_TOKENS)
    is_chosen = settings.answer_tokens != usual.answer_tokens
    answer_tokens = settings.answer_tokens if is_chosen else min(usual.answer_tokens, _OWN_ANSWER_TOKENS)
    return context_tokens, min(answer_tokens, context_tokens // 2)


def _model_file(settings: Settings) -> tuple[str, Path] | None:
    wanted = settings.chat_model
    if wanted.endswith(".gguf"):
        file = Path(wanted).expanduser()
        return file.stem, file
    for model in installed_models(settings):
        if wanted in ("auto", model.name, find_in_catalogue(model.name).alias):
            return model.name, model.path
    return None


def _explain_missing_chat(settings: Settings, findings: Findings, *, has_own: bool, has_ollama: bool) -> None:
    from firsthand.adapters.ollama_choice import RECOMMENDED_CHAT_MODEL

    if has_ollama:
        return
    more = _HOW_TO_GET_MORE.format(model=RECOMMENDED_CHAT_MODEL)
    if has_own:
        findings.notices.append(f"A small model answers on this machine. {more}")
    elif settings.chat_model == "auto":
        findings.notices.append(
            f"No chat model yet: answers are cited excerpts. {more} Or run: firsthand model install default"
        )
    else:
        findings.notices.append(f'The chat model "{settings.chat_model}" is not installed. {more}')
