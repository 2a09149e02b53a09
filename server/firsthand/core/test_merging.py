"""New tests into a test file: imports once, the rest where tests of this kind stand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from firsthand.core.lines import LineTable, decode, encode
from firsthand.core.model import Import, Outline, Symbol
from firsthand.core.ports import Parser

_PACKAGE = re.compile(r"^[ \t]*package\s+[\w.]+;?[ \t]*\n+", re.MULTILINE)
_GO_IMPORT_BLOCK = re.compile(r"^import\s*\(\s*\n(?P<specs>.*?)^\)", re.MULTILINE | re.DOTALL)
_NAMED = {
    "python": re.compile(r"^(?P<head>from\s+[\w.]+\s+import\s+)\(?(?P<names>[^()#]+?),?\s*\)?$", re.DOTALL),
    "javascript": re.compile(
        r"^(?P<head>import\s+(?:type\s+)?)\{(?P<names>[^{}]*)\}(?P<tail>\s*from\s*(?P<module>['\"][^'\"]+['\"]);?)$",
        re.DOTALL,
    ),
}
_MEMBER_KINDS = frozenset({"method", "function", "test", "class"})


@dataclass(frozen=True, slots=True)
class Merge:
    """Two texts of one language that are to become one."""

    language: str
    existing: str
    added: str


def merged_tests(existing: str, added: str, language: str, parser: Parser) -> str:
    """Return the existing file with the added tests; imports that it has are not repeated."""
    existing = existing if existing.endswith("\n") or not existing else f"{existing}\n"
    ending = "\r\n" if "\r\n" in existing else "\n"
    existing, added = existing.replace("\r\n", "\n"), added.replace("\r\n", "\n")
    merge = Merge(language, existing, _PACKAGE.sub("", added, count=1))
    have, new = _outline(parser, language, existing), _outline(parser, language, merge.added)
    body, imports = _without_imports(merge.added, new)
    body = _renamed(body, have, new).strip("\n")
    missing = _missing_imports(imports, have.imports, language)
    text = _with_body(merge, body, have, new, parser)
    text = _with_imports(text, missing, have, language)
    return text.replace("\n", ending)


def with_inline_tests(existing: str, added: str, parser: Parser) -> str:
    """Return a Rust file with the added tests in its `mod tests`, which is made when there is none."""
    new = _outline(parser, "rust", added)
    body, imports = _module_content(added, new)
    have = _outline(parser, "rust", existing)
    module = next((each for each in have.symbols if each.kind == "module" and each.name == "tests"), None)
    if module is None:
        uses = "\n".join(dict.fromkeys(("use super::*;", *imports)))
        content = "\n".join(f"    {line}" if line else "" for line in f"{uses}\n\n{body}".split("\n"))
        return f"{existing.rstrip()}\n\n#[cfg(test)]\nmod tests {{\n{content}\n}}\n"
    data = encode(existing)
    brace = data.rfind(b"}", module.span.start_byte, module.span.end_byte)
    inside = decode(data[module.span.start_byte : brace])
    missing = [line for line in imports if line not in inside and line != "use super::*;"]
    content = "\n".join(f"    {line}" if line else "" for line in "\n".join((*missing, body)).split("\n"))
    before = decode(data[:brace]).rstrip()
    return f"{before}\n\n{content}\n{decode(data[brace:])}"


def _module_content(added: str, outline: Outline) -> tuple[str, list[str]]:
    """Unwrap `mod tests { … }` and take the `use` lines off."""
    module = next((each for each in outline.symbols if each.kind == "module"), None)
    if module is not None:
        inner = decode(encode(added)[module.span.start_byte : module.span.end_byte])
        added = inner[inner.index("{") + 1 : inner.rindex("}")]
    lines = _dedented(added).split("\n")
    imports = [line for line in lines if re.match(r"use\s.*;$", line)]
    body = "\n".join(line for line in lines if line not in imports).strip("\n")
    return body, imports


def _outline(parser: Parser, language: str, text: str) -> Outline:
    return parser.outline(language, text) or Outline(language)


def _without_imports(text: str, outline: Outline) -> tuple[str, list[str]]:
    """Take the imports out of a text, as whole lines."""
    table = LineTable.of(text)
    lines = [table.text(start, end) for start, end in zip(table.starts, table.ends, strict=True)]
    imports: list[str] = []
    gone: set[int] = set()
    for each in outline.imports:
        block = range(each.span.start_line - 1, min(each.span.end_line, len(lines)))
        if (lines and not lines[block.start].startswith((" ", "\t"))) or outline.language == "go":
            gone.update(block)
            imports.append(_import_text(each, lines, outline.language))
    if outline.language == "go":
        gone |= {at for at, line in enumerate(lines) if re.match(r"import\s*\($", line)}
        gone |= {at for at, line in enumerate(lines) if line == ")" and at - 1 in gone}
    body = "\n".join(line for at, line in enumerate(lines) if at not in gone)
    return body, list(dict.fromkeys(imports))


def _import_text(each: Import, lines: Sequence[str], language: str) -> str:
    text = "\n".join(lines[each.span.start_line - 1 : each.span.end_line]).strip()
    return text.removeprefix("import").strip() if language == "go" else text


def _missing_imports(imports: Sequence[str], have: Sequence[Import], language: str) -> list[str]:
    present = {_squeezed(each.text).rstrip(";") for each in have}
    pattern = _NAMED.get(language if language == "python" else "javascript")
    missing: list[str] = []
    for text in imports:
        if _squeezed(text).rstrip(";") in present or (
            language == "go" and any(text in each for each in present)
        ):
            continue
        match = pattern.match(text) if pattern and language in _JS_OR_PYTHON else None
        if match is None:
            missing.append(text)
            continue
        names = [name.strip() for name in match["names"].split(",") if name.strip()]
        known = (
            {
                name.strip()
                for each in have
                if (other := pattern.match(each.text.strip())) and _module(other) == _module(match)
                for name in other["names"].split(",")
            }
            if pattern
            else set()
        )
        wanted = [name for name in names if name not in known]
        if wanted:
            missing.append(_named_import(match, wanted, language))
    return missing


_JS_OR_PYTHON = frozenset({"python", "javascript", "typescript", "tsx", "jsx"})


def _module(match: re.Match[str]) -> str:
    module = match.groupdict().get("module") or match["head"]
    return _squeezed(module).strip("'\"")


def _named_import(match: re.Match[str], names: Sequence[str], language: str) -> str:
    if language == "python":
        return f"{_squeezed(match['head'])} {', '.join(names)}"
    return f"{match['head']}{{ {', '.join(names)} }}{match['tail']}"


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _renamed(body: str, have: Outline, new: Outline) -> str:
    """Give a test whose name is taken another name; most languages refuse or silently drop the second."""
    taken = {each.qualified_name for each in have.symbols}
    top = {each.name for each in new.symbols if each.parent is None and each.kind in ("function", "test")}
    for name in sorted(top & taken):
        number = 2
        separator = "_" if "_" in name else ""
        while f"{name}{separator}{number}" in taken:
            number += 1
        body = re.sub(rf"\b{re.escape(name)}\b", f"{name}{separator}{number}", body)
    return body


def _with_body(merge: Merge, body: str, have: Outline, new: Outline, parser: Parser) -> str:
    container = _shared_container(have, new)
    if container is None:
        gap = "\n\n\n" if merge.language == "python" else "\n\n"
        return f"{merge.existing.rstrip()}{gap}{body}\n" if merge.existing.strip() else f"{body}\n"
    members = _members(body, container.name, _outline(parser, merge.language, body))
    data = encode(merge.existing)
    if merge.language == "python":
        before, after = (
            decode(data[: container.span.end_byte]).rstrip(),
            decode(data[container.span.end_byte :]),
        )
    else:
        brace = data.rfind(b"}", container.span.start_byte, container.span.end_byte)
        before, after = decode(data[:brace]).rstrip(), "\n" + decode(data[brace:])
    return f"{before}\n\n{members}{after}"


def _shared_container(have: Outline, new: Outline) -> Symbol | None:
    """Return the existing class that the added tests continue."""
    names = {each.name for each in new.symbols if each.kind == "class" and each.parent is None}
    return next((each for each in have.symbols if each.kind == "class" and each.name in names), None)


def _members(body: str, name: str, outline: Outline) -> str:
    """Return the members of the class of this name, indented as they are."""
    owner = next(at for at, each in enumerate(outline.symbols) if each.name == name and each.kind == "class")
    members = [each for each in outline.symbols if each.parent == owner and each.kind in _MEMBER_KINDS]
    lines = body.split("\n")
    blocks = ["\n".join(lines[each.span.start_line - 1 : each.span.end_line]) for each in members]
    return "\n\n".join(blocks)


def _with_imports(text: str, missing: Sequence[str], have: Outline, language: str) -> str:
    if not missing:
        return text
    lines = text.split("\n")
    if language == "go":
        block = _GO_IMPORT_BLOCK.search(text)
        if block:
            specs = "".join(f"\t{spec}\n" for spec in missing)
            return text[: block.end("specs")] + specs + text[block.end("specs") :]
        missing = [f"import {spec}" for spec in missing]
    top = [each for each in have.imports if not lines[each.span.start_line - 1].startswith((" ", "\t"))]
    at = max((each.span.end_line for each in top), default=_after_head(lines, language))
    return "\n".join((*lines[:at], *missing, *([] if top else [""]), *lines[at:]))


def _after_head(lines: Sequence[str], language: str) -> int:
    """Return where imports go in a file that has none: behind a package clause, a docstring or opening comments."""
    at = 0
    for position, line in enumerate(lines):
        if line.startswith("package ") or re.match(r"(#!|//|# |\"\"\".*\"\"\"$|'use strict')", line):
            at = position + 1
        elif line.strip():
            break
    return at


def _dedented(text: str) -> str:
    lines = text.strip("\n").split("\n")
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[indent:] for line in lines)
