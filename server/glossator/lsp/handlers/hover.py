"""`textDocument/hover`: a symbol's description from the index. Never waits for a model or an update."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from glossator.lsp.command_names import SYMBOL_ACTIONS
from glossator.lsp.conversion import to_uri
from glossator.lsp.hover_text import command_link, markdown_text, plain_text
from glossator.lsp.symbol_at import symbol_at

if TYPE_CHECKING:
    from glossator.lsp.context import Context


async def hover(context: Context, params: types.HoverParams) -> types.Hover | None:
    """The signature, doc, explanation (if one is cached) and uses of the symbol that the word here refers to."""
    backend = context.backend
    if not backend.configuration.options.hover:
        return None
    uri, position = params.text_document.uri, params.position
    try:
        if not context.editor.document(uri).word_at(position):
            return None
    except OSError:
        return None
    found = symbol_at(context.editor, backend.folders, uri, position)
    if found is None:
        return None
    live, described = found

    def explanation() -> str | None:
        return backend.answerer.explained(live.root, described.entry)

    # In another thread: an explanation is compared with the file, and to count the uses of a common name takes a tenth
    # of a second.
    if not _shows_markdown(context):
        text = await asyncio.to_thread(lambda: plain_text(described, explanation()))
        return types.Hover(types.MarkupContent(types.MarkupKind.PlainText, text))
    # In a client that does not implement our commands, such links would do nothing.
    links = (
        [command_link(title, command, uri, position) for title, command in SYMBOL_ACTIONS[:2]]
        if backend.configuration.options.client_commands
        else []
    )
    target = to_uri(live.root.path / described.entry.path)
    text = await asyncio.to_thread(lambda: markdown_text(described, explanation(), target, links))
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text))


def _shows_markdown(context: Context) -> bool:
    """Whether the client shows Markdown, which is assumed if it lists no formats."""
    documents = context.editor.capabilities.text_document
    formats = documents.hover.content_format if documents is not None and documents.hover is not None else None
    return not formats or types.MarkupKind.Markdown in formats
