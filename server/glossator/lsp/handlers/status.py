"""`glossator/status`: how everything stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glossator.lsp import protocol
    from glossator.lsp.context import Context


def status(context: Context, _: protocol.StatusParams | None) -> protocol.StatusResult:
    """How everything stands."""
    return context.status.current()
