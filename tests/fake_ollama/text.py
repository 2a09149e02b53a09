"""The deterministic stand-ins for a tokenizer, an embedder and a writer of answers."""

import math
import re
import zlib
from array import array
from collections import Counter
from functools import lru_cache

_WIDE = "\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_SUBWORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_]+")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
_LONGEST_QUOTE = 80
_LOCATION = re.compile(r"[\w./-]+\.\w+(?::\d+(?:-\d+)?)?")


@lru_cache(maxsize=8)
def _pieces(letters: int) -> re.Pattern[str]:
    return re.compile(rf"\s*(?:[{_WIDE}]|[^\W\d_{_WIDE}]{{1,{letters}}}|\d{{1,3}}|[^\w\s]|_)|\s+$")


def tokenize(text: str, letters: int = 4) -> list[str]:
    """Split into tokens that join to `text`: up to `letters` letters, three digits, or one other mark each.

    Whitespace belongs to the token that follows it. Chinese, Japanese and Korean signs are a token each.
    """
    return [found.group() for found in _pieces(letters).finditer(text)]


@lru_cache(maxsize=4096)
def embedding(text: str, dimensions: int) -> tuple[float, ...]:
    """Hash words, their parts and trigrams into a unit vector of float32: similar texts are near each other."""
    features: Counter[str] = Counter()
    for word in re.findall(r"\w+", text):
        parts = [part.lower() for part in _SUBWORD.findall(word)]
        for part in parts:
            features[part] += 3
            features.update(part[at : at + 3] for at in range(len(part) - 2))
        if len(parts) > 1:
            features[word.lower()] += 3
    values = [0.0] * dimensions
    for feature, count in features.items():
        hashed = zlib.crc32(feature.encode())
        values[hashed % dimensions] += math.sqrt(count) * (1 if hashed & 0x10000 else -1)
    values[zlib.crc32(text.encode()) % dimensions] += 0.01
    return normalised(values)


def normalised(values: "list[float] | tuple[float, ...]") -> tuple[float, ...]:
    """Scale to length 1 in float32; zeros stay zeros."""
    norm = math.sqrt(sum(value * value for value in values)) or 1.0
    return tuple(array("f", [value / norm for value in values]))


def answer_from(prompt: str) -> str:
    """Write two short sentences from the first lines of the first excerpt that `prompt` shows."""
    location, lines = _first_excerpt(prompt)
    names = list(dict.fromkeys(name for line in lines for name in _IDENTIFIER.findall(line)))
    if not lines:
        return "The excerpts say nothing about that. Ask about something in the workspace."
    place = f" in {location}" if location else ""
    second = lines[1] if len(lines) > 1 else " ".join(names[:6])
    return f"The code starts with `{lines[0]}`{place}. It goes on with `{second}`."


def _first_excerpt(prompt: str) -> tuple[str, list[str]]:
    """Return where the first excerpt comes from and its first two lines of substance."""
    fenced = re.search(
        r"(?P<head>[^\n]*\n)?(?:```|~~~)[^\n]*\n(?P<body>.*?)(?:\n(?:```|~~~)|\Z)", prompt, re.DOTALL
    )
    tagged = re.search(r"(?P<head><excerpt\b[^>]*>)\n?(?P<body>.*?)</excerpt>", prompt, re.DOTALL)
    found = tagged or fenced
    head = (found["head"] or "") if found else ""
    body = found["body"] if found else prompt
    place = _LOCATION.search(head)
    lines = [_without_number(line) for line in body.splitlines()]
    return (place.group() if place else ""), [line for line in lines if _IDENTIFIER.search(line)][:2]


def _without_number(line: str) -> str:
    return re.sub(r"^\s*\d+\s*[|:│]\s?", "", line).strip()[:_LONGEST_QUOTE]
