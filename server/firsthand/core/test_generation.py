"""The use case "generate test": tests for the definition at a selection, written as the project writes its tests."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Collection, Sequence
from dataclasses import dataclass, replace

from firsthand.core.answers import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    CharacterRange,
    Citation,
    Excerpt,
    FileEdit,
    Selection,
)
from firsthand.core.editing import fenced_code, finished, replaced, syntax_problem
from firsthand.core.excerpts import excerpt_hash
from firsthand.core.freshness import GONE_FILE, CurrentFile
from firsthand.core.generation import Draft, Generation, Stopwatch, Task
from firsthand.core.grounding import known_names, ungrounded_names
from firsthand.core.inert import inline_code
from firsthand.core.languages import is_test_path
from firsthand.core.model import Chunk, Hit, Scope, Symbol
from firsthand.core.ports import Parser
from firsthand.core.prompts import Request, fence_around
from firsthand.core.sources import Sources, Target, common_folders, locate, without_repeats
from firsthand.core.test_conventions import (
    CONFIG_FILES,
    Placement,
    detect_framework,
    same_family,
    test_place,
)
from firsthand.core.test_merging import merged_tests, with_inline_tests
from firsthand.errors import RequestError

NO_MODEL = (
    "No chat model is at hand, so no test was written; {place} is where it belongs. "
    "Start Ollama, or run `firsthand model install`."
)
_TESTABLE = frozenset(
    {"function", "method", "class", "struct", "trait", "impl", "module", "macro", "interface", "type"}
)
_MOST_PATTERNS = 6
_MOST_HELPERS = 4
_RUST_INLINE_TESTS = re.compile(r"#\[cfg\(test\)\]")
_LOOKS_LIKE_TEST = {
    "python": re.compile(r"^\s*(?:async\s+)?def test", re.MULTILINE),
    "go": re.compile(r"^func (?:Test|Benchmark|Fuzz|Example)\w*\(", re.MULTILINE),
    "rust": re.compile(r"#\[(?:\w+::)*test"),
    **dict.fromkeys(
        ("typescript", "tsx", "javascript", "jsx"), re.compile(r"\b(?:it|test|describe)(?:\.\w+)*\s*\(")
    ),
    **dict.fromkeys(("java", "kotlin"), re.compile(r"@(?:Test|ParameterizedTest|RepeatedTest)\b")),
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is tested, how the project tests, and the file that the tests go into."""

    target: Target
    symbol: Symbol
    framework: str
    place: Placement
    existing: str
    hits: tuple[Hit, ...]
    known_paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The edit, or why there is none."""

    edit: FileEdit | None
    code: str = ""
    problem: str = ""


async def generate_test(
    selection: Selection, limit: int, sources: Sources, generation: Generation, parser: Parser
) -> AsyncGenerator[AnswerEvent, None]:
    """Write tests; the resulting file parses as a whole, or there is no edit and the text says why."""
    stopwatch, draft = Stopwatch(), Draft()
    yield stopwatch.start("searching")
    plan = await _plan(selection, sources)
    yield stopwatch.start("reading")
    passages, cut = await sources.passages(plan.hits, selection)
    first = Task(_request(plan), plan.hits, (plan.target.passage(), *passages), tuple(cut), limit)
    task, outcome = first, _Outcome(None)
    for attempt in (1, 2):
        async with contextlib.aclosing(generation.write(task, draft, stopwatch, shows_text=False)) as events:
            async for event in events:
                yield event
        yield stopwatch.start("checking")
        outcome = await asyncio.to_thread(_outcome, draft, plan, parser)
        if outcome.edit is not None or generation.chat is None or draft.failure is not None or attempt == 2:
            break
        yield draft.warn(f"The first attempt cannot be used ({outcome.problem}); asking once more.")
        task = replace(first, request=_request(plan, outcome.problem))
    answer = await _described(plan, outcome, draft, sources, generation)
    async with contextlib.aclosing(_end(answer, draft, generation, stopwatch)) as events:
        async for event in events:
            yield event


async def _end(
    answer: Answer, draft: Draft, generation: Generation, stopwatch: Stopwatch
) -> AsyncGenerator[AnswerEvent, None]:
    ending = finished(
        answer.text,
        draft,
        generation,
        stopwatch,
        edits=answer.edits,
        citations=answer.citations,
        ungrounded=answer.ungrounded,
    )
    async with contextlib.aclosing(ending) as events:
        async for event in events:
            if isinstance(event, AnswerFinished) and answer.edits:
                # The edit was checked as a whole, so a second attempt's warnings do not make it less complete.
                event = AnswerFinished(replace(event.answer, status="complete"))
            yield event


async def _plan(selection: Selection, sources: Sources) -> _Plan:
    target = await locate(sources.freshness, selection)
    symbol = target.symbol
    if symbol is None or symbol.kind not in _TESTABLE:
        raise RequestError(
            "There is nothing to test here: put the cursor inside a function, a method or a class."
        )
    if is_test_path(selection.path):
        raise RequestError(f"{selection.path} is a test itself: put the cursor into the code that it tests.")
    paths = tuple(await sources.store.manifest())
    inline = _RUST_INLINE_TESTS.search(selection.text) is not None
    inline = inline or (target.file.language == "rust" and await _tests_inline(sources))
    place = await asyncio.to_thread(test_place, selection.path, paths, inline)
    tests = await _pattern_tests(target, symbol, place, paths, sources)
    configs = await _configs(selection.path, paths, sources)
    framework = detect_framework(target.file.language, (chunk.text for chunk in tests), configs)
    patterns = tuple(Hit(chunk, 1.0, ("an existing test",)) for chunk in _chosen(tests))
    related = [hit for hit in await sources.related(target) if not hit.chunk.is_test]
    hits = without_repeats((*patterns, *related[:_MOST_PATTERNS]))
    existing = await _existing_text(place, target, sources)
    place = replace(place, exists=existing is not None)
    return _Plan(target, symbol, framework, place, existing or "", hits, paths)


async def _tests_inline(sources: Sources) -> bool:
    hits = await sources.store.search_keywords(["cfg", "test"], Scope(languages=("rust",)), 20)
    return any(_RUST_INLINE_TESTS.search(each.chunk.text) for each in hits)


async def _pattern_tests(
    target: Target, symbol: Symbol, place: Placement, paths: Collection[str], sources: Sources
) -> list[Chunk]:
    """Return tests to imitate: those of the same module, those that mention the symbol, then the nearest."""
    found: list[Chunk] = []
    if place.exists and not place.inline:
        found += await sources.store.chunks_of(place.path)
    found += [chunk for chunk in await sources.store.mentioning(symbol.name, 40) if chunk.is_test]
    hits = await sources.searcher.search(
        f"test {symbol.name} {symbol.docstring.split('.')[0]}",
        scope=Scope(tests=True),
        limit=20,
        near=target.file.path,
    )
    found += [hit.chunk for hit in hits]
    found += await _fixtures(place, paths, sources)
    fitting = [
        chunk for chunk in found if chunk.is_test and same_family(chunk.language, target.file.language)
    ]
    tests = list({chunk.id: chunk for chunk in fitting}.values())
    tests.sort(key=lambda chunk: _pattern_order(chunk, symbol.name, target.file.path, place))
    heads = await _heads(tests, sources)
    return list({chunk.id: chunk for chunk in (*tests[:1], *heads, *tests[1:])}.values())


def _chosen(tests: Sequence[Chunk]) -> list[Chunk]:
    """Take the best tests and, beside them, the best of what they share: fixtures and helpers."""
    code = [chunk for chunk in tests if _is_test_code(chunk)]
    helpers = [chunk for chunk in tests if not _is_test_code(chunk)]
    return [*code[:_MOST_PATTERNS], *helpers[:_MOST_HELPERS]]


def _pattern_order(
    chunk: Chunk, name: str, source: str, place: Placement
) -> tuple[bool, bool, bool, bool, int]:
    """The module's own tests first, then tests of the symbol, then the nearest; fixtures and helpers come last."""
    mentions = name in chunk.calls or name in chunk.references
    shared = common_folders(chunk.path, source)
    is_test = _is_test_code(chunk)
    is_fixture = not is_test and "fixture" in chunk.text
    return chunk.path != place.path, not is_test, not (is_test or is_fixture), not mentions, -shared


