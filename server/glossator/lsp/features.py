"""What editors know by themselves: hovers, code actions, lenses, outlines, symbols. A hover never waits for a model."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from glossator.lsp.places import Ranges, uri_in
from glossator.lsp.symbols import Described, describe, document_symbols, hover_text, symbol_kind

if TYPE_CHECKING:
    from glossator.lsp.server import Server
    from glossator.project.live import LiveRoot

SYMBOLS_LIMIT = 100

COMMAND_EXPLAIN = "glossator.explain"
COMMAND_ASK = "glossator.ask"
COMMAND_SIMILAR = "glossator.findSimilar"
COMMAND_REINDEX = "glossator.reindex"

ACTIONS = (
    ("Explain this symbol", COMMAND_EXPLAIN),
    ("Ask about this symbol", COMMAND_ASK),
    ("Find similar code", COMMAND_SIMILAR),
)

CLIENT_COMMANDS = frozenset({COMMAND_EXPLAIN, COMMAND_ASK, COMMAND_SIMILAR})
"""Commands that a client may have itself (`initializationOptions.clientCommands`), to show answers in its own way."""


def resolve(server: Server, uri: str, position: types.Position) -> tuple[LiveRoot, Described] | None:
    """The symbol at a position: the definition there, or the one that the word there refers to."""
    located = server.workspaces.locate(uri)
    if located is None:
        return None
    live, path = located
    document = server.document(uri)
    try:
        line, _ = document.index_at(position)
        word = document.word_at(position)
    except OSError:
        return None
    described = describe(live.root, path, line, word)
    return (live, described) if described is not None else None


def _hover(server: Server, params: types.HoverParams) -> types.Hover | None:
    if not server.configuration.options.hover:
        return None
    uri, position = params.text_document.uri, params.position
    document = server.document(uri)
    try:
        if not document.word_at(position):
            return None
    except OSError:
        return None
    found = resolve(server, uri, position)
    if found is None:
        return None
    live, described = found
    explanation = server.answerer.explained(live.root, described.entry)
    links = [(title, command) for title, command in ACTIONS[:2]]
    text = hover_text(described, explanation, uri, position, links, uri_in(live.root, described.entry.path))
    return types.Hover(contents=types.MarkupContent(types.MarkupKind.Markdown, text))


def _arguments(uri: str, position: types.Position) -> list[Any]:
    return [{"uri": uri, "position": {"line": position.line, "character": position.character}}]


def _code_actions(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri, position = params.text_document.uri, params.range.start
    # Ours are of no kind: a client that asks for quick fixes or refactorings alone does not want them.
    if params.context.only and types.CodeActionKind.Empty not in params.context.only:
        return []
    try:
        if not server.document(uri).word_at(position) or resolve(server, uri, position) is None:
            return []
    except OSError:
        return []
    return [
        types.CodeAction(
            title=title,
            kind=types.CodeActionKind.Empty,
            data={"command": command, "uri": uri, "line": position.line, "character": position.character},
        )
        for title, command in ACTIONS
    ]


def _resolve_action(action: types.CodeAction) -> types.CodeAction:
    data = action.data
    if isinstance(data, dict) and data.get("command") in CLIENT_COMMANDS:
        position = types.Position(int(data["line"]), int(data["character"]))
        action.command = types.Command(
            action.title, str(data["command"]), arguments=_arguments(str(data["uri"]), position)
        )
    return action


def register(server: Server) -> None:
    """Attach the handlers."""

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def on_hover(params: types.HoverParams) -> types.Hover | None:
        return _hover(server, params)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.Empty], resolve_provider=True),
    )
    def on_code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        return _code_actions(server, params)

    @server.feature(types.CODE_ACTION_RESOLVE)
    def on_resolve(action: types.CodeAction) -> types.CodeAction:
        return _resolve_action(action)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=True))
    async def on_code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        if not server.configuration.options.code_lens:
            return []
        return await asyncio.to_thread(_lenses, server, params.text_document.uri)

    @server.feature(types.CODE_LENS_RESOLVE)
    async def on_resolve_lens(lens: types.CodeLens) -> types.CodeLens:
        return await asyncio.to_thread(_resolve_lens, server, lens)

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def on_document_symbol(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        await server.buffers_parsed()
        located = server.workspaces.locate(params.text_document.uri)
        if located is None:
            return []
        live, path = located
        ranges = Ranges(server)
        return await asyncio.to_thread(document_symbols, live.root, path, lambda a, b: ranges(live.root, path, a, b))

    @server.feature(types.WORKSPACE_SYMBOL)
    async def on_workspace_symbol(params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        return await asyncio.to_thread(_workspace_symbols, server, params.query)


def _workspace_symbols(server: Server, query: str) -> list[types.WorkspaceSymbol]:
    ranges = Ranges(server)
    return [
        types.WorkspaceSymbol(
            name=entry.name,
            kind=symbol_kind(entry.kind),
            container_name=entry.qualified_name.rpartition(".")[0] or entry.path,
            location=types.Location(
                uri_in(root, entry.path), ranges(root, entry.path, entry.name_line, entry.name_line)
            ),
        )
        for root in server.session.roots
        for entry in root.names_like(query, SYMBOLS_LIMIT)
    ]


def _lenses(server: Server, uri: str) -> list[types.CodeLens]:
    located = server.workspaces.locate(uri)
    if located is None:
        return []
    live, path = located
    lenses = []
    for entry in live.root.entries_in(path):
        if entry.part or entry.kind in ("block", "section", "key", "rule", "element") or not entry.name:
            continue
        place = types.Position(entry.name_line - 1, 0)
        data = {"uri": uri, "line": place.line, "name": entry.name}
        lenses.append(types.CodeLens(types.Range(place, place), data=data))
    return lenses


def _resolve_lens(server: Server, lens: types.CodeLens) -> types.CodeLens:
    data = lens.data if isinstance(lens.data, dict) else {}
    located = server.workspaces.locate(str(data.get("uri", "")))
    if located is None:
        return lens
    count = located[0].root.reference_count(str(data.get("name", "")))
    uses = "no use" if count == 0 else "1 use" if count == 1 else f"{count:,} uses"
    lens.command = types.Command(
        f"{uses} · explain", COMMAND_EXPLAIN, arguments=_arguments(str(data["uri"]), lens.range.start)
    )
    return lens
