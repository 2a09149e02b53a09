"""How many tokens a text may take, without any model at hand."""

import re

_WIDE = re.compile(r"[^\x00-\u024f]")

# Code in Latin script averages 2.5 to 3.5 characters a token over the tokenizers in use (BPE of the chat models,
# WordPiece of the embedders); 3 errs on the safe side for all but dense symbols.
CHARACTERS_PER_TOKEN = 3.0


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of `text`, on the safe side: 3 characters a token, 1 for scripts beyond Latin."""
    if text.isascii():
        return int(len(text) / CHARACTERS_PER_TOKEN) + 1
    wide = len(_WIDE.findall(text))
    return wide + int((len(text) - wide) / CHARACTERS_PER_TOKEN) + 1