async def _fixtures(place: Placement, paths: Collection[str], sources: Sources) -> list[Chunk]:
    """Return the shared fixtures that tests in this place may use; pytest keeps them in `conftest.py`."""
    folder, found = place.path, list[Chunk]()
    while folder:
        folder = folder.rpartition("/")[0]
        conftest = f"{folder}/conftest.py" if folder else "conftest.py"
        if conftest in paths:
            chunks = await sources.store.chunks_of(conftest)
            found += [chunk for chunk in chunks if "fixture" in chunk.text]
    return found


async def _heads(tests: Sequence[Chunk], sources: Sources) -> list[Chunk]:
    """Return the beginning of the best test's file: imports and fixtures are half of a convention."""
    if not tests:
        return []
    chunks = await sources.store.chunks_of(tests[0].path)
    return [chunk for chunk in chunks if chunk.span.start_line <= 2][:1]


def _is_test_code(chunk: Chunk) -> bool:
    pattern = _LOOKS_LIKE_TEST.get(chunk.language)
    return pattern is None or pattern.search(chunk.text) is not None


async def _configs(path: str, paths: Collection[str], sources: Sources) -> list[str]:
    """Return the texts of the project's configuration files, those nearest to the source first."""
    folders = [""]
    for part in path.split("/")[:-1]:
        folders.append(f"{folders[-1]}{part}/")
    wanted = [folder + name for folder in reversed(folders) for name in CONFIG_FILES]
    texts: list[str] = []
    for each in wanted:
        if each in paths:
            file = await sources.freshness.file(each)
            if isinstance(file, CurrentFile):
                texts.append(file.text)
    return texts


