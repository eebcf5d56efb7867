"""`glossator/explain`: explain the symbol at a position."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from glossator.errors import SymbolNotFoundError
from glossator.lsp.symbol_at import symbol_at

if TYPE_CHECKING:
    from glossator.lsp import protocol
    from glossator.lsp.answer_stream import FoundCallback
    from glossator.lsp.context import Context


async def explain(
    context: Context, params: protocol.ExplainParams, found_places: FoundCallback | None = None
) -> protocol.AskResult:
    """Explain the symbol at a position, or the definition that contains the position.

    `found_places` is told what was found.

    Raises:
        SymbolNotFoundError: there is neither.
    """
    await context.documents.parsed()
    context.ahead.user_active()
    backend = context.backend
    found = await asyncio.to_thread(
        symbol_at, context.editor, backend.folders, params.text_document.uri, params.position, enclosing=True
    )
    if found is None:
        raise SymbolNotFoundError("there is no symbol here, or the file is not indexed")
    live, described = found
    use_model = backend.configuration.options.trusted and not params.index_only
    return await context.answers.run(
        params,
        "Explaining",
        lambda listener: backend.answerer.explain(live.root, described.entry, listener, use_model=use_model),
        found_places,
    )
