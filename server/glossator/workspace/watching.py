"""When files change: batches of changed paths, delivered once the workspace is quiet.

Three sources of events. On Linux inotify itself, with watches on those folders only that the rules let a scan enter;
on other systems watchdog's native observer over the whole tree (FSEvents and ReadDirectoryChangesW watch a tree at no
cost per folder), filtered by the same rules; where neither works, a comparison of scans every few seconds. Whatever
the source, a batch waits until nothing happened for a moment and git does not hold the index, so that a branch switch
is one batch.

The only importer of watchdog. It knows nothing of what is in the files.
"""

from __future__ import annotations

import errno
import logging
import os
import queue
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from glossator.errors import WorkspaceError
from glossator.workspace import inotify
from glossator.workspace.files import Rules
from glossator.workspace.gitstate import Repository
from glossator.workspace.sources import InotifySource, Mode, PollingSource, RootGoneError, Seen, Source, outside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glossator.settings import Settings

QUIET = 0.1
"""Seconds without an event before a batch is delivered: editors write a file in several steps within a few ms."""
LONGEST = 1.0
"""Seconds after which a batch is delivered though events keep coming."""
GIT_LONGEST = 30.0
"""Seconds for which a batch waits for git; a lock file that is older was left behind by a crash."""
POLL_INTERVAL = 3.0
"""Seconds between two scans where there are no events; scans take at most a tenth of the time."""
MAX_PATHS = 2000
"""A batch of more paths says "rescan", which is faster than to look at each."""

