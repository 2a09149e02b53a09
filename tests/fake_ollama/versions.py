"""What differs between the releases of Ollama that the fake can play."""

import re
from dataclasses import dataclass
from typing import Literal

NAMED = {
    "0.9": "0.9.0",
    "0.12.3": "0.12.3",
    "0.13": "0.13.3",
    "0.24": "0.24.0",
    "0.30.6": "0.30.6",
    "0.33": "0.33.0",
    "next": "0.34.0",
}

LongPrompt = Literal["exact", "reject", "all but one", "half"]


@dataclass(frozen=True, slots=True)
class Profile:
    """The behaviour of one release."""

    version: str
    parts: tuple[int, int, int]

    def since(self, *parts: int) -> bool:
        """Tell whether this release is `parts` or newer."""
        return self.parts >= (*parts, 0, 0)[:3]

    @property
    def lists_details(self) -> bool:
        """`/api/tags` carries capabilities, context length and embedding length."""
        return self.since(0, 30)

    @property
    def long_prompt(self) -> LongPrompt:
        """What happens to a rendered prompt that is longer than the window."""
        if self.since(0, 30, 11):
            return "half"
        if self.since(0, 30, 9):
            return "all but one"
        return "reject" if self.since(0, 30) else "exact"

    @property
    def early_errors_have_a_status(self) -> bool:
        """An error before the first chunk of a stream has its own HTTP status."""
        return self.since(0, 12, 6)

    @property
    def embed_crash_status(self) -> int:
        """The status of an embedding whose runner died."""
        return 400 if self.since(0, 13, 3) else 500

    @property
    def embed_too_long(self) -> str:
        """The text of the refusal of an input that is too long."""
        if self.since(0, 13):
            return "the input length exceeds the context length"
        if self.since(0, 12):
            return "input exceeds maximum context length"
        return "input length exceeds maximum context length"

    @property
    def not_an_embedder(self) -> str:
        """The text of the 501 for a chat model that is asked to embed."""
        if self.since(0, 30):
            return "This server does not support embeddings. Start it with `--embeddings`"
        return "this model does not support embeddings"

    @property
    def repeat_limit(self) -> int:
        """Equal chunks in a row that the server lets pass before it aborts."""
        return 100 if self.since(0, 34) else 30

    @property
    def repeat_is_an_error(self) -> bool:
        """The abort for repetition is announced instead of a silent end."""
        return self.since(0, 34)


def profile(name: str) -> Profile:
    """Return the profile for a name of `NAMED` or a version as Ollama would tell it."""
    version = NAMED.get(name, name)
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    if found is None:
        raise ValueError(f"not a version: {name}")
    major, minor, patch = (int(part or 0) for part in found.groups())
    return Profile(version, (major, minor, patch))
