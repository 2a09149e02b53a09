"""Re-ranking: the chat model puts the first hits in order.

All that a model can do here is to change the order of hits that were found without it. Anything but a list of their
numbers leaves the order as it was.
"""

from collections.abc import Sequence

from firsthand.core.answers import Message
from firsthand.core.constrained_chat import ask_for_json
from firsthand.core.model import Hit
from firsthand.core.ports import ChatModel
from firsthand.core.prompts import fence_around, template
from firsthand.core.rescoring import rescored

# About 1,000 tokens in all: two cores read them with a small model in less than half a minute.
_MOST_CANDIDATES = 10
_MOST_CHARACTERS_OF_A_CANDIDATE = 300
_SECONDS = 45.0
# Estimates of tokens err, and the answer takes a few.
_SHARE_OF_WINDOW = 0.6
_RULE = "order of the chat model"


async def model_order(chat: ChatModel, question: str, hits: Sequence[Hit]) -> tuple[int, ...] | None:
    """Return which of the hits the model chose, the best first, as places from 0; None when it gave no usable order."""
    candidates = _candidates(chat, hits)
    if len(candidates) < 2:
        return None
    numbers = list(range(1, len(candidates) + 1))
    schema = {
        "type": "object",
        "properties": {
            "order": {
                "type": "array",
                "items": {"type": "integer", "enum": numbers},
                "minItems": 1,
                "maxItems": len(numbers),
            }
        },
        "required": ["order"],
        "additionalProperties": False,
    }
    messages = (
        Message("system", template("rerank").template.strip()),
        Message("user", "\n\n".join([*candidates, f"Question: {question}"])),
    )
    return _checked(await ask_for_json(chat, messages, schema, seconds=_SECONDS), len(candidates))


def in_order(hits: Sequence[Hit], order: Sequence[int]) -> tuple[Hit, ...]:
    """Return the hits with the chosen ones first; scores stay with the places, so that they still fall."""
    chosen = set(order)
    places = [*order, *(at for at in range(len(hits)) if at not in chosen)]
    return tuple(
        rescored(hits[at], standing.score, _RULE, "put forward by the chat model" if at in chosen else "")
        for at, standing in zip(places, hits, strict=True)
    )


def _candidates(chat: ChatModel, hits: Sequence[Hit]) -> list[str]:
    """Write hits as numbered, fenced data, as many as the window takes."""
    room = int(chat.context_tokens * _SHARE_OF_WINDOW)
    written: list[str] = []
    for number, hit in enumerate(hits[:_MOST_CANDIDATES], 1):
        text = _candidate(number, hit)
        room -= chat.estimate_tokens(text)
        if room < 0:
            break
        written.append(text)
    return written


def _candidate(number: int, hit: Hit) -> str:
    chunk = hit.chunk
    text = chunk.text[:_MOST_CHARACTERS_OF_A_CANDIDATE]
    fence = fence_around(text)
    head = " ".join(f"[{number}] {chunk.path} {chunk.qualified_name}".split())
    return f"{head}\n{fence}\n{text}\n{fence}"


def _checked(value: object, candidates: int) -> tuple[int, ...] | None:
    """Return the order as places from 0, or None when it names a candidate twice or one that there is not."""
    order = value.get("order") if isinstance(value, dict) else None
    if not isinstance(order, list) or not order or len(order) > candidates:
        return None
    if any(type(number) is not int or not 1 <= number <= candidates for number in order):
        return None
    return tuple(number - 1 for number in order) if len(set(order)) == len(order) else None
