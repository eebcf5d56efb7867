"""The content of `glossator/status`, and its notifications of changes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from glossator.lsp import protocol
from glossator.lsp.conversion import to_uri

if TYPE_CHECKING:
    from glossator.lsp.backend import Backend
    from glossator.lsp.editor import Editor
    from glossator.model.chat import ModelStatus
    from glossator.project.updates import RootState, RootUpdates

STATUS_SECONDS = 0.25
"""Minimum seconds between two `glossator/statusChanged`."""
MAX_SKIPPED = 1000
"""Maximum skipped files of a root that a status lists; it counts all of them."""


class StatusReporter:
    """The status of index and model. Used by the event loop."""

    def __init__(self, editor: Editor, backend: Backend) -> None:
        self._editor = editor
        self._backend = backend
        self._timer: asyncio.TimerHandle | None = None
        self._last: protocol.StatusResult | None = None
        self._skipped: WeakKeyDictionary[RootUpdates, tuple[object, tuple[protocol.SkippedFile, ...]]] = (
            WeakKeyDictionary()
        )
        """The cached list of a root's skipped files, and the value that it was made from."""
        self._team: WeakKeyDictionary[RootUpdates, tuple[int, protocol.TeamStart | None]] = WeakKeyDictionary()
        """What a root's index was started from, and after how many updates that was read."""
        self.model: ModelStatus | None = None
        """The last status of the model's process."""

    def changed(self) -> None:
        """Notify the client soon, once for several changes."""
        if self._timer is None and not self._editor.ended.is_set():
            self._timer = asyncio.get_running_loop().call_later(STATUS_SECONDS, self._send)

    def _send(self) -> None:
        self._timer = None
        status = self.current()
        if status != self._last:
            self._last = status
            self._editor.notify(protocol.STATUS_CHANGED, status)

    def close(self) -> None:
        """Stop notifying the client."""
        if self._timer is not None:
            self._timer.cancel()

    def current(self) -> protocol.StatusResult:
        """The current status."""
        backend = self._backend
        roots = []
        skipped = 0
        for uri, live in backend.folders:
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
                    skipped=self._skipped_files(live, state),
                    message=state.message,
                    updates=state.updates,
                    lines=state.lines,
                    size_bytes=state.size_bytes,
                    index_folder=str(live.root.folder),
                    skipped_files=len(state.skipped),
                    uncollected_files=state.uncollected,
                    download=protocol.Download(done_bytes=state.download[0], total_bytes=state.download[1])
                    if state.download
                    else None,
                    team=self._team_start(live),
                )
            )
        for uri, message in backend.folders.failed.items():
            roots.append(
                protocol.RootStatus(
                    uri=uri, state="failed", files=0, symbols=0, pending=0, watching="", message=message
                )
            )
        return protocol.StatusResult(
            index=protocol.IndexStatus(
                state=_overall({root.state for root in roots}, started=backend.started),
                files=sum(root.files for root in roots),
                symbols=sum(root.symbols for root in roots),
                pending=sum(root.pending for root in roots),
                skipped=skipped,
            ),
            model=self._model_status(backend),
            roots=tuple(roots),
            team=bool(backend.session.settings.team),
        )

    def _skipped_files(self, live: RootUpdates, state: RootState) -> tuple[protocol.SkippedFile, ...]:
        """The skipped files of a root; converted only after a change, since statuses are sent often."""
        known = self._skipped.get(live)
        if known is None or known[0] is not state.skipped:
            files = (
                protocol.SkippedFile(uri=to_uri(live.root.path / item.path), reason=item.reason)
                for item in state.skipped[:MAX_SKIPPED]
            )
            self._skipped[live] = known = (state.skipped, tuple(files))
        return known[1]

    def _team_start(self, live: RootUpdates) -> protocol.TeamStart | None:
        """What a root's index was started from; read again only when the index may have been made."""
        from glossator.team.mounting import mount_note

        updates = live.state().updates
        known = self._team.get(live)
        if known is None or known[0] != updates:
            note = mount_note(live.root.folder)
            start = None
            if note is not None:
                start = protocol.TeamStart(
                    mounted=note.mounted, repository=note.repository, commit=note.commit, reason=note.reason
                )
            self._team[live] = known = (updates, start)
        return known[1]

    def _model_status(self, backend: Backend) -> protocol.ModelStatus:
        if not backend.configuration.options.trusted:
            return protocol.ModelStatus(
                state="none", name="", device="", context_tokens=0, reason="the workspace is not trusted"
            )
        status = self.model
        if status is not None and status.state != "none":
            return protocol.ModelStatus(
                state=status.state,
                name=status.name,
                device=status.device,
                context_tokens=status.context_tokens,
                reason=status.reason or status.note,
            )
        model = backend.session.model_status()
        return protocol.ModelStatus(
            state="none", name=model["name"], device="", context_tokens=0, reason=model["reason"]
        )


def _overall(states: set[protocol.IndexState], *, started: bool) -> protocol.IndexState:
    """The combined state of all roots; "indexing" until the folders are open."""
    if not started or "indexing" in states:
        return "indexing"
    return "failed" if states == {"failed"} else "ready"
