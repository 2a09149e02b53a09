"""Markdown that stays text: nothing that a workspace holds becomes a link, an image, HTML or a command."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&])")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
# Editors make links of bare addresses; a zero-width space after the scheme's colon stops them without being seen.
_SCHEME = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*):(?=\S)")
_WWW = re.compile(r"\bwww\.", re.IGNORECASE)
_CODE = re.compile(
    r"^[ \t]*(`{3,}|~{3,}).*?^[ \t]*\1[`~]*[ \t]*$|(`+)(?!`).+?(?<!`)\2(?!`)", re.DOTALL | re.MULTILINE
)
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]*\])?:?")


def inert(text: str) -> str:
    """Escape one line of text so that Markdown shows it as it is."""
    text = _INVISIBLE.sub(" ", text)
    text = _SPECIAL.sub(r"\\\1", text)
    return _WWW.sub("www\u200b.", _SCHEME.sub("\\1:\u200b", text))


def inline_code(text: str) -> str:
    """Set one line of text as inline code, whatever backticks it holds."""
    text = _INVISIBLE.sub(" ", text).strip() or " "
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def inert_markdown(text: str) -> str:
    """Keep headings, emphasis, lists and code of a Markdown text; links, images and HTML become plain words."""
    parts: list[str] = []
    position = 0
    for match in _CODE.finditer(text):
        parts += [_without_links(text[position : match.start()]), match[0]]
        position = match.end()
    return "".join((*parts, _without_links(text[position:])))


def _without_links(text: str) -> str:
    text = _LINK.sub(r"\1", text).replace("<", "\\<").replace("](", "] (")
    return _WWW.sub("www\u200b.", _SCHEME.sub("\\1:\u200b", text))
