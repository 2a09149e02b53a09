"""The duties of a client of Ollama, and the tests that hold each of them."""

import ast
import asyncio
import logging
import re
from pathlib import Path

import pytest

from fake_ollama.connecting import connected, opened_chat, opened_embedder, spoken
from fake_ollama.server import FakeOllama
from firsthand.adapters import ollama_chat
from firsthand.core.ports import ChatText, Rejected

# What a client owes, by number: the duty, and the tests that hold it.
DUTIES = {
    1: (
        "no vendor code that reads the environment",
        "test_the_vendor_client_is_not_used",
        "test_the_environment_neither_redirects_nor_adds_keys",
    ),
    2: (
        "hosts as Go reads them, no proxies, no redirects",
        "test_a_host_is_read_by_gos_rules",
        "test_localhost_is_reached_over_ipv4",
        "test_what_is_wrong_with_an_endpoint_is_told_apart",
    ),
    3: (
        "a probe that tells causes apart",
        "test_a_failed_connection_tells_its_likely_cause",
        "test_a_server_that_hangs_is_given_up_by_the_probe",
        "test_a_stopped_server_is_unreachable_and_found_again",
    ),
    4: (
        "clouds and other machines only with permission",
        "test_models_in_a_cloud_need_permission",
        "test_embedding_in_a_cloud_needs_permission",
        "test_another_machine_gets_nothing_unless_allowed",
    ),
    5: (
        "own time limits for each phase",
        "test_a_server_that_never_begins_is_given_up",
        "test_a_server_that_falls_silent_is_given_up",
    ),
    6: (
        "patience during loads, preloading with the same options",
        "test_a_silent_server_is_watched_until_it_speaks",
        "test_every_call_shares_one_load",
        "test_preloading_loads_with_the_options_of_later_calls",
    ),
    7: (
        "bounded retries, never after the first word",
        "test_what_passes_is_tried_again",
        "test_what_does_not_pass_is_told",
        "test_what_breaks_a_stream_is_raised_and_not_tried_again",
        "test_a_model_that_keeps_crashing_is_left_alone_for_a_while",
    ),
    8: (
        "one mapping of errors",
        "test_each_row_of_the_catalogue_has_its_error",
        "test_every_error_of_the_http_library_is_translated",
        "test_errors_inside_of_errors_are_unwrapped",
    ),
    9: (
        "one explicit window",
        "test_a_request_says_everything_that_matters",
        "test_the_window_is_never_larger_than_the_model_was_trained_for",
    ),
    10: (
        "what does not fit is not sent",
        "test_a_prompt_that_cannot_fit_is_not_sent",
    ),
    11: (
        "calibrated estimates",
        "test_estimates_learn_from_the_server",
    ),
    12: (
        "silent cuts are noticed",
        "test_a_prompt_that_was_cut_silently_is_noticed",
        "test_messages_that_were_dropped_are_noticed",
        "test_a_prompt_that_fits_is_not_taken_for_cut",
        "test_sizes_after_a_cut_are_known",
    ),
    13: (
        "refusals for length tell the sizes",
        "test_a_prompt_that_is_refused_for_its_length_tells_the_sizes",
    ),
    14: (
        "answers are limited",
        "test_a_long_answer_ends_for_length",
        "test_a_request_says_everything_that_matters",
    ),
    15: (
        "options that never reload",
        "test_every_call_shares_one_load",
        "test_requests_are_small_and_few_at_once",
    ),
    16: (
        "keep_alive on both models",
        "test_keep_alive_has_a_unit_or_is_a_number",
        "test_a_request_says_everything_that_matters",
    ),
    17: (
        "a stable prefix",
        "test_a_stable_prefix_is_evaluated_once",
    ),
    18: (
        "the longest text by worst case",
        "test_the_longest_text_is_what_one_evaluation_takes",
    ),
    19: (
        "no silent truncation of inputs, no blanks",
        "test_a_text_that_is_too_long_is_cut_and_leaves_the_others_alone",
        "test_blank_texts_are_never_sent",
    ),
    20: (
        "small batches, halved on failure",
        "test_requests_are_small_and_few_at_once",
        "test_a_text_that_crashes_the_model_is_found_and_left_out",
        "test_a_crash_that_passes_costs_nothing",
    ),
    21: (
        "every vector is checked",
        "test_only_unit_vectors_are_vectors",
        "test_a_vector_that_is_none_is_never_returned",
        "test_a_vector_that_fails_for_a_while_is_computed_again",
        "test_vectors_of_the_wrong_shape_or_number_stop_the_work",
    ),
    22: (
        "prefixes and fingerprint",
        "test_each_family_has_its_prefixes",
        "test_opening_learns_everything_without_loading",
        "test_a_new_digest_is_a_new_fingerprint",
    ),
    23: (
        "dimensions are never asked for",
        "test_a_request_says_everything_that_matters",
    ),
    24: (
        "thinking by capability",
        "test_thinking_is_set_by_what_the_model_can",
        "test_thinking_is_told_apart_and_has_its_own_room",
        "test_thinking_that_takes_the_whole_answer_ends_for_length",
    ),
    25: (
        "complete only with done",
        "test_an_end_without_done_is_broken",
        "test_a_model_that_repeats_itself_is_not_complete",
    ),
    26: (
        "no tools are offered, so none are called",
        "test_a_request_says_everything_that_matters",
    ),
    27: (
        "capabilities decide, unknown is tried",
        "test_an_embedding_model_cannot_chat",
        "test_a_chat_model_cannot_embed",
        "test_a_server_without_capabilities_is_tried",
    ),
    28: (
        "stale work is stopped, one answer at a time",
        "test_closing_the_stream_stops_the_model",
        "test_closing_before_the_first_word_was_read_stops_the_model",
        "test_cancelling_during_the_load_leaves_the_queue",
        "test_one_answer_at_a_time",
        "test_cancelling_closes_every_connection",
    ),
    29: (
        "lines end at line feeds",
        "test_any_text_survives_the_stream",
        "test_lines_end_at_line_feeds_only",
        "test_blank_lines_are_skipped",
    ),
    30: (
        "server text is untrusted, prompts are not logged",
        "test_the_servers_words_are_shown_on_one_short_line",
        "test_an_endless_line_is_refused",
        "test_code_is_never_logged",
    ),
    31: (
        "pulls",
        "test_a_pull_reports_bytes_and_brings_the_model",
        "test_a_pull_never_goes_back",
        "test_a_pull_that_fails_says_so",
        "test_cancelling_a_pull_closes_the_connection",
    ),
    32: (
        "a good neighbour",
        "test_editors_that_share_a_server_do_not_harm_each_other",
    ),
}


