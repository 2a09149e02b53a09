"""The nearest vectors, found among their codes."""

import threading
from array import array

import numpy as np
import pytest

from firsthand.adapters import vector_codes
from firsthand.adapters.vector_codes import VectorCodes


def clustered(count: int, dimensions: int, seed: int = 0) -> np.ndarray:
    """Return unit vectors in clusters, as texts of one project are: neighbours lie close to each other."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(max(count // 50, 1), dimensions))
    vectors = centres[random.integers(len(centres), size=count)] + random.normal(size=(count, dimensions))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def coded(vectors: np.ndarray) -> VectorCodes:
    """Return the codes of vectors whose keys are their numbers."""
    return VectorCodes().with_added(np.arange(len(vectors)), vectors)


def as_vector(values: np.ndarray) -> "array[float]":
    return array("f", values.astype(np.float32).tobytes())


def nearest(codes: VectorCodes, query: np.ndarray, limit: int) -> list[int]:
    """Return the keys of the nearest vectors, best first."""
    places, _ = codes.nearest(as_vector(query), limit)
    return codes.keys()[places].tolist()


def exact_nearest(vectors: np.ndarray, query: np.ndarray, limit: int) -> list[int]:
    return np.argsort(-(vectors @ query), kind="stable")[:limit].tolist()


@pytest.mark.parametrize("dimensions", [3, 64, 100])
def test_few_vectors_come_in_their_exact_order(dimensions: int) -> None:
    """Among some hundred vectors of any length, order and similarity are those of the full precision."""
    vectors = clustered(300, dimensions)
    query = clustered(1, dimensions, seed=7)[0]

    places, similarity = coded(vectors).nearest(as_vector(query), 20)

    assert places.tolist() == exact_nearest(vectors, query, 20)
    assert similarity == pytest.approx(vectors[places] @ query, abs=1e-4)


def test_many_vectors_lose_hardly_a_neighbour() -> None:
    """Of the 50 nearest of 40,000, which fill several blocks, at least 99 of 100 are found."""
    vectors = clustered(40_000, 384)
    codes = coded(vectors)
    queries = vectors[::2_000] + 0.3 * clustered(20, 384, seed=3)

    shared = [
        len(set(nearest(codes, query, 50)) & set(exact_nearest(vectors, query, 50))) for query in queries
    ]

    assert sum(shared) >= 0.99 * 50 * len(queries)


@pytest.mark.parametrize("is_busy", [False, True])
def test_a_second_thread_changes_nothing_and_nobody_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, is_busy: bool
) -> None:
    """Of many blocks it takes some; while it is busy elsewhere, the search goes on without it."""
    vectors = clustered(2_000, 64)
    monkeypatch.setattr(vector_codes, "_BLOCK_ROWS", 16)
    codes = coded(vectors)
    monkeypatch.setattr(vector_codes, "_WORTH_SHARING", len(vectors))
    alone = codes.nearest(as_vector(vectors[5]), 30)
    monkeypatch.setattr(vector_codes, "_WORTH_SHARING", 2)
    is_free = threading.Event()
    if is_busy:
        vector_codes._SECOND_THREAD.submit(is_free.wait)

    shared = codes.nearest(as_vector(vectors[5]), 30)

    is_free.set()
    assert [each.tolist() for each in shared] == [each.tolist() for each in alone]


def test_what_is_dropped_is_not_found_and_what_is_added_is() -> None:
    """Dropping and adding change what is near; order of addition does not matter."""
    vectors = clustered(1_000, 16)
    kept = coded(vectors).only(np.array([number for number in range(1_000) if number % 3]))
    codes = kept.with_added(np.array([-7]), -vectors[:1])

    assert len(codes) == 1_000 - 334 + 1
    assert all(key % 3 for key in nearest(codes, vectors[0], 50))
    assert nearest(codes, -vectors[0], 1) == [-7]
    assert len(kept) == 1_000 - 334


@pytest.mark.parametrize("share", [0.5, 0.01])
def test_only_what_is_allowed_is_near(share: float) -> None:
    """Among many vectors in several blocks, the nearest of those that are allowed are found, be they many or few."""
    vectors = clustered(20_000, 64)
    allowed = np.random.default_rng(1).random(len(vectors)) < share
    places, _ = coded(vectors).nearest(as_vector(vectors[5]), 30, allowed)

    exact = np.flatnonzero(allowed)[np.argsort(-(vectors[allowed] @ vectors[5]))[:30]]

    assert allowed[places].all()
    assert len(set(places.tolist()) & set(exact.tolist())) >= 29


def test_nothing_is_near_among_nothing() -> None:
    """No vectors, or none wanted: no neighbours."""
    query = clustered(1, 8)[0]

    assert nearest(VectorCodes(), query, 5) == []
    assert nearest(coded(clustered(5, 8)), query, 0) == []
    assert len(coded(clustered(5, 8)).nearest(as_vector(query), 5, np.zeros(5, np.bool_))[0]) == 0


def test_more_are_wanted_than_there_are() -> None:
    """Then all of them come."""
    assert len(nearest(coded(clustered(5, 8)), clustered(1, 8)[0], 50)) == 5
