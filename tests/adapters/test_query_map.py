"""A map of questions learns what there is to learn, and its file is believed only when it is whole."""

import logging
from array import array
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firsthand.adapters.query_map import Floats, QueryMap, QueryMapLesson
from firsthand.adapters.query_map_file import KeptMaps, map_file, read_map, write_map
from firsthand.core.evaluation_metrics import Estimate
from firsthand.core.learning import Candidates, Pairs
from firsthand.core.model import Fingerprint, Vector
from firsthand.core.question_map import Verdict

DIMENSIONS = 24
FINGERPRINT = Fingerprint("nomic", "d1", DIMENSIONS)
VERDICT = Verdict(100, 40, 0.5, 0.56, Estimate(0.06, 0.02, 0.1))


def unit_rows(rows: Floats) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def vectors(rows: Floats) -> list[Vector]:
    return [array("f", row.tobytes()) for row in rows]


def lesson(*, noise: bool = False) -> QueryMapLesson:
    """Questions are their answers, seen through one rotation; with noise, they have nothing to do with them."""
    draw = np.random.default_rng(7)
    chunks = unit_rows(draw.standard_normal((400, DIMENSIONS)).astype(np.float32))
    rotation = np.linalg.qr(draw.standard_normal((DIMENSIONS, DIMENSIONS)))[0].astype(np.float32)
    shown = unit_rows(draw.standard_normal(chunks.shape).astype(np.float32)) if noise else chunks @ rotation

    def pairs(first: int, last: int) -> Pairs:
        return Pairs(
            vectors(shown[first:last]), [[row] for row in range(first, last)], [False] * (last - first)
        )

    return QueryMapLesson(Candidates(vectors(chunks), [False] * len(chunks)), pairs(0, 300), pairs(300, 400))


def new_map(seed: int = 0) -> QueryMap:
    draw = np.random.default_rng(seed)
    first, second = (
        draw.standard_normal(shape).astype(np.float32) for shape in ((DIMENSIONS, 4), (4, DIMENSIONS))
    )
    return QueryMap(first, second)


def test_what_questions_have_in_common_is_learned() -> None:
    """Questions that were not learned from are found better, when all of them differ in one way from their answers."""
    learning = lesson()
    before = learning.mean_reciprocal_rank()

    for _ in range(200):
        learning.train_round()

    assert before < 0.1
    assert learning.mean_reciprocal_rank() > 0.5


def test_an_untrained_map_changes_nothing() -> None:
    """Without a round, every vector stays what it was, so a lesson without success is harmless."""
    question = vectors(unit_rows(np.ones((1, DIMENSIONS), np.float32)))[0]

    assert lesson().map()(question) == pytest.approx(question)


def test_the_same_lesson_gives_the_same_map() -> None:
    """Nothing is left to chance; and a map that was taken does not change with later rounds."""
    one, other = lesson(), lesson()
    one.train_round()
    other.train_round()
    taken = one.map()
    second = taken.second.copy()
    one.train_round()

    assert np.array_equal(second, other.map().second)
    assert np.array_equal(taken.second, second)
    assert not np.array_equal(one.map().second, second)


def test_nothing_is_learned_from_noise() -> None:
    """Where questions have nothing to do with their answers, other questions are found no better than before."""
    learning = lesson(noise=True)
    before = learning.mean_reciprocal_rank()

    for _ in range(50):
        learning.train_round()

    assert learning.mean_reciprocal_rank() < before + 0.05


def test_tests_do_not_answer_what_asks_for_code() -> None:
    """A test that is nearer than the code does not count against a question to which no test may be the answer."""
    near, far = np.eye(2, 8, dtype=np.float32)
    candidates = Candidates(vectors(np.stack([near, far])), [True, False])
    asked = Pairs(vectors(near[None]), [[1]], [True])
    anything = Pairs(vectors(near[None]), [[1]], [False])

    assert QueryMapLesson(candidates, asked, asked).mean_reciprocal_rank() == 1
    assert QueryMapLesson(candidates, asked, anything).mean_reciprocal_rank() == 0.5


def test_a_map_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Numbers, embedder and verdict come back; nothing else is left in the folder."""
    file, kept = map_file(tmp_path), new_map()

    write_map(file, kept, FINGERPRINT, VERDICT)

    found = read_map(file)
    assert found is not None
    assert (found.fingerprint, found.verdict) == (FINGERPRINT, VERDICT)
    assert np.array_equal(found.question_map.first, kept.first)
    assert np.array_equal(found.question_map.second, kept.second)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("at", [0, 5, 40, -40, -1])
def test_a_damaged_map_is_not_used(tmp_path: Path, at: int, caplog: pytest.LogCaptureFixture) -> None:
    """One wrong byte anywhere, and it is as if there were no map, which is said once with what to do."""
    file = map_file(tmp_path)
    write_map(file, new_map(), FINGERPRINT, VERDICT)
    content = bytearray(file.read_bytes())
    content[at] ^= 0x55
    file.write_bytes(content)

    with caplog.at_level(logging.WARNING):
        assert read_map(file) is None
    assert [record.getMessage() for record in caplog.records] == [
        f"{file} is not used: it is damaged; firsthand eval --learn makes a new one"
    ]


@pytest.mark.parametrize("kept_bytes", [0, 3, 16, 500])
def test_a_shortened_map_is_not_used(tmp_path: Path, kept_bytes: int) -> None:
    """What is left of a file is no map."""
    file = map_file(tmp_path)
    write_map(file, new_map(), FINGERPRINT, VERDICT)
    file.write_bytes(file.read_bytes()[:kept_bytes])

    assert read_map(file) is None


def test_numbers_that_are_none_are_not_used(tmp_path: Path) -> None:
    """A map that would turn questions into nothing is not used, even if it was written so."""
    file, broken = map_file(tmp_path), new_map()
    broken.first[0, 0] = np.nan
    write_map(file, broken, FINGERPRINT, VERDICT)

    assert read_map(file) is None


def test_numbers_beyond_all_bounds_are_not_used(tmp_path: Path) -> None:
    """A number that no computer can calculate with is no reason to crash."""
    file = map_file(tmp_path)
    write_map(file, new_map(), FINGERPRINT, replace(VERDICT, without=10**400))

    assert read_map(file) is None


async def test_searches_follow_the_file(tmp_path: Path) -> None:
    """A map is used from when it is written until it is deleted, a new one takes its place, without a restart."""
    file = map_file(tmp_path)
    maps = KeptMaps(file)
    assert await maps.current(FINGERPRINT) is None

    for each in (new_map(1), new_map(2)):
        write_map(file, each, FINGERPRINT, VERDICT)
        current = await maps.current(FINGERPRINT)
        assert current is not None
        assert np.array_equal(current.first, each.first)
    file.unlink()

    assert await maps.current(FINGERPRINT) is None


async def test_another_embedder_has_no_map(tmp_path: Path) -> None:
    """A map says nothing of vectors that another model, or the same with other weights, has made."""
    file = map_file(tmp_path)
    write_map(file, new_map(), FINGERPRINT, VERDICT)

    assert await KeptMaps(file).current(FINGERPRINT) is not None
    assert await KeptMaps(file).current(Fingerprint("nomic", "d2", DIMENSIONS)) is None
