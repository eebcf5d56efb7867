"""Sources of file events: inotify on the folders that a scan enters, comparisons of scans, or an editor's reports.

A fourth source, watchdog, is in `watching.py`, which also chooses between them. `changes.py` interprets events and
collects them into batches.
"""

from __future__ import annotations

import errno
import threading
import time
from typing import TYPE_CHECKING, Literal, Protocol

from glossator.errors import WorkspaceError
from glossator.workspace import inotify
from glossator.workspace.changes import FileEvent
from glossator.workspace.files import Found, Rules, stat_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glossator.workspace.files import Skipped

Mode = Literal["inotify", "native", "polling", "client", "waiting", "stopped"]


class RootGoneError(Exception):
    """The root does not exist any more."""


class EventSource(Protocol):
    """A source of file events. All methods but `wake` are called by one thread at a time."""

    mode: Mode

    def wait(self, timeout: float | None) -> list[FileEvent]:
        """The next events; waits at most `timeout` seconds for them. Raises RootGoneError, or OSError if it failed."""

    def renew(self, rules: Rules) -> None:
        """Use new rules from now on."""

    def wake(self) -> None:
        """Make `wait` return; may be called by any thread."""

    def folders(self) -> int:
        """How many folders are watched one by one."""

    def close(self) -> None:
        """Release everything."""


def outside(rules: Rules) -> set[Path]:
    """Folders that a scan does not enter but whose changes matter.

    They contain git's state or further ignore files, or are skipped because of a file in them, which may be deleted.
    """
    folders = {path.parent for path in rules.outer_rule_files} | rules.marked_folders()
    folders.update(repository.git_dir for repository in rules.repositories())
    folders.update(folder / ".git" for folder in rules.unfinished())
    return folders


class InotifySource:
    """One watch for each folder that a scan enters."""

    mode: Mode = "inotify"

    def __init__(self, rules: Rules, found: list[Found | Skipped] | None = None) -> None:
        """Begin to watch. What a scan finds meanwhile is added to `found`: events tell of all changes since."""
        self._inotify = inotify.Inotify()
        self._rules = rules
        self._root = str(rules.root)
        try:
            covered: set[str] = set()
            if found is None:
                covered = self._cover("")
            else:
                for folder in outside(rules):  # the rules in them have just been read, and decide what is found
                    self._add(str(folder))
                found.extend(rules.scan("", self._watching(covered)))
            self._watch_no_others(covered)
        except BaseException:
            self._inotify.close()
            raise

    def renew(self, rules: Rules) -> None:
        """See `EventSource`."""
        self._rules = rules
        self._watch_no_others(self._cover(""))

    def _watch_no_others(self, wanted: set[str]) -> None:
        """Watch these folders, which are watched already, and those outside that matter, and no others."""
        rules = self._rules
        wanted |= {str(folder) for folder in outside(rules) if self._add(str(folder))}
        for folder in self._inotify.folders():
            if folder not in wanted:
                self._inotify.remove(folder)

    def _cover(self, under: str) -> set[str]:
        """Watch `under` and all folders below it; returns them."""
        covered: set[str] = set()
        for _ in self._rules.folders(under, self._watching(covered)):
            continue
        return covered

    def _watching(self, covered: set[str]) -> Callable[[str], None]:
        """Watches a folder, and adds it to those that are covered.

        Each folder is watched before it is listed: one that is created in it is listed, or else an event tells of it.
        """

        def watch(folder: str) -> None:
            full = f"{self._root}/{folder}" if folder else self._root
            if self._add(full):
                covered.add(full)

        return watch

    def _add(self, folder: str) -> bool:
        """Watch one folder; False if it is gone or may not be read."""
        try:
            self._inotify.add(folder)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG):
                return False
            raise
        return True

    def wait(self, timeout: float | None) -> list[FileEvent]:
        """See `EventSource`."""
        seen: list[FileEvent] = []
        for event in self._inotify.read(timeout):
            if event.folder is None:
                self.renew(self._rules)
                seen.append(FileEvent(""))
                continue
            if event.mask & (inotify.IN_DELETE_SELF | inotify.IN_MOVE_SELF | inotify.IN_UNMOUNT):
                if event.folder == self._root:
                    raise RootGoneError
                continue
            if not event.name:
                continue
            path = f"{event.folder}/{event.name}"
            if not event.mask & inotify.IN_ISDIR:
                seen.append(FileEvent(path))
            elif event.mask & inotify.IN_DELETE:
                seen.append(FileEvent(path, is_folder=True))
            elif event.mask & inotify.IN_MOVED_FROM:
                self._inotify.remove_tree(path)
                seen.append(FileEvent(path, is_folder=True))
            else:  # created, moved here, or its permissions changed
                if path.startswith(self._root + "/"):
                    self._cover(path[len(self._root) + 1 :])
                seen.append(FileEvent(path, is_folder=True))
        return seen

    def wake(self) -> None:
        """See `EventSource`."""
        self._inotify.wake()

    def folders(self) -> int:
        """See `EventSource`."""
        return len(self._inotify)

    def close(self) -> None:
        """See `EventSource`."""
        self._inotify.close()


