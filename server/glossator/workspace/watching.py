"""Watches a root for file changes with the best available source, and delivers batches of changed paths.

Four sources of events: on Linux, inotify watches on the folders that a scan enters; on other systems, watchdog's native
observer of the whole tree (FSEvents and ReadDirectoryChangesW have no cost per folder); if neither works, a comparison
of scans every few seconds; or the reports of an editor that watches files itself. For all of them, `changes.py` decides
which events matter and when they are delivered.

The only importer of watchdog. This module does not know the contents of files.
"""

from __future__ import annotations

import errno
import logging
import os
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from glossator.errors import WorkspaceError
from glossator.workspace import inotify
from glossator.workspace.changes import LONGEST, QUIET, ChangeCollector, Changes, FileEvent, made_repository
from glossator.workspace.sources import (
    EventSource,
    InotifySource,
    Mode,
    PollingSource,
    ReportedSource,
    RootGoneError,
    outside,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from glossator.settings import Settings
    from glossator.workspace.files import Found, Rules, Skipped

POLL_INTERVAL = 3.0
"""Seconds between two scans when polling; longer if scanning would take more than a tenth of the time."""
_ROOT_CHECK = 5.0
"""Seconds between two checks whether the root still exists, if no event would report it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WatchStatus:
    """The current state of a watcher.

    Attributes:
        mode: "inotify", "native" (watchdog), "polling", "client" (an editor's reports), "waiting" (for the
            root to come back) or "stopped".
        reason: why no better mode works, with the setting that helps, if there is one; "" for the best mode.
        folders: number of folders that are watched individually.
        pending: number of undelivered paths and folders.
    """

    mode: Mode
    reason: str
    folders: int
    pending: int


class _NativeSource:
    """watchdog's native observer, for the whole tree."""

    mode: Mode = "native"

    def __init__(self, rules: Rules) -> None:
        from watchdog.events import FileSystemEvent, FileSystemEventHandler
        from watchdog.observers import Observer

        events: queue.SimpleQueue[FileEvent | None] = queue.SimpleQueue()

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                if event.event_type in ("opened", "closed_no_write") or (
                    event.is_directory and event.event_type in ("modified", "attrib")
                ):
                    return
                for path in (event.src_path, event.dest_path):
                    if path:
                        events.put(FileEvent(os.fsdecode(path), event.is_directory))

        self._events = events
        self._handler = Handler()
        self._root = rules.root
        self._observer = Observer()
        self.outside: set[Path] = set()
        try:
            self._observer.schedule(self._handler, str(rules.root), recursive=True)
            self._observer.start()
            self.renew(rules)
        except BaseException:
            self.close()
            raise

    def renew(self, rules: Rules) -> None:
        for _ in rules.folders():  # so that the rules know all repositories
            continue
        for folder in outside(rules) - self.outside:
            if folder.is_dir() and not folder.is_relative_to(self._root):
                self.outside.add(folder)
                self._observer.schedule(self._handler, str(folder), recursive=False)

    def wait(self, timeout: float | None) -> list[FileEvent]:
        if not self._root.is_dir():
            raise RootGoneError
        seen: list[FileEvent] = []
        try:
            first = self._events.get(timeout=_ROOT_CHECK if timeout is None else min(timeout, _ROOT_CHECK))
            while first is not None:
                seen.append(first)
                first = self._events.get_nowait()
        except queue.Empty:
            pass
        if not self._observer.is_alive():
            raise OSError(errno.EIO, "the system's file events stopped")
        return seen

    def wake(self) -> None:
        self._events.put(None)

    def folders(self) -> int:
        return 0

    def close(self) -> None:
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()


class Watcher:
    """Watches one root in its own thread until it is stopped.

    All changes after `start` has returned are delivered: start it first, then scan.
    """

    def __init__(
        self,
        root: Path,
        settings: Settings,
        on_change: Callable[[Changes], None],
        *,
        quiet: float = QUIET,
        longest: float = LONGEST,
        poll_interval: float = POLL_INTERVAL,
        mode: Literal["auto", "inotify", "native", "polling", "client"] = "auto",
        on_status: Callable[[], None] = lambda: None,
    ) -> None:
        """Create a watcher without starting it. `on_change` is called in its thread, one batch at a time; so is
        `on_status` when the root is gone, has come back, or is watched in another way.

        With `mode` "client" nothing is watched: an editor reports the changes.
        """
        self._root = root
        self._settings = settings
        self._on_change = on_change
        self._on_status = on_status
        self._quiet = quiet
        self._longest = longest
        self._poll_interval = poll_interval
        self._mode = mode
        self._reason = ""
        self._broken = ""
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._source: EventSource | None = None
        self._collector: ChangeCollector | None = None
        self._reported: queue.SimpleQueue[Path] = queue.SimpleQueue()

    def start(self) -> list[Found | Skipped] | None:
        """Start watching; takes about as long as a scan.

        Returns what a scan found meanwhile, if there was one: all changes since then will be reported.

        Raises:
            WorkspaceError: the root is not a folder that can be read.
        """
        self._collector = ChangeCollector(self._root, self._settings, quiet=self._quiet, longest=self._longest)
        found: list[Found | Skipped] = []
        try:
            self._source = source = self._open(self._collector.rules, found)
        except RootGoneError:
            raise WorkspaceError(f"cannot read {self._root}") from None
        self._collector.read_git_state()
        thread = threading.Thread(target=self._run, args=(self._collector,), name="glossator-watcher", daemon=True)
        thread.start()
        self._thread = thread  # only now: another thread that stops the watcher joins it, which has to be started
        return found if source.mode == "inotify" else None

    def report(self, paths: Iterable[Path]) -> None:
        """Report changes of these files or folders (absolute paths). May be called by any thread; never waits."""
        for path in paths:
            self._reported.put(path)
        source = self._source
        if source is not None:
            source.wake()

    def stop(self) -> None:
        """Stop, and wait until the thread has ended. May be called by any thread but its own, and more than once."""
        self._stopping.set()
        source = self._source
        if source is not None:
            source.wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def status(self) -> WatchStatus:
        """The current state."""
        source, collector = self._source, self._collector
        running = self._thread is not None and self._thread.is_alive()
        mode: Mode = "stopped" if not running else source.mode if source is not None else "waiting"
        pending = collector.pending if collector is not None else 0
        folders = source.folders() if source is not None else 0
        return WatchStatus(mode, self._reason, folders, pending + self._reported.qsize())

    def _open(self, rules: Rules, found: list[Found | Skipped] | None = None) -> EventSource:
        """The best source that works; `found` as for `InotifySource`. Raises RootGoneError."""
        if self._mode == "client":
            return ReportedSource(rules, self._poll_interval)
        wanted = "polling" if self._broken else self._mode
        if wanted == "auto":
            wanted = "inotify" if inotify.AVAILABLE else "native"
        try:
            if wanted == "inotify":
                return InotifySource(rules, found)
            if wanted == "native":
                return _NativeSource(rules)
        except OSError as error:
            self._broken = _explained(error)
        self._reason = f"{self._broken}; polling for changes every {self._poll_interval:g} s" if self._broken else ""
        if self._reason:
            _log.warning("%s: %s", self._root, self._reason)
        return PollingSource(rules, self._poll_interval)

    # In the thread

    def _run(self, collector: ChangeCollector) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    self._step(collector)
                except RootGoneError:
                    self._reason = f"{self._root} is gone; waiting for it to come back"
                    self._reopen(collector, "the workspace folder came back")
                except OSError as error:
                    self._broken = _explained(error)
                    self._reopen(collector, "file events were lost")
                except Exception:
                    # The thread must not end because of a defect, or the index would silently become outdated.
                    _log.exception("watching %s failed", self._root)
                    collector.request_rescan("a file event could not be read")
                    self._stopping.wait(self._poll_interval)
        finally:
            self._close()

    def _step(self, collector: ChangeCollector) -> None:
        """Wait for events or until the batch is due; deliver it if it is due."""
        source = self._source
        if source is None:
            raise RootGoneError
        timeout = max(0.0, collector.due() - time.monotonic()) if collector.waits else None
        for event in source.wait(timeout if self._reported.empty() else 0.0):
            collector.add(event)
        while not self._reported.empty():
            path = self._reported.get()
            collector.add(FileEvent(str(path), path.is_dir()))
        if collector.waits and not self._stopping.is_set() and time.monotonic() >= collector.due():
            self._deliver(collector, source)

    def _deliver(self, collector: ChangeCollector, source: EventSource) -> None:
        """Deliver the batch."""
        try:
            while (rules := collector.renewed_rules()) is not None:
                source.renew(rules)
                if not made_repository(rules):
                    break
        except WorkspaceError:
            raise RootGoneError from None
        changes = collector.take()
        if changes != Changes():
            try:
                self._on_change(changes)
            except Exception:
                # The thread must not end because of a defect in the receiver.
                _log.exception("the receiver of file changes failed")

    def _reopen(self, collector: ChangeCollector, why: str) -> None:
        """Watch again as soon as the root exists; everything may have changed."""
        self._close()
        self._on_status()
        pause = 0.0
        while not self._stopping.wait(pause):
            try:
                collector.start_over(why)
                self._source = self._open(collector.rules)
            except (WorkspaceError, RootGoneError):
                pause = min(self._poll_interval, 1.0)
                continue
            collector.read_git_state()
            if not self._broken:
                self._reason = ""
            self._on_status()
            return

    def _close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()


def _explained(error: OSError) -> str:
    """Why the system's file events do not work, with the setting that helps."""
    if error.errno == errno.ENOSPC:
        limit = inotify.watch_limit()
        setting = f"fs.inotify.max_user_watches = {limit}" if limit else "fs.inotify.max_user_watches"
        return f"the system's limit of watched folders is reached ({setting})"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "too many watchers or files are open (fs.inotify.max_user_instances, ulimit -n)"
    return f"the system's file events failed ({error.strerror or error})"
