"""The roots that a user has opened, searches over all of them, and the state of index and model.

The command line and the language server both use a `Session`. It does not know LSP or command-line arguments.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from glossator.errors import ModelNotFoundError, StoreError
from glossator.project.nested_roots import NestedRoot, path_inside
from glossator.project.root import Root
from glossator.project.shared import Shared

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glossator.index.records import Filter
    from glossator.retrieval.search import Hit
    from glossator.settings import Settings


class Session:
    """The opened roots. Methods may be called from any thread."""

    def __init__(self, roots: Sequence[Path], settings: Settings) -> None:
        """Open folders; their indexes are opened when needed.

        Raises:
            WorkspaceError: a root does not exist, or is not a folder.
        """
        self.settings = settings
        self.shared = Shared(settings)
        self.roots: list[Root] = []
        for path in roots:
            self.add(path)

    def reconfigure(self, settings: Settings) -> None:
        """Apply settings that do not affect the index."""
        self.settings = settings
        self.shared.reconfigure(settings)

    def add(self, path: Path) -> Root:
        """Open one more folder. If it is open already, even under another spelling of its path, return its root.

        Raises:
            WorkspaceError: it does not exist, or is not a folder.
        """
        root = Root(path, self.shared)
        for other in self.roots:
            if path_inside(root.path, other.path) == "":
                return other
        self.roots = [*self.roots, root]
        self._arrange()
        return root

    def remove(self, root: Root) -> None:
        """Remove a root; the caller closes it."""
        self.roots = [other for other in self.roots if other is not root]
        self._arrange()

    def _arrange(self) -> None:
        """Tell each root which other roots are inside it."""
        for outer in self.roots:
            found = ((path_inside(other.path, outer.path), other) for other in self.roots if other is not outer)
            outer.set_nested([NestedRoot(path, other.buffers) for path, other in found if path is not None])

    @property
    def root(self) -> Root:
        """The only root (the command line has one)."""
        (root,) = self.roots
        return root

    def search(self, query: str, limit: int, where: Filter | None = None) -> list[Hit]:
        """The best matches for a query in all roots, best first.

        Raises:
            UsageError: the query is empty.
        """
        from glossator.retrieval.query import parse_query

        if "\n" not in query.strip():  # the parts of a longer text are parsed when they are searched for
            parse_query(query)
        hits = [hit for root in self.roots for hit in root.search(query, limit, where)]
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def status(self) -> dict[str, Any]:
        """The state of the only root's index, and which model would answer."""
        root = self.root
        try:
            snapshot = root.open()
        except StoreError as error:
            index: dict[str, Any] = {"state": "failed", "message": str(error)}
        else:
            index = {"state": "absent"} if snapshot is None else {"state": "ready"}
            if snapshot is not None:
                status = snapshot.status()
                index |= {
                    "files": status.files,
                    "symbols": status.symbols,
                    "entries": status.entries,
                    "lines": status.lines,
                    "size_bytes": status.size_bytes,
                    "embedder": root.retriever.embedder.id,
                    "adapted": root.retriever.name,
                    "skipped": [{"path": item.path, "reason": item.reason} for item in status.skipped],
                }
        return {
            "root": str(root.path),
            "index": {**index, "folder": str(root.folder)},
            **({"team": team} if (team := self._team()) else {}),
            "model": self.model_status(),
        }

    def _team(self) -> dict[str, Any]:
        """What the only root's index has from the team's; empty if no team is set and none was used."""
        from glossator.team.mounting import mount_note

        note = mount_note(self.root.folder)
        if note is None:
            return {"url": self.settings.team, "mounted": False, "reason": ""} if self.settings.team else {}
        return {name: getattr(note, name) for name in note.__struct_fields__}

    def model_status(self) -> dict[str, str]:
        """Which model would answer: its name and path, or the reason why there is none."""
        from glossator.model.installed import model_path

        if self.settings.endpoint:
            return {"name": self.settings.endpoint_model, "path": self.settings.endpoint, "reason": ""}
        try:
            path = model_path(self.settings)
        except ModelNotFoundError as error:
            return {"name": "", "path": "", "reason": str(error)}
        return {"name": path.stem, "path": str(path), "reason": ""}

    def close(self) -> None:
        """Close all roots and end all processes."""
        for root in self.roots:
            with contextlib.suppress(StoreError):
                root.close()
        self.shared.close()
