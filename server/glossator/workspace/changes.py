"""Collects file events into batches of changes: the only module that interprets events and decides on their delivery.

Paths come from any source: the system's file events, comparisons of scans, or an editor's reports. A batch is
delivered after a short time without events while git holds no locks, so that a branch switch is one batch. It requests
a rescan if checking each path would miss changes or be slower: after changed ignore rules, a checkout, or many paths.

This module has no thread and watches nothing; `watching.py` feeds it.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.workspace.files import Rules
from glossator.workspace.gitstate import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glossator.settings import Settings

QUIET = 0.1
"""Seconds without an event before a batch is delivered: editors write a file in several steps within a few ms."""
LONGEST = 1.0
"""Seconds after which a batch is delivered even if events keep coming."""
GIT_LONGEST = 30.0
"""Seconds for which a batch waits for git; a lock file that is older was left behind by a crash."""
GIT_CHECK = 0.25
"""Seconds between two checks whether git has released its locks."""
MAX_PATHS = 2000
"""A batch of more paths than this requests a rescan, which is faster than checking each."""

_GIT_FILES = frozenset({"HEAD", "HEAD.lock", "index", "index.lock", "packed-refs"})


@dataclass(frozen=True, slots=True)
class FileEvent:
    """Something happened to `path` (absolute); "" if the path is unknown, since events were lost."""

    path: str
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """One batch. Paths are relative to the root, with "/"; the receiver checks the disk to see what happened to them.

    Attributes:
        paths: files that were created, changed, deleted or moved (both names), sorted.
        folders: folders that were created, deleted or moved: everything indexed below them must be compared with a
            scan. None is inside another, and none of `paths` is inside one.
        rescan: why everything must be compared with a new scan; "" if not. If set, `paths` and `folders` are empty, and
            `Rules` made before the batch are outdated.
    """

    paths: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    rescan: str = ""


@dataclass(slots=True)
class _Batch:
    """The changes that have not been delivered yet."""

    paths: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    rescan: str = ""
    rules_changed: bool = False
    git_touched: bool = False
    first: float = 0.0
    last: float = 0.0

    def touch(self) -> None:
        """Note the time of an event."""
        self.last = time.monotonic()
        self.first = self.first or self.last

    def changes(self) -> Changes:
        """The batch in the form in which it is delivered."""
        if self.rescan:
            return Changes(rescan=self.rescan)
        if len(self.paths) + len(self.folders) > MAX_PATHS:
            return Changes(rescan=f"more than {MAX_PATHS} files changed")
        folders = {folder for folder in self.folders if self.folders.isdisjoint(_above(folder))}
        paths = {path for path in self.paths - folders if folders.isdisjoint(_above(path))}
        return Changes(tuple(sorted(paths)), tuple(sorted(folders)))


def _above(path: str) -> Iterator[str]:
    """The folders above `path`, innermost first, without the root."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


