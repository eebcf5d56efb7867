"""Keeps an open root current: updates its index in the background as files change.

One thread per root makes all updates, in order; another one compacts the store now and then, which takes seconds in a
large index, and which updates do not wait for. If another process is the index's writer, this one only reads, and
takes over when the other ends. This module does not know LSP.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from glossator.errors import CancelledByUser, GlossatorError, StoreLockedError
from glossator.project.idle_memory import give_back_free_memory
from glossator.project.open_buffers import finish_future
from glossator.workspace.watching import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from glossator.index.entries import Skipped as SkippedFile
    from glossator.index.indexer import Progress
    from glossator.index.records import StoreStatus
    from glossator.project.root import Root
    from glossator.workspace.changes import Changes
    from glossator.workspace.files import Found, Skipped

State = Literal["indexing", "ready", "failed"]

TAKE_OVER_SECONDS = 2.0
"""How often a reader checks whether the index's writer is gone."""
RETRY_SECONDS = 30.0
"""Seconds until a failed update is retried: the disk may have free space again."""
MAINTAIN_SECONDS = 20.0
"""Idle seconds after which the store is compacted, if that is due."""
MAINTAIN_BUSY_SECONDS = 60.0
"""The same while changes keep coming, as in a build or with an editor that saves by itself."""
RELEASE_SECONDS = 60.0
"""Seconds without a question, or a change, after which memory is given back; so often it is looked for damage then."""
COUNT_SECONDS = 2.0
"""Seconds between two counts of the store's contents during indexing."""
JOIN_SECONDS = 10.0
"""Seconds for which closing waits for a commit in progress."""

_WARM_UP_QUERY = "where is the main function called"
"""A query that takes every way of looking for something: names, words, vectors."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RootState:
    """The state of a root. Counts come from the store."""

    state: State
    files: int = 0
    symbols: int = 0
    pending: int = 0
    """Number of files known to be waiting for indexing."""
    skipped: tuple[SkippedFile, ...] = ()
    watching: str = ""
    message: str = ""
    """Why it failed, and what to do."""
    lines: int = 0
    size_bytes: int = 0
    """Size of the index on disk."""
    updates: int = 0
    """How often the index was brought up to date with a change, since the root was opened."""
    uncollected: int = 0
    """Files that can be searched, and whose uses of names are still being collected."""
    download: tuple[int, int] | None = None
    """Bytes done, and bytes in all, of a team's index that is being downloaded."""


