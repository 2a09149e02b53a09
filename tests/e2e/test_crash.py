"""A process that indexes is killed at any moment: the next one finds a sound index and finishes the work."""

from collections.abc import Iterator

import pytest
from killed_indexer import KilledIndexer, Work


@pytest.fixture(scope="module")
def indexer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KilledIndexer]:
    """A repository of some files, and processes to kill."""
    with KilledIndexer(tmp_path_factory.mktemp("killed"), files=40, seed=1) as indexer:
        yield indexer


@pytest.mark.parametrize("work", ["fresh", "changed", "serve"])
def test_no_kill_harms_the_index(indexer: KilledIndexer, work: Work) -> None:
    """Nothing is lost, nothing stands there twice, and afterwards the index is what one from nothing would be."""
    remains = []
    while len(remains) < 5:
        if indexer.kill_one(work):
            remains.append(indexer.look())

    assert [(each.lost, each.twice, each.differences) for each in remains] == [(False, 0, [])] * 5
