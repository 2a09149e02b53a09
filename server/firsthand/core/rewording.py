"""Multi-query: the chat model words a question anew, as the code might, and every wording is searched."""

from collections.abc import Sequence

from firsthand.core.answers import Message
from firsthand.core.constrained_chat import ask_for_json
from firsthand.core.model import Hit
from firsthand.core.ports import ChatModel
from firsthand.core.prompts import template
from firsthand.core.rescoring import rescored

_MOST_WORDINGS = 3
_MOST_CHARACTERS = 200
_MOST_CHARACTERS_OF_A_QUESTION = 4_000
_SECONDS = 20.0
# What all other wordings together may add: less than the question itself, which is the user's.
_SHARE_OF_OTHERS = 0.5
_RULE = "other wordings"


async def other_wordings(chat: ChatModel, question: str) -> tuple[str, ...]:
    """Return up to three other ways to ask; none when the model has nothing usable to say."""
    schema = {
        "type": "object",
        "properties": {
            "queries": {
                "type": "array",
                "items": {"type": "string"},
                "minItems": 1,
                "maxItems": _MOST_WORDINGS,
            }
        },
        "required": ["queries"],
        "additionalProperties": False,
    }
    messages = (
        Message("system", template("reword").template.strip()),
        Message("user", question[:_MOST_CHARACTERS_OF_A_QUESTION]),
    )
    return _checked(await ask_for_json(chat, messages, schema, seconds=_SECONDS), question)


def fused(hits: Sequence[Hit], others: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """Return the hits of all wordings, best first: those of the question count most.

    A hit counts in each list by how high it stands below that list's first.
    """
    lists = [found for found in others if found]
    if not lists:
        return tuple(hits)
    heights: dict[str, float] = {}
    best: dict[str, Hit] = {}
    for found, share in [(hits, 1.0), *((each, _SHARE_OF_OTHERS / len(lists)) for each in lists)]:
        for hit in found:
            best.setdefault(hit.chunk.id, hit)
            heights[hit.chunk.id] = heights.get(hit.chunk.id, 0.0) + share * _height(hit, found[0])
    scale = (hits[0] if hits else lists[0][0]).score / (1 + _SHARE_OF_OTHERS)
    merged = [rescored(hit, scale * heights[key], _RULE) for key, hit in best.items()]
    return tuple(sorted(merged, key=lambda hit: (-hit.score, hit.chunk.path, hit.chunk.span.start_byte)))


def _height(hit: Hit, first: Hit) -> float:
    return hit.score / first.score if first.score > 0 else 0.0


def _checked(value: object, question: str) -> tuple[str, ...]:
    queries = value.get("queries") if isinstance(value, dict) else None
    if not isinstance(queries, list) or not all(isinstance(query, str) for query in queries):
        return ()
    cleaned = (" ".join(query.split())[:_MOST_CHARACTERS] for query in queries[:_MOST_WORDINGS])
    known = {question.strip().lower(), ""}
    return tuple(dict.fromkeys(query for query in cleaned if query.lower() not in known))
