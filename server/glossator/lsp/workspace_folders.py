"""The workspace folders of a client: URIs to live roots, documents to the root that they are in."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.answers.evidence import Place
from glossator.errors import GlossatorError
from glossator.lsp.conversion import to_path
from glossator.project.updates import RootUpdates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lsprotocol import types

    from glossator.index.indexer import Progress
    from glossator.project.session import Session

_log = logging.getLogger(__name__)


class WorkspaceFolders:
    """The open folders, each with its live root. Used by the event loop only.

    The same folder under two URIs (with and without a slash at the end, through a link) has one live root.
    """

    def __init__(
        self,
        session: Session,
        *,
        watch: bool,
        on_change: Callable[[], None],
        on_progress: Callable[[str, str, Progress | None], None],
    ) -> None:
        """`watch`: notice changes on disk ourselves, since the client does not."""
        self.session = session
        self.watch = watch
        self._on_change = on_change
        self._on_progress = on_progress
        self._live: dict[str, RootUpdates] = {}
        self.failed: dict[str, str] = {}
        """Folders that could not be opened: URI -> why."""

    def __iter__(self) -> Iterator[tuple[str, RootUpdates]]:
        """Each live root once, under the URI that it was opened with first."""
        seen: set[int] = set()
        for uri, live in tuple(self._live.items()):
            if id(live) not in seen:
                seen.add(id(live))
                yield uri, live

    def __len__(self) -> int:
        return len({id(live) for live in self._live.values()})

    def add(self, uri: str) -> None:
        """Open a folder; one that cannot be is noted in `failed`."""
        if uri in self._live:
            return
        self.failed.pop(uri, None)
        path = to_path(uri)
        if path is None:
            self.failed[uri] = "only folders on this machine's file system can be indexed"
            return
        real = Path(os.path.realpath(path))
        for live in self._live.values():
            if _same_folder(live.root.path, real):
                self._live[uri] = live
                return
        try:
            root = self.session.add(path)
        except GlossatorError as error:
            self.failed[uri] = str(error)
            _log.warning("%s", error)
            return
        self._live[uri] = RootUpdates(
            root,
            watch=self.watch,
            on_change=self._on_change,
            on_progress=lambda progress: self._on_progress(uri, root.path.name, progress),
        )

    def remove(self, uri: str) -> RootUpdates | None:
        """Take a folder out; the caller closes what is returned, which may take a moment."""
        self.failed.pop(uri, None)
        live = self._live.pop(uri, None)
        if live is None or live in self._live.values():
            return None
        self.session.remove(live.root)
        return live

    def named(self, uri: str) -> RootUpdates | None:
        """The live root of a folder."""
        return self._live.get(uri)

    def locate(self, uri: str) -> tuple[RootUpdates, str] | None:
        """The innermost root that a document is in, and the document's path in it ("/"-separated); None outside."""
        return max(self.holding(uri), key=lambda found: len(found[0].root.path.parts), default=None)

    def holding(self, uri: str) -> list[tuple[RootUpdates, str]]:
        """All roots that a document is in, which may lie in each other, and the document's path in each."""
        path = to_path(uri)
        if path is None:
            return []
        found: list[tuple[RootUpdates, str]] = []
        for _, live in self:
            for candidate in dict.fromkeys((path, Path(os.path.realpath(path)))):
                if candidate.is_relative_to(live.root.path):
                    found.append((live, candidate.relative_to(live.root.path).as_posix()))
                    break
        return found

    def place(self, uri: str, span: types.Range) -> Place | None:
        """The lines of a document that a range touches; None outside of the open folders."""
        located = self.locate(uri)
        if located is None:
            return None
        live, path = located
        end = span.end.line + (span.end.character > 0 or span.end.line == span.start.line)
        return Place(live.root.path, path, span.start.line + 1, max(end, span.start.line + 1))


def _same_folder(one: Path, other: Path) -> bool:
    """Whether two real paths are one folder, also on a file system that ignores case."""
    if one == other:
        return True
    try:
        return one.samefile(other)
    except OSError:
        return False
