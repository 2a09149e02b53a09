"""`firsthand ask`: one question, one answer with its sources."""

import asyncio

from firsthand.cli import wire
from firsthand.cli.answering import collected, streamed
from firsthand.cli.application import Context
from firsthand.cli.chat_models import with_chat_model
from firsthand.cli.opening import SWEEP_SECONDS, bring_up_to_date, patience, scope_of
from firsthand.core.answers import Question
from firsthand.errors import RequestError


def run(context: Context) -> int:
    """Answer one question."""
    text = " ".join(context.arguments.question).strip()
    if text == "-":
        text = context.terminal.stdin.read().strip()
    if not text:
        raise RequestError('There is no question; an example is: firsthand ask "How does login work?"')
    return asyncio.run(_ask(context, text))


async def _ask(context: Context, text: str) -> int:
    settings = context.settings
    question = Question(text, scope=scope_of(context.arguments, context.root), limit=settings.excerpts)
    async with with_chat_model(context, context.arguments.install_model) as workspace:
        await bring_up_to_date(
            context, workspace, embedding_seconds=patience(context), sweep_seconds=SWEEP_SECONDS
        )
        if context.arguments.json:
            answer = await collected(workspace, question)
            context.terminal.write_json(wire.answer(answer, context.root))
        else:
            await streamed(context, workspace, question)
        for notice in workspace.models.notices:
            context.terminal.say(notice)
    return 0
