"""From a request with its passages to a finished answer: prompt, stream, attribution, check of names.

When the model's server cut the prompt, the excerpts are reduced and the model is asked once more: a second
`ContextChosen` means that the text begins anew.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from firsthand.core.answers import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    AnswerStatus,
    Budget,
    CitationFound,
    ContextChosen,
    CutExcerpt,
    PromptContext,
    StageStarted,
    TextArrived,
    WarningRaised,
)
from firsthand.core.attribution import Attributor
from firsthand.core.freshness import Passage
from firsthand.core.grounding import known_names, ungrounded_names
from firsthand.core.listing import list_excerpts
from firsthand.core.model import Hit
from firsthand.core.ports import ChatEnd, ChatModel, ChatPart, ChatStage, ChatText, ChunkStore
from firsthand.core.prompts import Request, Window, build_context
from firsthand.core.tokens import estimate_tokens
from firsthand.errors import ContextExceededError, ModelError

Item = TypeVar("Item")

NO_MODEL = (
    "No chat model is at hand, so this is not an answer in words: these are the places that match best."
)

_CODE_OF_LIST = "This list is from the index, not from a model. The code of these places:"
_BROKEN = "The model stopped before the end of its answer; ask again to have it whole."
_TOO_LONG = "The answer reached its length limit; ask the model to continue."
_ONLY_THOUGHT = (
    "The model used all of its answer for thinking: ask again, or raise answerTokens in the settings."
)
_CUT = "The model's server dropped a part of the prompt; asking again with fewer excerpts."
_CUT_AGAIN = (
    "The model's server dropped a part of the prompt twice, so this answer may rest on less than the excerpts "
    "listed: raise contextTokens in the settings, or choose a model with a larger window."
)
_EXCEEDED = "The prompt was larger than the model's window; asking again with fewer excerpts."

# Without sizes from the server, this share of the room is tried.
_BLIND_SHARE = 0.5
# A window without a model is only a way to choose excerpts for the reader.
_READER_TOKENS = 12_288


@dataclass(frozen=True, slots=True)
class Task:
    """A request, what was retrieved for it as it is now, and how many excerpts it may use."""

    request: Request
    hits: tuple[Hit, ...]
    passages: tuple[Passage, ...]
    cut: tuple[CutExcerpt, ...]
    limit: int
    lead: str = ""
    """What can be said without a model; an answer that has none begins with it."""


class Stopwatch:
    """Milliseconds by stage, in the order in which the stages began."""

    def __init__(self) -> None:
        self._timings: list[tuple[str, float]] = []
        self._running: tuple[str, float] | None = None

    def start(self, stage: str) -> StageStarted:
        """Begin a stage, which ends the one before; return the event that says so."""
        self.stop()
        self._running = (stage, time.perf_counter())
        return StageStarted(stage)

    def stop(self) -> None:
        """End the running stage; a stage that ran twice is counted once, as a sum."""
        if self._running is None:
            return
        stage, started = self._running
        elapsed = (time.perf_counter() - started) * 1000
        known = dict(self._timings)
        known[stage] = round(known.get(stage, 0.0) + elapsed, 1)
        self._timings = list(known.items())
        self._running = None

    def timings(self) -> tuple[tuple[str, float], ...]:
        """Return what was measured so far."""
        self.stop()
        return tuple(self._timings)


@dataclass(slots=True)
class Draft:
    """An answer in the making."""

    context: PromptContext = field(default_factory=lambda: PromptContext((), (), Budget(0, 0)))
    attributor: Attributor = field(default_factory=lambda: Attributor(()))
    raw: str = ""
    end: ChatEnd | None = None
    failure: ModelError | None = None
    warnings: list[str] = field(default_factory=list)

    def warn(self, message: str) -> WarningRaised:
        """Keep a warning for the answer and return the event that tells it at once."""
        self.warnings.append(message)
        return WarningRaised(message)

    def restart(self, context: PromptContext, attributor: Attributor) -> None:
        """Forget the text and take another context."""
        self.context, self.attributor, self.raw, self.end = context, attributor, "", None


class Generation:
    """Asks the chat model and checks what it says."""

    def __init__(self, *, store: ChunkStore, chat: ChatModel | None) -> None:
        self._store = store
        self.chat = chat

    def window(self) -> Window:
        """Return the window of the model in use, or one for a reader."""
        if self.chat is None:
            return Window(_READER_TOKENS, 0, estimate_tokens)
        return Window(self.chat.context_tokens, self.chat.answer_tokens, self.chat.estimate_tokens)

    async def write(
        self, task: Task, draft: Draft, stopwatch: Stopwatch, *, shows_text: bool = True
    ) -> AsyncGenerator[AnswerEvent, None]:
        """Fill the draft; the model is stopped when the caller closes this generator."""
        window = self.window()
        for attempt in (1, 2):
            try:
                draft.restart(*await asyncio.to_thread(_prepared, task, window))
            except ContextExceededError as error:
                if attempt == 1:
                    raise
                draft.failure = error
                return
            yield ContextChosen(task.hits, draft.context)
            if self.chat is None:
                return
            yield stopwatch.start("generating")
            try:
                async with contextlib.aclosing(self._parts(self.chat, draft, shows_text)) as parts:
                    async for event in parts:
                        yield event
            except ContextExceededError as error:
                if attempt == 2 or draft.raw:
                    draft.failure = error
                    return
                yield draft.warn(_EXCEEDED)
                window = window.shrunk(_fitting_share(error, draft.context.budget, window))
                continue
            except ModelError as error:
                draft.failure = error
                return
            if draft.end is None or not draft.end.prompt_was_cut:
                return
            yield draft.warn(_CUT if attempt == 1 else _CUT_AGAIN)
            window = window.shrunk(_BLIND_SHARE)

    async def _parts(
        self, chat: ChatModel, draft: Draft, shows_text: bool
    ) -> AsyncGenerator[AnswerEvent, None]:
        async with contextlib.aclosing(chat.stream(draft.context.messages)) as parts:
            async for part in parts:
                for event in _received(part, draft):
                    if shows_text or isinstance(event, StageStarted):
                        yield event
        text, citations = draft.attributor.rest()
        if shows_text:
            if text:
                yield TextArrived(text)
            for citation in citations:
                yield CitationFound(citation)

    async def finish(
        self, task: Task, draft: Draft, stopwatch: Stopwatch
    ) -> AsyncGenerator[AnswerEvent, None]:
        """Check the draft and end with the answer."""
        if self.chat is None or not draft.raw.strip():
            async with contextlib.aclosing(self._without_words(task, draft, stopwatch)) as events:
                async for event in events:
                    yield event
            return
        yield stopwatch.start("checking")
        for message in _shortcomings(draft):
            yield draft.warn(message)
        answer = await self._checked(task, draft)
        yield AnswerFinished(replace(answer, timings=stopwatch.timings()))

    async def _checked(self, task: Task, draft: Draft) -> Answer:
        attribution = draft.attributor.finish()
        names = await self._store.names()
        paths = tuple(await self._store.manifest())
        excerpts, question = draft.context.excerpts, task.request.text
        known = await asyncio.to_thread(known_names, names, paths, excerpts, question)
        return Answer(
            id=new_answer_id(),
            status=draft_status(draft),
            text=attribution.text,
            citations=attribution.citations,
            unsupported=attribution.unsupported,
            ungrounded=await asyncio.to_thread(ungrounded_names, attribution.text, known),
            model=self.chat.name if self.chat else "",
            budget=draft.context.budget,
            warnings=tuple(draft.warnings),
        )

    async def _without_words(
        self, task: Task, draft: Draft, stopwatch: Stopwatch
    ) -> AsyncGenerator[AnswerEvent, None]:
        """Answer with the excerpts, because the model is absent, failed at once or said nothing."""
        status: AnswerStatus = "noModel"
        if draft.failure is not None:
            yield draft.warn(str(draft.failure))
        elif self.chat is not None:
            status = "incomplete"
            only_thought = draft.end is not None and draft.end.reason == "length"
            yield draft.warn(_ONLY_THOUGHT if only_thought else _BROKEN)
        lead = NO_MODEL if status == "noModel" else "The model said nothing; these places match best."
        if task.lead:
            lead = f"{task.lead}\n\n{_CODE_OF_LIST}"
        found = [excerpt for excerpt in draft.context.excerpts if not excerpt.aside]
        text, citations = list_excerpts(lead, found)
        yield TextArrived(text)
        for citation in citations:
            yield CitationFound(citation)
        answer = Answer(
            id=new_answer_id(),
            status=status,
            text=text,
            citations=citations,
            budget=draft.context.budget,
            timings=stopwatch.timings(),
            warnings=tuple(draft.warnings),
        )
        yield AnswerFinished(answer)


def new_answer_id() -> str:
    """Return an id that no other answer has."""
    return uuid.uuid4().hex


def draft_status(draft: Draft) -> AnswerStatus:
    """Return whether the model came to its end, having read all of the prompt."""
    end = draft.end
    whole = end is not None and end.reason == "stop" and not end.prompt_was_cut and draft.failure is None
    return "complete" if whole else "incomplete"


def _prepared(task: Task, window: Window) -> tuple[PromptContext, Attributor]:
    context = build_context(task.request, task.passages, window, task.limit)
    return replace(context, cut=(*context.cut, *task.cut)), Attributor(context.excerpts)


def _received(part: ChatPart, draft: Draft) -> list[AnswerEvent]:
    if isinstance(part, ChatText):
        draft.raw += part.text
        text, citations = draft.attributor.feed(part.text)
        arrived: list[AnswerEvent] = [TextArrived(text)] if text else []
        return arrived + [CitationFound(citation) for citation in citations]
    if isinstance(part, ChatStage):
        return [StageStarted(part.name)]
    if isinstance(part, ChatEnd):
        draft.end = part
    return []


def _shortcomings(draft: Draft) -> list[str]:
    if draft.failure is not None:
        return [str(draft.failure)]
    if draft.end is None or draft.end.reason == "broken":
        return [_BROKEN]
    return [_TOO_LONG] if draft.end.reason == "length" else []


def _fitting_share(error: ContextExceededError, budget: Budget, window: Window) -> float:
    """Return the share of the room that fits, by the sizes that the server told."""
    if not error.prompt_tokens or not error.context_tokens:
        return _BLIND_SHARE
    estimated = budget.instructions + budget.history + budget.excerpts + budget.question
    true_room = (
        error.context_tokens
        - window.answer_tokens
        - (window.context_tokens - window.answer_tokens - window.room)
    )
    wanted = estimated * true_room / error.prompt_tokens
    return min(0.95, max(0.05, wanted / max(window.room, 1)))