def test_every_duty_is_held_by_tests_that_exist() -> None:
    """The table above names at least one test for each duty, and no test that is gone."""
    here = Path(__file__).parent
    tests = {
        name
        for file in here.glob("test_ollama_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }

    assert list(range(1, 33)) == list(DUTIES)
    assert {name for _, *names in DUTIES.values() for name in names} <= tests


def test_the_vendor_client_is_not_used() -> None:
    """The official client reads the environment when it is imported and may fail there; we do not import it."""
    package = Path(ollama_chat.__file__).parent.parent
    imported = {
        alias.name.split(".")[0]
        for file in package.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in (node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")])
    }

    assert "httpx" in imported
    assert "ollama" not in imported


async def test_code_is_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Neither prompts nor texts nor answers reach the log, at any level, even when they are rejected."""
    caplog.set_level(logging.DEBUG)
    async with FakeOllama() as fake, connected(fake) as client:
        fake.script("the secretanswer")
        fake.fail_embedding("crash", when=lambda text: "secretcrash" in text)
        fake.fail_embedding("zero", when=lambda text: "secretzero" in text)
        await spoken(await opened_chat(client), "the secretquestion")
        await (await opened_embedder(client)).embed_documents(
            ["the secretcrash", "the secretzero", "the secretlong " * 5000]
        )

    assert "A text is not embedded" in caplog.text
    assert "secret" not in caplog.text


async def test_editors_that_share_a_server_do_not_harm_each_other() -> None:
    """Two processes index and ask at once, and another program unloads the model: all get what they asked for."""
    texts = [f"def shared_{at}(): return {at}" for at in range(24)]
    async with FakeOllama() as fake, connected(fake) as one, connected(fake) as other:
        fake.script("mine", when=lambda fields: "mine?" in str(fields))
        fake.script("yours", when=lambda fields: "yours?" in str(fields))
        results = await asyncio.gather(
            (await opened_embedder(one)).embed_documents(texts),
            (await opened_embedder(other)).embed_documents(texts),
            spoken(await opened_chat(one), "mine?"),
            spoken(await opened_chat(other), "yours?"),
            other.unload("nomic-embed-text"),
        )

    assert results[0] == results[1]
    assert not any(isinstance(result, Rejected) for result in results[0])
    assert [ChatText("mine")] == [part for part in results[2] if isinstance(part, ChatText)]
    assert [ChatText("yours")] == [part for part in results[3] if isinstance(part, ChatText)]
