"""`glossator/status`: the state of index and model."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glossator.lsp import protocol
    from glossator.lsp.context import Context


def status(context: Context, _: protocol.StatusParams | None) -> protocol.StatusResult:
    """The state of index and model."""
    return context.status.current()
