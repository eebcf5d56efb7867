"""`workspace/didChangeWorkspaceFolders`, `didChangeConfiguration` and `window/workDoneProgress/cancel`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from glossator.lsp.client_progress import MODEL
from glossator.lsp.configuration import SECTION

if TYPE_CHECKING:
    from lsprotocol import types

    from glossator.lsp.client_progress import ClientProgress
    from glossator.lsp.context import Context


def workspace_folders_changed(context: Context, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Close and open folders."""
    backend = context.backend
    for folder in params.event.removed:
        if (live := backend.folders.remove(folder.uri)) is not None:
            context.editor.spawn(asyncio.to_thread(live.close))
    if backend.started:  # else all of the client's folders are opened soon
        for folder in params.event.added:
            backend.folders.add(folder.uri)
        context.documents.reparse_all()
    context.status.changed()


def configuration_changed(context: Context, params: types.DidChangeConfigurationParams) -> None:
    """Apply the client's settings: those it sent, or those it returns when asked."""
    pushed = params.settings
    section = pushed.get(SECTION) if isinstance(pushed, dict) else None
    context.editor.spawn(apply_configuration(context, section))


async def apply_configuration(context: Context, pushed: object) -> None:
    """Ask the client for its settings, or use the `pushed` ones if it does not support that, and apply them."""
    section = await context.editor.pull_configuration(SECTION, pushed)
    backend = context.backend
    old = backend.session.settings
    if await backend.apply(section):
        context.documents.reparse_all()
    if backend.session.settings != old:
        context.editor.spawn(_reconfigure_model(context))
    context.status.changed()


async def _reconfigure_model(context: Context) -> None:
    """Apply model settings between two answers, possibly waiting for one to end."""
    await context.backend.reconfigure_model()
    context.status.changed()


def progress_cancelled(context: Context, progress: ClientProgress, params: types.WorkDoneProgressCancelParams) -> None:
    """Cancel the work behind one of our progress reports: indexing a folder, or answers that wait for the model."""
    subject = progress.subject_of(params.token)
    if subject == MODEL:
        context.answers.cancel_all()
    elif subject is not None and (live := context.backend.folders.named(subject)) is not None:
        live.cancel_run()
