"""The use case "ask": a question in words, answered from what the search finds."""

import contextlib
from collections.abc import AsyncGenerator

from firsthand.core.answers import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    Budget,
    ContextChosen,
    PromptContext,
    Question,
    TextArrived,
    Turn,
)
from firsthand.core.conversation import retrieval_query
from firsthand.core.freshness import Passage
from firsthand.core.generation import Draft, Generation, Stopwatch, Task, new_answer_id
from firsthand.core.model import Hit, Scope
from firsthand.core.neighbour_lists import answer_list, completed, prompt_list
from firsthand.core.neighbours import Neighbourhood, find_neighbours
from firsthand.core.prompts import Request, Window
from firsthand.core.relations import asked_relation
from firsthand.core.sources import Sources, locate, without_repeats
from firsthand.core.surroundings import short_passages, surroundings
from firsthand.errors import RequestError

# More is searched than fits, so that merging and the budget have something to choose from.
_OVERFETCH = 2
# While a large index is being made: embedding so many chunks takes about two seconds on two cores.
_LATE_VECTORS = 48
# A list of places may take this share of the window; the longest of these lengths that fits is taken.
_LIST_SHARE = 0.25
# Of what the best hits call and what calls them, one short excerpt for so many found ones.
_EXCERPTS_FOR_ONE_ASIDE = 3
_LISTED = (100, 50, 25, 10, 3)


async def ask(
    question: Question, turns: tuple[Turn, ...], sources: Sources, generation: Generation
) -> AsyncGenerator[AnswerEvent, None]:
    """Search, read what was found as it is now, and what it calls; ask the model, check its words."""
    if not question.text.strip():
        raise RequestError("The question is empty: write what you want to know in `question`.")
    stopwatch, draft = Stopwatch(), Draft()
    yield stopwatch.start("searching")
    pinned = await _selected(question, sources)
    hits = await sources.searcher.search(
        retrieval_query(question.text, turns),
        scope=question.scope,
        limit=question.limit * _OVERFETCH,
        near=question.selection.path if question.selection else None,
        late_vectors=_LATE_VECTORS,
    )
    neighbours = await _neighbours(question, sources)
    if neighbours is not None:
        hits = without_repeats((*neighbours.hits[: question.limit * _OVERFETCH], *hits))
    yield stopwatch.start("reading")
    passages, cut = await sources.passages(hits, question.selection)
    if neighbours is None and generation.chat is not None:
        most = question.limit // _EXCERPTS_FOR_ONE_ASIDE
        around = await surroundings(hits, sources.store, question.scope, most)
        passages += await short_passages(around, sources.freshness)
    task = Task(
        request=_request(question, turns, neighbours, generation.window()),
        hits=hits,
        passages=(*pinned, *passages),
        cut=tuple(cut),
        limit=question.limit,
        lead=answer_list(neighbours) if neighbours is not None else "",
    )
    if not task.passages:
        async with contextlib.aclosing(
            _nothing_found(task, question, sources, generation, stopwatch)
        ) as events:
            async for event in events:
                yield event
        return
    async with contextlib.aclosing(generation.write(task, draft, stopwatch)) as events:
        async for event in events:
            yield event
    async with contextlib.aclosing(generation.finish(task, draft, stopwatch)) as events:
        async for event in events:
            if isinstance(event, AnswerFinished) and neighbours is not None and event.answer.model:
                whole = completed(event.answer, neighbours, draft.context.excerpts)
                if whole.text != event.answer.text:
                    yield TextArrived(whole.text[len(event.answer.text.rstrip()) :])
                yield AnswerFinished(whole)
            else:
                yield event


async def _neighbours(question: Question, sources: Sources) -> Neighbourhood | None:
    """Return all places that a question for users, callers, tests and the like asks for."""
    relation = asked_relation(question.text)
    return await find_neighbours(sources.store, relation, question.scope) if relation is not None else None


def _request(
    question: Question, turns: tuple[Turn, ...], neighbours: Neighbourhood | None, window: Window
) -> Request:
    if neighbours is None:
        return Request("ask", question.text, turns)
    places = next(
        (
            text
            for most in _LISTED
            if window.estimate(text := prompt_list(neighbours, most)) <= window.room * _LIST_SHARE
        ),
        "",
    )
    return Request("ask_neighbours", question.text, turns, (("places", places),))


async def _selected(question: Question, sources: Sources) -> tuple[Passage, ...]:
    """A selection, unlike a mere cursor, is what the question is about."""
    selection = question.selection
    if selection is None or selection.end_byte <= selection.start_byte:
        return ()
    return ((await locate(sources.freshness, selection)).passage(),)


async def _nothing_found(
    task: Task, question: Question, sources: Sources, generation: Generation, stopwatch: Stopwatch
) -> AsyncGenerator[AnswerEvent, None]:
    """Say that nothing matches, without a model, which could only invent."""
    window = generation.window()
    stats = await sources.store.stats()
    budget = Budget(window.context_tokens, window.answer_tokens)
    yield ContextChosen(task.hits, PromptContext((), task.cut, budget))
    text = _nothing_matches(stats.files, question.scope, task.hits)
    yield TextArrived(text)
    yield AnswerFinished(
        Answer(
            id=new_answer_id(),
            status="complete" if generation.chat else "noModel",
            text=text,
            budget=budget,
            timings=stopwatch.timings(),
        )
    )


def _nothing_matches(files: int, scope: Scope, hits: tuple[Hit, ...]) -> str:
    if files == 0:
        return (
            "Nothing in this workspace is indexed yet, so there is nothing to answer from: "
            "ask again when Firsthand's status says that files are indexed."
        )
    if hits:
        return (
            "The code that matched this question is no longer there: the index is catching up with changed files; "
            "ask again in a moment."
        )
    if scope != Scope():
        return (
            "Nothing in this workspace matches this question within the scope that was given: "
            "ask again with a wider scope, or with a name or phrase that the code uses."
        )
    return (
        f"Nothing in this workspace ({files} files) matches this question: ask again with a name or phrase "
        "that the code uses, or look at `firsthand status` for files that were left out."
    )
