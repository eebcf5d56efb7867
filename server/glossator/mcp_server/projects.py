"""The folders that an agent works in: opened when the first tool is called, kept current, and named apart.

A folder's index is the one that the command line and the language server use. Whichever process opens it first writes
it; the others read it, and see its commits.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from glossator.answers.answerer import Answerer
from glossator.answers.use_wording import uncollected_note
from glossator.errors import GlossatorError, UsageError, WorkspaceError
from glossator.project.session import Session
from glossator.project.updates import RootUpdates

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from glossator.project.root import Root
    from glossator.settings import Settings

    Report = Callable[[float, float, str], Awaitable[None]]

FIRST_INDEX_SECONDS = 45.0
"""Seconds that a call waits for an index that is being built: clients give up after 60 by default."""
CHANGES_SECONDS = 5.0
"""Seconds that a call waits until changed files are indexed."""
REPORT_SECONDS = 0.5
"""Seconds between two reports of progress."""
LOOK_SECONDS = 2.0
"""Seconds after which the state is looked at, if nothing has told of a change: another process may be the writer."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Project:
    """An opened folder, and its name among the opened ones ("" if there is only one)."""

    updates: RootUpdates
    name: str

    @property
    def root(self) -> Root:
        """The folder and its index."""
        return self.updates.root


