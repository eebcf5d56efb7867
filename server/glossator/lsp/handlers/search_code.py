"""`glossator/search`: find the best matches for a query."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import attrs
from pygls.exceptions import JsonRpcInvalidParams

from glossator.errors import TeamError
from glossator.lsp import protocol
from glossator.lsp.conversion import Ranges, filter_of, to_uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.answers.answerer import Listener
    from glossator.index.records import Filter
    from glossator.lsp.context import Context
    from glossator.project.session import Session

SEARCH_LIMIT = 10
"""Default number of hits."""
MAX_SEARCH_LIMIT = 200


async def search(context: Context, params: protocol.SearchParams) -> protocol.SearchResult:
    """Find the best matches for a query in all workspace folders, and in the team's repositories if that is asked for.

    Raises:
        JsonRpcInvalidParams: the limit is out of range.
        TeamError: the team's repositories are asked for, and no team is set, or its storage fails.
    """
    limit = SEARCH_LIMIT if params.limit is None else params.limit
    if not 1 <= limit <= MAX_SEARCH_LIMIT:
        raise JsonRpcInvalidParams(f"limit must be between 1 and {MAX_SEARCH_LIMIT}, not {limit}")
    await context.documents.parsed()
    where = filter_of(params.scope)
    session, encoding = context.backend.session, context.editor.encoding
    if not params.team:
        return await asyncio.to_thread(find_hits, session, encoding, params.query, limit, where)
    if not session.settings.team:
        raise TeamError("no team is set: set `team` and `team_keys` in your own settings (docs/team.md)")
    stopped = threading.Event()

    async def both(listener: Listener) -> protocol.SearchResult:
        loop = asyncio.get_running_loop()

        def show(done: int, total: int) -> None:
            if total and not stopped.is_set():
                loop.call_soon_threadsafe(listener.stage, f"searching the team's repositories: {done} of {total}")

        try:
            result = await asyncio.to_thread(find_hits, session, encoding, params.query, limit, where)
            team, problems = await asyncio.to_thread(
                find_in_team, session, params.query, limit, where, show, stopped.is_set
            )
        finally:
            stopped.set()
        return attrs.evolve(result, team=team, problems=problems)

    return await context.answers.stream(params, "Searching", both)


def find_in_team(
    session: Session,
    query: str,
    limit: int,
    where: Filter,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> tuple[tuple[protocol.TeamHit, ...], tuple[str, ...]]:
    """The best matches in the team's other repositories, and what could not be searched, and why.

    Raises:
        TeamError: the storage cannot be listed.
        CancelledByUser: it was cancelled.
    """
    from glossator.team.team_search import search_team

    roots = [root.path for root in session.roots]
    found, problems = search_team(
        session.settings, session.shared.embedder, roots, query, limit, where, progress, cancelled
    )
    hits = tuple(
        protocol.TeamHit(
            repository=one.repository,
            commit=one.commit,
            path=one.hit.path,
            start_line=one.hit.start_line,
            end_line=one.hit.end_line,
            kind=one.hit.kind,
            name=one.hit.name,
            qualified_name=one.hit.qualified_name,
            score=one.hit.score,
            why=one.hit.why,
        )
        for one in found
    )
    return hits, tuple(problems)


def find_hits(session: Session, encoding: str, query: str, limit: int, where: Filter) -> protocol.SearchResult:
    """The best matches in all roots of a session; ranges are in the given position encoding."""
    found = [(root, hit) for root in session.roots for hit in root.search(query, limit, where)]
    found.sort(key=lambda item: -item[1].score)
    ranges = Ranges(encoding)
    return protocol.SearchResult(
        hits=tuple(
            protocol.SearchHit(
                uri=to_uri(root.path / hit.path),
                range=ranges(root.path, hit.path, root.unmasked_text, hit.start_line, hit.end_line),
                kind=hit.kind,
                name=hit.name,
                qualified_name=hit.qualified_name,
                score=hit.score,
                why=hit.why,
            )
            for root, hit in found[:limit]
        ),
        uncollected_files=sum(
            snapshot.store.uncollected() for root in session.roots if (snapshot := root.snapshot()) is not None
        ),
    )
