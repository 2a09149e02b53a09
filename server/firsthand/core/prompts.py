"""Prompts: wording in `prompts/*.md`, excerpts as numbered and fenced data, all of it cut to the model's window.

The system message never changes and the history only grows, so that a model server can reuse what it has read;
what differs from question to question stands last, in the last user message.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from string import Template
from typing import Literal

from firsthand.core.answers import Budget, Excerpt, Message, PromptContext, Turn
from firsthand.core.excerpts import Estimate, choose_excerpts
from firsthand.core.freshness import Passage
from firsthand.core.languages import language_of
from firsthand.errors import ContextExceededError

PromptName = Literal["ask", "ask_neighbours", "explain", "fix", "document", "generate_test"]

# The chat template wraps each message in a few tokens of its own.
_MESSAGE_TOKENS = 8
# Estimates err; the window must hold although they do.
_MARGIN_SHARE = 0.1
_LEAST_MARGIN = 256
# History helps a follow-up but must leave the room to the code.
_HISTORY_SHARE = 0.25

_FENCE_RUNS = {"`": re.compile("`+"), "~": re.compile("~+")}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the model, without the excerpts."""

    prompt: PromptName
    text: str
    history: tuple[Turn, ...] = ()
    details: tuple[tuple[str, str], ...] = field(default=())
    """Further placeholders of the prompt's file and what replaces them."""


@dataclass(frozen=True, slots=True)
class Window:
    """How much the model reads and writes, and how it counts."""

    context_tokens: int
    answer_tokens: int
    estimate: Estimate

    @property
    def room(self) -> int:
        """Tokens that the whole prompt may take."""
        margin = max(_LEAST_MARGIN, math.ceil(self.context_tokens * _MARGIN_SHARE))
        return self.context_tokens - self.answer_tokens - margin

    def shrunk(self, share: float) -> "Window":
        """Return a window whose prompt gets only this share of the room."""
        return replace(self, context_tokens=self.context_tokens - math.ceil(self.room * (1 - share)))


def build_context(request: Request, passages: Sequence[Passage], window: Window, limit: int) -> PromptContext:
    """Fit instructions, history, excerpts and question into the window; excerpts of the lowest rank give way first.

    Raises:
        ContextExceededError: not even the instructions and the question fit.
    """
    instructions = _cost(system_text(), window) + _cost(_user_text(request, ()), window)
    question = window.estimate(request.text)
    free = window.room - instructions
    if free < 0:
        raise ContextExceededError(
            f"The question takes about {question} tokens and the model reads {max(window.room, 0)}: "
            "shorten the question, or raise contextTokens in the settings.",
            prompt_tokens=instructions,
            context_tokens=window.context_tokens,
        )
    history = _recent_turns(request.history, int(free * _HISTORY_SHARE), window)
    history_cost = sum(_turn_cost(turn, window) for turn in history)
    excerpts, cut = choose_excerpts(passages, free - history_cost, limit, window.estimate)
    budget = Budget(
        context_tokens=window.context_tokens,
        answer_tokens=window.answer_tokens,
        instructions=instructions - question,
        history=history_cost,
        excerpts=sum(excerpt.tokens for excerpt in excerpts),
        question=question,
    )
    return PromptContext(excerpts, cut, budget, _messages(request, history, excerpts))


def system_text() -> str:
    """Return the system message: the same for every request, whatever the project."""
    return template("system").template.strip()


def render_excerpts(excerpts: Sequence[Excerpt]) -> str:
    """Write excerpts as numbered blocks, each inside a fence that its own text cannot close."""
    if not excerpts:
        return "No excerpt of the code base matches this request."
    return "Excerpts, the most relevant first:\n\n" + "\n\n".join(map(_render_excerpt, excerpts))


def fence_around(text: str) -> str:
    """Return a code fence longer than any run of its character in the text."""
    longest = {
        character: max(map(len, runs.findall(text)), default=0) for character, runs in _FENCE_RUNS.items()
    }
    character = min(longest, key=lambda each: longest[each] if longest[each] > 2 else 0)
    return character * max(3, longest[character] + 1)


def _render_excerpt(excerpt: Excerpt) -> str:
    fence = fence_around(excerpt.text)
    path = _CONTROL.sub(" ", excerpt.path)
    symbol = f" {_CONTROL.sub(' ', excerpt.symbol)}" if excerpt.symbol else ""
    aside = f" ({_CONTROL.sub(' ', excerpt.aside)})" if excerpt.aside else ""
    head = f"[{excerpt.id}] {path}:{excerpt.start_line}-{excerpt.end_line}{symbol}{aside}"
    return f"{head}\n{fence}{language_of(excerpt.path)}\n{excerpt.text}\n{fence}"


def _messages(request: Request, history: Sequence[Turn], excerpts: Sequence[Excerpt]) -> tuple[Message, ...]:
    messages = [Message("system", system_text())]
    for turn in history:
        messages += [Message("user", turn.question), Message("assistant", turn.answer)]
    return (*messages, Message("user", _user_text(request, excerpts)))


def _user_text(request: Request, excerpts: Sequence[Excerpt]) -> str:
    values = {"excerpts": render_excerpts(excerpts), "request": request.text, **dict(request.details)}
    return template(request.prompt).substitute(values).strip()


def _recent_turns(history: Sequence[Turn], room: int, window: Window) -> tuple[Turn, ...]:
    kept: list[Turn] = []
    for turn in reversed(history):
        room -= _turn_cost(turn, window)
        if room < 0:
            break
        kept.append(turn)
    return tuple(reversed(kept))


def _turn_cost(turn: Turn, window: Window) -> int:
    return _cost(turn.question, window) + _cost(turn.answer, window)


def _cost(text: str, window: Window) -> int:
    return window.estimate(text) + _MESSAGE_TOKENS


@cache
def template(name: str) -> Template:
    """Return the wording of one of `prompts/*.md`."""
    file = resources.files("firsthand.core").joinpath("prompts", f"{name}.md")
    return Template(file.read_text(encoding="utf-8"))
