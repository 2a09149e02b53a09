"""Asking and explaining, from the question to the finished answer, over a real small workspace and a scripted model."""

import asyncio
import contextlib

import pytest

from fakes.chat import FakeChat, words
from fakes.project import Project, collect, open_project
from fakes.workspaces import workspace_files
from firsthand.core.answers import (
    Answer,
    AnswerEvent,
    CitationFound,
    ContextChosen,
    Question,
    Selection,
    StageStarted,
    TextArrived,
    Turn,
    WarningRaised,
)
from firsthand.core.model import Scope
from firsthand.core.ports import ChatEnd, ChatStage, ChatText, ChatThinking
from firsthand.errors import (
    ContextExceededError,
    ModelFailedError,
    ModelUnreachableError,
    RequestError,
)

DELETION = "How does user deletion work?"
TRUE_ANSWER = (
    "`UserService.delete_user` ends all sessions with `revoke_all` and sets `deleted_at` [1]. "
    "It also calls `purge_backups`, which shreds the tapes."
)


async def accounts(chat: FakeChat | None) -> Project:
    return await open_project(workspace_files("accounts"), chat)


def kinds(events: list[AnswerEvent]) -> list[str]:
    """The order of events: stages by name, runs of text and citations as one."""
    names = [each.name if isinstance(each, StageStarted) else type(each).__name__ for each in events]
    return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


def cited(answer: Answer) -> dict[str, list[str]]:
    """The text of each citation's spans, by place."""
    return {
        f"{each.path}:{each.start_line}-{each.end_line}": [answer.text[s.start : s.end] for s in each.spans]
        for each in answer.citations
    }


async def test_an_answer_streams_and_ends_checked() -> None:
    """Context comes before the first word, citations as sentences end, and what nothing supports is marked."""
    project = await accounts(FakeChat(TRUE_ANSWER))

    events, answer = await collect(project.assistant.ask(Question(DELETION)))

    assert kinds(events)[:5] == ["searching", "reading", "ContextChosen", "generating", "TextArrived"]
    assert kinds(events)[-2:] == ["checking", "AnswerFinished"]
    assert cited(answer) == {
        "accounts/service.py:67-68": [
            "`UserService.delete_user` ends all sessions with `revoke_all` and sets `deleted_at`."
        ]
    }
    assert [answer.text[span.start : span.end] for span in answer.unsupported] == [
        "It also calls `purge_backups`, which shreds the tapes."
    ]
    assert [name.name for name in answer.ungrounded] == ["purge_backups"]
    assert (answer.status, answer.model, answer.warnings) == ("complete", "fake-coder:7b", ())
    assert [stage for stage, _ in answer.timings] == ["searching", "reading", "generating", "checking"]


async def test_the_stream_is_the_answer() -> None:
    """The pieces of text join to the answer's text, and the citations that were announced are its citations."""
    project = await accounts(FakeChat(TRUE_ANSWER))

    events, answer = await collect(project.assistant.ask(Question(DELETION)))

    assert "".join(event.text for event in events if isinstance(event, TextArrived)) == answer.text
    announced = {event.citation.id: event.citation for event in events if isinstance(event, CitationFound)}
    assert tuple(announced.values()) == answer.citations


async def test_the_method_is_found_whole() -> None:
    """A question about a class's behaviour brings the whole method, not a piece of it."""
    project = await accounts(FakeChat("It works."))

    _, answer = await collect(project.assistant.ask(Question(DELETION)))

    context = project.assistant.context(answer.id)
    assert context is not None
    shown = "\n".join(excerpt.text for excerpt in context.excerpts if excerpt.path == "accounts/service.py")
    assert "def delete_user" in shown
    assert "user.deleted_at = self._clock()" in shown


async def test_thinking_is_not_text() -> None:
    """What a model thinks aloud is not part of the answer; what it does meanwhile is a stage."""
    script = [ChatStage("loading model"), ChatThinking("hm, users…"), ChatText("Done."), ChatEnd("stop")]
    project = await accounts(FakeChat(script))

    events, answer = await collect(project.assistant.ask(Question(DELETION)))

    assert answer.text == "Done."
    assert "loading model" in kinds(events)


