"""`textDocument/documentSymbol`: the outline of a document."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from glossator.lsp.conversion import Ranges
from glossator.lsp.symbol_kinds import symbol_kind

if TYPE_CHECKING:
    from glossator.lsp.context import Context
    from glossator.project.snapshot import Snapshot


async def document_symbols(context: Context, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    """The outline of a document's current text."""
    await context.documents.parsed()
    located = context.backend.folders.locate(params.text_document.uri)
    if located is None:
        return []
    live, path = located
    snapshot = await asyncio.to_thread(live.root.open)
    if snapshot is None:
        return []
    return await asyncio.to_thread(_outline, snapshot, path, context.editor.encoding)


def _outline(snapshot: Snapshot, path: str, encoding: str) -> list[types.DocumentSymbol]:
    """The outline of a file."""
    ranges = Ranges(encoding)
    entries = [entry for entry in snapshot.entries_in(path) if entry.part == 0 and entry.name and entry.kind != "block"]
    made = {
        entry.id: types.DocumentSymbol(
            name=entry.name,
            detail=entry.signature[:120],
            kind=symbol_kind(entry.kind),
            range=ranges(snapshot.path, path, snapshot.unmasked_text, entry.start_line, entry.end_line),
            selection_range=ranges(snapshot.path, path, snapshot.unmasked_text, entry.name_line, entry.name_line),
            children=[],
        )
        for entry in entries
    }
    children: dict[int | None, list[types.DocumentSymbol]] = {}
    for entry in entries:
        parent = entry.parent if entry.parent in made else None
        children.setdefault(parent, []).append(made[entry.id])
    for number, symbol in made.items():
        symbol.children = children.get(number, [])
    return children.get(None, [])
