"""`glossator/forget` and `glossator/rebuild`: delete the indexes of workspace folders, or build them from nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from glossator.answers.forgetting import forget_beside
from glossator.errors import UsageError
from glossator.index.folders import remove_indexes
from glossator.project.adaptation_runs import stop_run

if TYPE_CHECKING:
    from glossator.lsp import protocol
    from glossator.lsp.context import Context


async def forget(context: Context, params: protocol.ForgetParams | None) -> None:
    """Delete the indexes of one folder, or of all, and everything else that is kept of it.

    They are not built again before the folder is opened again.

    Raises:
        UsageError: the folder is not open.
        StoreLockedError: another process writes the index.
    """
    await _delete(context, params.root if params is not None else None)


async def rebuild(context: Context, params: protocol.RebuildParams | None) -> None:
    """Delete the indexes of one folder, or of all, and begin to build them again.

    Raises:
        UsageError: the folder is not open.
        StoreLockedError: another process writes the index.
    """
    await _delete(context, params.root if params is not None else None, reopen=True)


async def _delete(context: Context, wanted: str | None, *, reopen: bool = False) -> None:
    folders = context.backend.folders
    if wanted is not None and folders.named(wanted) is None:
        raise UsageError(f"{wanted} is not an open workspace folder")
    uris = [wanted] if wanted is not None else [uri for uri, _ in folders]
    try:
        for uri in uris:
            while (live := folders.named(uri)) is not None:  # a folder may be open under several URIs
                folder = live.root.folder
                names = [other for other, one in folders.all() if one is live]
                for name in names:
                    folders.remove(name)
                try:
                    await asyncio.to_thread(live.close)
                    await asyncio.to_thread(remove_indexes, folder)
                    if not reopen:
                        await asyncio.to_thread(stop_run, live.root.adaptations.folder)
                        await asyncio.to_thread(forget_beside, live.root.settings, live.root.path)
                except BaseException:
                    for name in names:
                        folders.add(name)
                    raise
                if reopen:
                    for name in names:
                        folders.add(name)
                    break
    finally:
        context.documents.reparse_all()
        context.status.changed()
