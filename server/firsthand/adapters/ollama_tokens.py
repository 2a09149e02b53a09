"""How many tokens a text takes in one model, learned from what the server counted."""

from collections import deque
from collections.abc import Sequence

from firsthand.core.answers import Message
from firsthand.core.tokens import estimate_tokens

# Role marks and line ends that a chat template puts around a message.
_TOKENS_AROUND_MESSAGE = 8
# A short prompt is mostly template and says little about the text.
_LEAST_TOKENS_TO_LEARN_FROM = 200
_OBSERVATIONS = 8
_SAFETY = 1.1
_LOWEST_FACTOR = 0.5
# The plain estimate errs on the safe side: real prompts take down to two thirds of it.
_USUAL_SHARE_OF_ESTIMATE = 0.67
_LEAST_SHARE_OF_EXPECTED = 0.7


class TokenGauge:
    """Estimates on the safe side, calibrated by `prompt_eval_count`."""

    def __init__(self) -> None:
        self._ratios: deque[float] = deque(maxlen=_OBSERVATIONS)

    def estimate(self, text: str) -> int:
        """Estimate the tokens of a text so that it is hardly ever too few."""
        factor = max(self._ratios) * _SAFETY if self._ratios else 1.0
        return max(1, round(estimate_tokens(text) * max(factor, _LOWEST_FACTOR)))

    def estimate_prompt(self, messages: Sequence[Message]) -> int:
        """Estimate the tokens of a whole prompt."""
        return sum(self.estimate(message.content) for message in messages)

    def observe(self, messages: Sequence[Message], prompt_tokens: int) -> None:
        """Learn from the true size of a prompt that was read whole."""
        plain = _plain(messages)
        if plain >= _LEAST_TOKENS_TO_LEARN_FROM:
            self._ratios.append(prompt_tokens / plain)

    def falls_short(self, messages: Sequence[Message], prompt_tokens: int) -> bool:
        """Tell whether the server read clearly less than was sent."""
        plain = _plain(messages)
        if plain < _LEAST_TOKENS_TO_LEARN_FROM:
            return False
        # What was learned may only lower the bar: a prompt in a dense script must not condemn the next in a light one.
        usual = min([_USUAL_SHARE_OF_ESTIMATE, *self._ratios])
        return prompt_tokens < _LEAST_SHARE_OF_EXPECTED * usual * plain


def sizes_after_a_cut(num_ctx: int, num_keep: int | None) -> frozenset[int]:
    """Return the prompt sizes that are left when a server cuts a prompt to its window.

    Releases cut to the window, to one less, or to about half of it after the tokens that are kept at the start.
    """
    kept = {4, 5} | ({num_keep, num_keep + 1} if num_keep is not None and num_keep >= 0 else set())
    halves = {num_ctx - max((num_ctx - keep) // 2, 1) for keep in kept}
    return frozenset({num_ctx, num_ctx - 1} | halves)


def _plain(messages: Sequence[Message]) -> int:
    return sum(estimate_tokens(message.content) + _TOKENS_AROUND_MESSAGE for message in messages)
