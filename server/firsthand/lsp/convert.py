"""The domain's answers, hits and contexts → messages of the wire, and scopes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firsthand.core.answers import (
    Answer,
    Budget,
    CharacterRange,
    Citation,
    CutExcerpt,
    Excerpt,
    Message,
    PromptContext,
    Turn,
)
from firsthand.core.model import Hit, Scope
from firsthand.core.tokens import estimate_tokens
from firsthand.lsp import messages
from firsthand.lsp.positions import Encoding, SpanConverter, units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from firsthand.lsp.folders import Folder


def scope_of(params: messages.ScopeParams | None) -> Scope:
    """Return the domain's scope."""
    if params is None:
        return Scope()
    return Scope(
        paths=params.paths,
        languages=params.languages,
        kinds=params.kinds,
        tests=params.tests,
        changed_since=params.changed_since or "",
    )


def turns_of(params: tuple[messages.TurnParams, ...] | None) -> tuple[Turn, ...] | None:
    """Return the domain's turns; None when the client left them to the server."""
    return None if params is None else tuple(Turn(turn.question, turn.answer) for turn in params)


def answer_result(answer: Answer, folder: Folder, encoding: Encoding) -> messages.AnswerResult:
    """Return an answer as it goes to the client."""
    spans = SpanConverter(answer.text, encoding)
    return messages.AnswerResult(
        answer_id=answer.id,
        status=answer.status,
        text=answer.text,
        citations=tuple(citation_result(citation, folder, spans) for citation in answer.citations),
        unsupported=_spans(answer.unsupported, spans),
        ungrounded=tuple(
            messages.UngroundedResult(name.name, _spans(name.spans, spans), name.nearest)
            for name in answer.ungrounded
        ),
        model=answer.model,
        budget=budget_result(answer.budget),
        timings={stage: round(milliseconds, 1) for stage, milliseconds in answer.timings},
        warnings=answer.warnings,
    )


def citation_result(citation: Citation, folder: Folder, spans: SpanConverter) -> messages.CitationResult:
    """Return a citation with the URI to open."""
    return messages.CitationResult(
        id=citation.id,
        path=citation.path,
        uri=folder.uri_of(citation.path),
        start_line=citation.start_line,
        end_line=citation.end_line,
        hash=citation.content_hash,
        spans=_spans(citation.spans, spans),
    )


def budget_result(budget: Budget) -> messages.BudgetResult:
    """Return the use of the model's window."""
    return messages.BudgetResult(
        context_tokens=budget.context_tokens,
        answer_tokens=budget.answer_tokens,
        instructions=budget.instructions,
        history=budget.history,
        excerpts=budget.excerpts,
        question=budget.question,
    )


def hit_result(hit: Hit, folder: Folder, encoding: Encoding) -> messages.HitResult:
    """Return a hit with its range, which ends at the end of its last line."""
    chunk = hit.chunk
    last_line = chunk.text.rstrip("\r\n").rpartition("\n")[2]
    return messages.HitResult(
        path=chunk.path,
        uri=folder.uri_of(chunk.path),
        range=messages.Range(
            messages.Position(chunk.span.start_line - 1, 0),
            messages.Position(chunk.span.end_line - 1, units(last_line, encoding)),
        ),
        symbol=chunk.qualified_name,
        kind=chunk.kind,
        language=chunk.language,
        score=round(hit.score, 6),
        reasons=hit.reasons,
        excerpt=chunk.text,
    )


def context_result(
    answer_id: str, context: PromptContext, folder: Folder, count: Callable[[str], int] = estimate_tokens
) -> messages.ContextResult:
    """Return everything that went into a prompt; `count` estimates the tokens of a message."""
    return messages.ContextResult(
        answer_id=answer_id,
        excerpts=excerpt_results(context.excerpts, folder),
        cut=cut_results(context.cut, folder),
        budget=budget_result(context.budget),
        messages=tuple(_message_result(message, count) for message in context.messages),
    )


def excerpt_results(excerpts: Iterable[Excerpt], folder: Folder) -> tuple[messages.ExcerptResult, ...]:
    """Return the excerpts of a prompt."""
    return tuple(
        messages.ExcerptResult(
            id=excerpt.id,
            path=excerpt.path,
            uri=folder.uri_of(excerpt.path),
            start_line=excerpt.start_line,
            end_line=excerpt.end_line,
            symbol=excerpt.symbol,
            tokens=excerpt.tokens,
            score=round(excerpt.score, 6),
            reasons=excerpt.reasons,
            hash=excerpt.content_hash,
            text=excerpt.text,
        )
        for excerpt in excerpts
    )


def cut_results(cut: Iterable[CutExcerpt], folder: Folder) -> tuple[messages.CutResult, ...]:
    """Return what did not go into a prompt."""
    return tuple(
        messages.CutResult(
            item.path, folder.uri_of(item.path), item.start_line, item.end_line, item.tokens, item.reason
        )
        for item in cut
    )


def _message_result(message: Message, count: Callable[[str], int]) -> messages.MessageResult:
    return messages.MessageResult(message.role, message.content, count(message.content))


def _spans(ranges: Iterable[CharacterRange], spans: SpanConverter) -> tuple[messages.TextSpan, ...]:
    return tuple(spans.span(item.start, item.end) for item in ranges)