class Projects:
    """The opened folders. Used by one event loop."""

    def __init__(self, settings: Settings) -> None:
        self.session = Session([], settings)
        self.answerer = Answerer(self.session)
        self._opened: dict[Path, RootUpdates] = {}
        self._failed: dict[Path, str] = {}
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()

    def open(self, folders: Sequence[Path]) -> list[RootUpdates]:
        """Open these folders and no others; returns the ones that were open and are no longer needed, to be closed.

        A folder that cannot be opened is told by `chosen`; it is tried again at the next call.
        """
        self._failed = {}
        wanted: dict[int, RootUpdates] = {}
        for folder in folders:
            try:
                root = self.session.add(folder)
            except WorkspaceError as error:
                known = self._opened.get(folder)
                if known is not None:  # it has vanished: it may come back
                    wanted[id(known)] = known
                self._failed[folder] = str(error)
                continue
            updates = next((one for one in self._opened.values() if one.root is root), None)
            if updates is None:
                updates = RootUpdates(root, watch=True, on_change=self._tell)
            self._opened[folder] = updates
            wanted[id(updates)] = updates
        left = {id(one): one for one in self._opened.values() if id(one) not in wanted}
        self._opened = {folder: one for folder, one in self._opened.items() if id(one) in wanted}
        for one in left.values():
            self.session.remove(one.root)
        return list(left.values())

    def _tell(self) -> None:
        """Called in threads of the roots."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)

    def all(self) -> list[Project]:
        """The opened folders, with the shortest names that tell them apart."""
        opened = list({id(one): one for one in self._opened.values()}.values())
        if len(opened) == 1:
            return [Project(opened[0], "")]
        return [Project(one, _short_name(one.root.path, [other.root.path for other in opened])) for one in opened]

    def chosen(self, name: str = "") -> list[Project]:
        """The folders that a call is about: the one of this name, or all that are there.

        Raises:
            UsageError: no project has this name.
            WorkspaceError: none is there, or the chosen one has vanished; the message says which and why.
        """
        opened = self.all()
        if name:
            named = [one for one in opened if name in (one.name, one.root.path.name, str(one.root.path))]
            if not named:
                names = ", ".join(one.name or one.root.path.name for one in opened)
                raise UsageError(f"no project is named {name!r}; the projects are: {names}")
            opened = named[:1]
        present = [one for one in opened if _is_there(one.root.path)]
        if present:
            return present
        gone = [f"the folder {one.root.path} is gone or cannot be read" for one in opened]
        raise WorkspaceError("; ".join(gone or self._failed.values()) or "no project folder is open")

    def failures(self) -> list[str]:
        """Why folders that the client names cannot be searched."""
        gone = [f"the folder {one.root.path} is gone" for one in self.all() if not _is_there(one.root.path)]
        return list(dict.fromkeys([*gone, *self._failed.values()]))

    async def settled(self, projects: Sequence[Project], report: Report, *, uses: bool = False) -> list[str]:
        """Wait until the indexes are there and current, for a limited time; with `uses`, also for what uses what.

        Returns:
            What an answer has to say of indexes that are not complete.

        Raises:
            GlossatorError: an index cannot be built; the message says why.
        """
        started = time.monotonic()
        reported = 0.0
        while True:
            self._changed.clear()
            states = [(one, one.updates.state()) for one in projects]
            waiting = [
                (one, state)
                for one, state in states
                if state.state == "indexing" or state.pending or (uses and state.uncollected)
            ]
            empty = [
                one for one, state in states if state.state == "ready" and not state.files and state.message
            ]  # another process is the writer, and has just begun
            for one, state in states:
                if state.state == "failed" and await asyncio.to_thread(one.root.open) is None:
                    raise GlossatorError(state.message)
            if not waiting and not empty:
                break
            first = bool(empty) or any(state.state == "indexing" or state.uncollected for _, state in waiting)
            left = started + (FIRST_INDEX_SECONDS if first else CHANGES_SECONDS) - time.monotonic()
            if left <= 0:
                break
            if time.monotonic() - reported > REPORT_SECONDS:
                reported = time.monotonic()
                done = sum(state.files for _, state in states)
                await report(done, done + sum(state.pending for _, state in states), "indexing")
            try:
                await asyncio.wait_for(self._changed.wait(), min(left, LOOK_SECONDS))
            except TimeoutError:
                continue
        notes = list(self.failures())
        for one, state in states:
            told = f"{one.root.path.name}: " if one.name else ""
            if state.state == "failed":
                notes.append(f"{told}the index could not be updated: {state.message}")
            elif state.state == "indexing" or one in empty:
                notes.append(f"{told}the index is still being built, {state.pending:,} files are left: call again")
            elif note := uncollected_note(state.uncollected):
                notes.append(f"{told}{note}")
        return notes

    async def rescan(self, projects: Sequence[Project]) -> None:
        """Compare the indexes with the disk, for a limited time: not every change has been reported yet."""
        scans = [asyncio.wrap_future(one.updates.rescan()) for one in projects]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*map(asyncio.shield, scans)), CHANGES_SECONDS)

    async def close(self) -> None:
        """End all child processes and close the indexes."""
        closing = [asyncio.to_thread(one.updates.close) for one in self.all()]
        for failure in await asyncio.gather(self.answerer.close(), *closing, return_exceptions=True):
            if isinstance(failure, Exception):
                _log.error("while closing: %s", failure)
        await asyncio.to_thread(self.session.close)


def folder_of_uri(uri: str) -> Path | None:
    """The folder that a `file:` URI names; None for any other."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return None
    path = unquote(parts.path)
    if re.match(r"/[A-Za-z]:", path):  # a drive of Windows
        path = path[1:]
    return Path(f"//{parts.netloc}{path}" if parts.netloc not in ("", "localhost") else path)


def check_is_project(folder: Path) -> None:
    """Refuse to index a home folder or a whole disk, which is where clients start servers when no project is open.

    Raises:
        WorkspaceError: it is one of these.
    """
    real = folder.resolve()
    if real in (Path.home().resolve(), Path(real.anchor)):
        raise WorkspaceError(
            f"{real} is no project folder, but a home folder or a whole disk: open a project in the client, or start "
            "the server in the project's folder or with --root DIR"
        )


def _is_there(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except OSError:
        return False


def _short_name(folder: Path, all_folders: Sequence[Path]) -> str:
    """The last parts of a path that no other folder ends with."""
    for count in range(1, len(folder.parts)):
        tail = folder.parts[-count:]
        if sum(other.parts[-count:] == tail for other in all_folders) == 1:
            return "/".join(tail)
    return folder.as_posix()