_ROOT_CHECK = 5.0
"""Seconds between two looks whether the root still exists, where no event would tell."""
_GIT_CHECK = 0.25
_GIT_FILES = frozenset({"HEAD", "HEAD.lock", "index", "index.lock", "packed-refs"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Changes:
    """One batch. Paths are relative to the root, with "/"; what became of each, a look at the disk tells.

    Attributes:
        paths: files that were created, changed, deleted or moved (both names), sorted.
        folders: folders that were created, deleted or moved: all that is known below them must be compared with a
            scan of them. None lies below another, and no path lies below one.
        rescan: why everything must be compared with a new scan; "" if it need not be. `paths` and `folders` are empty
            then, and `Rules` made before the batch are out of date.
    """

    paths: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    rescan: str = ""


@dataclass(frozen=True, slots=True)
class WatchStatus:
    """How a watcher works at the moment.

    Attributes:
        mode: "inotify", "native" (watchdog), "polling", "waiting" (for the root to come back) or "stopped".
        reason: why it is not better than that, with a cure if there is one; "" if it is the best there is.
        folders: how many folders are watched one by one.
        pending: how many paths and folders wait to be delivered.
    """

    mode: Mode
    reason: str
    folders: int
    pending: int


class _NativeSource:
    """watchdog's observer of the system, over the whole tree."""

    mode: Mode = "native"

    def __init__(self, rules: Rules) -> None:
        from watchdog.events import FileSystemEvent, FileSystemEventHandler
        from watchdog.observers import Observer

        events: queue.SimpleQueue[Seen | None] = queue.SimpleQueue()

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                if event.event_type in ("opened", "closed_no_write") or (
                    event.is_directory and event.event_type in ("modified", "attrib")
                ):
                    return
                for path in (event.src_path, event.dest_path):
                    if path:
                        events.put(Seen(os.fsdecode(path), event.is_directory))

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

    def wait(self, timeout: float | None) -> list[Seen]:
        if not self._root.is_dir():
            raise RootGoneError
        seen: list[Seen] = []
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


@dataclass(slots=True)
class _Batch:
    """What happened and was not delivered yet."""

    paths: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    rescan: str = ""
    rules_changed: bool = False
    git_touched: bool = False
    first: float = 0.0
    last: float = 0.0

    def touch(self) -> None:
        """Something happened now."""
        self.last = time.monotonic()
        self.first = self.first or self.last

    def changes(self) -> Changes:
        """The batch as it is delivered."""
        if self.rescan:
            return Changes(rescan=self.rescan)
        if len(self.paths) + len(self.folders) > MAX_PATHS:
            return Changes(rescan=f"more than {MAX_PATHS} files changed")
        folders = {folder for folder in self.folders if self.folders.isdisjoint(_above(folder))}
        paths = {path for path in self.paths - folders if folders.isdisjoint(_above(path))}
        return Changes(tuple(sorted(paths)), tuple(sorted(folders)))


def _above(path: str) -> Iterator[str]:
    """The folders that hold `path`, innermost first, without the root."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


class Watcher:
    """Watches one root in a thread of its own until it is stopped.

    Everything that happens after `start` returned is delivered: start it first, then scan.
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
        mode: Literal["auto", "inotify", "native", "polling"] = "auto",
    ) -> None:
        """A watcher that is not started yet. `on_change` is called in its thread, one batch at a time."""
        self._root = root
        self._settings = settings
        self._on_change = on_change
        self._quiet = quiet
        self._longest = longest
        self._poll_interval = poll_interval
        self._wanted = mode
        self._reason = ""
        self._broken = ""
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._source: Source | None = None
        self._batch = _Batch()

    def start(self) -> None:
        """Begin to watch; takes about as long as a scan.

        Raises:
            WorkspaceError: the root is not a folder that can be read.
        """
        self._rules = Rules(self._root, self._settings)
        self._git_state = self._heads()
        try:
            self._source = self._open()
        except RootGoneError:
            raise WorkspaceError(f"cannot read {self._root}") from None
        self._thread = threading.Thread(target=self._run, name="glossator-watcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait until the thread has ended. May be called by any thread but its own, and more than once."""
        self._stopping.set()
        source = self._source
        if source is not None:
            source.wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def status(self) -> WatchStatus:
        """How it works at the moment."""
        source, batch = self._source, self._batch
        running = self._thread is not None and self._thread.is_alive()
        mode: Mode = "stopped" if not running else source.mode if source is not None else "waiting"
        pending = len(batch.paths) + len(batch.folders) + bool(batch.rescan)
        return WatchStatus(mode, self._reason, source.folders() if source is not None else 0, pending)

    def _open(self) -> Source:
        """The best source that works. Raises RootGoneError."""
        wanted = "polling" if self._broken else self._wanted
        if wanted == "auto":
            wanted = "inotify" if inotify.AVAILABLE else "native"
        try:
            if wanted == "inotify":
                return InotifySource(self._rules)
            if wanted == "native":
                return _NativeSource(self._rules)
        except OSError as error:
            self._broken = _explained(error)
        self._reason = f"{self._broken}; looking for changes every {self._poll_interval:g} s" if self._broken else ""
        if self._reason:
            _log.warning("%s: %s", self._root, self._reason)
        return PollingSource(self._rules, self._poll_interval)

    # In the thread

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    self._step()
                except RootGoneError:
                    self._reason = f"{self._root} is gone; waiting for it to come back"
                    self._reopen("the workspace folder came back")
                except OSError as error:
                    self._broken = _explained(error)
                    self._reopen("file events were lost")
        finally:
            self._close()

    def _step(self) -> None:
        """Wait for events or for the batch to be due; deliver it if it is."""
        source = self._source
        if source is None:
            raise RootGoneError
        now = time.monotonic()
        for seen in source.wait(None if not self._batch.first else max(0.0, self._due() - now)):
            self._note(seen)
        if self._batch.first and not self._stopping.is_set() and time.monotonic() >= self._due():
            self._deliver(source)

    def _due(self) -> float:
        """When the batch is to be delivered, or git to be looked at again."""
        batch = self._batch
        now = time.monotonic()
        if now - batch.first < GIT_LONGEST and any(repository.is_busy() for repository in self._rules.repositories()):
            return now + _GIT_CHECK
        return min(batch.last + self._quiet, batch.first + self._longest)

    def _note(self, seen: Seen) -> None:
        """Add one event to the batch if it matters."""
        batch = self._batch
        if not seen.path:
            batch.rescan = batch.rescan or "file events were lost"
            batch.rules_changed = True
            batch.touch()
            return
        folder, _, name = seen.path.replace(os.sep, "/").rpartition("/")
        if name in _GIT_FILES and folder in self._git_folders:
            batch.git_touched = True
            batch.touch()
            return
        if name == "HEAD" and folder.endswith("/.git") and Path(folder).parent in self._rules.unfinished():
            batch.rules_changed = True
            batch.touch()
            return
        if Path(seen.path) in self._rules.outer_rule_files:
            batch.rules_changed = True
            batch.touch()
            return
        root = self._rules.root.as_posix()
        if not seen.path.replace(os.sep, "/").startswith(root + "/"):
            return
        path = f"{folder}/{name}"[len(root) + 1 :]
        if name == ".git" and not self._rules.is_ignored(path):
            batch.rules_changed = True  # a repository came or went
        elif self._rules.is_ignored(path, is_folder=seen.is_folder):
            return
        elif seen.is_folder:
            batch.folders.add(path)
        else:
            batch.paths.add(path)
            batch.rules_changed = batch.rules_changed or self._rules.is_rule_file(path)
        batch.touch()

    def _deliver(self, source: Source) -> None:
        """Hand the batch over."""
        batch = self._batch
        if batch.rules_changed:
            try:
                self._rules = Rules(self._root, self._settings)
                source.renew(self._rules)
                while any(Repository.at(folder) is not None for folder in self._rules.unfinished()):
                    self._rules = Rules(self._root, self._settings)
                    source.renew(self._rules)
            except WorkspaceError:
                raise RootGoneError from None
            batch.rescan = batch.rescan or "ignore rules changed"
        if batch.git_touched or batch.rules_changed:
            before, self._git_state = self._git_state, self._heads()
            if before != self._git_state and (batch.paths or batch.folders):
                batch.rescan = batch.rescan or "git checked out another commit"
        self._batch = _Batch()
        changes = batch.changes()
        if changes != Changes():
            try:
                self._on_change(changes)
            except Exception:
                # The thread must live on: a batch that the receiver failed at is the receiver's defect, to be seen.
                _log.exception("the receiver of file changes failed")

    def _heads(self) -> dict[Path, tuple[str, str]]:
        """What is checked out, in each repository of the workspace."""
        repositories = self._rules.repositories()
        self._git_folders = {repository.git_dir.as_posix() for repository in repositories}
        return {repository.git_dir: repository.state() for repository in repositories}

    def _reopen(self, why: str) -> None:
        """Begin anew, as soon as the root is there; everything may have changed."""
        self._close()
        pause = 0.0
        while not self._stopping.wait(pause):
            try:
                self._rules = Rules(self._root, self._settings)
                self._git_state = self._heads()
                self._source = self._open()
            except (WorkspaceError, RootGoneError):
                pause = min(self._poll_interval, 1.0)
                continue
            if not self._broken:
                self._reason = ""
            self._batch.rescan = why
            self._batch.touch()
            return

    def _close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()


def _explained(error: OSError) -> str:
    """Why the system's events do not work, with the setting that helps."""
    if error.errno == errno.ENOSPC:
        limit = inotify.watch_limit()
        setting = f"fs.inotify.max_user_watches = {limit}" if limit else "fs.inotify.max_user_watches"
        return f"the system's limit of watched folders is reached ({setting})"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "too many watchers or files are open (fs.inotify.max_user_instances, ulimit -n)"
    return f"the system's file events failed ({error.strerror or error})"