class ChangeCollector:
    """Collects the events of one root into batches. Used by one thread; `pending` may be read by any."""

    def __init__(self, root: Path, settings: Settings, *, quiet: float = QUIET, longest: float = LONGEST) -> None:
        """Read the root's current rules.

        Args:
            root: the folder.
            settings: the rules' settings.
            quiet: seconds without an event before a batch is due.
            longest: seconds after which a batch is due in any case.

        Raises:
            WorkspaceError: the root is not a folder that can be read.
        """
        self._root = root
        self._settings = settings
        self._quiet = quiet
        self._longest = longest
        self._batch = _Batch()
        self._git_folders: set[str] = set()
        self._known_repositories = 0
        self.rules = Rules(root, settings)
        self._heads = self._checked_out()

    @property
    def pending(self) -> int:
        """Number of undelivered paths and folders; a rescan counts as one."""
        batch = self._batch
        return len(batch.paths) + len(batch.folders) + bool(batch.rescan)

    @property
    def waits(self) -> bool:
        """Whether there is anything to deliver."""
        return bool(self._batch.first)

    def read_git_state(self) -> None:
        """Note which commits are checked out, to detect later changes. Call it once a source is watching."""
        self._heads = self._checked_out()

    def request_rescan(self, why: str) -> None:
        """Have the next batch request a rescan."""
        self._batch.rescan = self._batch.rescan or why
        self._batch.touch()

    def start_over(self, why: str) -> None:
        """Read rules and git's state again, since events may have been missed; the next batch requests a rescan.

        Raises:
            WorkspaceError: the root is not a folder that can be read.
        """
        self.rules = Rules(self._root, self._settings)
        self._heads = self._checked_out()
        self._batch.rescan = why
        self._batch.touch()

    def add(self, event: FileEvent) -> None:
        """Add an event to the batch, unless it is irrelevant."""
        batch, rules = self._batch, self.rules
        if not event.path:
            batch.rules_changed = True
            self.request_rescan("file events were lost")
            return
        full = event.path.replace(os.sep, "/").rstrip("/")
        folder, _, name = full.rpartition("/")
        root = rules.root.as_posix().rstrip("/")
        path = full[len(root) + 1 :] if full.startswith(root + "/") else ""
        if name in _GIT_FILES and path.endswith(f".git/{name}"):
            self._meet_repository(path.removesuffix(f".git/{name}").rstrip("/"))
        if name in _GIT_FILES and folder in self._git_folders:
            batch.git_touched = True
        elif name == "HEAD" and folder.endswith("/.git") and Path(folder).parent in rules.unfinished():
            batch.rules_changed = True  # git has finished creating a repository there
        elif Path(event.path) in rules.outer_rule_files:
            batch.rules_changed = True
        elif not path:
            return
        elif self._decides_on_its_folder(path, name):
            batch.rules_changed = True
            if name != ".git":
                batch.paths.add(path)
        elif event.is_folder and rules.root / path in rules.marked_folders():
            batch.rules_changed = True
        elif rules.is_ignored(path, is_folder=event.is_folder):
            return
        elif event.is_folder:
            batch.folders.add(path)
        else:
            batch.paths.add(path)
            batch.rules_changed = batch.rules_changed or rules.is_rule_file(path)
        batch.touch()

    def _decides_on_its_folder(self, path: str, name: str) -> bool:
        """Whether the file decides what of its folder is indexed, and the folder is not ignored.

        The folder may be skipped because of that file, which may just have been deleted. An ignore file may ignore
        itself, such as the `*` that tools write into their own folders.
        """
        parent = path.rpartition("/")[0]
        if name in (".git", ".gitignore", ".glossatorignore"):
            return not parent or not self.rules.is_ignored(parent)
        return bool(parent) and self.rules.is_rule_file(path) and not self.rules.is_ignored(parent)

    def _meet_repository(self, top: str) -> None:
        """Add the repository in the folder `top` to the rules, if it is new."""
        self.rules.is_ignored(f"{top}/HEAD" if top else "HEAD")
        if len(self.rules.repositories()) != self._known_repositories:
            # It is unknown what was checked out there before, so this counts as a change.
            known = self._heads
            self._checked_out()
            self._heads = known

    def due(self) -> float:
        """When (`time.monotonic`) to deliver the batch, or to check git again."""
        batch = self._batch
        now = time.monotonic()
        if now - batch.first < GIT_LONGEST and any(repository.is_busy() for repository in self.rules.repositories()):
            return now + GIT_CHECK
        return min(batch.last + self._quiet, batch.first + self._longest)

    def renewed_rules(self) -> Rules | None:
        """New rules for the source if the batch has changed them, else None.

        Raises:
            WorkspaceError: the root is no longer a readable folder.
        """
        if not self._batch.rules_changed:
            return None
        self.rules = Rules(self._root, self._settings)
        return self.rules

    def take(self) -> Changes:
        """Return the batch and start a new one. Call `renewed_rules` first."""
        batch, self._batch = self._batch, _Batch()
        if batch.rules_changed:
            batch.rescan = batch.rescan or "ignore rules changed"
        if batch.git_touched or batch.rules_changed:
            before, self._heads = self._heads, self._checked_out()
            if before != self._heads and (batch.paths or batch.folders or _branches(before) != _branches(self._heads)):
                batch.rescan = batch.rescan or "git checked out another commit"
        return batch.changes()

    def _checked_out(self) -> dict[Path, tuple[str, str]]:
        """The state of each repository that the rules know: what is checked out, by its git folder."""
        repositories = self.rules.repositories()
        self._known_repositories = len(repositories)
        self._git_folders = {repository.git_dir.as_posix() for repository in repositories}
        return {repository.git_dir: repository.state() for repository in repositories}


def _branches(heads: dict[Path, tuple[str, str]]) -> dict[Path, str]:
    return {folder: head for folder, (head, _) in heads.items()}


def made_repository(rules: Rules) -> bool:
    """Whether a folder that was an unfinished repository when the rules were read has become one."""
    return any(Repository.at(folder) is not None for folder in rules.unfinished())
