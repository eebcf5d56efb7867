"""How everything stands, as the client is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.lsp import protocol
from glossator.lsp.places import uri_in

if TYPE_CHECKING:
    from glossator.lsp.server import Server
    from glossator.project.live import LiveRoot, RootState

MAX_SKIPPED = 1000
"""Skipped files of a root that a status names; it counts them all."""


def status_of(server: Server) -> protocol.StatusResult:
    """How everything stands."""
    roots = []
    skipped = 0
    for uri, live in server.workspaces:
        state = live.state()
        skipped += len(state.skipped)
        roots.append(
            protocol.RootStatus(
                uri=uri,
                state=state.state,
                files=state.files,
                symbols=state.symbols,
                pending=state.pending,
                watching=state.watching,
                skipped=_skipped(server, live, state),
                message=state.message,
            )
        )
    for uri, message in server.workspaces.failed.items():
        roots.append(
            protocol.RootStatus(uri=uri, state="failed", files=0, symbols=0, pending=0, watching="", message=message)
        )
    states = {root.state for root in roots}
    overall: protocol.IndexState = "indexing" if "indexing" in states else "failed" if states == {"failed"} else "ready"
    return protocol.StatusResult(
        index=protocol.IndexStatus(
            state=overall,
            files=sum(root.files for root in roots),
            symbols=sum(root.symbols for root in roots),
            pending=sum(root.pending for root in roots),
            skipped=skipped,
        ),
        model=_model_status(server),
        roots=tuple(roots),
    )


def _skipped(server: Server, live: LiveRoot, state: RootState) -> tuple[protocol.SkippedFile, ...]:
    """The skipped files of a root; made anew only when they have changed, since a status is sent often."""
    known = server.skipped.get(live)
    if known is None or known[0] is not state.skipped:
        files = (
            protocol.SkippedFile(uri=uri_in(live.root, item.path), reason=item.reason)
            for item in state.skipped[:MAX_SKIPPED]
        )
        server.skipped[live] = known = (state.skipped, tuple(files))
    return known[1]


def _model_status(server: Server) -> protocol.ModelStatus:
    if not server.configuration.options.trusted:
        return protocol.ModelStatus(
            state="none", name="", device="", context_tokens=0, reason="the workspace is not trusted"
        )
    status = server.model_status
    if status is not None and status.state != "none":
        return protocol.ModelStatus(
            state=status.state,
            name=status.name,
            device=status.device,
            context_tokens=status.context_tokens,
            reason=status.reason or status.note,
        )
    model = server.session.model_status()
    return protocol.ModelStatus(state="none", name=model["name"], device="", context_tokens=0, reason=model["reason"])
