"""`/api/version`, `/api/tags`, `/api/show`, `/api/ps`, `/api/pull`."""

import hashlib
import random
from collections.abc import Iterator, Mapping

from fake_ollama.clock import local
from fake_ollama.faults import ApiError, Inject
from fake_ollama.http import Request, Response
from fake_ollama.models import FakeModel, from_catalogue, with_tag
from fake_ollama.state import State, Stream, send_json, without_empty

_PULL_STEPS = 4


async def version(state: State, response: Response) -> None:
    """Answer `GET /api/version`."""
    await send_json(response, {"version": state.profile.version})


async def tags(state: State, response: Response) -> None:
    """Answer `GET /api/tags`."""
    await send_json(response, {"models": [_listed(state, model) for model in state.models]})


async def show(state: State, request: Request, response: Response) -> None:
    """Answer `POST /api/show`."""
    if not request.body:
        raise ApiError(400, "missing request body")
    name = request.fields.get("model") or request.fields.get("name")
    if not name:
        raise ApiError(400, "model is required")
    if " " in str(name):
        raise ApiError(400, "invalid model name")
    model = state.find(name)
    if model is None:
        raise ApiError(404, f"model '{with_tag(str(name))}' not found")
    await send_json(response, _shown(state, model))


async def running(state: State, response: Response) -> None:
    """Answer `GET /api/ps`."""
    await state.hold("ps", "")
    state.scheduler.expire()
    runners = sorted(state.scheduler.loaded.values(), key=lambda runner: -runner.expires_at)
    models = []
    for runner in runners:
        entry = {**_listed(state, runner.model), "size_vram": runner.model.size}
        entry |= {"expires_at": local(runner.expires_at)}
        if state.profile.since(0, 10):
            entry["context_length"] = runner.num_ctx
        entry.pop("modified_at")
        entry.pop("capabilities", None)
        models.append(entry)
    await send_json(response, {"models": models})


async def pull(state: State, request: Request, response: Response, faults: tuple[Inject, ...]) -> None:
    """Answer `POST /api/pull`."""
    name = str(request.fields.get("model") or request.fields.get("name") or "")
    if not name or " " in name:
        raise ApiError(400, "invalid model name")
    model = state.find(name) or from_catalogue(name)
    lines = state.pull_lines if state.pull_lines is not None else list(_pull_lines(state, model))
    if request.fields.get("stream", True) is False:
        await _pull_whole(state, model, lines, response)
        return
    stream = Stream(response, faults)
    for index, line in enumerate(lines):
        await state.hold("pull", name, index)
        if not await stream.send(line):
            return
        state.sent_a_token()
    _remember(state, model, lines)
    await response.end()


async def _pull_whole(
    state: State, model: FakeModel | None, lines: list[Mapping[str, object]], response: Response
) -> None:
    failed = next((line["error"] for line in lines if "error" in line), None)
    if failed is not None:
        raise ApiError(500, str(failed))
    _remember(state, model, lines)
    await send_json(response, lines[-1])


def _remember(state: State, model: FakeModel | None, lines: list[Mapping[str, object]]) -> None:
    succeeded = bool(lines) and lines[-1].get("status") == "success"
    if succeeded and model is not None and state.find(model.name) is None:
        state.models.insert(0, model)


def _pull_lines(state: State, model: FakeModel | None) -> Iterator[Mapping[str, object]]:
    yield {"status": "pulling manifest"}
    if model is None:
        yield {"error": "pull model manifest: file does not exist"}
        return
    steps = 1 if state.find(model.name) else _PULL_STEPS
    for part, size in (("weights", model.size), ("template", 1_482), ("license", 11_343)):
        digest = hashlib.sha256(f"{model.digest}/{part}".encode()).hexdigest()
        head = {"status": f"pulling {digest[:12]}", "digest": f"sha256:{digest}", "total": size}
        if steps > 1:
            yield head
        for step in range(1, steps + 1):
            yield {**head, "completed": size * step // steps}
    yield {"status": "verifying sha256 digest"}
    yield {"status": "writing manifest"}
    yield {"status": "success"}


def _listed(state: State, model: FakeModel) -> dict[str, object]:
    details: dict[str, object] = {
        "parent_model": "",
        "format": "gguf",
        "family": model.family,
        "families": [model.family] if state.profile.since(0, 12) else None,
        "parameter_size": model.parameter_size,
        "quantization_level": model.quantization,
    }
    entry: dict[str, object] = {
        "name": model.name,
        "model": model.name,
        "modified_at": local(1_788_000_000.0),
        "size": model.size,
        "digest": model.digest,
        "details": details,
        **without_empty({"remote_host": model.remote_host, "remote_model": model.remote_model}),
    }
    if state.profile.lists_details:
        if not state.hides_model_info:
            details |= {"context_length": model.train_context, "embedding_length": model.embedding_length}
        if not state.hides_capabilities:
            entry["capabilities"] = list(model.capabilities)
    return entry


def _shown(state: State, model: FakeModel) -> dict[str, object]:
    answer: dict[str, object] = {
        "license": "Apache License 2.0",
        "modelfile": f'# Modelfile generated by "ollama show"\nFROM {model.name}\n',
        "template": model.template,
        "details": _listed(state, model)["details"],
        "modified_at": local(1_788_000_000.0),
        **without_empty(
            {
                "parameters": _parameters(model),
                "system": model.system,
                "remote_host": model.remote_host,
                "remote_model": model.remote_model,
            }
        ),
    }
    if not state.hides_model_info:
        answer["model_info"] = _model_info(model)
    if state.profile.since(0, 6, 4) and not state.hides_capabilities:
        answer["capabilities"] = list(model.capabilities)
    return answer


def _model_info(model: FakeModel) -> dict[str, object]:
    family = model.family
    info: dict[str, object] = {
        "general.architecture": family,
        f"{family}.context_length": model.train_context,
        f"{family}.embedding_length": model.embedding_length,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": [],
    }
    if model.embeds:
        info[f"{family}.pooling_type"] = 1
    return info


def _parameters(model: FakeModel) -> str:
    """Write the parameters as Go's `%#v` does, in an order that nobody can rely on."""
    lines = []
    for name, value in model.parameters.items():
        for one in value if isinstance(value, list) else [value]:
            lines.append(f"{name:<30} {_go_value(one)}")
    random.Random(model.name).shuffle(lines)
    return "\n".join(lines)


def _go_value(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace('"', '\\"') + '"'
    if isinstance(value, int | float) and abs(value) >= 1e6:
        mantissa, _, exponent = f"{float(value):e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"
    return str(value)
