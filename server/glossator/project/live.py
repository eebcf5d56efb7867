"""A root that stays current while it is open: indexed in the background, watched, with unsaved buffers laid over it.

One thread per root does all updates, so they never overtake each other; another process may be the index's writer, in
which case this one reads, and takes over when the other ends. Nothing of LSP is known here.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from glossator.errors import CancelledByUser, GlossatorError, StoreLockedError
from glossator.workspace.overlay import Overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from glossator.index.entries import Skipped
    from glossator.index.indexer import Progress
    from glossator.index.records import FileUpdate, StoreStatus
    from glossator.project.root import Root
    from glossator.workspace.gitstate import Repository
    from glossator.workspace.watching import Changes, Watcher

State = Literal["indexing", "ready", "failed"]

TAKE_OVER_SECONDS = 2.0
"""How often a reader looks whether the index's writer is gone."""
RETRY_SECONDS = 30.0
"""How soon a failed update is tried again by itself: the disk may have room again."""
MAINTAIN_SECONDS = 20.0
"""Quiet time after which the store is compacted, if that is due."""
COUNT_SECONDS = 2.0
"""Time between two counts of what is in the store, while it is being filled."""
QUIET_SECONDS = 0.1
"""Changes that somebody else notices are taken over when none came for so long: a branch switch is one batch."""
LONGEST_SECONDS = 1.0
"""But after so long at most."""
GIT_SECONDS = 30.0
"""How long git may hold its lock before changes are taken over all the same; an older lock is left from a crash."""
GIT_CHECK_SECONDS = 0.25
JOIN_SECONDS = 10.0
"""How long closing waits for the commit that is under way."""
MANY_PATHS = 2000
"""From so many changed paths on, comparing everything is faster."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RootState:
    """How a root stands. Counts come from the store."""

    state: State
    files: int = 0
    symbols: int = 0
    pending: int = 0
    """Files that wait to be indexed, as far as that is known."""
    skipped: tuple[Skipped, ...] = ()
    watching: str = ""
    message: str = ""
    """Why it failed, and what to do."""


class LiveRoot:
    """One root, kept current. All methods may be called from any thread; none waits for indexing."""

    def __init__(
        self,
        root: Root,
        *,
        watch: bool,
        on_change: Callable[[], None],
        on_progress: Callable[[Progress | None], None] = lambda _: None,
    ) -> None:
        """Start keeping a root current.

        `watch`: notice changes ourselves; otherwise the caller says `changed`. `on_change` is called, in a thread of
        this root's, whenever the state or the counts may differ; `on_progress` with what a run reports, then None.
        """
        self.root = root
        self._on_change = on_change
        self._on_progress = on_progress
        self._watch = watch
        self._wake = threading.Condition()
        self._changed: set[Path] = set()
        self._rescan = True
        self._waiting: list[Future[None]] = []
        self._cancel_run = False
        self._closed = False
        self._state: State = "indexing"
        self._message = ""
        self._progress: Progress | None = None
        self._counts: StoreStatus | None = None
        self._counted = 0.0
        self._watcher: Watcher | None = None
        self._arrivals = 0
        self._heads: tuple[str, str] | None = None
        self.buffers = Overlay(max_buffer_bytes=4 * root.settings.max_file_bytes)
        self._parsed_buffers: dict[str, tuple[int, FileUpdate]] = {}
        self._parsing: dict[str, tuple[int, Future[FileUpdate], Future[None]]] = {}
        self._overlay: Mapping[str, FileUpdate] | None = None
        self._texts: tuple[int, Mapping[str, str]] = (0, {})
        """The buffers' texts at a revision."""
        self._opened: dict[str, int] = {}
        """Path of an open buffer -> its first revision: results of parses of an earlier buffer there do not count."""
        self._buffer_lock = threading.Lock()
        root.attach(self.overlay, self.texts)
        root.on_vanished = self.rescan
        self._thread = threading.Thread(target=self._run, name=f"glossator-{root.path.name}", daemon=True)
        self._thread.start()

    # Changes on disk

    def changed(self, paths: Iterable[Path]) -> None:
        """Files or folders are new, changed or gone; files of git's own tell that something else may be checked out."""
        with self._wake:
            self._changed.update(paths)
            self._arrivals += 1
            self._wake.notify()

    def rescan(self) -> Future[None]:
        """Compare everything with the disk; the future is done when that is."""
        future: Future[None] = Future()
        with self._wake:
            if self._closed:
                future.cancel()
                return future
            self._rescan = True
            self._waiting.append(future)
            self._wake.notify()
        return future

    def cancel_run(self) -> None:
        """Stop the run that is under way; what it has done is kept, and `rescan` goes on with it."""
        self._cancel_run = True

    def _from_watcher(self, changes: Changes) -> None:
        with self._wake:
            if changes.rescan:
                self._rescan = True
            self._changed.update(self.root.path / path for path in (*changes.paths, *changes.folders))
            self._wake.notify()

    # Unsaved buffers

    def set_buffer(self, path: str, version: int, text: str) -> None:
        """A buffer's text, in place of the file's; `parse_buffer` makes searches see it."""
        self.buffers.put(path, version, text)
        buffer = self.buffers.get(path)
        if buffer is not None:
            with self._buffer_lock:
                self._opened.setdefault(path, buffer.revision)

    def parse_buffer(self, path: str) -> Future[None]:
        """Have a worker parse a buffer as it is now, before all else. A parse of an older state is given up.

        The future is done when searches see that state, or a newer one.
        """
        finished: Future[None] = Future()
        buffer = self.buffers.get(path)
        if buffer is None:
            _finish(finished)
            return finished
        try:
            future = self.root.buffer_indexer().submit_buffer(path, buffer.text or "")
        except GlossatorError as error:
            _log.warning("cannot index the buffer of %s: %s", path, error)
            _finish(finished)
            return finished
        with self._buffer_lock:
            other = self._parsing.get(path)
            newest = other is None or other[0] <= buffer.revision
            if newest:
                self._parsing[path] = (buffer.revision, future, finished)
        if other is not None and not newest:  # another thread was faster with a newer state
            future.cancel()
            other[2].add_done_callback(lambda _: _finish(finished))
            return finished
        if other is not None:
            other[1].cancel()
            finished.add_done_callback(lambda _: _finish(other[2]))
        future.add_done_callback(lambda done: self._parsed(path, buffer.revision, done, finished))
        if self._closed:
            future.cancel()
            _finish(finished)
        return finished

    def _parsed(self, path: str, revision: int, done: Future[FileUpdate], finished: Future[None]) -> None:
        if done.cancelled():
            return  # a newer state is being parsed, or the buffer was closed
        error = done.exception()
        if error is not None:
            _log.warning("cannot index the buffer of %s: %s", path, error)
        with self._buffer_lock:
            if self._parsing.get(path, (None,))[0] == revision:
                del self._parsing[path]
            known = self._parsed_buffers.get(path)
            opened = self._opened.get(path)
            if error is None and opened is not None and opened <= revision and (known is None or known[0] <= revision):
                self._parsed_buffers[path] = (revision, done.result())
                self._overlay = None
        _finish(finished)
        self._on_change()

    def drop_buffer(self, path: str) -> None:
        """The buffer was closed: the file counts again."""
        self.buffers.close(path)
        with self._buffer_lock:
            self._opened.pop(path, None)
            if self._parsed_buffers.pop(path, None) is not None:
                self._overlay = None
            parsing = self._parsing.pop(path, None)
        if parsing is not None:
            parsing[1].cancel()
            _finish(parsing[2])

    def overlay(self) -> Mapping[str, FileUpdate]:
        """What the buffers hold, as far as they are parsed; the same object until that changes."""
        with self._buffer_lock:
            if self._overlay is None:
                self._overlay = {path: update for path, (_, update) in self._parsed_buffers.items()}
            return self._overlay

    def text(self, path: str) -> str | None:
        """A buffer's text; None if there is none."""
        buffer = self.buffers.get(path)
        return buffer.text if buffer else None

    def texts(self) -> Mapping[str, str]:
        """All buffers' texts by path; the same object until one changes."""
        revision, texts = self._texts
        if revision != self.buffers.revision:
            changes = self.buffers.since(0)
            texts = {buffer.key: buffer.text for buffer in changes.buffers if buffer.text is not None}
            self._texts = changes.revision, texts
        return texts

    # State

    def state(self) -> RootState:
        """How the root stands now."""
        progress, counts = self._progress, self._counts
        pending = max(progress.files_total - progress.files_done, 0) if progress else 0
        watcher = self._watcher
        if watcher is not None:
            status = watcher.status()
            watching = f"{status.mode}: {status.reason}" if status.reason else status.mode
        else:
            watching = "client" if not self._watch else ""
        return RootState(
            state=self._state,
            files=counts.files if counts else 0,
            symbols=counts.symbols if counts else 0,
            pending=pending + len(self._changed),
            skipped=counts.skipped if counts else (),
            watching=watching,
            message=self._message,
        )

    def _set(self, state: State, message: str = "") -> None:
        if state == "failed":
            _log.error("%s: %s", self.root.path, message)
        self._state, self._message = state, message
        self._on_change()

    def _count(self) -> None:
        snapshot = self.root.open()
        if snapshot is not None:
            snapshot.store.refresh()
            self._counts = snapshot.store.status()
        self._counted = time.monotonic()

    # The thread

    def _run(self) -> None:
        timeout: float | None = 0.0
        while True:
            with self._wake:
                if timeout != 0.0:
                    self._wake.wait_for(lambda: self._closed or self._rescan or bool(self._changed), timeout)
            if not self._watch:
                self._settle()
            with self._wake:
                if self._closed:
                    break
                rescan, self._rescan = self._rescan, False
                changed, self._changed = self._changed, set()
                waiting, self._waiting = self._waiting, []
            timeout = self._update(rescan=rescan, changed=changed)
            for future in waiting:
                _finish(future)
        for future in self._waiting:
            future.cancel()

    def _settle(self) -> None:
        """Wait until changes stop coming and git does not hold its lock; decide whether everything must be compared."""
        begun = time.monotonic()
        busy = False
        with self._wake:
            if not self._changed:
                return
            while not self._closed and not self._rescan:
                seen, waited = self._arrivals, time.monotonic() - begun
                if waited > GIT_SECONDS or (waited > LONGEST_SECONDS and not busy):
                    break
                pause = GIT_CHECK_SECONDS if busy else QUIET_SECONDS
                came = self._wake.wait_for(lambda: self._closed or self._rescan or self._arrivals != seen, pause)  # noqa: B023
                busy = (repository := self._repository()) is not None and repository.is_busy()
                if not came and not busy:
                    break
            changed = {path for path in self._changed if ".git" not in path.parts}
            git_touched = len(changed) < len(self._changed)
            self._changed = changed
        if git_touched and (heads := self._checked_out()) != self._heads:
            self._heads = heads
            self._rescan = True
        if len(changed) > MANY_PATHS:
            self._rescan = True

    def _repository(self) -> Repository | None:
        from glossator.workspace.gitstate import Repository

        return Repository.around(self.root.path)

    def _checked_out(self) -> tuple[str, str] | None:
        repository = self._repository()
        return repository.state() if repository is not None else None

    def _start_watching(self) -> None:
        from glossator.workspace.watching import Watcher

        watcher = Watcher(self.root.path, self.root.settings, self._from_watcher)
        try:
            watcher.start()
        except GlossatorError as error:
            _log.warning("%s is not watched: %s", self.root.path, error)
            return
        with self._wake:
            self._watcher = watcher
        if self._closed:
            watcher.stop()

    def _update(self, *, rescan: bool, changed: set[Path]) -> float | None:
        """Do what is due; returns the seconds after which to come back by itself."""
        try:
            return self._do(rescan=rescan, changed=changed)
        except CancelledByUser:
            self._end_progress()
            if not self._closed:
                self._set("ready", "indexing was stopped; what is done is kept")
            return None
        except GlossatorError as error:
            self._end_progress()
            self._set("failed", str(error))
            return RETRY_SECONDS
        except Exception as error:
            # The thread must live on, or the index would silently stay as it is.
            _log.exception("updating the index of %s failed", self.root.path)
            self._end_progress()
            self._set("failed", f"an unexpected error: {type(error).__name__} (the log tells more)")
            return RETRY_SECONDS

    def _do(self, *, rescan: bool, changed: set[Path]) -> float | None:
        self._cancel_run = False
        if self._watch and self._watcher is None:
            self._start_watching()
        try:
            if rescan:
                self._set("indexing")
                with contextlib.suppress(GlossatorError):  # what is wrong with it, opening it for writing tells
                    self.root.open()  # so that it can be read while it is repaired and updated
                self._heads = self._checked_out()
                self.root.index(self._report, lambda: self._cancel_run or self._closed)
                self._end_progress()
                self._count()
                self._set("ready")
            elif changed:
                if self.root.indexer().update(changed, cancelled=lambda: self._closed):
                    self._count()
                self._set("ready")
            elif self._state == "failed" or not self.root.is_writer:
                self.root.writer()
                self._rescan = True  # this process is the writer (again)
                return 0.0
            else:
                self.root.indexer().maintain()
                return None
        except StoreLockedError:
            # Another window or a command is the writer: what it commits is seen here too.
            self._end_progress()
            before = self._counts
            self._count()
            if self._state != "ready" or self._counts != before:
                self._set("ready", "another process keeps this index up to date")
            return TAKE_OVER_SECONDS
        except CancelledByUser:
            self._count()
            raise
        return MAINTAIN_SECONDS

    def _report(self, progress: Progress) -> None:
        self._progress = progress
        if time.monotonic() - self._counted > COUNT_SECONDS:
            self._count()
        self._on_progress(progress)
        self._on_change()

    def _end_progress(self) -> None:
        self._progress = None
        self._on_progress(None)

    def close(self) -> None:
        """Stop watching and indexing, and release the index; waits for what is being committed."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        with self._buffer_lock:
            parsing = list(self._parsing.values())
            self._parsing.clear()
        for _, future, finished in parsing:
            future.cancel()
            _finish(finished)
        if self._watcher is not None:
            self._watcher.stop()
        self._thread.join(JOIN_SECONDS)
        self.root.close()


def _finish(future: Future[None]) -> None:
    """Set a future's result, unless it has one or was given up."""
    with contextlib.suppress(InvalidStateError):
        future.set_result(None)
