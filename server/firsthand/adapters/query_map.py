"""A linear map of question vectors, q + qAB with A and B of a low rank, and how it is trained.

The form is that of low-rank adapters (Hu et al., "LoRA", 2021), the loss InfoNCE (van den Oord, Li and Vinyals,
"Representation Learning with Contrastive Predictive Coding", 2018) against all chunks, the steps are Adam's (Kingma and
Ba, 2014). B begins at zero, so an untrained map changes nothing. The constants were chosen on four packages;
tests/eval/RESULTS.md says what the map gives on others.
"""

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from firsthand.core.model import Vector

if TYPE_CHECKING:  # whoever only searches does not load what learns
    from firsthand.core.learning import Candidates, Pairs

_RANK = 32
_TEMPERATURE = 0.05
_STEP = 3e-4
_DECAY = 0.01
_BATCH = 128
_MEAN_MEMORY, _SQUARE_MEMORY = 0.9, 0.999
_TINY = 1e-8

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class QueryMap:
    """q + qAB, brought back to length 1; `first` is A, dimensions x rank, `second` is B, rank x dimensions."""

    first: Floats
    second: Floats

    def __call__(self, vector: Vector) -> Vector:
        """Map one vector."""
        return array("f", self.of_rows(np.asarray(vector, np.float32)[None])[0].tobytes())

    def of_rows(self, questions: Floats) -> Floats:
        """Map many vectors, a row each."""
        mapped = questions + (questions @ self.first) @ self.second
        lengths = np.maximum(np.linalg.norm(mapped, axis=1, keepdims=True), 1e-12)
        return np.asarray(mapped / lengths, np.float32)


class QueryMapLesson:
    """Trains a map; the same pairs in the same order always give the same map."""

    def __init__(self, candidates: "Candidates", learning: "Pairs", stopping: "Pairs") -> None:
        self._chunks = np.array(candidates.vectors, np.float32)
        self._is_code = ~np.array(candidates.is_test, np.bool_)
        self._learning = learning
        self._stopping = stopping
        self._questions = np.array(learning.questions, np.float32)
        self._draw = np.random.default_rng(0)
        dimensions = self._chunks.shape[1]
        first = self._draw.standard_normal((dimensions, _RANK)) / np.sqrt(dimensions)
        self._matrices = [first.astype(np.float32), np.zeros((_RANK, dimensions), np.float32)]
        self._moments = [(np.zeros_like(each), np.zeros_like(each)) for each in self._matrices]
        self._steps = 0

    def train_round(self) -> None:
        """Go once over the pairs, in a new order."""
        order = self._draw.permutation(len(self._questions))
        for start in range(0, len(order), _BATCH):
            self._step(self._slopes(order[start : start + _BATCH]))

    def mean_reciprocal_rank(self) -> float:
        """Return the MRR of the pairs that say when to stop, over all chunks by meaning alone."""
        pairs = self._stopping
        if not pairs.questions:
            return 0.0
        mapped = self.map().of_rows(np.array(pairs.questions, np.float32))
        total = 0.0
        for row, answers, only_code in zip(mapped, pairs.answers, pairs.only_code, strict=True):
            scores = self._chunks @ row
            better = scores > scores[list(answers)].max()
            total += 1 / (1 + int((better & self._is_code if only_code else better).sum()))
        return total / len(mapped)

    def map(self) -> QueryMap:
        """Return the map as it is now."""
        return QueryMap(self._matrices[0].copy(), self._matrices[1].copy())

    def _slopes(self, chosen: npt.NDArray[Any]) -> tuple[Floats, Floats]:
        """Return how the loss of some pairs grows with each of the two matrices."""
        first, second = self._matrices
        questions = self._questions[chosen]
        hidden = questions @ first
        mapped = questions + hidden @ second
        length = np.linalg.norm(mapped, axis=1, keepdims=True)
        unit = mapped / length
        pull = self._pull(unit, chosen)
        to_unit = pull @ self._chunks / _TEMPERATURE / len(chosen)
        to_mapped = (to_unit - unit * (to_unit * unit).sum(1, keepdims=True)) / length
        return questions.T @ (to_mapped @ second.T), hidden.T @ to_mapped + _DECAY * second

    def _pull(self, unit: Floats, chosen: npt.NDArray[Any]) -> Floats:
        """Return how the loss grows with the logit of each chunk: what it is given less what it deserves."""
        logits = unit @ self._chunks.T / _TEMPERATURE
        for row, at in enumerate(chosen):
            if self._learning.only_code[at]:
                logits[row, ~self._is_code] = -np.inf
        weights = np.exp(logits - logits.max(1, keepdims=True))
        pull = weights / weights.sum(1, keepdims=True)
        for row, at in enumerate(chosen):
            answers = list(self._learning.answers[at])
            right = weights[row, answers]
            pull[row, answers] -= right / max(right.sum(), 1e-30)
        return np.asarray(pull, np.float32)

    def _step(self, slopes: tuple[Floats, Floats]) -> None:
        self._steps += 1
        for matrix, slope, (mean, square) in zip(self._matrices, slopes, self._moments, strict=True):
            mean += (1 - _MEAN_MEMORY) * (slope - mean)
            square += (1 - _SQUARE_MEMORY) * (slope * slope - square)
            evened = mean / (1 - _MEAN_MEMORY**self._steps)
            spread = np.sqrt(square / (1 - _SQUARE_MEMORY**self._steps))
            matrix -= _STEP * evened / (spread + _TINY)
