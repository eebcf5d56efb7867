"""`textDocument/prepareCallHierarchy`, `callHierarchy/incomingCalls` and `outgoingCalls`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from glossator.lsp.conversion import to_uri
from glossator.lsp.handlers.find_uses import say_if_incomplete, symbols_at
from glossator.lsp.symbol_kinds import symbol_kind
from glossator.lsp.use_places import UsePlaces
from glossator.project.targets import FoundSymbol
from glossator.retrieval.use_records import CALLING

if TYPE_CHECKING:
    from glossator.lsp.context import Context
    from glossator.project.root import Root
    from glossator.retrieval.use_records import NamedSymbol


async def prepare_call_hierarchy(
    context: Context, params: types.CallHierarchyPrepareParams
) -> list[types.CallHierarchyItem] | None:
    """The symbols whose calls can be shown: what the name at a position refers to, or the definition around it.

    This is what a user asks for; calls are asked for as the hierarchy is unfolded. So what they may lack is said here.
    """
    if not context.backend.configuration.options.references:
        return None
    await context.documents.parsed()
    uri, position = params.text_document.uri, params.position
    await say_if_incomplete(context, uri)
    found = await asyncio.to_thread(symbols_at, context, uri, position, enclosing=True)
    encoding = context.editor.encoding
    return await asyncio.to_thread(
        lambda: [_item(item.root, item.symbol, UsePlaces(encoding, item.finder)) for item in found] or None
    )


async def incoming_calls(
    context: Context, params: types.CallHierarchyIncomingCallsParams
) -> list[types.CallHierarchyIncomingCall] | None:
    """What calls a symbol."""
    await context.documents.parsed()
    return await asyncio.to_thread(_incoming, context, params.item, context.editor.encoding)


async def outgoing_calls(
    context: Context, params: types.CallHierarchyOutgoingCallsParams
) -> list[types.CallHierarchyOutgoingCall] | None:
    """What a symbol calls."""
    await context.documents.parsed()
    return await asyncio.to_thread(_outgoing, context, params.item, context.editor.encoding)


def _item(root: Root, symbol: NamedSymbol, places: UsePlaces) -> types.CallHierarchyItem:
    name = places.name_range(symbol)
    whole = places.whole_range(symbol)
    container = symbol.qualified_name.rpartition(".")[0] if symbol.language else ""
    return types.CallHierarchyItem(
        name=symbol.name,
        kind=symbol_kind(symbol.kind),
        uri=to_uri(root.path / symbol.path),
        range=whole,
        selection_range=name if whole.start.line <= name.start.line <= whole.end.line else whole,
        detail=container or symbol.path,
    )


def _found(context: Context, item: types.CallHierarchyItem) -> FoundSymbol | None:
    """The symbol that an item stands for, where it is now."""
    located = context.backend.folders.locate(item.uri)
    snapshot = located[0].root.snapshot() if located is not None else None
    if located is None or snapshot is None:
        return None
    finder = snapshot.use_finder()
    line = item.selection_range.start.line + 1
    symbol = finder.symbol_at(located[1], line, item.name)
    if symbol is None or symbol.line != line:  # it has moved
        named = finder.symbols(item.name, located[1])
        symbol = min(named, key=lambda one: abs(one.line - line), default=None)
    return FoundSymbol(located[0].root, finder, symbol) if symbol is not None else None


def _incoming(
    context: Context, item: types.CallHierarchyItem, encoding: str
) -> list[types.CallHierarchyIncomingCall] | None:
    if (found := _found(context, item)) is None:
        return None
    places = UsePlaces(encoding, found.finder)
    calls: dict[tuple[str, int], types.CallHierarchyIncomingCall] = {}
    for place in found.finder.uses(found.symbol, CALLING).resolved:
        owner = place.owner if place.owner is not None else found.finder.whole_file(place.path)
        key = (owner.path, owner.line)
        if key not in calls:
            calls[key] = types.CallHierarchyIncomingCall(_item(found.root, owner, places), [])
        calls[key].from_ranges = [*calls[key].from_ranges, places.range(place)]
    return list(calls.values())


def _outgoing(
    context: Context, item: types.CallHierarchyItem, encoding: str
) -> list[types.CallHierarchyOutgoingCall] | None:
    if (found := _found(context, item)) is None:
        return None
    places = UsePlaces(encoding, found.finder)
    calls = []
    for used in found.finder.callees(found.symbol):
        made = [place for place in used.places if place.kind in CALLING and place.resolved]
        if made:
            ranges = [places.range(place) for place in made]
            calls.append(types.CallHierarchyOutgoingCall(_item(found.root, used.symbol, places), ranges))
    return calls
