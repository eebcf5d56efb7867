"""`workspace/textDocumentContent`: the text of an answer that was shown as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from glossator.lsp.context import Context


def answer_text(context: Context, params: types.TextDocumentContentParams) -> types.TextDocumentContentResult:
    """The text of an answer's document.

    Raises:
        UsageError: it is no longer kept, or the URI is none of ours.
    """
    return types.TextDocumentContentResult(context.answer_documents.text(params.uri))