class PollingSource:
    """Comparisons of scans."""

    mode: Mode = "polling"

    def __init__(self, rules: Rules, interval: float) -> None:
        self._interval = interval
        self._awake = threading.Event()
        self._rules = rules
        self.renew(rules)
        self._snapshot, took = self._scan()
        self._next = time.monotonic() + max(interval, 10 * took)

    def _scan(self) -> tuple[dict[str, object], float]:
        """The files (absolute path -> a value that differs after a change), and the seconds that the scan took."""
        start = time.monotonic()
        try:
            rules = Rules(self._rules.root, self._rules.settings)
            root = f"{rules.root}/"
            snapshot: dict[str, object] = {}
            for item in rules.scan():
                snapshot[root + item.path] = item[1:] if isinstance(item, Found) else item.reason
        except WorkspaceError:
            raise RootGoneError from None
        repositories = rules.repositories()
        snapshot.update((str(repository.top / ".git"), "") for repository in repositories)
        rule_files = rules.outer_rule_files | rules.inner_rule_files
        for path in (*rule_files, *(repository.git_dir / "HEAD" for repository in repositories)):
            try:
                snapshot[str(path)] = stat_of(path.stat())
            except OSError:
                continue
        return snapshot, time.monotonic() - start

    def wait(self, timeout: float | None) -> list[FileEvent]:
        """See `EventSource`."""
        now = time.monotonic()
        pause = self._next - now if timeout is None else min(timeout, self._next - now)
        if pause > 0 and self._awake.wait(pause):
            self._awake.clear()
        if time.monotonic() < self._next:
            return []
        old = self._snapshot
        self._snapshot, took = self._scan()
        self._next = time.monotonic() + max(self._interval, 10 * took)
        changed = {path for path, state in self._snapshot.items() if old.get(path) != state} | (
            old.keys() - self._snapshot.keys()
        )
        return [FileEvent(path.rstrip("/"), path.endswith("/")) for path in sorted(changed)]

    def renew(self, rules: Rules) -> None:
        """See `EventSource`."""
        for _ in rules.folders():  # so that the rules know all repositories
            continue
        self._rules = rules

    def wake(self) -> None:
        """See `EventSource`."""
        self._awake.set()

    def folders(self) -> int:
        """See `EventSource`."""
        return 0

    def close(self) -> None:
        """Nothing is held."""


class ReportedSource:
    """An editor that watches the workspace: its reports come through `Watcher.report`.

    It sees only the workspace. The few ignore files and git files outside, and the existence of the root, are checked
    now and then.
    """

    mode: Mode = "client"

    def __init__(self, rules: Rules, interval: float) -> None:
        self._interval = interval
        self._awake = threading.Event()
        self._next = time.monotonic() + interval
        self.renew(rules)

    def renew(self, rules: Rules) -> None:
        """See `EventSource`."""
        for _ in rules.folders():  # so that the rules know all repositories, whose ignore files no editor reports
            continue
        self._rules = rules
        self._outer = self._outer_states()

    def _outer_states(self) -> dict[Path, tuple[int, int, int] | None]:
        states: dict[Path, tuple[int, int, int] | None] = {}
        outer = set(self._rules.outer_rule_files)
        for repository in self._rules.repositories():
            if not repository.git_dir.is_relative_to(self._rules.root):
                outer |= {repository.git_dir / "HEAD", repository.git_dir / "index"}
        for path in outer:
            try:
                states[path] = stat_of(path.stat())
            except OSError:
                states[path] = None
        return states

    def wait(self, timeout: float | None) -> list[FileEvent]:
        """See `EventSource`."""
        left = self._next - time.monotonic()
        pause = left if timeout is None else min(timeout, left)
        if pause > 0:
            self._awake.wait(pause)
        self._awake.clear()
        if time.monotonic() < self._next:
            return []
        self._next = time.monotonic() + self._interval
        if not self._rules.root.is_dir():
            raise RootGoneError
        before, self._outer = self._outer, self._outer_states()
        return [FileEvent(str(path)) for path, state in self._outer.items() if before.get(path) != state]

    def wake(self) -> None:
        """See `EventSource`."""
        self._awake.set()

    def folders(self) -> int:
        """See `EventSource`."""
        return 0

    def close(self) -> None:
        """Nothing is held."""
