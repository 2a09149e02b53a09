"""Small questions to the chat model whose answer is a JSON value, for which nobody waits long."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping, Sequence

from firsthand.core.answers import Message
from firsthand.core.ports import ChatEnd, ChatModel, ChatText
from firsthand.errors import ModelError

log = logging.getLogger(__name__)

# Longer than any of these answers; a model that goes on and on is stopped here.
_MOST_CHARACTERS = 4_000


async def ask_for_json(
    chat: ChatModel, messages: Sequence[Message], schema: Mapping[str, object], *, seconds: float
) -> object | None:
    """Return what the model answers, for the caller to check; None when it fails, is late or sends no whole JSON.

    Cancelling closes the model's stream.
    """
    try:
        async with asyncio.timeout(seconds):
            text = await _whole_text(chat, messages, schema)
        return None if text is None else json.loads(text)
    except TimeoutError:
        log.info("%s took longer than %.0f s and was stopped", chat.name, seconds)
    except ModelError as error:
        log.info("%s could not help with the search: %s", chat.name, error)
    except (ValueError, RecursionError) as error:
        log.info("%s sent no JSON: %s", chat.name, error)
    return None


async def _whole_text(
    chat: ChatModel, messages: Sequence[Message], schema: Mapping[str, object]
) -> str | None:
    text = ""
    async with contextlib.aclosing(chat.stream(messages, schema=schema)) as parts:
        async for part in parts:
            if isinstance(part, ChatText):
                text += part.text
            elif isinstance(part, ChatEnd) and (part.reason != "stop" or part.prompt_was_cut):
                return None
            if len(text) > _MOST_CHARACTERS:
                return None
    return text
