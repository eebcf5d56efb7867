"""Explaining ahead: while nobody waits for anything, the symbols of the open file are explained in the background.

Only where the user wants it (setting `explainAhead`), by a local model, in a trusted workspace, and not on battery. A
question that somebody asks pre-empts it within one token.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from glossator.errors import GlossatorError
from glossator.project.power import on_battery

if TYPE_CHECKING:
    from glossator.index.records import StoredEntry
    from glossator.lsp.server import Server
    from glossator.project.live import LiveRoot

IDLE_SECONDS = 3.0
"""Quiet time, without edits and questions, after which explaining begins or goes on."""
SYMBOLS = 40
"""Symbols of a file that are explained ahead: an hour of a small model on a slow CPU."""
KINDS = frozenset(
    {
        "function",
        "method",
        "constructor",
        "class",
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


class Ahead:
    """Explains ahead for one server. Used by the event loop."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._uri = ""
        self._last = 0.0
        self._task: asyncio.Task[None] | None = None

    def touched(self, uri: str = "") -> None:
        """The user does something (with a document): wait, then begin with that document."""
        self._last = time.monotonic()
        self._uri = uri or self._uri
        if self._allowed() and self._uri and (self._task is None or self._task.done()):
            self._task = self._server.spawn(self._run())

    def _allowed(self) -> bool:
        options, settings = self._server.configuration.options, self._server.session.settings
        return options.explain_ahead and options.trusted and not settings.endpoint

    def _idle(self) -> bool:
        quiet = time.monotonic() - self._last >= IDLE_SECONDS
        indexing = any(live.state().state == "indexing" for _, live in self._server.workspaces)
        return quiet and not self._server.works and not indexing

    async def _run(self) -> None:
        """Explain what is not yet explained, until nothing is left."""
        tried: set[tuple[str, int]] = set()
        while self._allowed():
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
            try:
                answer = await self._server.answerer.explain(live.root, entry, background=True)
            except GlossatorError as error:
                _log.info("explaining ahead was given up: %s", error)
                return
            if answer.finish_reason == "evidence":  # there is no model
                return
            if answer.finish_reason != "preempted":
                tried.add((entry.path, entry.id))

    def _next(self, uri: str, tried: set[tuple[str, int]]) -> tuple[LiveRoot, StoredEntry] | None:
        located = self._server.workspaces.locate(uri)
        if located is None:
            return None
        live, path = located
        entries = [entry for entry in live.root.entries_in(path) if entry.part == 0 and entry.kind in KINDS]
        for entry in entries[:SYMBOLS]:
            explained = (entry.path, entry.id) in tried or self._server.answerer.explained(live.root, entry)
            if not explained:
                return live, entry
        return None
