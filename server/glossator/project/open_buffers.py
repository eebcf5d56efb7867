"""The buffers of one root that are open in an editor: their texts and parsed contents.

Editing never waits: a text is stored immediately and parsed by a worker process before all work on files; then searches
see it. The parse of an outdated state is cancelled. Secrets in a text are masked when it is first read, in the thread
that reads it.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from concurrent.futures import Future, InvalidStateError
from typing import TYPE_CHECKING

from glossator.errors import GlossatorError
from glossator.workspace.overlay import Buffer, Overlay
from glossator.workspace.screening import may_hold_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from glossator.index.records import FileUpdate

    Submit = Callable[[str, str, str], Future[FileUpdate]]

_log = logging.getLogger(__name__)


class OpenBuffers:
    """The open buffers of one root. All methods may be called from any thread.

    Paths are relative to the root, with "/".
    """

    def __init__(self, submit: Submit, *, max_buffer_bytes: int) -> None:
        """Start without buffers.

        Args:
            submit: has a worker parse (path, text, the editor's language id).
            max_buffer_bytes: larger texts are not kept.
        """
        self._submit = submit
        self._texts = Overlay(max_buffer_bytes=max_buffer_bytes)
        self._masked: dict[str, tuple[int, str]] = {}
        """Path -> a revision and its text without secrets."""
        self._languages: dict[str, str] = {}
        self._lock = threading.Lock()
        self._opened: dict[str, int] = {}
        """Path -> the buffer's first revision: parses of an earlier buffer with that path are ignored."""
        self._parsed: dict[str, tuple[int, FileUpdate]] = {}
        self._parsing: dict[str, tuple[int, Future[FileUpdate], Future[None]]] = {}
        self._overlay: Mapping[str, FileUpdate] | None = None
        self._texts_at: tuple[int, Mapping[str, str]] = (0, {})
        """A revision and the texts at that revision."""
        self._closed = False

    def put(self, path: str, version: int, text: str, language_id: str = "") -> None:
        """Set a buffer's text, which replaces the file's; `parse` makes searches see it.

        `language_id` is LSP's, used if the file's name does not determine its language. The text of a file that may
        hold secrets is not kept, and secrets in others are never returned: that a file is open must not make them
        evidence.
        """
        if may_hold_secrets(path):
            return
        self._texts.put(path, version, text)
        buffer = self._texts.get(path)
        if buffer is not None:
            with self._lock:
                self._opened.setdefault(path, buffer.revision)
                self._masked.pop(path, None)
                self._languages[path] = language_id

    def drop_below(self, folder: str) -> None:
        """Drop the buffers of the files in a folder: another root has them from now on."""
        with self._lock:
            inside = [path for path in self._opened if path.startswith(f"{folder}/")]
        for path in inside:
            self.drop(path)

    def parse(self, path: str) -> Future[None]:
        """Have a worker parse the buffer's current text.

        The future is done when searches see that text or a newer one, or when parsing failed.
        """
        finished: Future[None] = Future()
        buffer = self._texts.get(path)
        if buffer is None:
            finish_future(finished)
            return finished
        try:
            future = self._submit(path, self._without_secrets(buffer) or "", self._languages.get(path, ""))
        except GlossatorError as error:
            _log.warning("cannot index the buffer of %s: %s", path, error)
            finish_future(finished)
            return finished
        with self._lock:
            other = self._parsing.get(path)
            newest = other is None or other[0] <= buffer.revision
            if newest:
                self._parsing[path] = (buffer.revision, future, finished)
        if other is not None and not newest:  # another thread was faster with a newer state
            future.cancel()
            other[2].add_done_callback(lambda _: finish_future(finished))
            return finished
        if other is not None:
            other[1].cancel()
            finished.add_done_callback(lambda _: finish_future(other[2]))
        future.add_done_callback(lambda done: self._take(path, buffer.revision, done, finished))
        if self._closed:
            future.cancel()
            finish_future(finished)
        return finished

    def parse_all(self) -> None:
        """Have all buffers parsed again: their vectors come from another embedder from now on."""
        for path in list(self._opened):
            self.parse(path)

    def _take(self, path: str, revision: int, done: Future[FileUpdate], finished: Future[None]) -> None:
        if done.cancelled():
            return  # a newer state is being parsed, or the buffer was closed
        error = done.exception()
        if error is not None:
            _log.warning("cannot index the buffer of %s: %s", path, error)
        with self._lock:
            if self._parsing.get(path, (None,))[0] == revision:
                del self._parsing[path]
            known = self._parsed.get(path)
            opened = self._opened.get(path)
            if error is None and opened is not None and opened <= revision and (known is None or known[0] <= revision):
                self._parsed[path] = (revision, done.result())
                self._overlay = None
        finish_future(finished)

    def drop(self, path: str) -> None:
        """Remove a closed buffer; the file on disk is used again."""
        self._texts.close(path)
        with self._lock:
            self._opened.pop(path, None)
            self._masked.pop(path, None)
            self._languages.pop(path, None)
            if self._parsed.pop(path, None) is not None:
                self._overlay = None
            parsing = self._parsing.pop(path, None)
        if parsing is not None:
            parsing[1].cancel()
            finish_future(parsing[2])

    def overlay(self) -> Mapping[str, FileUpdate]:
        """The parsed contents of the buffers by path; the same object until they change."""
        with self._lock:
            if self._overlay is None:
                self._overlay = {path: update for path, (_, update) in self._parsed.items()}
            return self._overlay

    def text(self, path: str) -> str | None:
        """A buffer's text; None if there is none."""
        buffer = self._texts.get(path)
        return self._without_secrets(buffer) if buffer else None

    def _without_secrets(self, buffer: Buffer) -> str | None:
        """A buffer's text with its secrets masked, once for each state; None if it is too large to be kept."""
        if buffer.text is None:
            with self._lock:
                self._masked.pop(buffer.key, None)
            return None
        with self._lock:
            revision, text = self._masked.get(buffer.key, (0, ""))
        if revision != buffer.revision:
            from glossator.workspace.secret_texts import without_secrets  # only editors have buffers

            text = without_secrets(buffer.text, buffer.key)
            with self._lock:
                if buffer.key in self._opened:
                    self._masked[buffer.key] = buffer.revision, text
        return text

    def texts(self) -> Mapping[str, str]:
        """All buffers' texts by path; the same object until one changes."""
        revision, texts = self._texts_at
        if revision != self._texts.revision:
            state = self._texts.state()
            found = ((buffer.key, self._without_secrets(buffer)) for buffer in state.buffers)
            texts = {path: text for path, text in found if text is not None}
            self._texts_at = state.revision, texts
        return texts

    def close(self) -> None:
        """Cancel all parses."""
        self._closed = True
        with self._lock:
            parsing = list(self._parsing.values())
            self._parsing.clear()
        for _, future, finished in parsing:
            future.cancel()
            finish_future(finished)


def finish_future(future: Future[None]) -> None:
    """Set a future's result, unless it has one or was cancelled."""
    with contextlib.suppress(InvalidStateError):
        future.set_result(None)