async def _existing_text(place: Placement, target: Target, sources: Sources) -> str | None:
    """Return the test file's text, also when the index left the file out; None when there is no such file."""
    if place.inline:
        return target.file.text
    file = await sources.freshness.file(place.path)
    if isinstance(file, CurrentFile):
        return file.text
    if file != GONE_FILE:
        raise RequestError(f"{place.path} cannot be changed ({file}): move it, or write the test by hand.")
    return None


def _request(plan: _Plan, problem: str = "") -> Request:
    conventions = f"The project tests with {plan.framework}." if plan.framework else ""
    existing = ""
    if plan.existing.strip() and not plan.place.inline:
        existing = "\n- That file exists: write only new tests and the imports they need, not what it has."
    if problem:
        existing += (
            f"\n- An earlier attempt could not be used: {problem}. Write it so that this does not happen."
        )
    form = "the new tests with their imports" if existing else "the whole test file"
    if plan.place.inline:
        form = "only `#[test]` functions, without `mod tests`"
    return Request(
        "generate_test",
        f"the {plan.symbol.kind} {inline_code(plan.symbol.qualified_name)} of `{plan.target.file.path}`",
        details=(
            ("conventions", conventions),
            ("path", plan.place.path),
            ("existing", existing),
            ("form", form),
        ),
    )


