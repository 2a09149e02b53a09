"""Which models serve a workspace: Ollama's when it answers and has them, else those built into Firsthand."""

import asyncio
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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
    chat: ChatModel | None
    state: ModelState
    pull: PullModel


@dataclass(slots=True)
class _Findings:
    notices: list[str]
    offers: list[ModelOffer]


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
    findings = _Findings([], [])
    client, models = await _ollama(settings, resources, findings)
    embedder = await _embedder(settings, client, models, resources, findings)
    chat = await _chat(settings, client, models, resources, findings) if need_chat else None
    state = ModelState(
        provider="ollama" if client else "embedded",
        embedder=embedder.fingerprint.model,
        chat=chat.name if chat else None,
        notices=tuple(findings.notices),
        offers=tuple(findings.offers),
    )
    return ChosenModels(embedder, chat, state, _puller(settings, client))


async def ollama_answers(settings: Settings) -> bool:
    """Say whether Ollama could serve now; False when the settings keep it out."""
    if settings.provider == "embedded":
        return False
    async with contextlib.AsyncExitStack() as resources:
        client, _ = await _ollama(settings, resources, _Findings([], []))
        return client is not None


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
    settings: Settings, resources: contextlib.AsyncExitStack, findings: _Findings
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


async def _embedder(
    settings: Settings,
    client: "OllamaClient | None",
    models: list["OllamaModel"],
    resources: contextlib.AsyncExitStack,
    findings: _Findings,
) -> Embedder:
    if client is not None and settings.embedding_model != "embedded":
        embedder = await _ollama_embedder(settings, client, models, findings)
        if embedder is not None:
            return embedder
    from firsthand.adapters.onnx_embedder import load_embedded_embedder

    embedded = await load_embedded_embedder(settings.threads)
    resources.push_async_callback(embedded.close)
    return embedded


async def _ollama_embedder(
    settings: Settings, client: "OllamaClient", models: list["OllamaModel"], findings: _Findings
) -> Embedder | None:
    from firsthand.adapters.ollama_choice import best_embedding_model
    from firsthand.adapters.ollama_embedder import open_ollama_embedder

    name = settings.embedding_model
    if name == "auto":
        name = best_embedding_model(models) or ""
    if not name:
        return None
    try:
        return await open_ollama_embedder(
            client, name, keep_alive=settings.keep_alive, allow_cloud=settings.allow_cloud_models
        )
    except ModelMissingError as error:
        findings.offers.append(
            ModelOffer(
                "embedding", error.model, f"Ollama does not have the embedding model {error.model}. Pull it?"
            )
        )
        findings.notices.append(f"{error} Until then the embedded model searches.")
    except ModelError as error:
        findings.notices.append(f"{error} Until then the embedded model searches.")
    return None


async def _chat(
    settings: Settings,
    client: "OllamaClient | None",
    models: list["OllamaModel"],
    resources: contextlib.AsyncExitStack,
    findings: _Findings,
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
    findings: _Findings,
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
    settings: Settings, resources: contextlib.AsyncExitStack, findings: _Findings
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


def _explain_missing_chat(
    settings: Settings, findings: _Findings, *, has_own: bool, has_ollama: bool
) -> None:
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
