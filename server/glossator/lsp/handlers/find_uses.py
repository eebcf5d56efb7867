"""`glossator/uses` and `textDocument/references`: the places that use a symbol."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from glossator.answers.use_wording import not_searched_words, uncollected_note
from glossator.errors import SymbolNotFoundError, UsageError
from glossator.lsp import protocol
from glossator.lsp.conversion import to_uri
from glossator.lsp.use_places import UsePlaces
from glossator.project.targets import FoundSymbol, find_symbols
from glossator.retrieval.use_records import CALLING, OVERRIDE, USE_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.lsp.context import Context
    from glossator.project.root import Root
    from glossator.project.session import Session
    from glossator.retrieval.use_records import NamedSymbol

MAX_CALLER_DEPTH = 10
"""Levels of callers of callers that may be asked for."""
MOST_MEANT = 5
"""Definitions that a name of unknown meaning may have, for its references to be told."""


async def uses(context: Context, params: protocol.UsesParams) -> protocol.UsesResult:
    """The uses of the symbol at a position, or of all symbols of a name.

    Raises:
        JsonRpcInvalidParams: neither a name nor a position is given, a kind does not exist, or the depth is too large.
        SymbolNotFoundError: there is no such symbol.
    """
    for kind in params.kinds:
        if kind not in USE_KINDS:
            raise JsonRpcInvalidParams(f"kinds: unknown kind {kind!r}; the kinds are {', '.join(USE_KINDS)}")
    depth = params.depth or 0
    if not 0 <= depth <= MAX_CALLER_DEPTH:
        raise JsonRpcInvalidParams(f"depth must be between 0 and {MAX_CALLER_DEPTH}, not {depth}")
    await context.documents.parsed()
    stopped = threading.Event()
    try:
        return await _found_uses(context, params, stopped.is_set)
    finally:
        stopped.set()  # the thread goes on after a cancellation


async def _found_uses(
    context: Context, params: protocol.UsesParams, cancelled: Callable[[], bool]
) -> protocol.UsesResult:
    encoding = context.editor.encoding
    if params.name is not None:
        session = context.backend.session
        return await asyncio.to_thread(_uses_of_name, session, params, params.name, encoding, cancelled)
    if params.text_document is None or params.position is None:
        raise JsonRpcInvalidParams("either name, or textDocument and position, must be given")
    if params.enclosing:
        found = await asyncio.to_thread(_symbol_around, context, params.text_document.uri, params.position)
    else:
        found = await asyncio.to_thread(symbols_at, context, params.text_document.uri, params.position, enclosing=True)
    if not found:
        raise SymbolNotFoundError("there is no symbol here, or the file is not indexed")
    return await asyncio.to_thread(_as_result, found, params, encoding, cancelled)


def _uses_of_name(
    session: Session, params: protocol.UsesParams, name: str, encoding: str, cancelled: Callable[[], bool]
) -> protocol.UsesResult:
    try:
        return _as_result(find_symbols(session, name), params, encoding, cancelled)
    except UsageError as error:
        raise JsonRpcInvalidParams(str(error)) from error


def _as_result(
    found: list[FoundSymbol], params: protocol.UsesParams, encoding: str, cancelled: Callable[[], bool]
) -> protocol.UsesResult:
    kinds = frozenset(params.kinds) or None
    told = []
    for item in found:
        item.finder.stop_when(cancelled)
        callers = item.finder.callers(item.symbol, params.depth, kinds or CALLING)[0] if params.depth else ()
        places = UsePlaces(encoding, item.finder)
        told.append(places.uses(item.root.path, item.finder.uses(item.symbol, kinds), callers))
    return protocol.UsesResult(symbols=tuple(told))


def symbols_at(context: Context, uri: str, position: types.Position, *, enclosing: bool = False) -> list[FoundSymbol]:
    """The symbols that the name at a position may refer to; with `enclosing`, else the definition around it."""
    located = context.backend.folders.locate(uri)
    if located is None:
        return []
    live, path = located
    snapshot = live.root.snapshot()
    try:
        document = context.editor.document(uri)
        line, index = document.index_at(position)
        word = document.word_at(position)
        text = document.lines[line - 1] if line <= len(document.lines) else ""
    except OSError:
        return []
    if snapshot is None:
        return []
    finder = snapshot.use_finder()
    meant = finder.meant_at(path, line, len(text[:index].encode())) if word else None
    found: list[NamedSymbol] = list(meant.symbols) if meant is not None else []
    if not found and meant is not None and meant.grade == "possible":
        named = finder.symbols(word)
        found = named if len(named) <= MOST_MEANT else []
    if not found and enclosing and (around := finder.symbol_at(path, line)) is not None:
        found = [around]
    return [FoundSymbol(live.root, finder, symbol) for symbol in found]


def _symbol_around(context: Context, uri: str, position: types.Position) -> list[FoundSymbol]:
    """The innermost definition around a position."""
    located = context.backend.folders.locate(uri)
    snapshot = located[0].root.snapshot() if located is not None else None
    if located is None or snapshot is None:
        return []
    finder = snapshot.use_finder()
    around = finder.symbol_at(located[1], position.line + 1)
    return [FoundSymbol(located[0].root, finder, around)] if around is not None else []


async def say_if_incomplete(context: Context, uri: str) -> None:
    """Tell the user if uses in a document's root are still being collected: LSP's own results have no place for it."""
    located = context.backend.folders.locate(uri)
    snapshot = located[0].root.snapshot() if located is not None else None
    if snapshot is not None and (note := uncollected_note(await asyncio.to_thread(snapshot.store.uncollected))):
        context.editor.inform(note)


async def find_references(context: Context, params: types.ReferenceParams) -> list[types.Location] | None:
    """The places that certainly refer to the symbol at a position; those that may, if there are no others."""
    if not context.backend.configuration.options.references:
        return None
    await context.documents.parsed()
    await say_if_incomplete(context, params.text_document.uri)
    found = await asyncio.to_thread(symbols_at, context, params.text_document.uri, params.position)
    declared = params.context.include_declaration
    locations, notes = await asyncio.to_thread(_locations, found, context.editor.encoding, declared=declared)
    for note in notes:
        context.editor.inform(note)
    return locations


def _locations(found: list[FoundSymbol], encoding: str, *, declared: bool) -> tuple[list[types.Location], list[str]]:
    """The places that use symbols, and what is to be said of them."""
    notes: list[str] = []
    locations: dict[tuple[str, int, int], types.Location] = {}

    def add(root: Root, path: str, span: types.Range) -> None:
        uri = to_uri(root.path / path)
        locations.setdefault((uri, span.start.line, span.start.character), types.Location(uri, span))

    for item in found:
        places = UsePlaces(encoding, item.finder)
        told = item.finder.uses(item.symbol)
        if words := not_searched_words(told):
            notes.append(f"{item.symbol.name}: {words}")
        if declared:
            for definition in item.finder.declarations(item.symbol):
                add(item.root, definition.path, places.name_range(definition))
        for place in told.resolved or told.possible:
            if place.kind != OVERRIDE:
                add(item.root, place.path, places.range(place))
    return list(locations.values()), notes
