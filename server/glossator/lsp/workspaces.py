"""The workspace folders as LSP names them: URIs to roots and paths, and back."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pygls.uris import from_fs_path, to_fs_path

from glossator.errors import GlossatorError
from glossator.project.live import LiveRoot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glossator.index.indexer import Progress
    from glossator.project.session import Session

_log = logging.getLogger(__name__)


def to_path(uri: str) -> Path | None:
    """The file that a URI names; None for anything but files."""
    if not uri.startswith("file:"):
        return None
    path = to_fs_path(uri)
    return Path(path) if path else None


def to_uri(path: Path) -> str:
    """The URI of a file."""
    return str(from_fs_path(str(path)))


class Workspaces:
    """The open folders, each with its live root. Used by the event loop only."""

    def __init__(
        self,
        session: Session,
        *,
        watch: bool,
        on_change: Callable[[], None],
        on_progress: Callable[[str, str, Progress | None], None],
    ) -> None:
        self.session = session
        self.watch = watch
        self._on_change = on_change
        self._on_progress = on_progress
        self._live: dict[str, LiveRoot] = {}
        self.failed: dict[str, str] = {}
        """Folders that could not be opened: URI -> why."""

    def __iter__(self) -> Iterator[tuple[str, LiveRoot]]:
        return iter(tuple(self._live.items()))

    def __len__(self) -> int:
        return len(self._live)

    def add(self, uri: str) -> None:
        """Open a folder; one that cannot be is noted in `failed`."""
        if uri in self._live:
            return
        self.failed.pop(uri, None)
        path = to_path(uri)
        if path is None:
            self.failed[uri] = "only folders on this machine's file system can be indexed"
            return
        try:
            root = self.session.add(path)
        except GlossatorError as error:
            self.failed[uri] = str(error)
            _log.warning("%s", error)
            return
        self._live[uri] = LiveRoot(
            root,
            watch=self.watch,
            on_change=self._on_change,
            on_progress=lambda progress: self._on_progress(uri, root.path.name, progress),
        )

    def remove(self, uri: str) -> LiveRoot | None:
        """Take a folder out; the caller closes what is returned, which may take a moment."""
        self.failed.pop(uri, None)
        live = self._live.pop(uri, None)
        if live is not None:
            self.session.remove(live.root)
        return live

    def locate(self, uri: str) -> tuple[LiveRoot, str] | None:
        """The innermost root that a document is in, and the document's path in it ("/"-separated); None outside."""
        path = to_path(uri)
        if path is None:
            return None
        best: tuple[LiveRoot, str] | None = None
        for candidate in dict.fromkeys((path, Path(os.path.realpath(path)))):
            for _, live in self:
                try:
                    relative = candidate.relative_to(live.root.path)
                except ValueError:
                    continue
                if best is None or len(live.root.path.parts) > len(best[0].root.path.parts):
                    best = live, relative.as_posix()
        return best

    def uri_of(self, live: LiveRoot, path: str) -> str:
        """The URI of a file of a root, below the folder's URI as the client spelled it."""
        return to_uri(live.root.path / path)
