"""`glossator/reindex`: compare the index with the disk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from glossator.errors import UsageError

if TYPE_CHECKING:
    from glossator.lsp import protocol
    from glossator.lsp.context import Context


async def reindex(context: Context, params: protocol.ReindexParams | None) -> None:
    """Compare the index of one folder, or of all, with the disk; done when the index is up to date.

    Raises:
        UsageError: the folder is not open.
    """
    folders = context.backend.folders
    wanted = params.root if params is not None else None
    if wanted is None:
        roots = [live for _, live in folders]
    else:
        live = folders.named(wanted)
        if live is None:
            raise UsageError(f"{wanted} is not an open workspace folder")
        roots = [live]
    futures = [live.rescan() for live in roots]
    context.status.changed()
    if futures:
        await asyncio.wait([asyncio.wrap_future(future) for future in futures])
