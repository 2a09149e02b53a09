"""Chat models that Ollama runs."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Literal

from firsthand.adapters.ollama_client import OllamaClient, allowed_model
from firsthand.adapters.ollama_errors import Kind, OllamaError
from firsthand.adapters.ollama_http import OllamaStream, for_users
from firsthand.adapters.ollama_limits import Attempts
from firsthand.adapters.ollama_models import OllamaModel, same_model
from firsthand.adapters.ollama_tokens import TokenGauge, sizes_after_a_cut
from firsthand.core.answers import Message
from firsthand.core.ports import ChatEnd, ChatPart, ChatStage, ChatText, ChatThinking
from firsthand.errors import ContextExceededError, ModelError, ModelFailedError, ModelUnreachableError

# Models that think whether they are asked to or not need room for it beside the answer.
_TOKENS_FOR_THINKING = 1024
_LEAST_ANSWER_TOKENS = 16
# A server may leave the reason out; one that is not known means that something else ended the answer.
_REASONS: Mapping[str, Literal["stop", "length"]] = {"stop": "stop", "length": "length"}


async def open_ollama_chat(
    client: OllamaClient,
    name: str,
    *,
    context_tokens: int,
    answer_tokens: int,
    temperature: float,
    keep_alive: str,
    allow_cloud: Sequence[str] = (),
) -> "OllamaChat":
    """Return a chat model by name, without loading it.

    Raises:
        ModelMissingError: the server does not have it.
        ModelRefusedError: it runs in a cloud and the user did not allow it by name.
        ModelFailedError: it is no chat model.
    """
    model = await allowed_model(client, name, allow_cloud)
    if model.can("completion") is False:
        raise ModelFailedError(f"{name} is not a chat model; choose one such as qwen2.5-coder:7b.")
    num_ctx = min(context_tokens, model.train_context or context_tokens)
    return OllamaChat(
        client,
        model,
        name=name,
        options={
            "num_ctx": num_ctx,
            "num_predict": _answer_tokens(model, answer_tokens, num_ctx),
            "temperature": temperature,
        },
        keep_alive=keep_alive,
        counts_whole_prompts=_counts_whole_prompts(await client.version()),
    )


class OllamaChat:
    """A chat model with one fixed window; a `ChatModel`."""

    def __init__(
        self,
        client: OllamaClient,
        model: OllamaModel,
        *,
        name: str,
        options: Mapping[str, int | float],
        keep_alive: str,
        counts_whole_prompts: bool,
    ) -> None:
        self._client = client
        self._model = model
        self._name = name
        self._options = options
        self._keep_alive = keep_alive_value(keep_alive)
        self._counts_whole_prompts = counts_whole_prompts
        self._gauge = TokenGauge()
        self._cut_sizes = sizes_after_a_cut(self.context_tokens, model.num_keep)

    @property
    def name(self) -> str:
        """The name by which the user chose it."""
        return self._name

    @property
    def context_tokens(self) -> int:
        """Size of the window (`num_ctx`), the same for every call: another one would reload the model."""
        return int(self._options["num_ctx"])

    @property
    def answer_tokens(self) -> int:
        """Most tokens of an answer (`num_predict`)."""
        return int(self._options["num_predict"])

    def estimate_tokens(self, text: str) -> int:
        """Estimate on the safe side, by what this model took for earlier prompts."""
        return self._gauge.estimate(text)

    async def preload(self) -> None:
        """Load the model with the options of later calls."""
        body: dict[str, object] = {
            "model": self._name,
            "messages": [],
            "keep_alive": self._keep_alive,
            "options": dict(self._options),
        }
        await self._client.preload("/api/chat", body, self._name)

    async def stream(
        self, messages: Sequence[Message], *, schema: Mapping[str, object] | None = None
    ) -> AsyncGenerator[ChatPart, None]:
        """Generate; closing the iterator closes the connection, which stops the server."""
        self._check_size(messages)
        body = self._body(messages, schema)
        with for_users():
            async with (
                self._client.turn(self._name),
                contextlib.aclosing(self._with_retries(body, messages)) as parts,
            ):
                async for part in parts:
                    yield part

    async def _with_retries(
        self, body: Mapping[str, object], messages: Sequence[Message]
    ) -> AsyncGenerator[ChatPart, None]:
        """Try again as long as nothing was shown and the fault may pass."""
        attempts = Attempts(self._client.http.limits)
        while True:
            self._client.crashes.check(self._name)
            shown = False
            try:
                async with contextlib.aclosing(self._generation(body, messages)) as parts:
                    async for part in parts:
                        shown = shown or isinstance(part, ChatText | ChatThinking)
                        yield part
            except OllamaError as fault:
                if fault.kind is Kind.CRASHED:
                    self._client.crashes.crashed(self._name)
                pause = attempts.pause_after(fault)
                if shown or pause is None:
                    raise
            else:
                self._client.crashes.worked(self._name)
                return
            await asyncio.sleep(pause)

    async def _generation(
        self, body: Mapping[str, object], messages: Sequence[Message]
    ) -> AsyncGenerator[ChatPart, None]:
        limits = self._client.http.limits
        opening = asyncio.create_task(
            self._client.http.open("/api/chat", body, model=self._name, limit=limits.first_byte)
        )
        try:
            async with contextlib.aclosing(self._stages(opening)) as stages:
                async for stage in stages:
                    yield stage
            stream = opening.result()
            async with contextlib.aclosing(self._parts(stream, messages)) as parts:
                async for part in parts:
                    yield part
        finally:
            await _abandon(opening)

    async def _stages(self, opening: "asyncio.Task[OllamaStream]") -> AsyncGenerator[ChatStage, None]:
        """Tell what the silent server does until it begins to answer: nothing is sent during queue and load."""
        told = ""
        while not opening.done():
            looking = asyncio.create_task(self._stage())
            try:
                await asyncio.wait({opening, looking}, return_when=asyncio.FIRST_COMPLETED)
                stage = looking.result() if looking.done() else None
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)
            if stage and stage != told and not opening.done():
                told = stage
                yield ChatStage(stage)

    async def _stage(self) -> str | None:
        await asyncio.sleep(self._client.http.limits.poll)
        try:
            running = await self._client.running()
        except ModelUnreachableError:
            # The list of loaded models waits for a model that is being loaded or unloaded.
            return "loading model"
        except ModelError:
            return None
        loaded = any(same_model(model.name, self._name) for model in running)
        return "reading prompt" if loaded else "loading model"

    async def _parts(
        self, stream: OllamaStream, messages: Sequence[Message]
    ) -> AsyncGenerator[ChatPart, None]:
        """Yield what the lines say; without a last line that says `done` the answer is broken."""
        async with contextlib.aclosing(stream.lines(self._client.http.limits.idle)) as lines:
            async for line in lines:
                said = line.get("message")
                if isinstance(said, dict):
                    if isinstance(thinking := said.get("thinking"), str) and thinking:
                        yield ChatThinking(thinking)
                    if isinstance(content := said.get("content"), str) and content:
                        yield ChatText(content)
                if line.get("done") is True:
                    yield self._end(line, messages)
                    return
        yield ChatEnd("broken")

    def _end(self, line: Mapping[str, object], messages: Sequence[Message]) -> ChatEnd:
        prompt_tokens = _count(line.get("prompt_eval_count"))
        was_cut = prompt_tokens is not None and self._was_cut(prompt_tokens, messages)
        if prompt_tokens is not None and self._counts_whole_prompts and not was_cut:
            self._gauge.observe(messages, prompt_tokens)
        return ChatEnd(
            _REASONS.get(str(line.get("done_reason", "stop")), "broken"),
            prompt_tokens=prompt_tokens,
            answer_tokens=_count(line.get("eval_count")),
            prompt_was_cut=was_cut,
        )

    def _was_cut(self, prompt_tokens: int, messages: Sequence[Message]) -> bool:
        """The server never says that it dropped a part of the prompt; only the count gives it away."""
        if prompt_tokens in self._cut_sizes:
            return True
        return self._counts_whole_prompts and self._gauge.falls_short(messages, prompt_tokens)

    def _check_size(self, messages: Sequence[Message]) -> None:
        """Refuse what would not fit: the server would drop the beginning without a word."""
        tokens = self._gauge.estimate_prompt(messages)
        if tokens + self.answer_tokens > self.context_tokens:
            raise ContextExceededError(
                f"The prompt of about {tokens} tokens and an answer of {self.answer_tokens} do not fit the window of "
                f"{self._name} ({self.context_tokens}); ask about less, or raise the context_tokens setting.",
                prompt_tokens=tokens,
                context_tokens=self.context_tokens,
            )

    def _body(self, messages: Sequence[Message], schema: Mapping[str, object] | None) -> dict[str, object]:
        body: dict[str, object] = {
            "model": self._name,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "stream": True,
            "options": dict(self._options),
            "keep_alive": self._keep_alive,
        }
        if self._model.can("thinking"):
            body["think"] = "low" if _thinks_in_levels(self._model) else False
        if schema is not None:
            body["format"] = dict(schema)
        return body


def keep_alive_value(setting: str) -> str | int:
    """Return a keep_alive that the API takes: a bare number must not be sent as text."""
    text = setting.strip()
    try:
        return int(text)
    except ValueError:
        return text or "30m"


async def _abandon(opening: "asyncio.Task[OllamaStream]") -> None:
    """Close the connection, whether the server has begun to answer or not."""
    opening.cancel()
    results = await asyncio.gather(opening, return_exceptions=True)
    if isinstance(results[0], OllamaStream):
        await results[0].aclose()


def _answer_tokens(model: OllamaModel, answer_tokens: int, num_ctx: int) -> int:
    """Never zero or less, which means without limit; never more than half of the window."""
    room = _TOKENS_FOR_THINKING if _always_thinks(model) else 0
    return max(min(answer_tokens + room, num_ctx // 2), _LEAST_ANSWER_TOKENS)


def _thinks_in_levels(model: OllamaModel) -> bool:
    return model.family in ("gptoss", "gpt-oss") or "gpt-oss" in model.name.lower()


def _always_thinks(model: OllamaModel) -> bool:
    return bool(model.can("thinking")) and (_thinks_in_levels(model) or "thinking" in model.name.lower())


def _counts_whole_prompts(version: str) -> bool:
    """From 0.30 on the count of prompt tokens includes those that were cached."""
    parts = version.split(".")
    try:
        return (int(parts[0]), int(parts[1])) >= (0, 30) or version == "0.0.0"
    except (ValueError, IndexError):
        return False


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
