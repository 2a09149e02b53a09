"""`firsthand ask` and `firsthand chat`: the answer for scripts, and on paper for people."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from fakes.application import FakeApplication, FakeModel, new_terminal
from firsthand.cli.run import run
from firsthand.core.answers import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    Budget,
    CharacterRange,
    Citation,
    ContextChosen,
    PromptContext,
    Question,
    StageStarted,
    TextArrived,
    UngroundedName,
    WarningRaised,
)
from firsthand.core.model import Scope
from firsthand.core.workspace import ModelOffer
from firsthand.errors import ModelFailedError, ModelUnreachableError

TEXT = "Tokens are refreshed by `refresh`. It retries three times."
ANSWER = Answer(
    id="a1",
    status="complete",
    text=TEXT,
    citations=(Citation(1, "src/auth.py", 12, 48, "abc123", (CharacterRange(0, 34),)),),
    unsupported=(CharacterRange(35, 58),),
    ungrounded=(UngroundedName("refreshTokenz", (CharacterRange(0, 6),), ("refreshToken",)),),
    model="qwen2.5-coder:7b",
    budget=Budget(8192, 1024, 310, 0, 2044, 12),
    timings=(("searching", 101.26), ("generating", 3200.0)),
    warnings=("The prompt was cut.",),
)


def events(question: Question) -> Sequence[AnswerEvent]:
    return [
        StageStarted("searching"),
        ContextChosen((), PromptContext((), (), ANSWER.budget)),
        StageStarted("generating"),
        TextArrived(TEXT[:10]),
        TextArrived(TEXT[10:]),
        WarningRaised("The prompt was cut."),
        AnswerFinished(ANSWER),
    ]


def ask(
    *argv: str, application: FakeApplication, stdin: str = "", person: bool = False
) -> tuple[int, str, str]:
    terminal = new_terminal(stdin, person=person)
    code = run(["ask", *argv, "--root", str(Path.cwd())], terminal, application)
    return code, terminal.stdout.getvalue(), terminal.stderr.getvalue()


def test_json_is_the_answer_of_the_protocol() -> None:
    """Scripts get the same answer as editors: camelCase keys, lines from 1, character ranges, milliseconds."""
    code, out, err = ask("How?", "--json", application=FakeApplication(script=events))

    answer = json.loads(out)
    uri = answer["citations"][0].pop("uri")
    assert (code, err) == (0, "")
    assert uri == (Path.cwd() / "src/auth.py").as_uri()
    assert list(answer.items()) == snapshot(
        [
            ("answerId", "a1"),
            ("status", "complete"),
            ("text", "Tokens are refreshed by `refresh`. It retries three times."),
            (
                "citations",
                [
                    {
                        "id": 1,
                        "path": "src/auth.py",
                        "startLine": 12,
                        "endLine": 48,
                        "hash": "abc123",
                        "spans": [{"start": 0, "end": 34}],
                    }
                ],
            ),
            ("unsupported", [{"start": 35, "end": 58}]),
            (
                "ungrounded",
                [{"name": "refreshTokenz", "spans": [{"start": 0, "end": 6}], "nearest": ["refreshToken"]}],
            ),
            ("model", "qwen2.5-coder:7b"),
            (
                "budget",
                {
                    "contextTokens": 8192,
                    "answerTokens": 1024,
                    "instructions": 310,
                    "history": 0,
                    "excerpts": 2044,
                    "question": 12,
                },
            ),
            ("timings", {"searching": 101.3, "generating": 3200.0}),
            ("warnings", ["The prompt was cut."]),
        ]
    )


def test_a_person_reads_text_then_sources_then_doubts() -> None:
    """The text comes first, then what it rests on, what rests on nothing, the model and the times."""
    code, out, _ = ask("How?", application=FakeApplication(script=events))

    assert code == 0
    assert out == snapshot("""\
Tokens are refreshed by `refresh`. It retries three times.

Sources
  [1] src/auth.py:12-48
No source found for
  ? It retries three times.
Not in this workspace
  ? refreshTokenz (nearest: refreshToken)
