"""`glossator/ask`: answer a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from glossator.answers.evidence import Question
from glossator.lsp.conversion import filter_of

if TYPE_CHECKING:
    from glossator.lsp import protocol
    from glossator.lsp.answer_stream import FoundCallback
    from glossator.lsp.context import Context


async def ask(context: Context, params: protocol.AskParams, found: FoundCallback | None = None) -> protocol.AskResult:
    """Answer a question, about the given symbol or lines, if any. `found` is told what was found."""
    await context.documents.parsed()
    context.ahead.user_active()
    backend, folders = context.backend, context.backend.folders
    focus = None
    if params.text_document is not None:
        span = params.range
        if span is None and params.position is not None:
            span = types.Range(params.position, params.position)
        if span is not None:
            focus = folders.place(params.text_document.uri, span)
    question = Question(
        params.question,
        where=filter_of(params.scope),
        focus=focus,
        pinned=tuple(place for item in params.pinned if (place := folders.place(item.uri, item.range))),
        removed=tuple(place for item in params.removed if (place := folders.place(item.uri, item.range))),
        conversation_id=params.conversation_id,
    )
    use_model = backend.configuration.options.trusted and not params.index_only
    return await context.answers.run(
        params, "Answering", lambda listener: backend.answerer.ask(question, listener, use_model=use_model), found
    )
