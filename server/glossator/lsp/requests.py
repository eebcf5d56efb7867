"""Our own requests, and commands of the same meaning for editors without an extension of ours.

Handlers of requests are coroutines (so that they can be cancelled), except those that answer at once; what waits for
the disk or the index runs in threads.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import attrs
from lsprotocol import types

from glossator.errors import SymbolNotFoundError, UsageError
from glossator.index.records import Filter
from glossator.lsp import protocol
from glossator.lsp.answers import ask, explain
from glossator.lsp.features import COMMAND_ASK, COMMAND_EXPLAIN, COMMAND_REINDEX, COMMAND_SIMILAR, resolve
from glossator.lsp.places import Ranges, filter_of, uri_in
from glossator.lsp.status import status_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.index.records import StoredEntry
    from glossator.lsp.server import Server

SEARCH_LIMIT = 10
MAX_SEARCH_LIMIT = 200


def register(server: Server) -> None:
    """Attach the handlers."""
    _register_requests(server)
    _register_commands(server)


async def search(server: Server, params: protocol.SearchParams) -> protocol.SearchResult:
    """Find the best places for a query."""
    await server.buffers_parsed()
    limit = SEARCH_LIMIT if params.limit is None else params.limit
    if not 1 <= limit <= MAX_SEARCH_LIMIT:
        raise UsageError(f"limit must be between 1 and {MAX_SEARCH_LIMIT}, not {limit}")
    return await asyncio.to_thread(find, server, params.query, limit, filter_of(params.scope))


def find(server: Server, query: str, limit: int, where: Filter) -> protocol.SearchResult:
    """The best places in all open folders."""
    found = [(root, hit) for root in server.session.roots for hit in root.search(query, limit, where)]
    found.sort(key=lambda item: -item[1].score)
    ranges = Ranges(server)
    return protocol.SearchResult(
        hits=tuple(
            protocol.SearchHit(
                uri=uri_in(root, hit.path),
                range=ranges(root, hit.path, hit.start_line, hit.end_line),
                kind=hit.kind,
                name=hit.name,
                qualified_name=hit.qualified_name,
                score=hit.score,
                why=hit.why,
            )
            for root, hit in found[:limit]
        )
    )


async def reindex(server: Server, params: protocol.ReindexParams | None) -> None:
    """Compare the index with the disk; done when that is."""
    wanted = params.root if params is not None else None
    futures = [live.rescan() for uri, live in server.workspaces if wanted is None or uri == wanted]
    if wanted is not None and not futures:
        raise UsageError(f"{wanted} is not an open workspace folder")
    server.status_changed()
    if futures:
        await asyncio.wait([asyncio.wrap_future(future) for future in futures])


def _register_requests(server: Server) -> None:
    @server.feature(protocol.ASK)
    async def on_ask(params: protocol.AskParams) -> protocol.AskResult:
        return await ask(server, params)

    @server.feature(protocol.EXPLAIN)
    async def on_explain(params: protocol.ExplainParams) -> protocol.AskResult:
        return await explain(server, params)

    @server.feature(protocol.SEARCH)
    async def on_search(params: protocol.SearchParams) -> protocol.SearchResult:
        return await search(server, params)

    @server.feature(protocol.STATUS)
    def on_status(_: protocol.StatusParams | None) -> protocol.StatusResult:
        return status_of(server)

    @server.feature(protocol.REINDEX)
    async def on_reindex(params: protocol.ReindexParams | None) -> None:
        await reindex(server, params)


def _command_place(arguments: object) -> tuple[str, types.Position]:
    if isinstance(arguments, dict):
        place = arguments.get("position")
        if isinstance(arguments.get("uri"), str) and isinstance(place, dict):
            try:
                return arguments["uri"], types.Position(int(place["line"]), int(place["character"]))
            except (KeyError, TypeError, ValueError):
                pass
    raise UsageError('the argument must be {"uri": ..., "position": {"line": ..., "character": ...}}')


def _register_commands(server: Server) -> None:
    plain: Callable[[Any], Any] = server.protocol._converter.unstructure  # noqa: SLF001 - as above

    @server.command(COMMAND_EXPLAIN)
    async def on_explain(arguments: Any = None, *_: Any) -> Any:
        uri, position = _command_place(arguments)
        params = protocol.ExplainParams(text_document=types.TextDocumentIdentifier(uri), position=position)
        return plain(await explain(server, params))

    @server.command(COMMAND_ASK)
    async def on_ask(arguments: Any = None, *_: Any) -> Any:
        uri, position = _command_place(arguments)
        question = arguments.get("question") if isinstance(arguments, dict) else None
        if not isinstance(question, str) or not question.strip():
            question = "What does this do, and how is it used?"
        params = protocol.AskParams(
            question=question, text_document=types.TextDocumentIdentifier(uri), position=position
        )
        return plain(await ask(server, params))

    @server.command(COMMAND_SIMILAR)
    async def on_similar(arguments: Any = None, *_: Any) -> Any:
        uri, position = _command_place(arguments)
        found = await asyncio.to_thread(resolve, server, uri, position)
        if found is None:
            raise SymbolNotFoundError("there is no indexed symbol at this place")
        live, described = found
        query = similar_query(described.entry)
        result = await asyncio.to_thread(find, server, query, SEARCH_LIMIT + 1, Filter())
        here = uri_in(live.root, described.entry.path)
        hits = [hit for hit in result.hits if hit.uri != here or hit.qualified_name != described.entry.qualified_name]
        return plain(attrs.evolve(result, hits=tuple(hits[:SEARCH_LIMIT])))

    @server.command(COMMAND_REINDEX)
    async def on_reindex(*_: Any) -> None:
        await reindex(server, None)


def similar_query(entry: StoredEntry) -> str:
    """A query for code like an entry: its name in words, how it is declared, what it says of itself."""
    from glossator.index.terms import split_identifier

    return " ".join([*split_identifier(entry.name), entry.signature, entry.doc[:300]])