def _outcome(draft: Draft, plan: _Plan, parser: Parser) -> _Outcome:
    """Make the file as it would be, and offer it only when it parses."""
    language = plan.target.file.language
    answer = draft.raw.strip()
    if not answer:
        return _Outcome(None, problem="it is empty")
    code = fenced_code(answer)
    if code is None and syntax_problem(parser, language, answer):
        return _Outcome(None, problem="it holds no code")
    code = code if code is not None else answer
    looks = _LOOKS_LIKE_TEST.get(language)
    if looks is not None and not looks.search(code):
        return _Outcome(None, problem="it holds no test")
    if draft.end is not None and draft.end.reason == "length":
        return _Outcome(None, problem="it was longer than the model may write")
    problem = syntax_problem(parser, language, code)
    if problem:
        return _Outcome(None, problem=problem)
    after = _merged(code, plan, parser)
    problem = syntax_problem(parser, language, after)
    if problem and not syntax_problem(parser, language, plan.existing):
        return _Outcome(None, problem=f"together with {plan.place.path}, {problem}")
    return _Outcome(_edit(plan, after), code)


def _merged(code: str, plan: _Plan, parser: Parser) -> str:
    language = plan.target.file.language
    if plan.place.inline:
        return with_inline_tests(plan.existing, code, parser)
    if plan.existing.strip():
        return merged_tests(plan.existing, code, language, parser)
    return _with_package(code, plan) + "\n"


def _with_package(code: str, plan: _Plan) -> str:
    """Go and Java files begin with the package clause of the code that they test."""
    if plan.target.file.language not in ("go", "java", "kotlin"):
        return code
    if re.search(r"^\s*package\s+\S+", code, re.MULTILINE):
        return code
    clause = re.search(r"^\s*package\s+[\w.]+;?", plan.target.file.text, re.MULTILINE)
    return f"{clause[0].strip()}\n\n{code}" if clause else code


def _edit(plan: _Plan, after: str) -> FileEdit:
    if plan.place.exists:
        return replaced(plan.place.path, plan.existing, after)
    return FileEdit(plan.place.path, after, True)


async def _described(
    plan: _Plan, outcome: _Outcome, draft: Draft, sources: Sources, generation: Generation
) -> Answer:
    """Say what was written, where it goes and after which pattern."""
    name, place = inline_code(plan.symbol.qualified_name), inline_code(plan.place.path)
    if generation.chat is None:
        return _answer(NO_MODEL.format(place=place))
    if outcome.edit is None:
        if draft.failure is not None:
            draft.warnings.append(str(draft.failure))
            return _answer(f"No test was written for {name}, because the model could not be used.")
        return _answer(
            f"No usable test came out for {name}: {outcome.problem}. "
            "Ask again, select a smaller piece of code, or choose a larger model."
        )
    where = "a new file" if outcome.edit.creates else "added to the existing file"
    if plan.place.inline:
        where = "in the module `tests` of the same file"
    text = f"Tests for {name} in {place} ({where})"
    citations = [_citation(1, draft.context.excerpts[0], 0, len(text))]
    pattern = next((each for each in draft.context.excerpts[1:] if is_test_path(each.path)), None)
    text += f", with {plan.framework}" if plan.framework else ""
    if pattern is not None:
        start = len(text)
        text += f", after the pattern of {inline_code(f'{pattern.path}:{pattern.start_line}')}"
        citations.append(_citation(2, pattern, start, len(text)))
    fence = fence_around(outcome.code)
    text += f".\n\n{fence}{plan.target.file.language}\n{outcome.code}\n{fence}"
    known = await asyncio.to_thread(
        known_names,
        await sources.store.names(),
        plan.known_paths,
        draft.context.excerpts,
        f"{plan.symbol.qualified_name} {plan.place.path} {plan.existing}",
    )
    return replace(
        _answer(text),
        citations=tuple(citations),
        edits=(outcome.edit,),
        ungrounded=await asyncio.to_thread(ungrounded_names, text, known),
    )


def _answer(text: str) -> Answer:
    return Answer(id="", status="incomplete", text=text)


def _citation(number: int, excerpt: Excerpt, start: int, end: int) -> Citation:
    return Citation(
        number,
        excerpt.path,
        excerpt.start_line,
        excerpt.end_line,
        excerpt_hash(excerpt.text),
        (CharacterRange(start, end),),
    )
