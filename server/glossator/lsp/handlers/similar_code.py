"""`glossator.findSimilar`: code similar to the symbol at a position."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import attrs
from lsprotocol import types

from glossator.errors import SymbolNotFoundError
from glossator.index.records import Filter
from glossator.lsp.conversion import to_uri
from glossator.lsp.handlers.search_code import SEARCH_LIMIT, find_hits
from glossator.lsp.symbol_at import symbol_at
from glossator.retrieval.similar import similar_query

if TYPE_CHECKING:
    from glossator.lsp import protocol
    from glossator.lsp.context import Context


async def find_similar(context: Context, uri: str, line: int, character: int) -> protocol.SearchResult:
    """Code similar to the symbol at an LSP position.

    Raises:
        SymbolNotFoundError: there is no symbol.
    """
    editor, backend = context.editor, context.backend
    position = types.Position(line, character)
    found = await asyncio.to_thread(symbol_at, editor, backend.folders, uri, position, enclosing=True)
    if found is None:
        raise SymbolNotFoundError("there is no symbol here, or the file is not indexed")
    live, described = found
    entry = described.entry
    result = await asyncio.to_thread(
        find_hits, backend.session, editor.encoding, similar_query(entry), SEARCH_LIMIT + 1, Filter()
    )
    here = to_uri(live.root.path / entry.path)
    hits = [hit for hit in result.hits if hit.uri != here or hit.qualified_name != entry.qualified_name]
    return attrs.evolve(result, hits=tuple(hits[:SEARCH_LIMIT]))
