"""Each metric on rankings whose value can be worked out by hand."""

import math

import pytest

from firsthand.core.evaluation_metrics import Estimate, Place, Result, estimate, ndcg_as_returned, score


def results(*places: str, characters: int = 100) -> list[Result]:
    """Return a ranking from `path:first-last`."""
    found = []
    for place in places:
        path, _, lines = place.partition(":")
        first, _, last = lines.partition("-")
        found.append(Result(path, int(first), int(last), characters))
    return found


def test_a_right_place_at_rank_two() -> None:
    """The second result shares a line with the place: half of MRR, the discount of rank 2, and no Top-1."""
    scores = score([Place("a.py", 10, 20)], results("a.py:1-9", "a.py:20-25", "b.py:1-5"))

    assert scores == {
        "mrr10": 0.5,
        "ndcg10": pytest.approx(1 / math.log2(3)),
        "top1": 0.0,
        "recall5": 1.0,
        "recall10": 1.0,
        "r2k": 1.0,
        "file_ndcg10": 1.0,
    }


def test_whole_files_are_judged_on_a_ranking_of_files() -> None:
    """Three results of one file are one entry of the ranking: the file asked for stands second, not fourth."""
    ranking = results("a.py:1-2", "a.py:3-4", "a.py:5-6", "b.py:1-2")

    scores = score([Place("b.py")], ranking)

    assert scores["mrr10"] == 0.5
    assert ndcg_as_returned([Place("b.py")], ranking) == pytest.approx(1 / math.log2(5))


def test_two_places_of_which_one_is_found() -> None:
    """The ideal ranking has both at the top, so one at rank 1 earns the first gain of two."""
    scores = score([Place("a.py"), Place("z.py")], results("a.py:1-2", "b.py:1-2"))

    assert scores["ndcg10"] == pytest.approx(1 / (1 + 1 / math.log2(3)))
    assert (scores["top1"], scores["recall5"], scores["mrr10"]) == (1.0, 0.5, 1.0)


def test_depth_of_recall() -> None:
    """A place at rank 7 counts for recall at 10, not at 5."""
    ranking = results(*(f"{number}.py:1-1" for number in range(1, 9)))

    scores = score([Place("7.py", 1, 1)], ranking)

    assert (scores["recall5"], scores["recall10"], scores["mrr10"]) == (0.0, 1.0, pytest.approx(1 / 7))


def test_rank_eleven_counts_for_nothing_but_the_prompt() -> None:
    """Small results after rank 10 still reach the prompt."""
    ranking = results(*(f"{number}.py:1-1" for number in range(1, 12)))

    scores = score([Place("11.py", 1, 1)], ranking)

    assert (scores["mrr10"], scores["ndcg10"], scores["recall10"], scores["r2k"]) == (0.0, 0.0, 0.0, 1.0)


def test_what_a_prompt_holds() -> None:
    """Results fill 8,000 characters in order; the one that no longer fits is not there, nor are those behind it."""
    ranking = [Result("a.py", 1, 9, 5_000), Result("b.py", 1, 9, 3_001), Result("c.py", 1, 9, 10)]

    assert score([Place("a.py")], ranking)["r2k"] == 1.0
    assert score([Place("b.py")], ranking)["r2k"] == 0.0
    assert score([Place("c.py")], ranking)["r2k"] == 0.0


def test_the_first_result_is_always_in_the_prompt() -> None:
    """A single result that is too long is cut, not dropped."""
    assert score([Place("a.py")], [Result("a.py", 1, 900, 50_000)])["r2k"] == 1.0


def test_an_empty_ranking_scores_nothing() -> None:
    """Without results every metric is 0."""
    assert set(score([Place("a.py", 1, 2)], []).values()) == {0.0}


def test_an_estimate_of_equal_values_is_sure() -> None:
    """Where every question scores the same there is nothing to be unsure of."""
    assert estimate([0.5] * 20) == Estimate(0.5, 0.5, 0.5)


def test_an_estimate_holds_its_mean_and_narrows_with_more_values() -> None:
    """Four times as many values of the same kind make the interval clearly narrower."""
    few, many = estimate([0.0, 1.0] * 20), estimate([0.0, 1.0] * 80)

    assert few.low < few.mean == 0.5 < few.high
    assert many.high - many.low < 0.7 * (few.high - few.low)


def test_an_estimate_is_the_same_every_time() -> None:
    """The interval is drawn with a fixed seed."""
    values = [0.1, 0.9, 0.4, 0.7, 0.2]

    assert estimate(values) == estimate(values)


def test_few_groups_make_an_estimate_less_sure() -> None:
    """Values of two repositories that differ say less than as many from forty."""
    values = [0.0] * 20 + [1.0] * 20
    two = estimate(values, groups=["a"] * 20 + ["b"] * 20)
    forty = estimate(values, groups=[str(number) for number in range(40)])

    assert two.high - two.low > 2 * (forty.high - forty.low)


def test_no_values() -> None:
    """Nothing was asked: nothing is claimed."""
    assert estimate([]) == Estimate(0.0, 0.0, 0.0)
