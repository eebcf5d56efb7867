"""Open documents: each is parsed shortly after its last edit, so that answers reflect what is on screen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.lsp.editor import Editor
    from glossator.lsp.workspace_folders import WorkspaceFolders

QUIET_SECONDS = 0.15
"""Seconds without an edit before the document is parsed."""
FLUSH_SECONDS = 2.0
"""Maximum seconds for which a request waits for documents to be parsed."""


class OpenDocuments:
    """Debounces edits and passes the texts to the root that a document is in. Used by the event loop."""

    def __init__(self, editor: Editor, folders: Callable[[], WorkspaceFolders]) -> None:
        """`folders` returns the current workspace folders."""
        self._editor = editor
        self._folders = folders
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._parsing: dict[str, asyncio.Task[None]] = {}

    def changed(self, uri: str, *, now: bool = False) -> None:
        """A document was opened (`now`: parse it at once) or edited."""
        if self._folders().locate(uri) is None:
            return
        if uri in self._timers:
            self._timers.pop(uri).cancel()
        delay = 0.0 if now else QUIET_SECONDS
        self._timers[uri] = asyncio.get_running_loop().call_later(delay, self._parse, uri)

    def reparse_all(self) -> None:
        """Parse every open document, since the folders were reopened."""
        for document in self._editor.open_documents():
            self.changed(document.uri, now=True)

    def closed(self, uri: str) -> None:
        """A document was closed: its file on disk is used again, or the same file open under another URI."""
        if uri in self._timers:
            self._timers.pop(uri).cancel()
        located = self._folders().locate(uri)
        if located is None:
            return
        live, path = located
        live.drop_buffer(path)
        live.changed([live.root.path / path])
        for document in self._editor.open_documents():
            if document.uri != uri and self._folders().locate(document.uri) == located:
                self.changed(document.uri, now=True)

    async def parsed(self) -> None:
        """Wait until the current texts of all documents are parsed, for at most `FLUSH_SECONDS`."""
        for uri, timer in tuple(self._timers.items()):
            timer.cancel()
            self._parse(uri)
        self._parsing = {uri: task for uri, task in self._parsing.items() if not task.done()}
        if self._parsing:
            await asyncio.wait(self._parsing.values(), timeout=FLUSH_SECONDS)

    def _parse(self, uri: str) -> None:
        """Have a worker parse the current text of a document."""
        self._timers.pop(uri, None)
        located = self._folders().locate(uri)
        if located is None or not self._editor.is_open(uri):
            return
        live, path = located
        document = self._editor.document(uri)
        live.set_buffer(path, document.version or 0, document.source, document.language_id or "")

        async def parse() -> None:
            await asyncio.wrap_future(await asyncio.to_thread(live.parse_buffer, path))

        self._parsing[uri] = self._editor.spawn(parse())

    def close(self) -> None:
        """Stop parsing."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
