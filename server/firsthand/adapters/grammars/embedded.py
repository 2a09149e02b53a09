"""Code inside markup: the scripts of single-file components, read in place.

Everything around the scripts is blanked out, so that lines and bytes stay what they are in the file.
"""

import re

_SCRIPT = re.compile(rb"<script\b([^>]*)>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_TYPESCRIPT = re.compile(rb"""lang\s*=\s*["']?(?:ts|tsx|typescript)\b""", re.IGNORECASE)
_FRONT_MATTER = re.compile(rb"\A\s*(---)(\r?\n.*?\r?\n)---", re.DOTALL)
_VISIBLE = re.compile(rb"[^\r\n]")

HOSTS = frozenset({"vue", "svelte", "astro", "html"})
"""Languages whose definitions are those of their scripts."""


def scripts(data: bytes) -> tuple[str, bytes]:
    """Return the language of the scripts in a file, and the file with all else blanked out."""
    blocks = [*_FRONT_MATTER.finditer(data), *_SCRIPT.finditer(data)]
    is_typescript = any(block[1] == b"---" or _TYPESCRIPT.search(block[1]) for block in blocks)
    masked: list[bytes] = []
    end = 0
    for block in blocks:
        masked += [_VISIBLE.sub(b" ", data[end : block.start(2)]), block[2]]
        end = block.end(2)
    masked.append(_VISIBLE.sub(b" ", data[end:]))
    return "typescript" if is_typescript else "javascript", b"".join(masked)
