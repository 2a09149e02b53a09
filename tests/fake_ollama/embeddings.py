"""`/api/embed` and the older `/api/embeddings`."""

from collections.abc import Mapping

from fake_ollama.faults import ApiError, EmbeddingFault
from fake_ollama.http import Request, Response
from fake_ollama.models import FakeModel
from fake_ollama.scheduler import Runner, checked_options
from fake_ollama.state import State, send_json, without_empty
from fake_ollama.text import embedding, normalised, tokenize


async def embed(state: State, request: Request, response: Response) -> None:
    """Answer `POST /api/embed`."""
    fields = request.fields
    texts = _inputs(fields.get("input"))
    model = _model(state, fields.get("model") or "")
    if not texts:
        async with state.scheduler.runner(model, fields):
            pass
        await send_json(response, {"model": fields.get("model"), "embeddings": []})
        return
    if not model.embeds:
        raise ApiError(501, state.profile.not_an_embedder)
    async with state.scheduler.runner(model, fields) as (runner, load_seconds):
        await state.hold("embedding", model.name)
        vectors, tokens = _vectors(state, runner, texts, fields)
    await send_json(
        response,
        {
            "model": fields.get("model"),
            "embeddings": vectors,
            **without_empty(
                {
                    "total_duration": int((load_seconds + 0.002 * len(texts)) * 1e9),
                    "load_duration": int((load_seconds or 0.01) * 1e9),
                    "prompt_eval_count": tokens,
                }
            ),
        },
    )


async def embeddings(state: State, request: Request, response: Response) -> None:
    """Answer the deprecated `POST /api/embeddings`."""
    fields = request.fields
    if not fields.get("model"):
        raise ApiError(400, "model is required")
    model = state.find(fields["model"])
    if model is None:
        raise ApiError(404, f'model "{fields["model"]}" not found, try pulling it first')
    prompt = str(fields.get("prompt") or "")
    async with state.scheduler.runner(model, fields):
        vector = embedding(prompt, model.embedding_length) if prompt else ()
    await send_json(response, {"embedding": [7.5 * value for value in vector]})


def _inputs(value: object) -> list[str]:
    if value is None or value == "" or value == []:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        return value
    raise ApiError(400, "invalid input type")


def _model(state: State, name: object) -> FakeModel:
    model = state.find(name)
    if model is None:
        raise ApiError(
            404, f'model "{name}" not found, try pulling it first' if name else "model '' not found"
        )
    return model


def _vectors(
    state: State, runner: Runner, texts: list[str], fields: Mapping[str, object]
) -> tuple[list[list[float | None]], int]:
    """Embed all, and fail afterwards if one of them fails: that is the order in which Ollama does it."""
    vectors: list[list[float | None]] = []
    tokens = 0
    failure: ApiError | None = None
    for text in texts:
        try:
            kept, count = _fitted(state, runner, text, fields)
            tokens += count
            vectors.extend(_vector(state, runner, kept, fields))
        except ApiError as error:
            failure = failure or error
    if failure is not None:
        raise failure
    if _struck(state, "reordered", " ".join(texts)):
        vectors.reverse()
    return vectors, tokens


def _fitted(state: State, runner: Runner, text: str, fields: Mapping[str, object]) -> tuple[str, int]:
    """Return the head of `text` that the model reads, and its tokens with the special ones."""
    model = runner.model
    special = int(model.adds_bos) + int(model.adds_eos)
    window = min(runner.num_ctx, model.train_context) - special
    tokens = tokenize(text, model.letters_per_token)
    truncates = fields.get("truncate", True) is not False
    if window <= 0:
        raise ApiError(400, "input after truncation exceeds maximum context length")
    if len(tokens) > window:
        regression = model.keeps_failing_truncation and (
            state.profile.since(0, 13, 5) and not state.profile.since(0, 30)
        )
        if not truncates or regression:
            raise ApiError(400, state.profile.embed_too_long)
        tokens = tokens[:window]
    if len(tokens) + special > runner.num_batch:
        if model.crashes_beyond_batch:
            raise _crash(state, model)
        if not truncates:
            raise ApiError(400, state.profile.embed_too_long)
        tokens = tokens[: runner.num_batch - special]
    return "".join(tokens), len(tokens) + special


def _vector(
    state: State, runner: Runner, text: str, fields: Mapping[str, object]
) -> list[list[float | None]]:
    """Return the vector of one text, or what a fault makes of it."""
    model = runner.model
    checked_options(fields)
    if _struck(state, "crash", text):
        raise _crash(state, model)
    values = embedding(text, model.embedding_length)
    if _struck(state, "nan", text):
        return [_not_a_number(state, len(values))]
    if _struck(state, "zero", text):
        return [[0.0] * len(values)]
    if _struck(state, "missing vector", text):
        return []
    dimensions = fields.get("dimensions")
    if isinstance(dimensions, int) and 0 < dimensions < len(values) and state.profile.since(0, 11, 11):
        values = normalised(values[:dimensions])
    if _struck(state, "short vector", text):
        values = normalised(values[: len(values) // 2])
    if _struck(state, "unnormalised", text):
        return [[3.0 * value for value in values]]
    return [list(values)]


def _not_a_number(state: State, dimensions: int) -> list[float | None]:
    """From 0.30 on a NaN silently becomes a vector of zeros; before, it is an error."""
    if state.profile.since(0, 30):
        return [0.0] * dimensions
    if state.profile.since(0, 14):
        raise ApiError(400, "embedding contains NaN or Inf values")
    raise ApiError(500, "failed to encode response: json: unsupported value: NaN")


def _crash(state: State, model: FakeModel) -> ApiError:
    state.scheduler.crash(model)
    return ApiError(
        state.profile.embed_crash_status,
        'do embedding request: Post "http://127.0.0.1:43817/v1/embeddings": EOF',
    )


def _struck(state: State, trouble: str, text: str) -> EmbeddingFault | None:
    return next(
        (fault for fault in state.embedding_faults if fault.trouble == trouble and fault.strikes(text)), None
    )
