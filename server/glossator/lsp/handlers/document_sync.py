"""`textDocument/didOpen`, `didChange`, `didSave`, `didClose`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.lsp.handlers.file_events import files_changed

if TYPE_CHECKING:
    from lsprotocol import types

    from glossator.lsp.context import Context


def document_opened(context: Context, params: types.DidOpenTextDocumentParams) -> None:
    """Use the document's text instead of its file from now on."""
    context.documents.changed(params.text_document.uri, now=True)
    context.ahead.user_active(params.text_document.uri)


def document_changed(context: Context, params: types.DidChangeTextDocumentParams) -> None:
    """Parse the document, once the user pauses."""
    context.documents.changed(params.text_document.uri)
    context.ahead.user_active(params.text_document.uri)


def document_saved(context: Context, params: types.DidSaveTextDocumentParams) -> None:
    """Report that the file has changed on disk."""
    files_changed(context, [params.text_document.uri])


def document_closed(context: Context, params: types.DidCloseTextDocumentParams) -> None:
    """Use the file again."""
    context.documents.closed(params.text_document.uri)
