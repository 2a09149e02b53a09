"""The façade over all use cases that end in an answer.

Every method is an async generator of events that ends with `AnswerFinished`. Closing it stops the model at once and
leaves conversations as they were. A `ContextChosen` that comes again means that the text begins anew.
"""

import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from firsthand.core.answers import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    ContextChosen,
    PromptContext,
    Question,
    Selection,
    Turn,
    WarningRaised,
)
from firsthand.core.asking import ask
from firsthand.core.conversation import Conversations, RecentContexts
from firsthand.core.direct_hits import Coverage
from firsthand.core.documenting import document
from firsthand.core.explaining import explain, fix
from firsthand.core.explanations import Explanations
from firsthand.core.freshness import Freshness, OpenBuffers
from firsthand.core.generation import Generation
from firsthand.core.narrowing import filters_sentence, narrowed
from firsthand.core.ports import ChatModel, ChunkStore, History, Parser, SourceTree
from firsthand.core.relations import asked_relation
from firsthand.core.sources import Search, Sources
from firsthand.core.test_generation import generate_test


class Assistant:
    """Answers questions about one workspace."""

    def __init__(
        self,
        *,
        searcher: Search,
        store: ChunkStore,
        tree: SourceTree,
        parser: Parser,
        history: History,
        buffers: OpenBuffers,
        chat: ChatModel | None,
        excerpts: int = 12,
        coverage: Callable[[], Coverage] = Coverage,
    ) -> None:
        """Take what answers are made of.

        Args:
            coverage: tells how many files the last search had to read because they are not indexed yet.
        """
        self._parser = parser
        self._history = history
        self._excerpts = excerpts
        self._coverage = coverage
        self._sources = Sources(searcher=searcher, store=store, freshness=Freshness(tree, parser, buffers))
        self._generation = Generation(store=store, chat=chat)
        self._conversations = Conversations()
        self._contexts = RecentContexts()
        self.explanations = Explanations()
        """What was explained already, for the hover."""

    @property
    def chat(self) -> ChatModel | None:
        """The chat model in use."""
        return self._generation.chat

    def context(self, answer_id: str) -> PromptContext | None:
        """Return what went into the prompt of one of the last answers."""
        return self._contexts.get(answer_id)

    async def ask(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """Answer a question; with a conversation id it follows up on what was said before.

        Raises:
            RequestError: the question is empty, or names a revision that there is not.
            ContextExceededError: the question alone is larger than the model's window.
        """
        wanted = await narrowed(question.text, question.scope, self._history)
        limited = replace(
            question, text=wanted.text, scope=wanted.scope, limit=min(question.limit, self._excerpts)
        )
        turns = (
            self._conversations.turns(question.conversation_id) if question.turns is None else question.turns
        )
        notes = (filters_sentence(wanted.filters),) if wanted.filters else ()
        for note in notes:
            yield WarningRaised(note)
        async with contextlib.aclosing(
            self._remembered(ask(limited, turns, self._sources, self._generation))
        ) as events:
            async for event in events:
                if isinstance(event, AnswerFinished):
                    self._remember_turn(limited, event.answer)
                    unindexed = self._unindexed(limited.text)
                    for note in unindexed:
                        yield WarningRaised(note)
                    warnings = (*notes, *unindexed, *event.answer.warnings)
                    yield AnswerFinished(replace(event.answer, warnings=warnings))
                else:
                    yield event

    def _unindexed(self, question: str) -> tuple[str, ...]:
        coverage = self._coverage()
        asks_for_places = asked_relation(question) is not None
        sentence = coverage.sentence_about_places if asks_for_places else coverage.sentence
        return (sentence,) if sentence else ()

    async def explain(self, selection: Selection) -> AsyncGenerator[AnswerEvent, None]:
        """Explain the definition at the selection."""
        work = explain(selection, self._excerpts, self._sources, self._generation)
        async with contextlib.aclosing(self._remembered(work)) as events:
            async for event in events:
                if isinstance(event, AnswerFinished) and event.answer.status == "complete":
                    self._remember_explanation(selection, event.answer)
                yield event

    async def document(self, selection: Selection) -> AsyncGenerator[AnswerEvent, None]:
        """Write the documentation of the definition at the selection, as an edit."""
        work = document(selection, self._excerpts, self._sources, self._generation, self._parser)
        async with contextlib.aclosing(self._remembered(work)) as events:
            async for event in events:
                yield event

    async def fix(self, selection: Selection, diagnostic: str) -> AsyncGenerator[AnswerEvent, None]:
        """Explain a reported problem and offer an edit that fixes it."""
        work = fix(selection, diagnostic, self._excerpts, self._sources, self._generation, self._parser)
        async with contextlib.aclosing(self._remembered(work)) as events:
            async for event in events:
                yield event

    async def generate_test(self, selection: Selection) -> AsyncGenerator[AnswerEvent, None]:
        """Write tests for the definition at the selection in the project's own style, as edits."""
        work = generate_test(selection, self._excerpts, self._sources, self._generation, self._parser)
        async with contextlib.aclosing(self._remembered(work)) as events:
            async for event in events:
                yield event

    async def _remembered(self, work: AsyncGenerator[AnswerEvent, None]) -> AsyncGenerator[AnswerEvent, None]:
        """Keep the context of a finished answer under the answer's id."""
        context: PromptContext | None = None
        async with contextlib.aclosing(work) as events:
            async for event in events:
                if isinstance(event, ContextChosen):
                    context = event.context
                elif isinstance(event, AnswerFinished) and context is not None:
                    self._contexts.put(event.answer.id, context)
                yield event

    def _remember_explanation(self, selection: Selection, answer: Answer) -> None:
        context = self._contexts.get(answer.id)
        if context is not None and context.excerpts:
            self.explanations.remember(selection.path, context.excerpts[0].text, answer.text)

    def _remember_turn(self, question: Question, answer: Answer) -> None:
        if answer.status != "noModel" and answer.model:
            self._conversations.append(question.conversation_id, Turn(question.text, answer.text))
