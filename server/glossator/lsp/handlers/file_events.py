"""`workspace/didChangeWatchedFiles`, `didCreateFiles`, `didRenameFiles`, `didDeleteFiles`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lsprotocol import types

    from glossator.lsp.context import Context


def watched_files_changed(context: Context, params: types.DidChangeWatchedFilesParams) -> None:
    """The client has detected file changes."""
    files_changed(context, (change.uri for change in params.changes))


def files_created(context: Context, params: types.CreateFilesParams) -> None:
    """The user created files in the editor."""
    files_changed(context, (file.uri for file in params.files))


def files_renamed(context: Context, params: types.RenameFilesParams) -> None:
    """The user renamed files in the editor."""
    files_changed(context, (uri for file in params.files for uri in (file.old_uri, file.new_uri)))


def files_deleted(context: Context, params: types.DeleteFilesParams) -> None:
    """The user deleted files in the editor."""
    files_changed(context, (file.uri for file in params.files))


def files_changed(context: Context, uris: Iterable[str]) -> None:
    """Report changes to the roots that contain the files."""
    for uri in uris:
        for live, path in context.backend.folders.holding(uri):
            live.changed([live.root.path / path])
    context.status.changed()