! The prompt was cut.
qwen2.5-coder:7b · searching 0.1 s · generating 3.2 s
""")


def test_the_finished_text_is_the_truth() -> None:
    """When the finished text is not what was streamed, it is shown as well."""

    def corrected(question: Question) -> Sequence[AnswerEvent]:
        return [TextArrived("Something else."), AnswerFinished(ANSWER)]

    _, out, _ = ask("How?", application=FakeApplication(script=corrected))

    assert out.startswith(f"Something else.\n\nThe answer, after it was checked:\n\n{TEXT}\n")


def test_an_answer_that_was_not_streamed_is_shown_whole() -> None:
    """Cited excerpts arrive with the last event only."""
    application = FakeApplication(script=lambda question: [AnswerFinished(ANSWER)], chat=None)

    assert ask("How?", application=application)[1].startswith(f"{TEXT}\n\nSources\n")


def test_a_model_cannot_take_over_the_terminal() -> None:
    """Control characters in an answer are replaced before they reach the screen."""

    def evil(question: Question) -> Sequence[AnswerEvent]:
        return [TextArrived("a\x1b[2Jb"), AnswerFinished(Answer("a1", "complete", "a\x1b[2Jb"))]

    assert "\x1b" not in ask("How?", application=FakeApplication(script=evil))[1]


def test_question_from_stdin_words_and_scope() -> None:
    """Words need no quotes, a dash reads standard input, scope and limit reach the assistant."""
    application = FakeApplication(script=events)

    ask("How", "does", "it", "work?", "--path", "src", "--excerpts", "5", application=application)
    ask("-", application=application, stdin="From a pipe?\n")

    assert application.assistant.questions == [
        Question("How does it work?", scope=Scope(paths=("src",)), limit=5),
        Question("From a pipe?"),
    ]


def test_an_empty_question_is_refused() -> None:
    """Nothing on standard input is not a question."""
    code, _, err = ask("-", application=FakeApplication(), stdin=" \n")

    assert code == 1
    assert "There is no question" in err


@pytest.mark.parametrize("argv", [["How?"], ["How?", "--json"]])
def test_a_model_that_fails_is_one_sentence(argv: list[str]) -> None:
    """The failure is said on standard error, the exit code is 1, and the workspace is closed."""
    failure = ModelUnreachableError("Nothing answers at http://127.0.0.1:11434; start Ollama.")
    application = FakeApplication(script=lambda question: [StageStarted("generating"), failure])

    code, out, err = ask(*argv, application=application)

    assert (code, out) == (1, "")
    assert err == "firsthand: Nothing answers at http://127.0.0.1:11434; start Ollama.\n"
    assert (application.closed, application.assistant.closed) == (1, 1)


def test_ctrl_c_stops_the_model() -> None:
    """An interrupted question closes the stream and the workspace; the exit code is 130."""
    application = FakeApplication(script=lambda question: [TextArrived("Tok"), KeyboardInterrupt()])

    code, _, err = ask("How?", application=application)

    assert (code, err) == (130, "Stopped.\n")
    assert (application.closed, application.assistant.closed) == (1, 1)


def test_what_should_not_happen_is_one_sentence_too() -> None:
    """A defect shows no traceback, but says how to report it."""
    application = FakeApplication(script=lambda question: [RuntimeError("boom")])

    code, _, err = ask("How?", application=application)

    assert code == 1
    assert err.startswith("firsthand: this should not have happened (RuntimeError: boom); please report it")


def test_notices_stand_below_the_answer() -> None:
    """How to get better answers is said once, on standard error, after the answer."""
    application = FakeApplication(script=events, notices=("For better answers install Ollama.",))

    assert ask("How?", application=application)[2] == "For better answers install Ollama.\n"


def test_a_model_is_installed_when_nothing_else_answers() -> None:
    """`--install-model` fetches a model once, then answers with it."""
    application = FakeApplication(script=events, chat=None)

    code, _, err = ask("How?", "--install-model", "small", application=application)

    assert (code, application.chat) == (0, "small-model")
    assert err == "Fetching small-model (0.5 GB); it stays on this machine and works offline.\n"
    assert len(application.opened) == 2


@pytest.mark.parametrize(
    ("application", "flags"),
    [
        (FakeApplication(script=events), ["--install-model", "default"]),
        (
            FakeApplication(script=events, chat=None, installed=[FakeModel("own")]),
            ["--install-model", "small"],
        ),
        (FakeApplication(script=events, chat=None), ["--install-model", "none"]),
        (FakeApplication(script=events, chat=None), []),
        (FakeApplication(script=events, chat=None), ["--install-model", "default", "--chat-model", "none"]),
    ],
    ids=["has a chat model", "has an installed model", "none", "not asked for", "wants no model"],
)
def test_no_model_is_installed_when_it_is_not_wanted(application: FakeApplication, flags: list[str]) -> None:
    """A gigabyte is fetched only when nothing can answer and the user did not choose that."""
    installed_before = list(application.installed)

    assert ask("How?", *flags, application=application)[0] == 0
    assert application.installed == installed_before


def test_an_installation_that_fails_still_answers() -> None:
    """Without a network the answer is the cited excerpts, and the reason is said."""
    failure = ModelFailedError("No source has the model; check the network.")
    application = FakeApplication(script=events, chat=None, install_failure=failure)

    code, out, err = ask("How?", "--install-model", "default", application=application)

    assert (code, out.startswith(TEXT)) == (0, True)
    assert "No source has the model; check the network. Until then the answer is the cited excerpts." in err


OFFER = ModelOffer(
    "chat", "qwen2.5-coder:7b", "Ollama does not have the chat model qwen2.5-coder:7b. Pull it?"
)


@pytest.mark.parametrize(("typed", "pulled"), [("y\n", ["qwen2.5-coder:7b"]), ("\n", []), ("", [])])
def test_a_missing_model_is_offered(typed: str, pulled: list[str]) -> None:
    """A person is asked and may decline; only a clear yes pulls."""
    application = FakeApplication(script=events, chat=None, offers=(OFFER,))

    code, _, err = ask("How?", application=application, stdin=typed, person=True)

    assert (code, application.pulled) == (0, pulled)
    assert "Pull it? [y/N]" in err


def test_a_script_is_not_asked() -> None:
    """Without a person the missing model is named with the command that gets it."""
    application = FakeApplication(script=events, chat=None, offers=(OFFER,))

    code, _, err = ask("How?", "--json", application=application)

    assert (code, application.pulled) == (0, [])
    assert err == "The chat model is missing; get it with: ollama pull qwen2.5-coder:7b\n"


def chat(stdin: str, *argv: str, application: FakeApplication) -> tuple[int, str, str]:
    terminal = new_terminal(stdin)
    code = run(["chat", *argv, "--root", str(Path.cwd())], terminal, application)
    return code, terminal.stdout.getvalue(), terminal.stderr.getvalue()


def test_a_conversation_keeps_its_id_until_it_is_cleared() -> None:
    """Follow-ups belong together; `clear` begins anew; blank lines are nothing; `exit` leaves."""
    application = FakeApplication(script=events)

    code, _, _ = chat("One?\n\nTwo?\nCLEAR\nThree?\nexit\nFour?\n", application=application)

    questions = application.assistant.questions
    assert (code, [question.text for question in questions]) == (0, ["One?", "Two?", "Three?"])
    one, two, three = (question.conversation_id for question in questions)
    assert one == two != three
    assert application.closed == 1


def test_a_failure_ends_the_answer_not_the_conversation() -> None:
    """In JSON every question has its line, also one that failed."""

    def sometimes(question: Question) -> Sequence[AnswerEvent | BaseException]:
        return [ModelFailedError("It crashed; ask again.")] if question.text == "Bad?" else events(question)

    code, out, _ = chat("Bad?\nGood?\n", "--json", application=FakeApplication(script=sometimes))

    first, second = (json.loads(line) for line in out.splitlines())
    assert (code, first) == (0, {"error": "It crashed; ask again."})
    assert second["answerId"] == "a1"


def test_the_index_follows_during_a_conversation() -> None:
    """A file that is saved between two questions is known to the second."""
    application = FakeApplication({"a.txt": "alpha\n"})

    def save_and_answer(question: Question) -> Sequence[AnswerEvent]:
        application.tree.write("b.txt", "beta\n")
        return events(question)

    application.script = save_and_answer
    chat("One?\nTwo?\n", application=application)

    assert len(application.embedder.documents) == 2


def test_help_in_a_conversation() -> None:
    """`help` lists what can be typed."""
    assert "clear: forget" in chat("help\n", application=FakeApplication())[2]
