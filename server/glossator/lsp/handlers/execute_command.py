"""`workspace/executeCommand`: the custom requests as commands, for editors without our extension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from glossator.lsp import protocol
from glossator.lsp.command_names import (
    ASK_COMMAND,
    EXPLAIN_COMMAND,
    REINDEX_COMMAND,
    SIMILAR_COMMAND,
    position_argument,
)
from glossator.lsp.handlers.ask import ask
from glossator.lsp.handlers.explain import explain
from glossator.lsp.handlers.reindex import reindex
from glossator.lsp.handlers.similar_code import find_similar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from glossator.lsp.answer_stream import FoundCallback
    from glossator.lsp.context import Context

DEFAULT_QUESTION = "What does this do, and how is it used?"


async def _shown(
    context: Context, title: str, make: Callable[[FoundCallback | None], Coroutine[Any, Any, protocol.AskResult]]
) -> Any:
    """A command's answer as plain JSON types, also shown as a document, unless the client shows it in its own way."""
    own_way = context.backend.configuration.options.client_commands
    document = None if own_way else context.answer_documents.begin(title)
    if document is None:
        return context.editor.protocol.plain(await make(None))
    try:
        result = await make(document.found)
    except BaseException:
        document.ended_early()
        raise
    document.done(result)
    return context.editor.protocol.plain(result)


async def explain_command(context: Context, argument: object = None, *_: object) -> Any:
    """Explain the symbol at a position."""
    uri, line, character = position_argument(argument)
    params = protocol.ExplainParams(
        text_document=types.TextDocumentIdentifier(uri), position=types.Position(line, character)
    )
    word = context.editor.word_at(uri, params.position)
    return await _shown(
        context, f"Explanation of {word}" if word else "Explanation", lambda found: explain(context, params, found)
    )


async def ask_command(context: Context, argument: object = None, *_: object) -> Any:
    """Answer a question about the symbol at a position."""
    uri, line, character = position_argument(argument)
    question = argument.get("question") if isinstance(argument, dict) else None
    if not isinstance(question, str) or not question.strip():
        question = DEFAULT_QUESTION
    params = protocol.AskParams(
        question=question,
        text_document=types.TextDocumentIdentifier(uri),
        position=types.Position(line, character),
    )
    return await _shown(context, question, lambda found: ask(context, params, found))


async def similar_command(context: Context, argument: object = None, *_: object) -> Any:
    """Find code similar to the symbol at a position."""
    return context.editor.protocol.plain(await find_similar(context, *position_argument(argument)))


async def reindex_command(context: Context, *_: object) -> None:
    """Compare the index of all folders with the disk."""
    await reindex(context, None)


COMMAND_HANDLERS: Mapping[str, Callable[..., Coroutine[Any, Any, Any]]] = {
    EXPLAIN_COMMAND: explain_command,
    ASK_COMMAND: ask_command,
    SIMILAR_COMMAND: similar_command,
    REINDEX_COMMAND: reindex_command,
}
"""Name -> handler: takes the context, then the command's arguments."""
