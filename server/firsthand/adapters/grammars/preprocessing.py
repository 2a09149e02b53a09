"""C as its compiler would see it: a syntax tree breaks where conditionals and macros cut through the syntax.

Nothing is expanded. What stands in the way is blanked out, so that lines and bytes stay what they are in the file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LANGUAGES = frozenset({"c", "cpp", "objc", "cuda", "arduino", "csharp", "fsharp"})
"""Languages with conditionals and macros, or with conditionals alone."""
# Without braces nothing tells whether a conditional stands between definitions or in one.
_WITHOUT_BRACES = frozenset({"fsharp"})

# A comment without an end reaches to that of the file: whoever looks for an end each time takes quadratic time.
_COMMENT = rb"/\*.*?(?:\*/|\Z)"
_REST_OF_LINE = rb"(?:[^\\\n/]|\\\r\n|\\.|/(?!\*)|" + _COMMENT + rb")*+"
_TOKEN = re.compile(
    rb"^[ \t]*\#[ \t]*(?:(?P<directive>ifdef|ifndef|if|elifdef|elifndef|elif|else|endif)\b)?"
    + _REST_OF_LINE
    # Braces do not count in comments, strings and characters.
    + rb"|//(?:[^\\\n]|\\\r\n|\\.)*+|"
    + _COMMENT
    + rb'|"(?:[^"\\\n]|\\.)*+"'
    + rb"|'(?:[^'\\\n]|\\.)*+'"
    rb"|(?P<brace>[{}])",
    re.MULTILINE | re.DOTALL,
)
_OPENING = frozenset({b"if", b"ifdef", b"ifndef"})
# By convention a macro is a word in capitals; one without an underscore may as well be a type.
_MACRO = rb"([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9](?:\([^()\n]*\))?)"
# What stands between angle brackets ends at one place only, so that many templates are not tried in all their parts.
_ANGLES = rb"<(?:[^<>\n]|<(?:[^<>\n]|<[^<>\n]*+>)*+>)*+>"
_MACROS = (
    # In front of a declaration, `UV_EXTERN int uv_run(`, or of a member defined outside its class.
    rb"^[ \t]*(?:(?:static|inline|extern|virtual|explicit|template[ \t]*"
    + _ANGLES
    + rb")[ \t]+)*+"
    + _MACRO
    + rb"(?=[ \t]+(?:[A-Za-z_][\w:<>,*& \t]*[ \t*&][\w:~]+[ \t]*[(;{=]|[A-Za-z_]\w*(?:<[^\n]*>)?::[\w:~]+[ \t]*\())",
    # With the line to itself: `FMT_BEGIN_NAMESPACE`.
    rb"^[ \t]*" + _MACRO + rb"[ \t]*\r?$",
    # Between a keyword and a name: `class SPDLOG_API logger`.
    rb"\b(?:class|struct|union|enum|namespace)[ \t]+" + _MACRO + rb"(?=[ \t]+[A-Za-z_])",
    # Behind parameters: `) FMT_NOEXCEPT {`.
    rb"\)[ \t]*(?:const[ \t]*)?" + _MACRO + rb"(?=[ \t\r\n]*[{;])",
)
_MACRO_PATTERNS = tuple(re.compile(pattern, re.MULTILINE) for pattern in _MACROS)
_BLANK = bytes(byte if byte in b"\r\n" else ord(" ") for byte in range(256))


@dataclass(slots=True)
class _Conditional:
    depth: int
    """Open braces where it begins."""
    first_depth: int | None = None
    """Open braces where its first branch ends."""
    branch_start: int | None = None
    """Where the branch begins that is not the first one."""
    ranges: list[tuple[int, int]] = field(default_factory=list)
    """Its directives, and all branches but the first."""


def simplified(language: str, data: bytes) -> Iterator[bytes]:
    """Yield the file without what may have broken its syntax, each time less of it."""
    first = _blanked(data, _conditionals(data, everywhere=language in _WITHOUT_BRACES))
    if first != data:
        yield first
    second = _blanked(first, _macros(first))
    if second != first:
        yield second


def _conditionals(data: bytes, *, everywhere: bool) -> Iterator[tuple[int, int]]:
    """Yield the directives and second branches of conditionals inside braces, and of those that open or close some.

    Whole definitions in both branches are legal syntax and stay, unless it is to be done `everywhere`.
    """
    depth = 0
    around: list[_Conditional] = []
    for token in _TOKEN.finditer(data):
        directive = token["directive"]
        if token["brace"]:
            depth = max(0, depth + (1 if token["brace"] == b"{" else -1))
        elif directive in _OPENING:
            around.append(_Conditional(depth, ranges=[token.span()]))
        elif directive and around:
            conditional = around[-1]
            if conditional.first_depth is None:
                conditional.first_depth = depth
            if conditional.branch_start is not None:
                conditional.ranges.append((conditional.branch_start, token.start()))
            conditional.ranges.append(token.span())
            depth, conditional.branch_start = conditional.depth, token.end()
            if directive == b"endif":
                around.pop()
                depth = conditional.first_depth
                if everywhere or conditional.depth or depth != conditional.depth:
                    yield from conditional.ranges


def _macros(data: bytes) -> Iterator[tuple[int, int]]:
    for pattern in _MACRO_PATTERNS:
        for match in pattern.finditer(data):
            yield match.span(1)


def _blanked(data: bytes, ranges: Iterator[tuple[int, int]]) -> bytes:
    masked = bytearray(data)
    for start, end in ranges:
        masked[start:end] = data[start:end].translate(_BLANK)
    return bytes(masked)
