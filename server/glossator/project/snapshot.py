"""A root as it stands at one moment, for reading: its index, what unsaved buffers hold, and the texts of files.

A snapshot is immutable and complete: it never waits for indexing, and its store stays open for as long as somebody
holds the snapshot. Handlers take one per request and drop it at the end. Later commits show through, since the index
itself is not copied; buffers are as they were when the snapshot was taken.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from glossator.index.globs import literal_glob
from glossator.index.records import Filter, StoredEntry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from glossator.index.records import FileUpdate, StoreStatus
    from glossator.index.store import Store
    from glossator.project.open_index import OpenIndex
    from glossator.retrieval.graph import Graph
    from glossator.retrieval.search import Hit, Searcher
    from glossator.settings import Settings
    from glossator.workspace.reading import Read

NAMES_FACTOR = 4
"""How many times more names are looked up where some belong to other roots."""


class Snapshot:
    """What can be read of a root. May be used by any thread.

    Attributes:
        path: the root's folder, an absolute path.
        settings: the session's settings.
        overlay: what open buffers hold, as far as they have been parsed: path -> parsed contents.
        texts: the texts of open buffers: path -> text.
        nested: folders that are roots of their own. What is in them is theirs to find and to count; the names in them
            belong to this root's graph all the same.

    Paths of files are relative to the root, with "/"; lines are 1-based.
    """

    def __init__(
        self,
        path: Path,
        settings: Settings,
        index: OpenIndex,
        overlay: Mapping[str, FileUpdate],
        texts: Mapping[str, str],
        nested: tuple[str, ...] = (),
    ) -> None:
        """Use `Root.snapshot`."""
        self.path = path
        self.settings = settings
        self.overlay = overlay
        self.texts = texts
        self.nested = nested
        self._index = index
        index.keep_open_for(self)

    @property
    def store(self) -> Store:
        """The index, for reading."""
        return self._index.store

    @property
    def searcher(self) -> Searcher:
        """What searches the index; hand it `within(where)` and `overlay`. It serves one search at a time."""
        return self._index.searcher

    @cached_property
    def graph(self) -> Graph:
        """The names of the root and who refers to them, buffers included."""
        from glossator.retrieval.graph import Graph

        return Graph(self.store, self.overlay)

    @cached_property
    def reader(self) -> Read:
        """Reads files as they are on screen, else on disk; see `text`."""
        from glossator.workspace.reading import disk_reader

        return disk_reader(self.path, self.settings, self.texts)

    def text(self, path: str) -> str | None:
        """A file's text: its buffer's, else the one on disk; None if there is no such text file."""
        return self.reader(path)

    def within(self, where: Filter | None = None) -> Filter:
        """A filter, so that it leaves out what belongs to other roots."""
        where = where or Filter()
        if not self.nested:
            return where
        return replace(where, exclude=(*where.exclude, *map(literal_glob, self.nested)))

    def search(self, query: str, limit: int, where: Filter | None = None, *, by_symbol: bool = False) -> list[Hit]:
        """The best places for a query, best first; with `by_symbol`, as evidence wants them (see `Searcher.search`).

        Raises:
            UsageError: the query has nothing to search for, or `limit` is not positive.
            StoreCorruptError: the index is damaged; the next run of the index repairs it.
        """
        return self.searcher.search(query, limit, self.within(where), self.overlay, by_symbol=by_symbol)

    def entry_at(self, path: str, line: int) -> StoredEntry | None:
        """The innermost definition at a line, else the block there."""
        return self.graph.entry_at(path, line)

    def named(self, name: str) -> list[StoredEntry]:
        """Definitions with a (qualified) name, the best first."""
        return self.graph.named(name)

    def nearest_named(self, name: str, path: str) -> list[StoredEntry]:
        """Some definitions of exactly that bare name, those nearest to a file; quick however many there are."""
        return self.graph.nearest_named(name, path)

    def entries_in(self, path: str) -> list[StoredEntry]:
        """All entries of a file, in order."""
        return self.graph.entries_in(path)

    def names_like(self, pattern: str, limit: int) -> list[StoredEntry]:
        """Definitions whose name matches fuzzily, the best first."""
        if not self.nested:
            return self.store.names_like(pattern, limit)
        starts = tuple(f"{folder}/" for folder in self.nested)
        found = self.store.names_like(pattern, limit * NAMES_FACTOR)
        return [entry for entry in found if not entry.path.startswith(starts)][:limit]

    def status(self) -> StoreStatus:
        """Counts and skipped files, without those of other roots."""
        return self.store.status(self._outermost())

    def _outermost(self) -> list[str]:
        """The nested folders without those that lie in another one of them."""
        return [folder for folder in self.nested if not any(folder.startswith(f"{other}/") for other in self.nested)]

    def reference_count(self, name: str) -> int:
        """How many entries refer to a name, those in unsaved buffers included."""
        return self.graph.reference_count(name)

    def callee_count(self, entry: StoredEntry) -> int:
        """How many of the names that an entry refers to are defined in this root."""
        return self.graph.callee_count(entry)
