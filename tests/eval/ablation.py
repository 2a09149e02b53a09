"""The rules of the ranking, each taken away in turn."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from firsthand.core import fusion, query, ranking

_MODULES = (query, fusion, ranking)

_PROSE_AT_HALF = {"symbol": 0.35, "path": 0.3, "prose": 0.5}

WITHOUT: Mapping[str, Mapping[str, Any]] = {
    "Firsthand": {},
    "without: the definition of a name stands first": {
        "_DEFINES_NAME": 1.0,
        "_DEFINES_QUALIFIED_NAME": 1.0,
        "_DEFINES_NAMESAKE": 1.0,
    },
    "without: words of a definition's name": {"_NAME_WORDS": 0.0, "_NAME_SAYS_IT_ALL": 0.0},
    "without: a name that says it all": {"_NAME_SAYS_IT_ALL": 0.0},
    "without: words of the path": {"_PATH_WORDS": 0.0},
    "without: descriptions go less by names and files": {"_BEGINS_TO_DESCRIBE": 2.0, "_DESCRIBES": 3.0},
    "without: a question describes less than a statement": {"_QUESTION": 1.0},
    "without: a file that matches in many places": {"_FILE_COHERENCE": 0.0},
    "without: tests behind code": {"_TEST_PENALTY": 1.0},
    "without: sidelines behind code": {"sideline_of": lambda chunk, asked: None},
    "without: interfaces and types behind what does the work": {"_PROMISE_PENALTY": 1.0},
    "without: members stand before the header of their class": {"_HEADER": 1.0},
    "without: further hits of a file count less": {"_FURTHER_HITS": 1.0, "_FURTHER_HITS_OF_DESCRIBED": 1.0},
    "with: further hits by their own score alone": {"_FURTHER_POWER": 1.0},
    "without: sentences lean on meaning": {"_SENTENCE_SHARE": 0.0, "_DENSE_SHARE": _PROSE_AT_HALF},
    "without: keyword scores squared": {"_KEYWORD_POWER": 1},
    "with: a dense share of .8 for all prose": {
        "_SENTENCE_SHARE": 0.0,
        "_DENSE_SHARE": {**_PROSE_AT_HALF, "prose": 0.8},
    },
}
"""What each variant sets; the first one is the ranking as it is."""


async def ablated(variants: Mapping[str, Mapping[str, Any]] = WITHOUT) -> AsyncIterator[str]:
    """Yield the name of each variant while it is in force."""
    for name, values in variants.items():
        with _changed(values):
            yield name


@contextlib.contextmanager
def _changed(values: Mapping[str, Any]) -> Iterator[None]:
    owners = {name: next(each for each in _MODULES if hasattr(each, name)) for name in values}
    before = {name: getattr(owner, name) for name, owner in owners.items()}
    for name, value in values.items():
        setattr(owners[name], name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(owners[name], name, value)
