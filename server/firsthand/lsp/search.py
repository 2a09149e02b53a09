"""`firsthand/search`: pieces of code, best first, from every open folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firsthand.core.filters import read_filters
from firsthand.errors import RequestError
from firsthand.lsp.convert import hit_result, scope_of
from firsthand.lsp.failures import answered
from firsthand.lsp.folder_choice import search_folders, unindexed
from firsthand.lsp.json_values import read, to_json
from firsthand.lsp.messages import SEARCH, SearchParams, SearchResult

if TYPE_CHECKING:
    from firsthand.lsp.session import FirsthandServer

# A list that nobody reads to its end only costs time to make and to send.
_MOST_HITS = 200


def register(server: FirsthandServer) -> None:
    """Answer `firsthand/search`."""

    @server.feature(SEARCH)
    @answered
    async def search(ls: FirsthandServer, params: Any) -> Any:
        return to_json(await find(ls, read(SearchParams, params)))


async def find(ls: FirsthandServer, wanted: SearchParams) -> SearchResult:
    """Search every folder.

    Raises:
        FirsthandError: the query is empty, or no folder could be searched.
    """
    if not wanted.query.strip():
        raise RequestError('"query" is empty: write what you are looking for.')
    folders = await ls.folders.known()
    near = ls.folders.holding(wanted.uri) if wanted.uri is not None else None
    limit = max(1, min(wanted.limit, _MOST_HITS))
    hits = await search_folders(ls, folders, wanted.query, scope_of(wanted.scope), limit, near)
    found = tuple(hit_result(hit, folder, ls.encoding) for folder, hit in hits)
    return SearchResult(found, read_filters(wanted.query).said, unindexed(folders))
