"""How well a ranking answers a question whose right places are known, and how sure that is.

A question of whole files is judged on the ranking reduced to files, one of places in files on the ranking as it is:
there a result counts when it shares a line with the place.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

METRICS = ("mrr10", "ndcg10", "top1", "recall5", "recall10", "r2k", "file_ndcg10")
"""Every metric; all run from 0 to 1, and more is better."""

_DEPTH = 10
# What a prompt really holds of the results, in characters: 2,000 tokens of 4.
_PROMPT_CHARACTERS = 8_000
_RESAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer is: lines of a file (from 1, both included), or the whole file when there are none."""

    path: str
    start_line: int = 0
    end_line: int = 0

    @property
    def is_whole_file(self) -> bool:
        """True when any line of the file is right."""
        return not self.start_line

    def meets(self, path: str, start_line: int, end_line: int) -> bool:
        """Tell whether these lines of a file share one with the place."""
        if path != self.path:
            return False
        return self.is_whole_file or (start_line <= self.end_line and self.start_line <= end_line)


@dataclass(frozen=True, slots=True)
class Result:
    """One entry of a ranking."""

    path: str
    start_line: int
    end_line: int
    characters: int
    """Length of the text that it would bring into a prompt."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over questions and its 95 % interval."""

    mean: float
    low: float
    high: float


def score(targets: Sequence[Place], results: Sequence[Result]) -> Mapping[str, float]:
    """Return every metric of one ranking, by name; there is at least one target."""
    files = _reduced_to_files(results)
    paths = list(dict.fromkeys(target.path for target in targets))
    about_files = all(target.is_whole_file for target in targets)
    ranks = [_rank(files if about_files else results, target) for target in targets]
    return {
        "mrr10": max((1 / rank for rank in ranks if rank and rank <= _DEPTH), default=0.0),
        "ndcg10": _ndcg(ranks, _DEPTH),
        "top1": float(1 in ranks),
        "recall5": _recall(ranks, 5),
        "recall10": _recall(ranks, _DEPTH),
        "r2k": _recall([_rank(_within_prompt(results), target) for target in targets], len(results)),
        "file_ndcg10": _ndcg([_rank(files, Place(path)) for path in paths], _DEPTH),
    }


def ndcg_as_returned(targets: Sequence[Place], results: Sequence[Result]) -> float:
    """Return NDCG@10 on the ranking as it is, also where whole files are asked for: how others publish it."""
    return _ndcg([_rank(results, target) for target in targets], _DEPTH)


def estimate(values: Sequence[float], *, groups: Sequence[str] = (), seed: int = 0) -> Estimate:
    """Return the mean and its bootstrapped 95 % interval; the same values always give the same interval.

    Args:
        groups: what each value belongs to, a repository say; groups are drawn first, then values inside them, so
            that few groups give the wide interval that they deserve.
    """
    if not values:
        return Estimate(0.0, 0.0, 0.0)
    draw = random.Random(seed)
    by_group: dict[str, list[float]] = {}
    for value, group in zip(values, groups or [""] * len(values), strict=True):
        by_group.setdefault(group, []).append(value)
    pools = list(by_group.values())
    means = sorted(_resampled_mean(pools, draw) for _ in range(_RESAMPLES))
    low, high = means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES)]
    return Estimate(sum(values) / len(values), low, high)


def _resampled_mean(pools: Sequence[Sequence[float]], draw: random.Random) -> float:
    total, count = 0.0, 0
    for _ in pools:
        pool = pools[draw.randrange(len(pools))]
        total += sum(draw.choices(pool, k=len(pool)))
        count += len(pool)
    return total / count


def _reduced_to_files(results: Sequence[Result]) -> list[Result]:
    first: dict[str, Result] = {}
    for result in results:
        first.setdefault(result.path, result)
    return list(first.values())


def _within_prompt(results: Sequence[Result]) -> list[Result]:
    """Return the results that fit, in order, into a prompt; the first one always does."""
    kept: list[Result] = []
    used = 0
    for result in results:
        used += result.characters
        if kept and used > _PROMPT_CHARACTERS:
            break
        kept.append(result)
    return kept


def _rank(results: Sequence[Result], target: Place) -> int | None:
    """Return the rank, from 1, of the first result that is right."""
    return next(
        (
            rank
            for rank, result in enumerate(results, 1)
            if target.meets(result.path, result.start_line, result.end_line)
        ),
        None,
    )


def _ndcg(ranks: Sequence[int | None], depth: int) -> float:
    """Binary gains; several targets may be found by one result, which then counts once."""
    gains = {rank for rank in ranks if rank and rank <= depth}
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(len(ranks), depth) + 1))
    return sum(1 / math.log2(rank + 1) for rank in gains) / ideal


def _recall(ranks: Sequence[int | None], depth: int) -> float:
    return sum(1 for rank in ranks if rank and rank <= depth) / len(ranks)
