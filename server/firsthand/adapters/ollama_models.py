"""What Ollama tells about its models, read leniently: old servers and proxies leave fields out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

_CONTEXT_PARAMETER = re.compile(r"^num_ctx\s+(\S+)", re.MULTILINE)
_KEEP_PARAMETER = re.compile(r"^num_keep\s+(\S+)", re.MULTILINE)
_SIZE = re.compile(r"([\d.]+)\s*([KMBT])", re.IGNORECASE)
_BILLIONS = {"K": 1e-6, "M": 1e-3, "B": 1.0, "T": 1e3}


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """A model as its server describes it; None and "" where it says nothing."""

    name: str
    digest: str = ""
    size_bytes: int = 0
    family: str = ""
    billions: float = 0.0
    """Parameters, in thousands of millions."""
    capabilities: frozenset[str] | None = None
    train_context: int | None = None
    """Most tokens that the model was trained to read."""
    embedding_length: int | None = None
    """Size of its vectors, if it is an embedding model."""
    num_ctx: int | None = None
    """The window that its Modelfile asks for."""
    num_keep: int | None = None
    remote_host: str = ""

    @property
    def is_cloud(self) -> bool:
        """Its prompts leave this machine."""
        return bool(self.remote_host) or is_cloud_name(self.name)

    def can(self, capability: str) -> bool | None:
        """Tell whether the model has a capability; None when the server does not say."""
        return None if self.capabilities is None else capability in self.capabilities


@dataclass(frozen=True, slots=True)
class RunningModel:
    """A model in memory."""

    name: str
    num_ctx: int | None = None
    size_bytes: int = 0
    gpu_bytes: int = 0


def is_cloud_name(name: str) -> bool:
    """Tell whether a name selects a model that runs in Ollama's cloud."""
    return name.strip().lower().endswith((":cloud", "-cloud"))


def same_model(one: str, other: str) -> bool:
    """Compare names as Ollama does: without case, `x` is `x:latest`."""
    return _with_tag(one) == _with_tag(other)


def model_from_tags(entry: Mapping[str, object]) -> OllamaModel:
    """Read one entry of `/api/tags`."""
    details = _object(entry.get("details"))
    return OllamaModel(
        name=_text(entry.get("name")) or _text(entry.get("model")),
        digest=_text(entry.get("digest")),
        size_bytes=_count(entry.get("size")) or 0,
        family=_text(details.get("family")),
        billions=_billions(_text(details.get("parameter_size"))),
        capabilities=_capabilities(entry.get("capabilities")),
        train_context=_count(details.get("context_length")),
        embedding_length=_count(details.get("embedding_length")),
        remote_host=_text(entry.get("remote_host")),
    )


def with_details(model: OllamaModel, answer: Mapping[str, object]) -> OllamaModel:
    """Add what `/api/show` tells."""
    details = _object(answer.get("details"))
    info = _object(answer.get("model_info"))
    architecture = _text(info.get("general.architecture"))
    parameters = _text(answer.get("parameters"))
    capabilities = _capabilities(answer.get("capabilities"))
    return replace(
        model,
        family=model.family or _text(details.get("family")),
        billions=model.billions or _billions(_text(details.get("parameter_size"))),
        capabilities=model.capabilities if capabilities is None else capabilities,
        train_context=_count(info.get(f"{architecture}.context_length")) or model.train_context,
        embedding_length=_count(info.get(f"{architecture}.embedding_length")) or model.embedding_length,
        num_ctx=_parameter(_CONTEXT_PARAMETER, parameters),
        num_keep=_parameter(_KEEP_PARAMETER, parameters),
        remote_host=model.remote_host or _text(answer.get("remote_host")),
    )


def running_model(entry: Mapping[str, object]) -> RunningModel:
    """Read one entry of `/api/ps`."""
    return RunningModel(
        name=_text(entry.get("name")) or _text(entry.get("model")),
        num_ctx=_count(entry.get("context_length")),
        size_bytes=_count(entry.get("size")) or 0,
        gpu_bytes=_count(entry.get("size_vram")) or 0,
    )


def entries(answer: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Return the objects under `models`."""
    found = answer.get("models")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _with_tag(name: str) -> str:
    lowered = name.strip().lower().removeprefix("registry.ollama.ai/").removeprefix("library/")
    return lowered if ":" in lowered.rsplit("/", 1)[-1] else f"{lowered}:latest"


def _capabilities(value: object) -> frozenset[str] | None:
    return frozenset(str(item) for item in value) if isinstance(value, list) and value else None


def _parameter(pattern: re.Pattern[str], parameters: str) -> int | None:
    """Large numbers are written as `1.048576e+06`."""
    found = pattern.search(parameters)
    try:
        return int(float(found.group(1))) if found else None
    except (ValueError, OverflowError):
        return None


def _billions(size: str) -> float:
    found = _SIZE.search(size)
    try:
        return float(found.group(1)) * _BILLIONS[found.group(2).upper()] if found else 0.0
    except ValueError:
        return 0.0


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int | None:
    return (
        int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None
    )


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
