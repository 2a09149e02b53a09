"""The nearest vectors, found among their codes."""

from array import array

import numpy as np
import pytest

from firsthand.adapters.vector_codes import VectorCodes


def clustered(count: int, dimensions: int, seed: int = 0) -> np.ndarray:
    """Return unit vectors in clusters, as texts of one project are: neighbours lie close to each other."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(max(count // 50, 1), dimensions))
    vectors = centres[random.integers(len(centres), size=count)] + random.normal(size=(count, dimensions))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def coded(vectors: np.ndarray) -> VectorCodes:
    """Return the codes of vectors whose keys are their numbers."""
    codes = VectorCodes()
    codes.add([str(number) for number in range(len(vectors))], vectors)
    return codes


def as_vector(values: np.ndarray) -> "array[float]":
    return array("f", values.astype(np.float32).tobytes())


def exact_nearest(vectors: np.ndarray, query: np.ndarray, limit: int) -> list[str]:
    return [str(number) for number in np.argsort(-(vectors @ query), kind="stable")[:limit]]


@pytest.mark.parametrize("dimensions", [3, 64, 100])
def test_few_vectors_come_in_their_exact_order(dimensions: int) -> None:
    """Among some hundred vectors of any length, order and similarity are those of the full precision."""
    vectors = clustered(300, dimensions)
    query = clustered(1, dimensions, seed=7)[0]

    found = coded(vectors).nearest(as_vector(query), 20)

    assert list(found) == exact_nearest(vectors, query, 20)
    assert [found[key] for key in found] == pytest.approx(
        [float(vectors[int(key)] @ query) for key in found], abs=1e-4
    )


def test_many_vectors_lose_hardly_a_neighbour() -> None:
    """Of the 50 nearest of 40,000, which fill several blocks, at least 99 of 100 are found."""
    vectors = clustered(40_000, 384)
    codes = coded(vectors)
    queries = vectors[::2_000] + 0.3 * clustered(20, 384, seed=3)

    shared = [
        len(set(codes.nearest(as_vector(query), 50)) & set(exact_nearest(vectors, query, 50)))
        for query in queries
    ]

    assert sum(shared) >= 0.99 * 50 * len(queries)


def test_what_is_dropped_is_not_found_and_what_is_added_is() -> None:
    """Dropping and adding change what is near; order of addition does not matter."""
    vectors = clustered(1_000, 16)
    codes = coded(vectors)
    codes.keep({str(number) for number in range(1_000) if number % 3})
    codes.add(["new"], -vectors[:1])

    assert len(codes) == 1_000 - 334 + 1
    assert all(int(key) % 3 for key in codes.nearest(as_vector(vectors[0]), 50))
    assert next(iter(codes.nearest(as_vector(-vectors[0]), 1))) == "new"


def test_nothing_is_near_among_nothing() -> None:
    """No vectors, or none wanted: no neighbours."""
    assert VectorCodes().nearest(array("f", [1.0, 0.0]), 5) == {}
    assert coded(clustered(5, 8)).nearest(as_vector(clustered(1, 8)[0]), 0) == {}


def test_more_are_wanted_than_there_are() -> None:
    """Then all of them come."""
    assert len(coded(clustered(5, 8)).nearest(as_vector(clustered(1, 8)[0]), 50)) == 5
