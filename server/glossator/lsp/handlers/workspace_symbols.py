"""`workspace/symbol`: definitions by name, in all workspace folders."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from glossator.lsp.conversion import Ranges, to_uri
from glossator.lsp.symbol_kinds import symbol_kind

if TYPE_CHECKING:
    from glossator.lsp.context import Context
    from glossator.project.session import Session

SYMBOLS_LIMIT = 100
"""Maximum symbols per folder."""


async def workspace_symbols(context: Context, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
    """Definitions whose names are similar to the query."""
    return await asyncio.to_thread(_named_like, context.backend.session, params.query, context.editor.encoding)


def _named_like(session: Session, query: str, encoding: str) -> list[types.WorkspaceSymbol]:
    ranges = Ranges(encoding)
    snapshots = [snapshot for root in session.roots if (snapshot := root.open()) is not None]
    return [
        types.WorkspaceSymbol(
            name=entry.name,
            kind=symbol_kind(entry.kind),
            container_name=entry.qualified_name.rpartition(".")[0] or entry.path,
            location=types.Location(
                to_uri(snapshot.path / entry.path),
                ranges(snapshot.path, entry.path, snapshot.unmasked_text, entry.name_line, entry.name_line),
            ),
        )
        for snapshot in snapshots
        for entry in snapshot.names_like(query, SYMBOLS_LIMIT)
    ]
