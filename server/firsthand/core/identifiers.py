"""Words of code: identifiers taken apart the way people search for them."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

_RUN = re.compile(r"\w+")
# All ASCII characters but those of words, as blanks: taking a text apart at blanks takes a sixth of the time.
_BLANKS = bytes(byte if chr(byte).isalnum() or byte == ord("_") else ord(" ") for byte in range(128)) + bytes(
    128
)
_WORD = re.compile(r"[^\W\d_]\w*|\d+")
_ASCII_WORD = re.compile(_WORD.pattern, re.ASCII)  # a third faster
# "Lower case" takes in every letter that is not an ASCII capital: scripts beyond ASCII are not taken apart.
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\d_A-Z]+|[A-Z]+|\d+")

_SUFFIXES = (
    *("ations", "ation", "ements", "ement", "ators", "ator", "ating", "ated", "ates", "ings", "ions", "ment"),
    *("able", "ible", "ing", "ion", "ers", "ors", "ate", "ive", "er", "or", "ed", "es", "ly", "s", "e"),
)
# Endings of grammar are cut from short words too (`uses`), others only where a word is left (`string`, `error` stay).
_GRAMMAR = frozenset({"s", "e", "es", "ed", "ly"})

# A longer run of word characters is data (base64, hashes), not a name that anyone searches for.
_LONGEST_WORD = 64
_MOST_TERM_TEXTS = 65_536


def split_identifier(name: str) -> list[str]:
    """Take a name apart at case changes, underscores and digits: `parseHTTPResponse_v2` → parse http response v2.

    Digits stay with a single letter before them (`v2`, `x509`), since such pairs are words of their own.
    """
    return list(_parts(name))


def terms(text: str) -> list[str]:
    """Return the search terms of a text, lower case, in order: each identifier whole and, if it has any, its parts."""
    return term_text(text).split()


def term_text(text: str) -> str:
    """Return the same terms as one text with blanks between them."""
    return "".join(map(_TERM_TEXTS.__getitem__, runs(text)))[:-1]


@lru_cache(maxsize=256)
def runs(text: str) -> Sequence[str]:
    """Return the runs of letters, digits and underscores of a text, in order.

    Those of the last texts are kept: the words of a chunk are asked for when it is cut and when its row is made.
    """
    return text.encode().translate(_BLANKS).decode().split() if text.isascii() else _RUN.findall(text)


def words(text: str) -> list[str]:
    """Return the identifiers of a text as they are written, in order."""
    return (_ASCII_WORD if text.isascii() else _WORD).findall(text)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return the part of an English word that its forms share: `delete`, `deletes`, `deleted`, `deletion` → delet.

    Lighter than Porter's algorithm: one suffix goes, the longest that leaves a word.
    """
    if word.endswith(("ies", "ied")) and len(word) > 4:
        return word[:-3] + "i"
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= (3 if suffix in _GRAMMAR else 4):
            if not word.endswith("ss"):
                word = word[: -len(suffix)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        return word[:-1]
    return word[:-1] + "i" if len(word) > 3 and word.endswith("y") else word


@lru_cache(maxsize=65536)
def _parts(name: str) -> tuple[str, ...]:
    parts: list[str] = []
    for part in _PART.findall(name):
        if part.isdigit() and parts and len(parts[-1]) == 1 and parts[-1].isalpha():
            parts[-1] += part
        else:
            parts.append(part.lower())
    return tuple(parts)


class _TermTexts(dict[str, str]):
    """The terms of each run, looked up in half of the time that a cache of calls takes; begun anew when it is full."""

    def __missing__(self, run: str) -> str:
        if len(self) >= _MOST_TERM_TEXTS:
            self.clear()
        found = self[run] = terms_of_run(run)
        return found


_TERM_TEXTS = _TermTexts()


def terms_of_run(run: str) -> str:
    """Return the terms of a run of letters, digits and underscores, a blank behind each."""
    word = run.lstrip("_")
    if word.isascii() and word.islower() and word.replace("_", "").isalpha() and len(word) <= _LONGEST_WORD:
        # Most words; the general way says the same and takes ten times as long.
        parts = [part for part in word.split("_") if part]
        return " ".join(parts) + " " if len(parts) < 2 else f"{word.rstrip('_')} {' '.join(parts)} "
    return "".join(f"{term} " for term in chain.from_iterable(map(_terms_of_word, words(run))))


def _terms_of_word(word: str) -> tuple[str, ...]:
    if len(word) > _LONGEST_WORD:
        return ()
    parts = _parts(word)
    whole = word.strip("_").lower()
    if len(parts) < 2:
        return (whole,) if whole else ()
    return (whole, *parts)
