"""A root at one moment, for reading: its index, its unsaved buffers, and the texts of files.

A snapshot never waits for indexing, and keeps its store open as long as it is referenced. Handlers take one per request
and drop it at the end. Buffers stay as they were when the snapshot was taken; later commits to the index are visible,
since the index is not copied.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from glossator.index.globs import literal_glob
from glossator.index.records import Filter, StoredEntry
from glossator.retrieval.text_search import search_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from glossator.index.records import FileUpdate, StoreStatus
    from glossator.index.store import Store
    from glossator.project.open_index import OpenIndex
    from glossator.retrieval.graph import Graph
    from glossator.retrieval.relations import Relations
    from glossator.retrieval.search import Hit, Searcher
    from glossator.retrieval.uses import UseFinder
    from glossator.settings import Settings
    from glossator.workspace.reading import Read

NAMES_FACTOR = 4
"""How many times more names are looked up if some may belong to nested roots."""


class Snapshot:
    """The readable state of a root. May be used by any thread.

    Attributes:
        path: the root's folder, an absolute path.
        settings: the session's settings.
        overlay: path -> parsed contents of the open buffers.
        texts: path -> text of the open buffers.
        nested: folders that are themselves roots. They are left out of searches and counts, but not of the name graph.

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
        """The index's searcher; pass it `within(where)` and `overlay`. It runs one search at a time."""
        self._index.note_use()
        return self._index.searcher

    @cached_property
    def graph(self) -> Graph:
        """The entries of the root by id, place and name, buffers included."""
        from glossator.retrieval.graph import Graph

        return Graph(self.store, self.overlay)

    def use_finder(self, *, masked: bool = True) -> UseFinder:
        """What finds the uses of symbols, in the index as it is now; make one per question. One that is not `masked`
        reads files in half the time, and nothing of their text may be told."""
        from glossator.retrieval.left_out import LeftOutFiles
        from glossator.retrieval.resolution.source import IndexedFacts
        from glossator.retrieval.uses import UseFinder
        from glossator.workspace.file_texts import left_out_reader
        from glossator.workspace.reading import disk_reader
        from glossator.workspace.screening import may_be_code

        def left_out() -> list[str]:
            return [path for path, reason in self.store.skipped() if may_be_code(reason)]

        self._index.note_use()
        facts = IndexedFacts(self.store.facts, self.overlay)
        plain: set[str] = set()
        unmasked = disk_reader(self.path, self.settings, self.texts, masked=False, plain=plain)
        read = disk_reader(self.path, self.settings, self.texts, plain=plain) if masked else unmasked
        return UseFinder(facts, self.graph, read, LeftOutFiles(left_out, left_out_reader(self.path)), unmasked)

    @cached_property
    def reader(self) -> Read:
        """A function that reads texts by path; see `text`."""
        from glossator.workspace.reading import disk_reader

        return disk_reader(self.path, self.settings, self.texts)

    def text(self, path: str) -> str | None:
        """The text of a file's buffer, or else of the file on disk; None if there is no such text file."""
        return self.reader(path)

    def unmasked_text(self, path: str) -> str | None:
        """The same with the secrets in it, which takes less time to read: only lines and columns of it may be told."""
        from glossator.workspace.reading import disk_reader

        return disk_reader(self.path, self.settings, self.texts, masked=False)(path)

    def within(self, where: Filter | None = None) -> Filter:
        """The filter, extended to leave out nested roots."""
        where = where or Filter()
        if not self.nested:
            return where
        return replace(where, exclude=(*where.exclude, *map(literal_glob, self.nested)))

    def search(self, query: str, limit: int, where: Filter | None = None, *, by_symbol: bool = False) -> list[Hit]:
        """The best matches for a query or a problem report, best first; `by_symbol` as in `Searcher.search`.

        Raises:
            UsageError: the query has nothing to search for, or `limit` is not positive.
            StoreCorruptError: the index is damaged; the next indexing run repairs it.
        """
        return search_text(self.searcher, query, limit, self.within(where), self.overlay, by_symbol=by_symbol)

    def entry_at(self, path: str, line: int) -> StoredEntry | None:
        """The innermost definition at a line, or else the block there."""
        return self.graph.entry_at(path, line)

    def named(self, name: str) -> list[StoredEntry]:
        """Definitions with a (qualified) name, the best first."""
        return self.graph.named(name)

    def nearest_named(self, name: str, path: str) -> list[StoredEntry]:
        """Some definitions of exactly that bare name, those closest to a file; fast even if there are many."""
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
        """Counts and skipped files, without those of nested roots."""
        return self.store.status(self._outermost())

    def _outermost(self) -> list[str]:
        """The nested folders that are not inside another nested folder."""
        return [folder for folder in self.nested if not any(folder.startswith(f"{other}/") for other in self.nested)]

    def relations(self, entry: StoredEntry) -> Relations:
        """The entries related to an entry: what encloses it, what uses it, what it uses, its tests."""
        from glossator.retrieval.relations import relations_of

        return relations_of(entry, self.graph, self.use_finder())
