"""From a question and where to look to the same without loose ends: filters read, revisions looked up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from firsthand.core.filters import read_filters
from firsthand.core.model import Scope
from firsthand.core.ports import History
from firsthand.errors import RequestError


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A question as it is searched for."""

    text: str
    """The question without the filters in it."""
    scope: Scope
    filters: tuple[str, ...] = ()
    """The filters that were read from the question, in words for people."""


def filters_sentence(filters: Sequence[str]) -> str:
    """Say where was looked because the question asked for it."""
    return f"Only this was searched: {'; '.join(filters)}."


async def narrowed(text: str, scope: Scope, history: History) -> Narrowed:
    """Read the filters of a question, which replace those of `scope`, and look up which files changed.

    Raises:
        RequestError: the question is nothing but filters, or version control does not know the revision.
    """
    filtered = read_filters(text)
    if filtered.said and not filtered.text:
        raise RequestError(
            f"The question only says where to look ({'; '.join(filtered.said)}): add what you are looking for."
        )
    wanted = filtered.within(scope)
    if wanted.changed_since and wanted.files is None:
        wanted = replace(wanted, files=await _changed(history, wanted, filtered.scope.changed_since))
    return Narrowed(filtered.text, wanted, filtered.said)


async def _changed(history: History, scope: Scope, written: str) -> frozenset[str]:
    try:
        return await history.changed_since(scope.changed_since)
    except RequestError as error:
        if not written:
            raise
        raise RequestError(f"{error} To search for these very words, put them in quotes.") from error
