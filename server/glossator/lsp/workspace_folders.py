"""The workspace folders of a client: maps URIs to open roots, and documents to the root that contains them."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.answers.evidence import Place
from glossator.errors import GlossatorError
from glossator.lsp.conversion import to_path
from glossator.project.updates import RootUpdates
from glossator.workspace.files import is_same_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lsprotocol import types

    from glossator.index.indexer import Progress
    from glossator.project.session import Session

_log = logging.getLogger(__name__)


class WorkspaceFolders:
    """The open folders and their roots. Used by the event loop only.

    A folder with several URIs (with and without a final slash, or through a link) has one root.
    """

    def __init__(
        self,
        session: Session,
        *,
        watch: bool,
        on_change: Callable[[], None],
        on_progress: Callable[[str, str, Progress | None], None],
    ) -> None:
        """With `watch`, watch the disk, since the client does not."""
        self.session = session
        self.watch = watch
        self._on_change = on_change
        self._on_progress = on_progress
        self._live: dict[str, RootUpdates] = {}
        self.failed: dict[str, str] = {}
        """Folders that could not be opened: URI -> reason."""

    def __iter__(self) -> Iterator[tuple[str, RootUpdates]]:
        """Each root once, with the URI under which it was first opened."""
        seen: set[int] = set()
        for uri, live in tuple(self._live.items()):
            if id(live) not in seen:
                seen.add(id(live))
                yield uri, live

    def all(self) -> list[tuple[str, RootUpdates]]:
        """Each URI with its root."""
        return list(self._live.items())

    def __len__(self) -> int:
        return len({id(live) for live in self._live.values()})

    def add(self, uri: str) -> None:
        """Open a folder; if this fails, note it in `failed`."""
        if uri in self._live:
            return
        self.failed.pop(uri, None)
        path = to_path(uri)
        if path is None:
            self.failed[uri] = "only folders on this machine's file system can be indexed"
            return
        real = Path(os.path.realpath(path))
        for live in self._live.values():
            if is_same_place(live.root.path, real):
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
        """Remove a folder; the caller closes the returned root, which may take some time."""
        self.failed.pop(uri, None)
        live = self._live.pop(uri, None)
        if live is None or live in self._live.values():
            return None
        self.session.remove(live.root)
        return live

    def named(self, uri: str) -> RootUpdates | None:
        """The root of a folder."""
        return self._live.get(uri)

    def locate(self, uri: str) -> tuple[RootUpdates, str] | None:
        """The innermost root that contains a document, and the document's path in it; None if there is none."""
        return max(self.holding(uri), key=lambda found: len(found[0].root.path.parts), default=None)

    def holding(self, uri: str) -> list[tuple[RootUpdates, str]]:
        """All roots that contain a document (roots may be nested), and the document's path in each."""
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

    def shown_path(self, uri: str) -> str:
        """A document's path as the user knows it: in its folder, after the folder's name if several are open."""
        located = self.locate(uri)
        if located is None:
            return uri
        live, path = located
        return f"{live.root.path.name}/{path}" if len(self) > 1 else path

    def place(self, uri: str, span: types.Range) -> Place | None:
        """The lines of a document that a range touches; None if it is outside of the open folders."""
        located = self.locate(uri)
        if located is None:
            return None
        live, path = located
        end = span.end.line + (span.end.character > 0 or span.end.line == span.start.line)
        return Place(live.root.path, path, span.start.line + 1, max(end, span.start.line + 1))
