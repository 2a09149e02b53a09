"""The English stems by which forms of a word meet in keyword search: they are what the index holds, not the words."""

import threading
from collections.abc import Sequence
from typing import cast

import Stemmer

from firsthand.core.identifiers import runs, terms_of_run

_MOST_STEM_TEXTS = 65_536


class _Stemmers(threading.local):
    """One stemmer for each thread: they keep what they are at work on."""

    def __init__(self) -> None:
        self.english = Stemmer.Stemmer("english")
        # Its own cache takes more time than it saves.
        self.english.maxCacheSize = 0


_stemmers = _Stemmers()


def stems(texts: Sequence[str]) -> list[str]:
    """Return the stems of the words of what is asked for, in order, by Snowball's English stemmer."""
    words = [word.lower() for text in texts for word in text.split()]
    return cast(list[str], _stemmers.english.stemWords(words))


def stem_text(text: str) -> str:
    """Return the stems of the search terms of a text, in order, with blanks between them."""
    return "".join(map(_STEM_TEXTS.__getitem__, runs(text)))[:-1]


class _StemTexts(dict[str, str]):
    """The stems of the terms of each run of letters, a blank behind each; begun anew when it is full."""

    def __missing__(self, run: str) -> str:
        if len(self) >= _MOST_STEM_TEXTS:
            self.clear()
        terms = _stemmers.english.stemWords(terms_of_run(run).split())
        found = self[run] = "".join([f"{term} " for term in terms])
        return found


_STEM_TEXTS = _StemTexts()