async def test_without_a_model_the_excerpts_are_the_answer() -> None:
    """The places that match best are shown with their code, each one a citation, and it is said plainly."""
    project = await accounts(None)

    events, answer = await collect(project.assistant.ask(Question("delete_user", limit=3)))

    assert answer.status == "noModel"
    assert answer.text.startswith("No chat model is at hand, so this is not an answer in words")
    first = answer.citations[0]
    assert answer.text[first.spans[0].start : first.spans[0].end].startswith(
        f"`{first.path}:{first.start_line}-"
    )
    assert "".join(event.text for event in events if isinstance(event, TextArrived)) == answer.text


@pytest.mark.parametrize(
    "error",
    [
        ModelUnreachableError("Nothing answers at 127.0.0.1:11434: start Ollama."),
        ModelFailedError("It crashed."),
    ],
)
async def test_a_model_that_fails_at_once_leaves_the_excerpts(error: Exception) -> None:
    """Before the first word a failure costs the words, not the answer; the reason is a warning."""
    project = await accounts(FakeChat([error]))

    events, answer = await collect(project.assistant.ask(Question(DELETION)))

    assert (answer.status, answer.warnings) == ("noModel", (str(error),))
    assert WarningRaised(str(error)) in events
    assert answer.citations


@pytest.mark.parametrize(
    ("script", "warning"),
    [
        ([ChatText("Half an ans"), ChatEnd("broken")], "The model stopped before the end"),
        ([ChatText("Half an ans")], "The model stopped before the end"),
        ([ChatText("Half an ans"), ChatEnd("length")], "ask the model to continue"),
        ([ChatText("Half an ans"), ModelFailedError("The model crashed: ask again.")], "The model crashed"),
    ],
)
async def test_a_broken_answer_keeps_its_text(script: list[ChatText | ChatEnd], warning: str) -> None:
    """What arrived stays, is called incomplete, and the reason is told."""
    project = await accounts(FakeChat(script))

    _, answer = await collect(project.assistant.ask(Question(DELETION)))

    assert (answer.status, answer.text) == ("incomplete", "Half an ans")
    assert warning in answer.warnings[0]


async def test_a_model_that_only_thinks_says_so() -> None:
    """When thinking used up the whole answer, the places are shown and the setting to change is named."""
    project = await accounts(FakeChat([ChatThinking("hm"), ChatEnd("length")]))

    _, answer = await collect(project.assistant.ask(Question(DELETION)))

    assert answer.status == "incomplete"
    assert "answerTokens" in answer.warnings[0]
    assert answer.citations


async def test_a_prompt_that_is_too_large_is_shrunk_once() -> None:
    """The numbers that the server gives decide how much smaller the second prompt is."""
    error = ContextExceededError("too large", prompt_tokens=3000, context_tokens=2048)
    chat = FakeChat([error], "Works now.", context_tokens=8192, answer_tokens=512)
    project = await accounts(chat)

    events, answer = await collect(project.assistant.ask(Question(DELETION)))

    sizes = [sum(len(message.content) for message in call) for call in chat.calls]
    contexts = [event for event in events if isinstance(event, ContextChosen)]
    assert answer.status == "complete"
    assert answer.text == "Works now."
    assert sizes[1] < sizes[0] * 0.7
    assert len(contexts) == 2
    assert any("fewer excerpts" in warning for warning in answer.warnings)


async def test_a_prompt_that_never_fits_ends_with_the_excerpts() -> None:
    """The model is asked twice, no more."""
    chat = FakeChat([ContextExceededError("The prompt is too large: raise contextTokens.")])
    project = await accounts(chat)

    _, answer = await collect(project.assistant.ask(Question(DELETION)))

    assert len(chat.calls) == 2
    assert answer.status == "noModel"


async def test_an_answer_to_a_cut_prompt_is_not_passed_off_as_grounded() -> None:
    """When the server dropped a part of the prompt, it is asked again with less; a second time is told."""
    cut = [ChatText("Guess."), ChatEnd("stop", prompt_was_cut=True)]
    chat = FakeChat(cut, cut)
    project = await accounts(chat)

    events, answer = await collect(project.assistant.ask(Question(DELETION)))

    assert len(chat.calls) == 2
    assert answer.status == "incomplete"
    assert answer.text == "Guess."
    assert any("twice" in warning for warning in answer.warnings)
    assert kinds(events).count("ContextChosen") == 2


