"""The names and shapes of our messages."""

import dataclasses
import re

import pytest

from firsthand.lsp import messages
from firsthand.lsp.json_values import MalformedError, read, to_json, without_surrogates
from firsthand.lsp.server import create_server


async def unopened(root: object, settings: object) -> None:
    """Open nothing."""


def test_every_name_is_served() -> None:
    """Each request and command that a client may mirror has a handler, and there is no other."""
    manager = create_server(unopened).protocol.fm

    ours = {name for name in manager.features if name.startswith("firsthand/")}
    assert ours == set(messages.REQUESTS)
    assert set(manager.commands) == set(messages.COMMANDS)
    assert messages.NAMES == messages.REQUESTS + messages.NOTIFICATIONS + messages.COMMANDS
    assert len(set(messages.NAMES)) == len(messages.NAMES)


@pytest.mark.parametrize("name", messages.NAMES)
def test_names_stay_in_our_namespace(name: str) -> None:
    """Requests and notifications begin with `firsthand/`, commands with `firsthand.`."""
    assert re.fullmatch(r"firsthand(/[a-zA-Z]+)+|firsthand\.[a-zA-Z]+", name)


def test_what_is_left_out_is_not_sent() -> None:
    """Fields are in camelCase, tuples are lists, and None is no field at all."""
    update = messages.AnswerUpdate("s", 0, "done", status="complete", answer_id="a")

    assert to_json(update) == {
        "streamId": "s",
        "seq": 0,
        "kind": "done",
        "status": "complete",
        "answerId": "a",
    }


def test_params_are_read_with_their_defaults() -> None:
    """Unknown fields are ignored, null means left out, and nested objects are read too."""
    given = {"question": "q", "uri": None, "scope": {"paths": ["a"], "new": 1}, "later": True}

    params = read(messages.AskParams, given)

    assert params == messages.AskParams("q", scope=messages.ScopeParams(paths=("a",)))


@pytest.mark.parametrize("token", ["t", 0, 7])
def test_tokens_are_texts_or_numbers(token: str | int) -> None:
    """LSP allows both."""
    assert read(messages.CancelArguments, {"token": token}).token == token


def test_lone_surrogates_become_replacement_characters() -> None:
    """JSON may carry half a character; no text with one goes further, so that it can be encoded."""
    params = read(messages.AskParams, {"question": "a\ud83d b 🙂"})

    assert params.question == "a\ufffd b 🙂"
    assert without_surrogates("\ud83d\ude42") == "🙂"


def test_booleans_are_not_numbers() -> None:
    """`true` is no limit."""
    with pytest.raises(MalformedError, match='"limit" must be a whole number'):
        read(messages.SearchParams, {"query": "q", "limit": True})


def test_params_shapes_are_flat() -> None:
    """Params hold plain values, LSP's own shapes, a scope and turns, nothing deeper."""
    allowed = {messages.Position, messages.Range, messages.ScopeParams, messages.TurnParams}
    params = [kind for name, kind in vars(messages).items() if name.endswith(("Params", "Arguments"))]

    nested = {
        item.type
        for kind in params
        for item in dataclasses.fields(kind)
        if dataclasses.is_dataclass(item.type)
    }

    assert nested <= allowed
