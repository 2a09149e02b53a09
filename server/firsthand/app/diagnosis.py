"""Finds out what keeps Firsthand from working well on this machine, and says what to do about it."""

import asyncio
import importlib
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from firsthand.app.folders import cache_folder, index_folder
from firsthand.app.installing import installed_models
from firsthand.errors import FirsthandError, ModelError, StoreError
from firsthand.settings import Settings

# An index of a large repository with its vectors, and room to compact it.
_LITTLE_DISK_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `fix` says what to do, or is empty when all is well."""

    name: str
    state: Literal["ok", "warning", "error"]
    message: str
    fix: str = ""


async def diagnose(root: Path | None, settings: Settings) -> list[Finding]:
    """Look at everything Firsthand rests on; never raises for what it finds."""
    findings = [_python(), await asyncio.to_thread(_processor), _git()]
    findings.append(await asyncio.to_thread(_folder, cache_folder(settings)))
    findings.append(await _store_library())
    findings.append(await _embedded_embedder(settings))
    findings.extend(await _ollama(settings))
    findings.append(_own_chat(settings))
    if root is not None:
        findings.append(await _index(root, settings))
        findings.extend(await asyncio.to_thread(_question_map, root, settings))
    return findings


def _python() -> Finding:
    return Finding("Python", "ok", f"{platform.python_version()} at {sys.executable}")


def _processor() -> Finding:
    from firsthand.adapters.processor import missing_features

    name = f"{platform.machine() or 'unknown'}, {os.cpu_count()} cores"
    missing = missing_features()
    if missing:
        return Finding(
            "CPU",
            "error",
            f"{name}, without {', '.join(missing)}: the index library cannot run here",
            "Run the server on a machine whose CPU has AVX2 and FMA, for example by Remote-SSH.",
        )
    return Finding("CPU", "ok", name)


def _git() -> Finding:
    found = shutil.which("git")
    if found:
        return Finding("git", "ok", found)
    return Finding(
        "git",
        "warning",
        "not found: ignore rules are read by Firsthand itself, and hovers show no last change",
        "Install git and make sure that it is on PATH.",
    )


def _folder(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(
            "Cache folder",
            "error",
            f"{folder} cannot be written: {error.strerror}",
            "Free the folder's permissions or set FIRSTHAND_CACHE_DIR to one that can be written.",
        )
    if free < _LITTLE_DISK_BYTES:
        return Finding(
            "Cache folder",
            "warning",
            f"{folder}: only {free // 1024**2} MB free",
            "Free some disk, or remove indexes with: firsthand clean --all",
        )
    return Finding("Cache folder", "ok", f"{folder}, {free // 1024**3} GB free")


async def _store_library() -> Finding:
    from firsthand.adapters.processor import check_processor

    try:
        check_processor()
        await asyncio.to_thread(importlib.import_module, "firsthand.adapters.lance_store")
    except StoreError as error:
        return Finding("Index library", "error", f"LanceDB is not loaded: {error}")
    except ImportError as error:
        return Finding(
            "Index library",
            "error",
            f"LanceDB cannot be loaded: {error}",
            "Install Firsthand again in a fresh environment.",
        )
    return Finding("Index library", "ok", "LanceDB loads")


async def _embedded_embedder(settings: Settings) -> Finding:
    from firsthand.adapters.onnx_embedder import load_embedded_embedder

    try:
        embedder = await load_embedded_embedder(settings.threads)
        await embedder.embed_query("ready?")
        await embedder.close()
    except ModelError as error:
        return Finding(
            "Embedded embedder", "error", str(error), "Install Firsthand again in a fresh environment."
        )
    return Finding("Embedded embedder", "ok", f"{embedder.fingerprint.model} works")


async def _ollama(settings: Settings) -> Sequence[Finding]:
    if settings.provider == "embedded":
        return [Finding("Ollama", "ok", "not used: the provider is set to embedded")]
    from firsthand.adapters.ollama_choice import (
        RECOMMENDED_CHAT_MODEL,
        RECOMMENDED_EMBEDDING_MODEL,
        best_chat_model,
        best_embedding_model,
    )
    from firsthand.app.models import new_ollama_client

    client = await asyncio.to_thread(new_ollama_client, settings)
    try:
        version = await client.version()
        models = await client.models()
    except ModelError as error:
        state: Literal["warning", "error"] = "error" if settings.provider == "ollama" else "warning"
        return [
            Finding(
                "Ollama", state, str(error), "Install it from https://ollama.com and start it: ollama serve"
            )
        ]
    finally:
        await client.close()
    findings = [Finding("Ollama", "ok", f"version {version} with {len(models)} models")]
    wanted = (
        ("Chat model", settings.chat_model, best_chat_model(models), RECOMMENDED_CHAT_MODEL),
        (
            "Embedding model",
            settings.embedding_model,
            best_embedding_model(models),
            RECOMMENDED_EMBEDDING_MODEL,
        ),
    )
    for name, setting, best, recommended in wanted:
        if setting != "auto":
            findings.append(Finding(f"{name} (Ollama)", "ok", f"set to {setting}"))
        elif best:
            findings.append(Finding(f"{name} (Ollama)", "ok", best))
        else:
            findings.append(Finding(f"{name} (Ollama)", "warning", "none", f"Run: ollama pull {recommended}"))
    return findings


def _own_chat(settings: Settings) -> Finding:
    names = ", ".join(model.name for model in installed_models(settings))
    if names and importlib.util.find_spec("xllamacpp") is None:
        return Finding(
            "Built-in chat model",
            "warning",
            f"{names} is installed, but what runs it is not",
            "Run: pip install 'firsthand[llama]'",
        )
    if names:
        return Finding("Built-in chat model", "ok", names)
    return Finding(
        "Built-in chat model",
        "ok",
        "none installed; without Ollama answers are cited excerpts",
        "To have one, run: firsthand model install default",
    )


def _question_map(root: Path, settings: Settings) -> list[Finding]:
    """Say whether what `firsthand eval --learn` kept can be read; nothing where it kept nothing."""
    from firsthand.adapters.query_map_file import map_file, read_map

    file = map_file(index_folder(settings, root))
    if not file.exists():
        return []
    kept = read_map(file)
    if kept is None:
        return [
            Finding(
                "Learned map", "warning", f"{file} cannot be used", "Make it anew: firsthand eval --learn"
            )
        ]
    message = (
        f"for the questions to {kept.fingerprint.model}, learned on {kept.learned_at.astimezone():%Y-%m-%d}"
    )
    return [Finding("Learned map", "ok", message)]


async def _index(root: Path, settings: Settings) -> Finding:
    folder = index_folder(settings, root)
    if not folder.is_dir():
        return Finding(
            "Index", "ok", f"none yet for {root}", "It is made on first use, or now by: firsthand index"
        )
    from firsthand.app.workspaces import open_workspace

    try:
        workspace = await open_workspace(root, settings, need_chat=False)
    except FirsthandError as error:
        return Finding("Index", "error", str(error), f"Make it anew: firsthand clean --root {root}")
    try:
        stats = await workspace.store.stats()
    except FirsthandError as error:
        return Finding("Index", "error", str(error), f"Make it anew: firsthand clean --root {root}")
    finally:
        await workspace.close()
    waiting = stats.chunks - stats.embedded
    message = f"{stats.files} files, {stats.chunks} chunks, {stats.skipped} skipped, {stats.failed} failed; {folder}"
    if waiting or stats.failed:
        return Finding(
            "Index", "warning", f"{message}; {waiting} chunks wait for their vector", "Run: firsthand index"
        )
    return Finding("Index", "ok", message)
