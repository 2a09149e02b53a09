"""`/api/chat` and `/api/generate`: load, unload, truncate, generate, stream."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fake_ollama.clock import utc
from fake_ollama.faults import ApiError, Inject
from fake_ollama.http import Request, Response
from fake_ollama.models import FakeModel
from fake_ollama.prompts import ChatMessage, Prompt, fit_messages, fit_tokens, render
from fake_ollama.scheduler import Runner
from fake_ollama.state import Reply, State, Stream, encode, send_error, send_json, without_empty
from fake_ollama.text import answer_from, tokenize

_THINK_LEVELS = ("high", "medium", "low", "max")


async def chat(state: State, request: Request, response: Response, faults: tuple[Inject, ...]) -> None:
    """Answer `POST /api/chat`."""
    fields = request.fields
    model = _model(state, fields, "chat")
    messages = fields.get("messages") or []
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise ApiError(
            400,
            "json: cannot unmarshal string into Go struct field ChatRequest.messages of type []api.Message",
        )
    if await _only_residency(state, model, fields, response, bool(messages), {"message": _message("")}):
        return
    _check_capabilities(model, fields, "chat")
    if messages[0].get("role") != "system" and model.system:
        messages = [{"role": "system", "content": model.system}, *messages]
    await _generate(state, request, _Job(model, messages, chat=True), response, faults)


async def generate(state: State, request: Request, response: Response, faults: tuple[Inject, ...]) -> None:
    """Answer `POST /api/generate`."""
    fields = request.fields
    model = _model(state, fields, "generate")
    prompt = str(fields.get("prompt") or "")
    if await _only_residency(state, model, fields, response, bool(prompt), {"response": ""}):
        return
    if fields.get("raw") and (fields.get("template") or fields.get("system") or fields.get("context")):
        raise ApiError(400, "raw mode does not support template, system, or context")
    if fields.get("suffix") and "insert" not in model.capabilities:
        raise ApiError(400, f"{model.full_name} does not support insert")
    _check_capabilities(model, fields, "generate")
    messages: list[ChatMessage] = [{"role": "user", "content": prompt}]
    await _generate(state, request, _Job(model, messages, chat=False), response, faults)


@dataclass(frozen=True, slots=True)
class _Job:
    model: FakeModel
    messages: list[ChatMessage]
    chat: bool


def _model(state: State, fields: Mapping[str, object], kind: str) -> FakeModel:
    name = fields.get("model") or ""
    if not name and kind == "chat":
        raise ApiError(400, "model is required")
    model = state.find(name)
    if model is None:
        raise ApiError(404, f"model '{name}' not found")
    return model


def _check_capabilities(model: FakeModel, fields: Mapping[str, object], kind: str) -> None:
    name = fields.get("model")
    if "completion" not in model.capabilities:
        raise ApiError(400, f'"{name}" does not support {kind}')
    if fields.get("tools") and "tools" not in model.capabilities:
        raise ApiError(400, f"{model.full_name} does not support tools")
    think = fields.get("think")
    if think is not None and not isinstance(think, bool) and think not in _THINK_LEVELS:
        raise ApiError(
            400,
            f'invalid think value: "{think}" (must be "high", "medium", "low", "max", true, or false)',
        )
    if think and not model.thinks:
        raise ApiError(400, f'"{name}" does not support thinking')
    answer_format = fields.get("format")
    if answer_format not in (None, "", "json") and not isinstance(answer_format, dict):
        quoted = str(answer_format).replace('"', '\\"')
        raise ApiError(
            500, f'invalid format: "\\"{quoted}\\""; expected "json" or a valid JSON Schema object'
        )


async def _only_residency(
    state: State,
    model: FakeModel,
    fields: Mapping[str, object],
    response: Response,
    has_prompt: bool,
    empty: Mapping[str, object],
) -> bool:
    """Load or unload without generating, which is answered by one unterminated JSON object."""
    if has_prompt:
        return False
    if fields.get("keep_alive") == 0:
        state.scheduler.unload(model)
        reason = "unload"
    else:
        _check_capabilities(model, fields, "chat" if "message" in empty else "generate")
        async with state.scheduler.runner(model, fields):
            reason = "load"
    await send_json(
        response,
        {
            "model": fields["model"],
            "created_at": utc(state.clock()),
            **empty,
            "done": True,
            "done_reason": reason,
        },
    )
    return True


async def _generate(
    state: State, request: Request, job: _Job, response: Response, faults: tuple[Inject, ...]
) -> None:
    fields = request.fields
    async with state.scheduler.runner(job.model, fields) as (runner, load_seconds):
        try:
            prompt = _prompt(state, job, runner, fields)
            reply = _reply(state, request, job, prompt)
            streamed = fields.get("stream", True) is not False
            writer = _Writer(state, job, fields, Stream(response, faults), streamed)
            await writer.write(reply, prompt, runner, load_seconds)
        except ApiError as error:
            if not (error.while_generating and fields.get("stream", True) is not False):
                raise
            if not state.profile.early_errors_have_a_status and not response.started:
                await response.line(encode({"error": error.text}) + b"\n")
                await response.end()
            else:
                await send_error(response, error)


def _prompt(state: State, job: _Job, runner: Runner, fields: Mapping[str, object]) -> Prompt:
    options = fields.get("options")
    options = options if isinstance(options, dict) else {}
    truncates = fields.get("truncate", True) is not False
    messages = fit_messages(job.model, job.messages, runner.num_ctx) if truncates else job.messages
    whole = tokenize(render(messages), job.model.letters_per_token)
    shift = fields.get("shift", True) is not False
    tokens = fit_tokens(state.profile, job.model, whole, runner.num_ctx, options, shift)
    cached = next(
        (at for at, (one, other) in enumerate(zip(tokens, runner.cached, strict=False)) if one != other),
        min(len(tokens), len(runner.cached)),
    )
    runner.cached = tokens
    prompt = Prompt(
        job.model.name, "".join(tokens), len(tokens), tuple(messages), len(whole) - len(tokens), cached
    )
    state.prompts.append(prompt)
    return prompt


def _reply(state: State, request: Request, job: _Job, prompt: Prompt) -> Reply:
    scripted = state.take_reply(request)
    if scripted is not None:
        return scripted
    # What the model saw of the last user message: after a cut it may be less than was sent.
    seen = prompt.text.rsplit("<user>\n", 1)[-1]
    text = answer_from(seen)
    schema = request.fields.get("format")
    if schema:
        text = encode(_instance(schema if isinstance(schema, dict) else {"type": "object"}, text)).decode()
    thinking = tuple(tokenize("The excerpts tell.")) if job.model.thinks else ()
    return Reply(tuple(tokenize(text)), thinking)


def _instance(schema: Mapping[str, object], text: str) -> object:
    """Build the smallest value that follows `schema`; texts are the answer."""
    match schema:
        case {"enum": [first, *_]}:
            return first
        case {"properties": dict() as properties}:
            return {name: _instance(part, text) for name, part in properties.items()}
        case {"type": "object"}:
            return {}
        case {"type": "array", "items": dict() as items}:
            return [_instance(items, text)]
        case {"type": "array"}:
            return []
        case {"type": "boolean"}:
            return False
        case {"type": "integer" | "number"}:
            return 0
        case _:
            return text


@dataclass(slots=True)
class _Writer:
    """Writes one generation, streamed or whole."""

    state: State
    job: _Job
    fields: Mapping[str, object]
    stream: Stream
    streamed: bool
    repeats: int = 0
    last: str = ""

    async def write(self, reply: Reply, prompt: Prompt, runner: Runner, load_seconds: float) -> None:
        reply = self._thinking_as_asked(reply)
        pieces = list(self._pieces(reply))
        allowed = self._allowed(runner, prompt)
        reason = "length" if len(pieces) > allowed else reply.done_reason
        sent: list[Mapping[str, object]] = []
        for index, piece in enumerate(pieces[:allowed]):
            await self.state.hold("chunk", self.job.model.name, index)
            if self._repeats_too_often(piece):
                await self._abort(sent)
                return
            sent.append(piece)
            if self.streamed and not await self.stream.send(self._line(piece, {"done": False})):
                return
            self.state.sent_a_token()
        await self.state.hold("chunk", self.job.model.name, len(pieces[:allowed]))
        final = {"done": True, "done_reason": reason, **self._metrics(len(sent), prompt, load_seconds)}
        await self._finish(reply, sent, final)

    async def _finish(
        self, reply: Reply, sent: list[Mapping[str, object]], final: Mapping[str, object]
    ) -> None:
        last = _message("", tool_calls=reply.tool_calls if reply.tool_calls_in_final else ())
        if not self.streamed:
            await send_json(self.stream.response, self._line(_collected(sent, last), final))
        elif await self.stream.send(self._line(last, final)):
            await self.stream.response.end()

    async def _abort(self, sent: list[Mapping[str, object]]) -> None:
        """End as the server does when the model repeats itself."""
        if self.state.profile.repeat_is_an_error:
            raise ApiError(500, "prediction aborted, token repeat limit reached", while_generating=True)
        if self.streamed:
            await self.stream.response.end()
        else:
            await send_json(self.stream.response, self._line(_collected(sent, _message("")), {"done": False}))

    def _repeats_too_often(self, piece: Mapping[str, object]) -> bool:
        text = f"{piece.get('content', '')}{piece.get('thinking', '')}".strip()
        self.repeats = self.repeats + 1 if text == self.last else 0
        self.last = text
        return self.repeats > self.state.profile.repeat_limit and not self.job.model.native

    def _thinking_as_asked(self, reply: Reply) -> Reply:
        think = self.fields.get("think")
        by_default = self.state.profile.since(0, 12, 4) and self.job.model.thinks
        if (by_default if think is None else think) or self.job.model.family == "gptoss":
            return reply
        return dataclasses.replace(reply, thinking=())

    def _pieces(self, reply: Reply) -> Iterator[Mapping[str, object]]:
        for text in reply.thinking:
            yield _message("", thinking=text)
        for text in reply.chunks:
            yield _message(text)
        if reply.tool_calls and not reply.tool_calls_in_final:
            yield _message("", tool_calls=reply.tool_calls)

    def _allowed(self, runner: Runner, prompt: Prompt) -> int:
        options = self.fields.get("options")
        asked = options.get("num_predict", -1) if isinstance(options, dict) else -1
        if asked == 0:
            asked = 0 if self.job.model.native else 10 * runner.num_ctx
        allowed = int(asked) if asked >= 0 else 10 * runner.num_ctx
        shifts = self.job.model.shifts_context and self.fields.get("shift", True) is not False
        return allowed if shifts else min(allowed, runner.num_ctx - prompt.tokens)

    def _line(self, piece: Mapping[str, object], more: Mapping[str, object]) -> Mapping[str, object]:
        head = {"model": self.fields["model"], "created_at": utc(self.state.clock())}
        if self.job.chat:
            return {**head, "message": piece, **more}
        said = {"response": piece.get("content", ""), **without_empty({"thinking": piece.get("thinking")})}
        return {**head, **said, **more}

    def _metrics(self, tokens: int, prompt: Prompt, load_seconds: float) -> Mapping[str, object]:
        per_token = 1e9 / self.job.model.tokens_per_second
        evaluation = int((prompt.tokens - prompt.cached_tokens) * per_token / 20)
        load = int((load_seconds or 0.04) * 1e9)
        generation = int(tokens * per_token)
        return without_empty(
            {
                "total_duration": load + evaluation + generation,
                "load_duration": load,
                "prompt_eval_count": prompt.tokens,
                "prompt_eval_duration": evaluation,
                "eval_count": tokens,
                "eval_duration": generation,
            }
        )


def _message(content: str, **more: object) -> Mapping[str, object]:
    return {"role": "assistant", "content": content, **without_empty(more)}


def _collected(sent: list[Mapping[str, object]], last: Mapping[str, object]) -> Mapping[str, object]:
    parts = [*sent, last]
    calls = [call for part in parts for call in _calls(part)]
    text = "".join(str(part["content"]) for part in parts)
    thinking = "".join(str(part.get("thinking", "")) for part in parts)
    return _message(text, thinking=thinking, tool_calls=calls)


def _calls(part: Mapping[str, object]) -> list[object]:
    calls = part.get("tool_calls", ())
    return list(calls) if isinstance(calls, list | tuple) else []


def chunks_of(text: str) -> tuple[str, ...]:
    """Split a text into the chunks in which a model would stream it: words with the space before them."""
    return tuple(re.findall(r"\s*\S+|\s+$", text))
