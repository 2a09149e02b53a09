"""ChatModel over llama.cpp, for any GGUF file, without Ollama."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firsthand.adapters.gguf_header import read_gguf_header
from firsthand.adapters.llama_process import LlamaProcess, require_llama, usable_threads
from firsthand.core.answers import Message
from firsthand.core.ports import ChatEnd, ChatPart, ChatStage, ChatText, ChatThinking
from firsthand.core.tokens import estimate_tokens
from firsthand.errors import ContextExceededError, InputRejectedError, ModelError, ModelFailedError

# A prompt may be denser than all before it, and the chat template adds a few tokens to each message.
_SAFETY = 1.1
_TEMPLATE_TOKENS = 8
# The general estimate is pessimistic; a model is never believed to need much less.
_LEAST_FACTOR = 0.85


async def load_llama_chat(
    model_file: Path,
    *,
    name: str,
    context_tokens: int,
    answer_tokens: int,
    temperature: float,
    threads: int = 0,
) -> "LlamaChat":
    """Prepare a model file; its gigabytes are loaded when the first question arrives.

    Args:
        context_tokens: size of the window; a model that was trained for less gets its own size.
        threads: 0 takes one for each core.

    Raises:
        ModelFailedError: llama.cpp is not installed, or the file is not a model.
    """
    require_llama()
    header = await asyncio.to_thread(read_gguf_header, model_file)
    return LlamaChat(
        model_file,
        name=name,
        context_tokens=min(context_tokens, header.context_tokens or context_tokens),
        answer_tokens=answer_tokens,
        temperature=temperature,
        threads=usable_threads(threads),
    )


class LlamaChat:
    """The ChatModel port over a worker process, which is started when it is needed and again if it died."""

    def __init__(
        self,
        model_file: Path,
        *,
        name: str,
        context_tokens: int,
        answer_tokens: int,
        temperature: float,
        threads: int,
    ) -> None:
        self._model_file = model_file
        self._name = name
        self._context_tokens = context_tokens
        self._answer_tokens = answer_tokens
        self._temperature = temperature
        self._threads = threads
        self._process: LlamaProcess | None = None
        self._turn = asyncio.Lock()
        self._densest = 0.0

    @property
    def name(self) -> str:
        """What the user knows it by."""
        return self._name

    @property
    def context_tokens(self) -> int:
        """Size of the window that prompt and answer share."""
        return self._context_tokens

    @property
    def answer_tokens(self) -> int:
        """Most tokens that an answer may take."""
        return self._answer_tokens

    def estimate_tokens(self, text: str) -> int:
        """Estimate the tokens of `text`, corrected by what this model reported of earlier prompts."""
        factor = max(_LEAST_FACTOR, _SAFETY * self._densest) if self._densest else 1.0
        return int(estimate_tokens(text) * factor) + 1

    async def stream(
        self, messages: Sequence[Message], *, schema: Mapping[str, object] | None = None
    ) -> AsyncGenerator[ChatPart, None]:
        """Generate; the last part is a `ChatEnd`. Closing the stream stops the model."""
        async with self._turn:
            process = await self._running()
            if not process.ready:
                yield ChatStage("loading model")
                await process.wait_ready()
            progress = _Generation()
            async with contextlib.aclosing(process.generate(self._request(messages, schema))) as events:
                async for event in events:
                    if "error" in event:
                        raise self._failure(event["error"], messages)
                    for part in progress.parts(event):
                        yield part
            self._learn(messages, progress.prompt_tokens)
            yield progress.end()

    async def close(self) -> None:
        """Unload the model."""
        if self._process is not None:
            await self._process.close()

    async def _running(self) -> LlamaProcess:
        if self._process is None or self._process.ended:
            self._process = await LlamaProcess.start(
                self._model_file, context_tokens=self._context_tokens, threads=self._threads
            )
        return self._process

    def _request(
        self, messages: Sequence[Message], schema: Mapping[str, object] | None
    ) -> Mapping[str, object]:
        request: dict[str, object] = {
            "messages": [{"role": item.role, "content": _characters(item.content)} for item in messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
            "max_tokens": self._answer_tokens,
            "temperature": self._temperature,
        }
        if schema is not None:
            request["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": dict(schema)},
            }
        return request

    def _failure(self, error: Mapping[str, Any], messages: Sequence[Message]) -> ModelError:
        reason = str(error.get("message", "no reason given"))
        if error.get("type") == "exceed_context_size_error":
            prompt_tokens = error.get("n_prompt_tokens")
            self._learn(messages, prompt_tokens)
            return ContextExceededError(
                f"The question with its context takes {prompt_tokens} tokens, but {self._name} has a window of "
                f"{self._context_tokens}; raise contextTokens or ask about less at a time.",
                prompt_tokens=prompt_tokens,
                context_tokens=self._context_tokens,
            )
        if error.get("code") == 400:
            return InputRejectedError(f"{self._name} refused the request ({reason}); ask in another way.")
        return ModelFailedError(f"{self._name} failed ({reason}); ask again or choose another chatModel.")

    def _learn(self, messages: Sequence[Message], prompt_tokens: int | None) -> None:
        if prompt_tokens:
            estimated = sum(estimate_tokens(item.content) + _TEMPLATE_TOKENS for item in messages)
            self._densest = max(self._densest, prompt_tokens / estimated)


@dataclass(slots=True)
class _Generation:
    """What the events of one generation have told so far."""

    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    _finish: str | None = None
    _announced: bool = False

    def parts(self, event: Mapping[str, Any]) -> Iterator[ChatPart]:
        """Translate one event."""
        progress = event.get("prompt_progress")
        if progress and not self._announced and progress["processed"] < progress["total"]:
            self._announced = True
            yield ChatStage("reading prompt")
        if usage := event.get("usage"):
            self.prompt_tokens = usage["prompt_tokens"]
            self.answer_tokens = usage["completion_tokens"]
        for choice in event.get("choices", ()):
            self._finish = choice.get("finish_reason") or self._finish
            delta = choice.get("delta") or {}
            if thinking := delta.get("reasoning_content"):
                yield ChatThinking(thinking)
            if text := delta.get("content"):
                yield ChatText(text)

    def end(self) -> ChatEnd:
        """Return the last part of the stream."""
        if self._finish is None:
            return ChatEnd("broken", self.prompt_tokens, self.answer_tokens)
        return ChatEnd(
            "length" if self._finish == "length" else "stop", self.prompt_tokens, self.answer_tokens
        )


def _characters(text: str) -> str:
    """Replace lone surrogates, which are not characters and make the request unreadable."""
    return text.encode("utf-8", "replace").decode("utf-8")
