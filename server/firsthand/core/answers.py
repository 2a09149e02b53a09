"""The nouns of answering: questions, events of an answer in the making, the answer itself.

Character ranges count Unicode code points of `Answer.text`, end excluded.
"""

from dataclasses import dataclass
from typing import Literal

from firsthand.core.model import Hit, Scope

AnswerStatus = Literal["complete", "incomplete", "cancelled", "noModel"]


@dataclass(frozen=True, slots=True)
class Selection:
    """A place in a document as the editor has it: unsaved text and a byte range in it."""

    path: str
    text: str
    start_byte: int
    end_byte: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer, as kept for follow-ups."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Question:
    """What the user asks, where they stand, and what they allow to be searched."""

    text: str
    conversation_id: str | None = None
    selection: Selection | None = None
    scope: Scope = Scope()
    limit: int = 12
    """Most excerpts that may go into the prompt."""
    turns: tuple[Turn, ...] | None = None
    """What was said before, by one who remembers it; None: what is remembered here."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a file as they are now, on their way into a prompt."""

    id: int
    """Number by which the prompt and the answer name it, from 1."""
    path: str
    start_line: int
    end_line: int
    text: str
    content_hash: str
    """SHA-256 (hex) of `text`."""
    symbol: str
    tokens: int
    reasons: tuple[str, ...] = ()
    score: float = 0.0
    aside: str = ""
    """What ties it to another excerpt, when it was not found itself."""


@dataclass(frozen=True, slots=True)
class CutExcerpt:
    """A hit that did not go into the prompt, and why."""

    path: str
    start_line: int
    end_line: int
    tokens: int
    reason: str


@dataclass(frozen=True, slots=True)
class Budget:
    """Tokens of the model's window and what they were used for (estimates of the model in use)."""

    context_tokens: int
    answer_tokens: int
    instructions: int = 0
    history: int = 0
    excerpts: int = 0
    question: int = 0


@dataclass(frozen=True, slots=True)
class PromptContext:
    """Everything that went into a prompt, in order, and what was cut."""

    excerpts: tuple[Excerpt, ...]
    cut: tuple[CutExcerpt, ...]
    budget: Budget
    messages: tuple["Message", ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat; roles are system, user, assistant."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class CharacterRange:
    """A range of characters of the answer's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """Lines of the workspace that an answer rests on, and the parts of the answer that rest on them."""

    id: int
    path: str
    start_line: int
    end_line: int
    content_hash: str
    """SHA-256 (hex) of the cited lines as they were read for the answer."""
    spans: tuple[CharacterRange, ...] = ()


@dataclass(frozen=True, slots=True)
class UngroundedName:
    """A name in the answer that the workspace does not have, with the nearest ones that it has."""

    name: str
    spans: tuple[CharacterRange, ...]
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A change that the user may accept: new text for a range of a file, or a new file."""

    path: str
    new_text: str
    creates: bool
    start_byte: int = 0
    end_byte: int = 0
    """Equal to `start_byte`: an insertion. Both 0 for a new file."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer. The text is markdown."""

    id: str
    status: AnswerStatus
    text: str
    citations: tuple[Citation, ...] = ()
    unsupported: tuple[CharacterRange, ...] = ()
    ungrounded: tuple[UngroundedName, ...] = ()
    model: str = ""
    budget: Budget = Budget(0, 0)
    timings: tuple[tuple[str, float], ...] = ()
    """Milliseconds per stage, in the order in which the stages ran."""
    warnings: tuple[str, ...] = ()
    edits: tuple[FileEdit, ...] = ()


@dataclass(frozen=True, slots=True)
class StageStarted:
    """The work entered a stage: "searching", "reading", "loading model", "generating", "checking"."""

    name: str


@dataclass(frozen=True, slots=True)
class ContextChosen:
    """What the model will read; sent before its first word."""

    hits: tuple[Hit, ...]
    context: PromptContext


@dataclass(frozen=True, slots=True)
class TextArrived:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class CitationFound:
    """A part of the answer so far was matched to lines that support it."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class WarningRaised:
    """Something that the reader of this answer should know."""

    message: str


@dataclass(frozen=True, slots=True)
class AnswerFinished:
    """The last event: the whole answer, which is the truth that the stream led up to."""

    answer: Answer


AnswerEvent = StageStarted | ContextChosen | TextArrived | CitationFound | WarningRaised | AnswerFinished
