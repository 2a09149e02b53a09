"""How a conversation becomes a prompt, and what is lost when it is too long for the window."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fake_ollama.faults import ApiError
from fake_ollama.models import FakeModel
from fake_ollama.text import tokenize
from fake_ollama.versions import Profile

ChatMessage = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as the model saw it, after everything that was cut."""

    model: str
    text: str
    tokens: int
    messages: tuple[ChatMessage, ...]
    """Messages that survived the first stage."""
    cut_tokens: int
    """Tokens that the second stage removed."""
    cached_tokens: int = 0
    """Tokens at its start that the previous prompt had as well."""

    @property
    def last_user_text(self) -> str:
        """The text of the last user message that survived whole."""
        texts = [
            str(message.get("content", "")) for message in self.messages if message.get("role") == "user"
        ]
        return texts[-1] if texts else ""


def render(messages: Sequence[ChatMessage]) -> str:
    """Write messages one after the other, as a chat template does."""
    return "".join(f"<{message.get('role', 'user')}>\n{message.get('content', '')}\n" for message in messages)


def fit_messages(model: FakeModel, messages: Sequence[ChatMessage], num_ctx: int) -> list[ChatMessage]:
    """First stage: drop the oldest messages; system messages and the last one always stay."""
    last = len(messages) - 1
    for first in range(len(messages)):
        system = [message for message in messages[:first] if message.get("role") == "system"]
        kept = [*system, *messages[first:]]
        if first == last or len(tokenize(render(kept), model.letters_per_token)) <= num_ctx:
            return kept
    return []


def fit_tokens(
    profile: Profile,
    model: FakeModel,
    tokens: list[str],
    num_ctx: int,
    options: Mapping[str, object],
    shift: bool,
) -> list[str]:
    """Second stage: cut tokens out of the prompt, or refuse it, as this release and model do."""
    native = model.native and profile.since(0, 30)
    exact = profile.long_prompt == "exact"
    if len(tokens) <= (num_ctx if exact or native else num_ctx - 1):
        return tokens
    if native or profile.long_prompt == "reject":
        raise ApiError(400, _exceeded(len(tokens), num_ctx), while_generating=True)
    if not (model.shifts_context and shift):
        raise ApiError(
            400,
            "the prompt is longer than the context length currently available to the model; shorten the prompt, "
            "or increase the context length",
            while_generating=True,
        )
    keep = _kept(model, options, num_ctx, len(tokens))
    limits = {"exact": num_ctx, "all but one": num_ctx - 1, "half": num_ctx - max((num_ctx - keep) // 2, 1)}
    limit = limits[profile.long_prompt]
    return tokens[:keep] + tokens[len(tokens) - (limit - keep) :]


def _kept(model: FakeModel, options: Mapping[str, object], num_ctx: int, tokens: int) -> int:
    asked = options.get("num_keep", model.parameters.get("num_keep", 4))
    keep = int(str(asked))
    return min((tokens if keep < 0 else keep) + (1 if model.adds_bos else 0), num_ctx - 1)


def _exceeded(tokens: int, num_ctx: int) -> str:
    return json.dumps(
        {
            "error": {
                "code": 400,
                "message": f"request ({tokens} tokens) exceeds the available context size ({num_ctx} tokens), "
                "try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": tokens,
                "n_ctx": num_ctx,
            }
        },
        separators=(",", ":"),
    )
