"""What a measurement says, in words and numbers: the same in the terminal and on the page."""

from collections.abc import Mapping

from firsthand.cli.rendering import signed
from firsthand.core.evaluation import COMPARED, Comparison, Evaluation, Sample
from firsthand.core.evaluation_metrics import Estimate
from firsthand.core.evaluation_questions import QuestionKind

METRIC_NAMES: Mapping[str, str] = {
    "mrr10": "MRR@10",
    "ndcg10": "NDCG@10",
    "top1": "Top-1",
    "recall5": "Recall@5",
    "recall10": "Recall@10",
    "r2k": "r2k",
    "file_ndcg10": "files NDCG@10",
}
_TITLES: Mapping[QuestionKind, str] = {
    "docstring": "What a function's documentation says → the function",
    "test": "What a test's name says → the code it tests",
    "commit": "What a commit's subject says → the files it changed",
}
_PLURALS: Mapping[QuestionKind, str] = {
    "docstring": "documented functions",
    "test": "tests",
    "commit": "commits",
}


def kind_title(kind: QuestionKind) -> str:
    """Name a kind of question."""
    return _TITLES[kind]


def sample_sentence(sample: Sample) -> str:
    """Say how many questions were asked, or why none were."""
    if sample.missing:
        return f"Not measured: {sample.missing} ({sample.available} found)."
    return f"{sample.asked} of {sample.available:,} {_PLURALS[sample.kind]} were asked."


def scope_sentence(evaluation: Evaluation) -> str:
    """Say what was searched."""
    files = f"{evaluation.files:,}"
    if evaluation.files < evaluation.files_in_workspace:
        files = f"a sample of {files} of {evaluation.files_in_workspace:,}"
    return (
        f"Searched {files} files, {evaluation.chunks:,} chunks; "
        f"seed {evaluation.seed}, {evaluation.seconds:.0f} s."
    )


def verdict(comparison: Comparison) -> str:
    """Say which of two ways of searching is better here, if that is clear."""
    name = METRIC_NAMES[COMPARED]
    numbers = f"{name} {signed(comparison.difference)}"
    if not comparison.is_clear:
        return f"No clear difference between {comparison.first} and {comparison.other}: {numbers}."
    better, worse = comparison.first, comparison.other
    if comparison.difference.mean < 0:
        better, worse = worse, better
    return f"Better: {better}, against {worse}: {numbers}."


def number(value: float) -> str:
    """Write a metric."""
    return f"{value:.3f}"


def interval(found: Estimate) -> str:
    """Write a mean with its 95 % interval."""
    return f"{number(found.mean)} [{number(found.low)}, {number(found.high)}]"
