"""Where events come from: inotify on the folders that a scan enters, or comparisons of scans.

A third source, watchdog's, is in `watching.py`, which also decides between them and makes batches of what they tell.
"""

from __future__ import annotations

import errno
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from glossator.errors import WorkspaceError
from glossator.workspace import inotify
from glossator.workspace.files import Found, Rules

if TYPE_CHECKING:
    from pathlib import Path

Mode = Literal["inotify", "native", "polling", "waiting", "stopped"]


class RootGoneError(Exception):
    """The root does not exist any more."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Something happened to `path` (absolute); "": something happened, and nobody knows what."""

    path: str
    is_folder: bool = False


class Source(Protocol):
    """Where events come from. All but `wake` is called by one thread at a time."""

    mode: Mode

    def wait(self, timeout: float | None) -> list[Seen]:
        """What happened; waits at most `timeout` seconds for it. Raises RootGoneError, or OSError if it broke."""

    def renew(self, rules: Rules) -> None:
        """Go on with new rules."""

    def wake(self) -> None:
        """Make `wait` return; may be called by any thread."""

    def folders(self) -> int:
        """How many folders are watched one by one."""

    def close(self) -> None:
        """Release everything."""


def outside(rules: Rules) -> set[Path]:
    """Folders outside a scan's reach in which something may happen that matters: git's state, more ignore files."""
    folders = {path.parent for path in rules.outer_rule_files}
    folders.update(repository.git_dir for repository in rules.repositories())
    folders.update(folder / ".git" for folder in rules.unfinished())
    return folders


class InotifySource:
    """One watch for each folder that a scan enters."""

    mode: Mode = "inotify"

    def __init__(self, rules: Rules) -> None:
        self._inotify = inotify.Inotify()
        self._rules = rules
        self._root = str(rules.root)
        try:
            self.renew(rules)
        except BaseException:
            self._inotify.close()
            raise

    def renew(self, rules: Rules) -> None:
        """See `Source`."""
        self._rules = rules
        wanted = self._cover("")
        wanted |= {str(folder) for folder in outside(rules) if self._add(str(folder))}
        for folder in self._inotify.folders():
            if folder not in wanted:
                self._inotify.remove(folder)

    def _cover(self, under: str) -> set[str]:
        """Watch `under` and all folders below it; returns them.

        What is created between the listing of a folder and its watch would be missed, so the walk is repeated until it
        finds nothing new.
        """
        covered: set[str] = set()
        while True:
            before = len(covered)
            for folder in self._rules.folders(under):
                full = f"{self._root}/{folder}" if folder else self._root
                if full in covered or self._add(full):
                    covered.add(full)
            if len(covered) == before:
                return covered

    def _add(self, folder: str) -> bool:
        """Watch one folder; False if it is gone or may not be read."""
        try:
            self._inotify.add(folder)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG):
                return False
            raise
        return True

    def wait(self, timeout: float | None) -> list[Seen]:
        """See `Source`."""
        seen: list[Seen] = []
        for event in self._inotify.read(timeout):
            if event.folder is None:
                self.renew(self._rules)
                seen.append(Seen(""))
                continue
            if event.mask & (inotify.IN_DELETE_SELF | inotify.IN_MOVE_SELF | inotify.IN_UNMOUNT):
                if event.folder == self._root:
                    raise RootGoneError
                continue
            if not event.name:
                continue
            path = f"{event.folder}/{event.name}"
            if not event.mask & inotify.IN_ISDIR:
                seen.append(Seen(path))
            elif event.mask & inotify.IN_DELETE:
                seen.append(Seen(path, is_folder=True))
            elif event.mask & inotify.IN_MOVED_FROM:
                self._inotify.remove_tree(path)
                seen.append(Seen(path, is_folder=True))
            else:  # created, moved here, or its permissions changed
                if path.startswith(self._root + "/"):
                    self._cover(path[len(self._root) + 1 :])
                seen.append(Seen(path, is_folder=True))
        return seen

    def wake(self) -> None:
        """See `Source`."""
        self._inotify.wake()

    def folders(self) -> int:
        """See `Source`."""
        return len(self._inotify)

    def close(self) -> None:
        """See `Source`."""
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
        """What there is (absolute path -> what a change would change), and how many seconds it took to find out."""
        start = time.monotonic()
        try:
            rules = Rules(self._rules.root, self._rules.settings)
            root = f"{rules.root}/"
            snapshot: dict[str, object] = {}
            for item in rules.scan():
                snapshot[root + item.path] = (item.size, item.mtime_ns) if isinstance(item, Found) else item.reason
        except WorkspaceError:
            raise RootGoneError from None
        for path in rules.outer_rule_files:
            try:
                snapshot[str(path)] = path.stat().st_mtime_ns
            except OSError:
                continue
        return snapshot, time.monotonic() - start

    def wait(self, timeout: float | None) -> list[Seen]:
        """See `Source`."""
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
        return [Seen(path.rstrip("/"), path.endswith("/")) for path in sorted(changed)]

    def renew(self, rules: Rules) -> None:
        """See `Source`."""
        for _ in rules.folders():  # so that the rules know all repositories
            continue
        self._rules = rules

    def wake(self) -> None:
        """See `Source`."""
        self._awake.set()

    def folders(self) -> int:
        """See `Source`."""
        return 0

    def close(self) -> None:
        """Nothing is held."""