async def test_closing_the_stream_stops_the_model() -> None:
    """Whoever stops reading stops the model at once, and the conversation does not know the question."""
    project = await accounts(chat := FakeChat("word " * 100, "Second."))
    stream = project.assistant.ask(Question(DELETION, conversation_id="c"))
    async with contextlib.aclosing(stream):
        async for event in stream:
            if isinstance(event, TextArrived):
                break

    assert (chat.closed, chat.finished) == (1, 0)
    await collect(project.assistant.ask(Question("And then?", conversation_id="c")))
    assert [message.role for message in chat.calls[1]] == ["system", "user"]


async def test_cancelling_the_task_stops_a_silent_model() -> None:
    """A task that is cancelled while the model thinks closes the model's stream and ends as cancelled."""
    chat = FakeChat([ChatText("a"), asyncio.Event()])
    project = await accounts(chat)
    task = asyncio.create_task(collect(project.assistant.ask(Question(DELETION))))
    await chat.started.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert chat.closed == 1


async def test_a_follow_up_knows_what_was_said() -> None:
    """The second question is searched with the first, and the model reads both turns in order."""
    chat = FakeChat("`delete_user` closes the account.", "The API.")
    project = await accounts(chat)
    await collect(project.assistant.ask(Question("How does delete_user work?", conversation_id="c")))

    events, _ = await collect(project.assistant.ask(Question("Who calls it?", conversation_id="c")))

    history = [(message.role, message.content) for message in chat.calls[1][1:3]]
    assert history == [
        ("user", "How does delete_user work?"),
        ("assistant", "`delete_user` closes the account."),
    ]
    (context,) = [event.context for event in events if isinstance(event, ContextChosen)]
    assert "accounts/api.py" in {excerpt.path for excerpt in context.excerpts}


async def test_turns_that_are_brought_along_come_before_remembered_ones() -> None:
    """Whoever shows a conversation knows best what was said in it."""
    chat = FakeChat("First.", "Second.")
    project = await accounts(chat)
    await collect(project.assistant.ask(Question("How does delete_user work?", conversation_id="c")))
    shown = (Turn("What is an account?", "A user."),)

    await collect(project.assistant.ask(Question("Who deletes it?", conversation_id="c", turns=shown)))

    history = [(message.role, message.content) for message in chat.calls[1][1:3]]
    assert history == [("user", "What is an account?"), ("assistant", "A user.")]


async def test_nothing_found_is_said_without_asking_the_model() -> None:
    """Where nothing matches, the model would only invent: it is not asked."""
    chat = FakeChat("An invention.")
    project = await open_project({}, chat)

    _, answer = await collect(project.assistant.ask(Question("How does billing work?")))

    assert chat.calls == []
    assert answer.status == "complete"
    assert answer.text.startswith("Nothing in this workspace is indexed yet")


async def test_an_empty_scope_is_named_as_the_reason() -> None:
    """When the scope leaves nothing, the answer says that the scope was the reason."""
    project = await accounts(FakeChat("An invention."))

    _, answer = await collect(
        project.assistant.ask(Question(DELETION, scope=Scope(paths=("no/such/folder",))))
    )

    assert "within the scope" in answer.text


@pytest.mark.parametrize("text", ["", "  \n"])
async def test_an_empty_question_is_refused(text: str) -> None:
    """An empty question names the field to fill."""
    project = await accounts(FakeChat(""))

    with pytest.raises(RequestError, match="question"):
        await collect(project.assistant.ask(Question(text)))


async def test_a_selection_is_what_the_question_is_about() -> None:
    """The selected code, as the editor has it, is the first excerpt."""
    project = await accounts(FakeChat("Fine."))
    text = project.tree.files["accounts/passwords.py"].replace("600_000", "1")
    start = text.index("def is_strong")
    selection = Selection("accounts/passwords.py", text, start, start + 40)

    events, _ = await collect(project.assistant.ask(Question("Is this safe?", selection=selection)))

    (context,) = [event.context for event in events if isinstance(event, ContextChosen)]
    assert (context.excerpts[0].path, context.excerpts[0].symbol) == ("accounts/passwords.py", "is_strong")


async def test_unsaved_text_is_what_the_model_reads() -> None:
    """An open buffer is read instead of the file on disk."""
    project = await accounts(chat := FakeChat("Fine."))
    changed = project.tree.files["accounts/service.py"].replace("self._clock()", "FROM_THE_BUFFER")
    project.buffers.open("accounts/service.py", changed)

    await collect(project.assistant.ask(Question("How does delete_user set deleted_at?")))

    assert "FROM_THE_BUFFER" in chat.calls[0][-1].content


