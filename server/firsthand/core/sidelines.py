"""What stands beside the code of a repository: documents, change logs, copies, examples, configuration.

It speaks of the code with the question's own words, and often better than the code, but does nothing of it. So it
stands back, unless the question names it.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from posixpath import splitext

from firsthand.core.identifiers import stem
from firsthand.core.languages import TEXT
from firsthand.core.model import ChunkHead


@dataclass(frozen=True, slots=True)
class Sideline:
    """A way to stand beside the code, in words that follow "it is", and the share of its score that is left to it."""

    words: str
    share: float


HISTORY = Sideline("a record of changes", 0.2)
COPY = Sideline("a copy of other code, or made from code", 0.2)
DOCUMENT = Sideline("documentation", 0.4)
EXAMPLE = Sideline("an example or a measurement", 0.45)
AUTOMATION = Sideline("how it is built and checked", 0.45)
SETTINGS = Sideline("configuration", 0.7)
UNKNOWN = Sideline("in no known language", 0.5)
HELPER = Sideline("beside the main code", 0.7)

_PROSE = frozenset({"markdown", "rst", "org", "latex", "typst"})
# A file of no known language is prose with such an ending or none, else code or data that cannot be read as such.
_PROSE_ENDINGS = frozenset({"", ".txt", ".text", ".adoc", ".asciidoc", ".pod"})
_SETTINGS = frozenset({"yaml", "toml", "json", "ini", "properties", "xml"})
_HISTORY_NAME = re.compile(
    r"(?:^|/)(?:change[-_ ]?logs?|changes|history|news|release[-_ ]?(?:notes?|history)|releases|what'?s[-_ ]?new"
    r"|upgrad(?:e|ing)|migrat(?:ion|ing)|authors|contributors|maintainers|code_of_conduct|security|licen[cs]e|copying"
    r"|notice|todo|roadmap)[^/]*$",
    re.IGNORECASE,
)
_MINIFIED = re.compile(r"\.min\.\w+$|[.-]bundle\.\w+$", re.IGNORECASE)
_DECLARATIONS = re.compile(r"\.d\.[cm]?ts$|\.pyi$|(?:^|/)_?compat\b|(?:^|/)deprecated\b", re.IGNORECASE)
_FOLDERS: Mapping[Sideline, frozenset[str]] = {
    COPY: frozenset(
        "dist node_modules bower_components vendor vendored third_party third-party thirdparty external extern"
        " single_include".split()
    ),
    EXAMPLE: frozenset(
        "example examples sample samples demo demos doc docs documentation snippet snippets website tutorial tutorials"
        " man benchmark benchmarks bench perf fixture fixtures testdata".split()
    ),
    AUTOMATION: frozenset({".github", ".circleci", ".ci"}),
    HELPER: frozenset(
        "compat legacy deprecated migration migrations locale locales i18n typings _typings stub stubs script scripts"
        " tool tools contrib".split()
    ),
}
_BY_FOLDER = {name: sideline for sideline, names in _FOLDERS.items() for name in names}
# What a question says that is after such things, beside the names of their folders. Words that are as common in
# questions about code ("version", "document", "usage") are none.
_ASKED_BY: Mapping[Sideline, str] = {
    HISTORY: "changelog release released upgrade upgrading breaking roadmap license licence",
    DOCUMENT: "readme documentation docs doc guide tutorial install installation contributing faq markdown",
    EXAMPLE: "example sample demo benchmark tutorial snippet fixture",
    AUTOMATION: "ci workflow pipeline yaml build lint linter deploy deployment release github action",
    SETTINGS: "config configuration configure setting ci workflow pipeline yaml json toml dependency package build lint"
    " linter docker deploy deployment environment schema option default",
}
_WORDS = {sideline: frozenset(map(stem, words.split())) for sideline, words in _ASKED_BY.items()}


def sideline_of(chunk: ChunkHead, asked: Collection[str]) -> Sideline | None:
    """Return how a chunk stands beside the code; None for code, and for what the question asks for.

    Args:
        asked: stems of the question's terms.
    """
    sideline, folder = _sideline_of_path(chunk.path, chunk.language)
    if sideline is None or folder in asked or not _WORDS.get(sideline, frozenset()).isdisjoint(asked):
        return None
    return sideline


@lru_cache(maxsize=8192)
def _sideline_of_path(path: str, language: str) -> tuple[Sideline | None, str]:
    """Return it with the stem of the folder that tells; kept, because a path comes back with each of its chunks."""
    folders = [(_BY_FOLDER[name], stem(name)) for name in path.lower().split("/")[:-1] if name in _BY_FOLDER]
    copy = next((found for found in folders if found[0] is COPY), None)
    is_prose = language in _PROSE or (language == TEXT and splitext(path)[1].lower() in _PROSE_ENDINGS)
    if copy is not None or _MINIFIED.search(path):
        return copy or (COPY, "")
    if is_prose:
        return (HISTORY if _HISTORY_NAME.search(path) else DOCUMENT), ""
    if folders:
        return min(folders, key=lambda found: found[0].share)
    if language in _SETTINGS:
        return SETTINGS, ""
    if language == TEXT:
        return UNKNOWN, ""
    return (HELPER if _DECLARATIONS.search(path) else None), ""
