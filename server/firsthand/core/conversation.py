"""What is remembered between requests: the turns of conversations and the contexts of recent answers, both bounded."""

import re
from collections import OrderedDict
from collections.abc import Sequence

from firsthand.core.answers import PromptContext, Turn
from firsthand.core.evidence import STOP_WORDS, code_names
from firsthand.core.filters import read_filters

_MOST_CONVERSATIONS = 50
_MOST_TURNS = 20
_MOST_CONTEXTS = 50

# A question with so few words of its own leans on what was said before.
_FEW_WORDS = 1
_MOST_BORROWED_NAMES = 6
_CONTINUES = re.compile(
    r"^(?:and|but|so|also|why|what about|how about|what if|then)\b|\b(?:above|former|latter|instead|the same)\b",
    re.IGNORECASE,
)
_REFERS_BACK = re.compile(
    r"\b(?:it|its|these|those|they|them|their)\b"
    r"|\b(?:this|that)(?=\s*(?:[?.,!]|$)|\s+(?:is|does|work|happen|one|function|class|method|code|file|part|test)\w*)"
    r"|\b(?:is|was|does|did|do|about|like|for|of|with) (?:this|that)\b|\bthe (?:first|second|third|last|other) one\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]\w*")


class Conversations:
    """The turns of recent conversations; the least recently used one is forgotten first."""

    def __init__(self) -> None:
        self._turns: OrderedDict[str, tuple[Turn, ...]] = OrderedDict()

    def turns(self, conversation_id: str | None) -> tuple[Turn, ...]:
        """Return the turns so far, oldest first."""
        if conversation_id is None or conversation_id not in self._turns:
            return ()
        self._turns.move_to_end(conversation_id)
        return self._turns[conversation_id]

    def append(self, conversation_id: str | None, turn: Turn) -> None:
        """Add a finished turn; without an id there is no conversation."""
        if conversation_id is None:
            return
        self._turns[conversation_id] = (*self.turns(conversation_id), turn)[-_MOST_TURNS:]
        self._turns.move_to_end(conversation_id)
        while len(self._turns) > _MOST_CONVERSATIONS:
            self._turns.popitem(last=False)


class RecentContexts:
    """What went into the prompts of the last answers, by the answer's id."""

    def __init__(self) -> None:
        self._contexts: OrderedDict[str, PromptContext] = OrderedDict()

    def get(self, answer_id: str) -> PromptContext | None:
        """Return the context of an answer, or None when it is too old or never was."""
        return self._contexts.get(answer_id)

    def put(self, answer_id: str, context: PromptContext) -> None:
        """Remember the context of an answer and forget the oldest."""
        self._contexts[answer_id] = context
        while len(self._contexts) > _MOST_CONTEXTS:
            self._contexts.popitem(last=False)


def retrieval_query(question: str, turns: Sequence[Turn]) -> str:
    """Return what to search for: the question, and what it refers to when it cannot stand alone."""
    if not turns or not _leans_back(question):
        return question
    previous = turns[-1]
    borrowed = code_names(previous.answer)[:_MOST_BORROWED_NAMES]
    return " ".join((question, _standalone(turns), *borrowed))


def _standalone(turns: Sequence[Turn]) -> str:
    """Return the last question that made sense on its own, and what was asked since."""
    asked: list[str] = []
    for turn in reversed(turns):
        # Its filters said where to look for that question, not for this one.
        asked.append(read_filters(turn.question).text)
        if not _leans_back(turn.question):
            break
    return " ".join(asked)


def _leans_back(question: str) -> bool:
    if _CONTINUES.search(question):
        return True
    if code_names(question):
        return False
    content = [word for word in _WORD.findall(question) if word.lower() not in STOP_WORDS]
    return len(content) <= _FEW_WORDS or bool(_REFERS_BACK.search(question))