async def test_a_hit_that_is_gone_is_told() -> None:
    """A file that was deleted after it was indexed is left out of the prompt, with the reason."""
    project = await accounts(chat := FakeChat("Fine."))
    project.tree.delete("accounts/passwords.py")

    _, answer = await collect(project.assistant.ask(Question("Where is hash_password?")))

    context = project.assistant.context(answer.id)
    assert context is not None
    assert ("accounts/passwords.py", "the file no longer exists") in {
        (cut.path, cut.reason) for cut in context.cut
    }
    assert "pbkdf2" not in chat.calls[0][-1].content


async def test_the_context_of_an_answer_can_be_looked_up() -> None:
    """Everything that went into the prompt is kept under the answer's id."""
    project = await accounts(chat := FakeChat("Fine."))

    _, answer = await collect(project.assistant.ask(Question(DELETION)))

    context = project.assistant.context(answer.id)
    assert context is not None
    assert context.messages == chat.calls[0]
    assert project.assistant.context("unknown") is None


async def test_explain_reads_the_definition_and_its_surroundings() -> None:
    """The definition comes first and alone; its class, what it calls, its callers and its tests follow."""
    project = await accounts(FakeChat("It closes an account."))
    selection = project.select("accounts/service.py", "self._teams.save(team)")

    events, answer = await collect(project.assistant.explain(selection))

    (context,) = [event.context for event in events if isinstance(event, ContextChosen)]
    found = {excerpt.path: excerpt.reasons for excerpt in context.excerpts}
    first = context.excerpts[0]
    assert (first.path, first.start_line, first.end_line) == ("accounts/service.py", 47, 69)
    assert found["accounts/api.py"] == ("uses delete_user",)
    assert found["tests/test_service.py"] == ("tests delete_user",)
    assert "called by delete_user" in found["accounts/errors.py"]
    assert answer.status == "complete"


async def test_explain_works_where_no_definition_is() -> None:
    """In plain text the lines around the cursor are explained."""
    project = await accounts(FakeChat("Jobs."))

    events, _ = await collect(project.assistant.explain(project.select("config/jobs.yaml", "timeout")))

    (context,) = [event.context for event in events if isinstance(event, ContextChosen)]
    assert context.excerpts[0].path == "config/jobs.yaml"


async def test_fix_offers_the_definition_anew() -> None:
    """The code of the answer becomes an edit of the very definition, indented as it stood."""
    code = "def get_user(self, user_id: int) -> User:\n    return self._users.find(user_id)"
    reply = f"A missing check.\n\n```python\n{code}\n```\n"
    project = await accounts(FakeChat(reply))
    selection = project.select("accounts/service.py", "raise UserNotFoundError(user_id)")

    _, answer = await collect(project.assistant.fix(selection, "error: unreachable"))

    (edit,) = answer.edits
    data = selection.text.encode()
    after = (data[: edit.start_byte] + edit.new_text.encode() + data[edit.end_byte :]).decode()
    assert (
        "\n    def get_user(self, user_id: int) -> User:\n        return self._users.find(user_id)\n\n"
        in after
    )
    assert after.count("def get_user") == 1


@pytest.mark.parametrize(
    "reply",
    [
        "No idea.",
        "```python\ndef get_user(self:\n```",
        "```python\ndef other(self):\n    pass\n```",
        "```python\nx = 1\n```\n```python\ny = 2\n```",
    ],
)
async def test_fix_offers_nothing_that_does_not_fit(reply: str) -> None:
    """Code that does not parse, or is not the definition, is shown and not offered."""
    project = await accounts(FakeChat(reply))
    selection = project.select("accounts/service.py", "raise UserNotFoundError(user_id)")

    _, answer = await collect(project.assistant.fix(selection, "error"))

    assert answer.edits == ()
    assert answer.text


async def test_a_slow_drip_is_read_as_one_text() -> None:
    """Pieces of one character make the same answer as one piece."""
    answers = []
    for size in (1, 10_000):
        project = await accounts(FakeChat(words(TRUE_ANSWER, size=size)))
        _, answer = await collect(project.assistant.ask(Question(DELETION)))
        answers.append((answer.text, answer.citations, answer.unsupported))

    assert answers[0] == answers[1]


USERS = "Which services depend on the PaymentGateway class?"


