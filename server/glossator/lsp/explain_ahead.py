"""Explains the symbols of the open file in the background while the user is idle.

Only if the setting `explainAhead` is on, with a local model, in a trusted workspace, not on battery power, and for ten
minutes of an hour at most. A user's question interrupts it within one token.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING

from glossator.errors import GlossatorError
from glossator.power import on_battery

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.index.records import StoredEntry
    from glossator.lsp.backend import Backend
    from glossator.lsp.editor import Editor
    from glossator.project.updates import RootUpdates

IDLE_SECONDS = 3.0
"""Seconds without edits and questions after which explaining starts or continues."""
SYMBOLS = 40
"""Maximum symbols of a file to explain ahead."""
HOURLY_SECONDS = 600.0
"""Seconds of an hour that the model may explain ahead; it computes with half of the cores, so that this is at most a
twelfth of the machine."""
KINDS = frozenset(
    {
        "function",
        "method",
        "constructor",
        "class",
        "component",
        "struct",
        "interface",
        "trait",
        "protocol",
        "enum",
        "macro",
        "object",
    }
)

_log = logging.getLogger(__name__)


class ExplainAhead:
    """Explains ahead for one client. Used by the event loop."""

    def __init__(self, editor: Editor, backend: Backend, busy: Callable[[], bool]) -> None:
        """`busy` returns whether the user is waiting for an answer."""
        self._editor = editor
        self._backend = backend
        self._busy = busy
        self._uri = ""
        self._last_activity = 0.0
        self._task: asyncio.Task[None] | None = None
        self._spent: deque[tuple[float, float]] = deque()
        """When explanations of the last hour ended, and the seconds that they took."""

    def user_active(self, uri: str = "") -> None:
        """The user has done something (with a document): wait until idle, then start with that document."""
        self._last_activity = time.monotonic()
        self._uri = uri or self._uri
        if self._allowed() and self._uri and (self._task is None or self._task.done()):
            self._task = self._editor.spawn(self._run())

    def _allowed(self) -> bool:
        backend = self._backend
        options = backend.configuration.options
        return options.explain_ahead and options.trusted and not backend.session.settings.endpoint

    def _idle(self) -> bool:
        quiet = time.monotonic() - self._last_activity >= IDLE_SECONDS
        indexing = any(live.state().state == "indexing" for _, live in self._backend.folders)
        return quiet and not self._busy() and not indexing

    def _has_time(self) -> bool:
        """Whether some of this hour's seconds are left."""
        while self._spent and time.monotonic() - self._spent[0][0] > 3600:
            self._spent.popleft()
        return sum(seconds for _, seconds in self._spent) < HOURLY_SECONDS

    async def _run(self) -> None:
        """Explain all symbols that have no explanation yet."""
        tried: set[tuple[str, int]] = set()
        while self._allowed() and self._has_time():
            if not self._idle():
                await asyncio.sleep(IDLE_SECONDS / 3)
                continue
            if await asyncio.to_thread(on_battery):
                return
            uri = self._uri
            found = await asyncio.to_thread(self._next, uri, tried)
            if found is None:
                if uri == self._uri:
                    return
                continue
            live, entry = found
            started = time.monotonic()
            try:
                answer = await self._backend.answerer.explain(live.root, entry, background=True)
            except GlossatorError as error:
                _log.info("stopped explaining ahead: %s", error)
                return
            finally:
                self._spent.append((time.monotonic(), time.monotonic() - started))
            if answer.finish_reason == "evidence":  # there is no model
                return
            if answer.finish_reason != "preempted":
                tried.add((entry.path, entry.id))

    def _next(self, uri: str, tried: set[tuple[str, int]]) -> tuple[RootUpdates, StoredEntry] | None:
        """The next symbol of a document that has no explanation yet."""
        backend = self._backend
        located = backend.folders.locate(uri)
        if located is None:
            return None
        live, path = located
        snapshot = live.root.snapshot()
        if snapshot is None:
            return None
        entries = [entry for entry in snapshot.entries_in(path) if entry.part == 0 and entry.kind in KINDS]
        for entry in entries[:SYMBOLS]:
            explained = (entry.path, entry.id) in tried or backend.answerer.explained(live.root, entry)
            if not explained:
                return live, entry
        return None
