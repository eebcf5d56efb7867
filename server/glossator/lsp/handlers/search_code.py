"""`glossator/search`: find the best matches for a query."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pygls.exceptions import JsonRpcInvalidParams

from glossator.lsp import protocol
from glossator.lsp.conversion import Ranges, filter_of, to_uri

if TYPE_CHECKING:
    from glossator.index.records import Filter
    from glossator.lsp.context import Context
    from glossator.project.session import Session

SEARCH_LIMIT = 10
"""Default number of hits."""
MAX_SEARCH_LIMIT = 200


async def search(context: Context, params: protocol.SearchParams) -> protocol.SearchResult:
    """Find the best matches for a query in all workspace folders.

    Raises:
        JsonRpcInvalidParams: the limit is out of range.
    """
    limit = SEARCH_LIMIT if params.limit is None else params.limit
    if not 1 <= limit <= MAX_SEARCH_LIMIT:
        raise JsonRpcInvalidParams(f"limit must be between 1 and {MAX_SEARCH_LIMIT}, not {limit}")
    await context.documents.parsed()
    where = filter_of(params.scope)
    return await asyncio.to_thread(
        find_hits, context.backend.session, context.editor.encoding, params.query, limit, where
    )


def find_hits(session: Session, encoding: str, query: str, limit: int, where: Filter) -> protocol.SearchResult:
    """The best matches in all roots of a session; ranges are in the given position encoding."""
    found = [(root, hit) for root in session.roots for hit in root.search(query, limit, where)]
    found.sort(key=lambda item: -item[1].score)
    ranges = Ranges(encoding)
    return protocol.SearchResult(
        hits=tuple(
            protocol.SearchHit(
                uri=to_uri(root.path / hit.path),
                range=ranges(root.path, hit.path, root.text, hit.start_line, hit.end_line),
                kind=hit.kind,
                name=hit.name,
                qualified_name=hit.qualified_name,
                score=hit.score,
                why=hit.why,
            )
            for root, hit in found[:limit]
        )
    )