async def test_a_question_for_users_has_all_of_them_without_a_model() -> None:
    """The list is complete, by file, and the code of the places follows it."""
    project = await open_project(workspace_files("webshop"))

    _, answer = await collect(project.assistant.ask(Question(USERS)))

    assert answer.text.startswith(
        "4 places in 4 files that use `PaymentGateway`:\n\n"
        "- `src/orders/checkoutService.ts`\n"
        "  - line 16, `CheckoutService.constructor`: refers to it\n"
        "- `src/orders/refundService.ts`\n"
        "  - line 9, `RefundService.constructor`: refers to it\n"
        "- `src/orders/subscriptionService.ts`\n"
        "  - line 15, `SubscriptionService.constructor`: refers to it\n"
        "- `src/orders/refundService.test.ts`\n"
        "  - line 24, `RefundService`: refers to it\n\n"
    )
    assert {each.path for each in answer.citations} > {
        "src/orders/checkoutService.ts",
        "src/orders/refundService.ts",
        "src/orders/subscriptionService.ts",
    }


async def test_the_model_reads_the_list_and_the_code_of_every_place() -> None:
    """The users stand first among the excerpts, and the prompt lists them all."""
    chat = FakeChat("`CheckoutService`, `RefundService` and `SubscriptionService` [1][2][3].")
    project = await open_project(workspace_files("webshop"), chat)

    events, answer = await collect(project.assistant.ask(Question(USERS)))

    prompt = chat.calls[0][-1].content
    chosen = next(event for event in events if isinstance(event, ContextChosen))
    assert "- src/orders/refundService.ts: line 9 in RefundService.constructor (refers to it)" in prompt
    assert [excerpt.path for excerpt in chosen.context.excerpts[:3]] == [
        "src/orders/checkoutService.ts",
        "src/orders/refundService.ts",
        "src/orders/subscriptionService.ts",
    ]
    assert all("refers to `PaymentGateway`" in each.reasons for each in chosen.context.excerpts[:3])
    assert "Further places" not in answer.text


async def test_what_the_model_leaves_out_is_listed_behind_its_answer() -> None:
    """An incomplete answer is completed, in the stream too, and each place that was added is cited."""
    project = await open_project(workspace_files("webshop"), FakeChat("Only `CheckoutService` does [1]."))

    events, answer = await collect(project.assistant.ask(Question(USERS)))

    added = answer.text.partition("\n\n")[2]
    assert added.startswith(
        "Further places in 3 files that use `PaymentGateway`:\n\n- `src/orders/refundService.ts`"
    )
    assert "subscriptionService.ts" in added
    assert "checkoutService.ts" not in added
    assert "".join(event.text for event in events if isinstance(event, TextArrived)) == answer.text
    spans = [
        span for path, span in cited(answer).items() if path.startswith("src/orders/subscriptionService.ts")
    ]
    assert spans == [["\n  - line 15, `SubscriptionService.constructor`: refers to it"]]


async def test_a_list_stays_in_the_scope_of_the_question() -> None:
    """Places outside the scope are not listed."""
    project = await open_project(workspace_files("webshop"))

    _, answer = await collect(project.assistant.ask(Question(USERS, scope=Scope(tests=True))))

    assert answer.text.startswith("1 place in 1 file that use")


async def test_filters_in_a_question_limit_what_is_read() -> None:
    """The model reads only what the filters allow and a question without them; the answer says where was looked."""
    chat = FakeChat(TRUE_ANSWER)
    files = workspace_files("accounts")
    project = await open_project(files, chat, revisions={"main": ["accounts/service.py"]})

    events, answer = await collect(project.assistant.ask(Question(f"{DELETION} changed:main tests:no")))

    chosen = next(event for event in events if isinstance(event, ContextChosen))
    note = "Only this was searched: changed since: main; no tests."
    assert {each.path for each in chosen.context.excerpts} == {"accounts/service.py"}
    assert chosen.context.messages[-1].content.endswith(DELETION)
    assert next(event.message for event in events if isinstance(event, WarningRaised)) == note
    assert answer.warnings[0] == note


async def test_a_question_about_an_unknown_revision_is_refused() -> None:
    """Nothing is searched, and no model is asked."""
    project = await accounts(FakeChat(TRUE_ANSWER))

    with pytest.raises(RequestError, match="no revision gone"):
        await collect(project.assistant.ask(Question("What broke? changed:gone")))
