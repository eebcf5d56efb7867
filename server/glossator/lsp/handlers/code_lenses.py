"""`textDocument/codeLens` and its resolution: the number of uses above each definition."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from glossator.lsp.command_names import EXPLAIN_COMMAND, command_arguments
from glossator.lsp.hover_text import uses_text
from glossator.lsp.symbol_at import counts_of

if TYPE_CHECKING:
    from glossator.lsp.context import Context
    from glossator.lsp.workspace_folders import WorkspaceFolders

_WITHOUT_LENS = frozenset({"block", "section", "key", "rule", "element"})
"""Kinds that are not referred to by name."""


async def code_lenses(context: Context, params: types.CodeLensParams) -> list[types.CodeLens]:
    """A lens above each definition of a document."""
    if not context.backend.configuration.options.code_lens:
        return []
    return await asyncio.to_thread(_lenses, context.backend.folders, params.text_document.uri)


async def resolve_code_lens(context: Context, lens: types.CodeLens) -> types.CodeLens:
    """Count the uses of a lens's definition."""
    return await asyncio.to_thread(_resolve, context.backend.folders, lens)


def _lenses(folders: WorkspaceFolders, uri: str) -> list[types.CodeLens]:
    located = folders.locate(uri)
    if located is None:
        return []
    live, path = located
    snapshot = live.root.open()
    lenses = []
    for entry in snapshot.entries_in(path) if snapshot is not None else ():
        if entry.part or entry.kind in _WITHOUT_LENS or not entry.name:
            continue
        place = types.Position(entry.name_line - 1, 0)
        data = {"uri": uri, "line": place.line, "name": entry.name}
        lenses.append(types.CodeLens(types.Range(place, place), data=data))
    return lenses


def _resolve(folders: WorkspaceFolders, lens: types.CodeLens) -> types.CodeLens:
    data = lens.data if isinstance(lens.data, dict) else {}
    located = folders.locate(str(data.get("uri", "")))
    if located is None:
        return lens
    snapshot = located[0].root.open()
    if snapshot is None:
        return lens
    entry = snapshot.entry_at(located[1], lens.range.start.line + 1)
    counts = counts_of(snapshot, entry) if entry is not None and entry.name == data.get("name") else None
    told = uses_text(counts.uses) if counts is not None else ""
    uses = f"{told} · " if told else ""
    arguments = command_arguments(str(data["uri"]), lens.range.start)
    lens.command = types.Command(f"{uses}explain", EXPLAIN_COMMAND, arguments=arguments)
    return lens
