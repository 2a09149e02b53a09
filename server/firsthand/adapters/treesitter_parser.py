"""The Parser port over tree-sitter grammars."""

import codecs
import string
import time
from dataclasses import replace

from tree_sitter import Language, Node, Parser, Point, Tree

from firsthand.adapters.grammars import bats, embedded, loading, markdown, outlining, preprocessing
from firsthand.core.lines import encode
from firsthand.core.model import Outline

# A larger file is data or generated, and lines serve as well as syntax.
_LARGEST_TEXT = 4 * 1024 * 1024
# Some grammars take quadratic time on text that only resembles their language.
_LONGEST_SECONDS = 5.0
# Queries take quadratic time on thousands of brackets or quotes in a row, and cannot be stopped; no code has them.
_ONLY_PUNCTUATION = b"!" * 3000
_MARKS = string.punctuation.replace("_", "")
_PUNCTUATION = bytes(ord("!") if chr(byte) in _MARKS else 0 for byte in range(256))
_BLANKS = b" \t\n\r\f\v"
# Errors in so small a share of a file hide nothing that is worth reading it once more.
_FEW_ERRORS = 0.001
# The parser asks for text in pieces; between two of them other threads get their turn.
_PIECE = 32 * 1024


class TreeSitterParser:
    """Outlines files by their syntax. Thread-safe: each call has a parser of its own."""

    def outline(self, language: str, text: str) -> Outline | None:
        """Return the outline of `text`, or None when no grammar can read it in reasonable time."""
        data = encode(text)
        if language == "markdown":
            return markdown.outline(data)
        code_language = language
        if language in embedded.HOSTS:
            code_language, data = embedded.scripts(data)
        elif language == "bash":
            data = bats.as_bash(data)
        grammar = loading.load(code_language)
        if (
            grammar is None
            or len(data) > _LARGEST_TEXT
            or _ONLY_PUNCTUATION in data.translate(_PUNCTUATION, _BLANKS)
        ):
            return None
        deadline = time.monotonic() + _LONGEST_SECONDS
        tree = _parse(grammar.language, data, deadline)
        if tree is not None and code_language in preprocessing.LANGUAGES:
            tree = _preprocessed(grammar, data, tree, deadline)
        return (
            None
            if tree is None
            else replace(outlining.outline(grammar, tree.root_node, data), language=language)
        )


def _preprocessed(grammar: loading.Grammar, data: bytes, tree: Tree, deadline: float) -> Tree:
    """Return the tree of the text, or of what the preprocessor might leave of it: the one with the fewest errors."""
    best, fewest = tree, _error_bytes(tree.root_node)
    few = len(data) * _FEW_ERRORS
    for text in preprocessing.simplified(grammar.name, data) if fewest > few else ():
        other = _parse(grammar.language, text, deadline)
        errors = fewest if other is None else _error_bytes(other.root_node)
        if other is not None and errors < fewest:
            best, fewest = other, errors
        if fewest <= few:
            break
    return best


def _error_bytes(root: Node) -> int:
    errors = 0
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            errors += max(1, node.end_byte - node.start_byte)
        elif node.has_error:
            waiting += node.children
    return errors


def _parse(language: Language, data: bytes, deadline: float) -> Tree | None:
    if data.startswith(codecs.BOM_UTF8):
        # Some grammars take the mark for a word. Line ends, unlike blanks, indent nothing; only bytes are counted.
        data = data.replace(codecs.BOM_UTF8, b"\n\n\n", 1)

    def read(offset: int, _position: Point) -> bytes:
        return data[offset : offset + _PIECE]

    def is_late(_offset: int, _has_error: bool) -> bool:
        return time.monotonic() > deadline

    try:
        return Parser(language).parse(read, progress_callback=is_late)
    except ValueError:  # how the binding says that it was stopped
        return None