class RootUpdates:
    """The updates of one root. All methods may be called from any thread; only `close` waits for indexing."""

    def __init__(
        self,
        root: Root,
        *,
        watch: bool,
        on_change: Callable[[], None],
        on_progress: Callable[[Progress | None], None] = lambda _: None,
    ) -> None:
        """Start keeping a root current.

        With `watch`, file changes are detected here; otherwise the caller reports them (`changed`). `on_change` is
        called when the state or the counts may have changed; `on_progress` with the progress of a run, then with None.
        Both are called in threads of this root.
        """
        self.root = root
        self._on_change = on_change
        self._on_progress = on_progress
        self._watcher = Watcher(
            root.path, root.settings, self._take, mode="auto" if watch else "client", on_status=on_change
        )
        self._watching = False
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
        self._counted_changes = -1
        self._updates = 0
        self._recount = False
        self._is_warm = False
        self._is_compacted = False
        self._maintenance: threading.Thread | None = None
        self._maintained = time.monotonic()
        self._maintenance_error: GlossatorError | None = None
        self._subscriptions = (
            root.index_deleted.subscribe(self.rescan),
            root.retriever_changed.subscribe(self.rescan),
            root.nested_changed.subscribe(self._count_again),
        )
        self._thread = threading.Thread(target=self._run, name=f"glossator-{root.path.name}", daemon=True)
        self._thread.start()

    # Changes on disk

    def changed(self, paths: Iterable[Path]) -> None:
        """Report that these files or folders (absolute paths) were created, changed, deleted or moved.

        Report files in `.git` too: they show that another commit may have been checked out.
        """
        self._watcher.report(paths)

    def rescan(self) -> Future[None]:
        """Compare the whole index with the disk; the future is done when the index is up to date."""
        future: Future[None] = Future()
        with self._wake:
            if self._closed:
                future.cancel()
                return future
            self._rescan = True
            self._waiting.append(future)
            self._wake.notify()
        return future

    def _count_again(self) -> None:
        """Called when roots inside this one were opened or closed."""
        with self._wake:
            self._recount = True
            self._wake.notify()

    def cancel_run(self) -> None:
        """Stop the current run; its progress is kept, and `rescan` continues it."""
        self._cancel_run = True

    def _take(self, changes: Changes) -> None:
        """Called by the watcher with a batch."""
        with self._wake:
            if changes.rescan:
                self._rescan = True
            self._changed.update(self.root.path / path for path in (*changes.paths, *changes.folders))
            self._wake.notify()

    # Unsaved buffers

    def set_buffer(self, path: str, version: int, text: str, language_id: str = "") -> None:
        """See `OpenBuffers.put`."""
        self.root.buffers.put(path, version, text, language_id)

    def parse_buffer(self, path: str) -> Future[None]:
        """See `OpenBuffers.parse`."""
        return self.root.buffers.parse(path)

    def drop_buffer(self, path: str) -> None:
        """See `OpenBuffers.drop`."""
        self.root.buffers.drop(path)

    # State

    def state(self) -> RootState:
        """The current state."""
        progress, counts = self._progress, self._counts
        pending = max(progress.files_total - progress.files_done, 0) if progress else 0
        status = self._watcher.status()
        watching = f"{status.mode}: {status.reason}" if status.reason else status.mode
        return RootState(
            state=self._state,
            files=counts.files if counts else 0,
            symbols=counts.symbols if counts else 0,
            pending=pending + len(self._changed) + status.pending,
            skipped=counts.skipped if counts else (),
            watching=watching if self._watching else "",
            message=self._message,
            updates=self._updates,
            lines=counts.lines if counts else 0,
            size_bytes=counts.size_bytes if counts else 0,
            uncollected=counts.uncollected if counts else 0,
            download=_downloaded(progress),
        )

    def _set(self, state: State, message: str = "") -> None:
        if state == "failed":
            _log.error("%s: %s", self.root.path, message)
        self._state, self._message = state, message
        self._on_change()

    def _is_counted(self) -> bool:
        """Whether no process has committed anything since the contents were counted."""
        snapshot = self.root.open()
        return snapshot is not None and self._counts is not None and snapshot.store.changes() == self._counted_changes

    def _count(self) -> None:
        if self._closed:  # an index that is closed, or deleted, must not be opened again
            return
        snapshot = self.root.open()
        if snapshot is not None:
            snapshot.store.refresh()
            self._counted_changes = snapshot.store.changes()
            self._counts = snapshot.status()
        self._counted = time.monotonic()

    # The thread

    def _run(self) -> None:
        timeout: float | None = 0.0
        while True:
            with self._wake:
                if timeout != 0.0:
                    self._wake.wait_for(self._is_due, timeout)
                if self._closed:
                    break
                rescan, self._rescan = self._rescan, False
                self._cancel_run = False  # here, so that a request to cancel what has just been taken is not lost
                changed, self._changed = self._changed, set()
                waiting, self._waiting = self._waiting, []
                recount, self._recount = self._recount, False
            if recount and not rescan and not changed:
                with contextlib.suppress(GlossatorError):
                    self._count()
                    self._on_change()
                continue
            timeout = self._update(rescan=rescan, changed=changed)
            for future in waiting:
                finish_future(future)
        for future in self._waiting:
            future.cancel()

    def _is_due(self) -> bool:
        due = self._rescan or self._recount or bool(self._changed) or self._maintenance_error is not None
        return self._closed or due

    def _start_watching(self) -> list[Found | Skipped] | None:
        """See `Watcher.start`."""
        try:
            scanned = self._watcher.start()
        except GlossatorError as error:
            _log.warning("%s is not watched: %s", self.root.path, error)
            return None
        self._watching = True
        if self._closed:
            self._watcher.stop()
        return scanned

    def _update(self, *, rescan: bool, changed: set[Path]) -> float | None:
        """Do what is due; returns the seconds until the next attempt."""
        try:
            return self._do(rescan=rescan, changed=changed)
        except CancelledByUser:
            self._end_progress()
            if not self._closed:
                self._set("ready", "indexing was cancelled; progress is saved")
            return None
        except GlossatorError as error:
            self._end_progress()
            self._set("failed", str(error))
            return RETRY_SECONDS
        except Exception as error:
            # The thread must not end, or the index would silently become outdated.
            _log.exception("updating the index of %s failed", self.root.path)
            self._end_progress()
            self._set("failed", f"an unexpected error: {type(error).__name__} (see the log)")
            return RETRY_SECONDS

    def _do(self, *, rescan: bool, changed: set[Path]) -> float | None:
        scanned = None if self._watching else self._start_watching()
        error, self._maintenance_error = self._maintenance_error, None
        if changed and (error is not None or self._state == "failed"):
            rescan = True  # what was changed when it failed is not known any more, and what is damaged is repaired
        if error is not None and not rescan:  # a rescan ends with another attempt, which fails too if it still must
            raise error
        try:
            if rescan or changed:
                self._is_compacted = False
            if rescan:
                self._compare_all(scanned)
            elif changed:
                self._update_changed(changed)
            else:
                return self._look_after()
        except StoreLockedError:
            self._follow_the_writer()
            return TAKE_OVER_SECONDS
        except CancelledByUser:
            self._count()
            raise
        return MAINTAIN_SECONDS

    def _compare_all(self, scanned: list[Found | Skipped] | None) -> None:
        """Compare the whole index with the disk, and bring it up to date; `scanned`: what a scan has just found."""
        self._set("indexing")
        with contextlib.suppress(GlossatorError):  # opening it for writing will report the error
            self.root.open()  # so that it can be read while it is repaired and updated
        self.root.index(
            self._report,
            lambda: self._cancel_run or self._closed,
            maintain=False,
            facts_later=True,
            scanned=scanned,
        )
        self._end_progress()
        self._count()
        self._updates += 1
        self._set("ready")
        self._warm_up()
        self._maintain()

    def _update_changed(self, changed: set[Path]) -> None:
        """Index these files and folders again."""
        if self.root.indexer().update(changed, cancelled=lambda: self._closed):
            self._count()
            self._updates += 1
        self._set("ready")
        if time.monotonic() - self._maintained > MAINTAIN_BUSY_SECONDS:
            self._maintain()

    def _look_after(self) -> float:
        """Do what is due when nothing has changed; returns the seconds until the next attempt."""
        if self._state == "failed" or not self.root.is_writer:
            self.root.writer()
            self._rescan = True  # this process is the writer (again)
            return 0.0
        if self.root.is_damaged():
            self._rescan = True  # which repairs it
            return 0.0
        if self._is_compacted:
            self.root.release_memory(RELEASE_SECONDS)
        else:
            self._maintain()
        return RELEASE_SECONDS

    def _follow_the_writer(self) -> None:
        """Another window or a command is the writer: its commits are visible here too."""
        self._end_progress()
        before = self._counts
        if not self._is_counted():
            self._count()
        if self._counts != before:
            self._updates += 1
        self.root.release_memory(RELEASE_SECONDS)
        if self._state != "ready" or self._counts != before:
            self._set("ready", "another process keeps this index up to date")

    def _maintain(self) -> None:
        """Have facts collected that were left out, and the store compacted, if that is due, without waiting for it; not
        while that is still going on."""
        self._maintained = time.monotonic()
        if self._maintenance is None or not self._maintenance.is_alive():
            self._is_compacted = True
            self._maintenance = threading.Thread(target=self._compact, name="glossator-maintenance", daemon=True)
            self._maintenance.start()

    def _compact(self) -> None:
        """The thread of `_maintain`."""
        indexer = None

        def show(_: Progress) -> None:
            if time.monotonic() - self._counted > COUNT_SECONDS:
                self._count()
                self._on_change()

        try:
            indexer = self.root.indexer()
            indexer.collect_facts(show, lambda: self._closed or not self.root.is_updated_by(indexer))
            indexer.maintain()
            give_back_free_memory()  # a change of 2,000 files, and compacting after it, leave some 200 MB
            self._count()
            self._on_change()
        except CancelledByUser:
            _log.info("collecting the uses of names was interrupted; it goes on later")
        except StoreLockedError as error:
            _log.info("%s", error)
        except GlossatorError as error:
            if self._closed or self.root.snapshot() is None or not self.root.is_updated_by(indexer):
                _log.info("an index that is closed or deleted was not compacted: %s", error)
                return
            with self._wake:
                self._maintenance_error = error
                self._wake.notify()
        except Exception:
            _log.exception("compacting the index of %s failed", self.root.path)

    def _warm_up(self) -> None:
        """Search once, so that the first question of a user finds everything loaded: it takes 0.2 s of a processor.
        Then have workers prepare for changes."""
        if not self._is_warm and not self._closed:
            self._is_warm = True
            try:
                if (snapshot := self.root.snapshot()) is not None:
                    snapshot.search(_WARM_UP_QUERY, 1)
                self.root.expect_changes()
            except Exception:  # the index is up to date all the same, and who searches is told
                _log.warning("warming up %s failed", self.root.path, exc_info=True)

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
        """Stop watching and indexing, and close the index; waits for a commit in progress."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        for unsubscribe in self._subscriptions:
            unsubscribe()
        try:
            self._watcher.stop()
        finally:  # whatever the watcher does, an index that stays locked could not be written before this process ends
            until = time.monotonic() + JOIN_SECONDS
            self._thread.join(JOIN_SECONDS)
            if self._maintenance is not None:
                self._maintenance.join(max(0.0, until - time.monotonic()))
            self.root.close()


def _downloaded(progress: Progress | None) -> tuple[int, int] | None:
    """Bytes done and in all, while a team's index is downloaded."""
    if progress is None or progress.stage != "downloading":
        return None
    return progress.bytes_done, progress.bytes_total
