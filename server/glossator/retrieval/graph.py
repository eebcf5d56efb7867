"""The entries of an index by id, place and name, in which unsaved buffers replace the stored ones of their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.index.records import WHOLE_FILE, Filter, StoredEntry
from glossator.index.terms import word_terms
from glossator.retrieval.buffers import Buffers
from glossator.retrieval.kinds import is_test, version_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.index.store import Store
    from glossator.retrieval.buffers import ParsedBuffers


def likelier_first(name: str, entries: Sequence[StoredEntry]) -> list[StoredEntry]:
    """Definitions of a name in the store's order, but among equal matches, declarations follow definitions, then come
    outdated versions ("src/v3" beside "src/v4"), and tests last."""
    newest: dict[str, int] = {}
    for entry in entries:
        if version := version_folder(entry.path):
            newest[version[0]] = max(version[1], newest.get(version[0], 0))
    last = name.replace("::", ".").replace("#", ".").rpartition(".")[2]

    def rank(entry: StoredEntry) -> tuple[int, bool, bool, bool]:
        version = version_folder(entry.path)
        outdated = version is not None and version[1] < newest[version[0]]
        likeness = 0 if entry.name == name else 1 if entry.name == last else 2
        return likeness, is_test(entry.path), outdated, entry.stub

    return sorted(entries, key=rank)


def nearest_to_line(entries: Sequence[StoredEntry], line: int) -> StoredEntry | None:
    """The entry nearest to an empty line, of two equally near the one below; None for a line after all entries."""
    if not entries or line > max(entry.end_line for entry in entries):
        return None
    return min(entries, key=lambda entry: (max(entry.start_line - line, line - entry.end_line), -entry.start_line))


class Graph:
    """The entries of an index and of unsaved buffers."""

    def __init__(self, store: Store, overlay: ParsedBuffers | None = None) -> None:
        self._store = store
        self._buffers = Buffers(overlay or {}, Filter())

    def entry(self, number: int) -> StoredEntry | None:
        """The entry with this id."""
        if number < 0:
            return self._buffers.entries.get(number)
        return next(iter(self._store.entries([number])), None)

    def entries_in(self, path: str) -> list[StoredEntry]:
        """The entries of a file."""
        return self._buffers.entries_in(path) if path in self._buffers.paths else self._store.entries_in(path)

    def entry_at(self, path: str, line: int) -> StoredEntry | None:
        """The innermost definition at a line, or else the block there."""
        if path in self._buffers.paths:
            return self._buffers.entry_at(path, line)
        return self._store.entry_at(path, line)

    def named(self, name: str, limit: int = 50) -> list[StoredEntry]:
        """Definitions of a name; those in buffers first."""
        own = [
            entry
            for entry in self._buffers.entries.values()
            if entry.part == 0 and name in (entry.name, entry.qualified_name)
        ]
        own.sort(key=lambda entry: entry.stub)
        stored = [entry for entry in self._store.named(name, limit) if entry.path not in self._buffers.paths]
        return own + likelier_first(name, stored)

    def nearest_named(self, name: str, path: str, limit: int = 20) -> list[StoredEntry]:
        """Definitions of exactly that bare name: those in buffers, then the stored ones closest to a file."""
        own = [entry for entry in self._buffers.entries.values() if entry.part == 0 and entry.name == name]
        stored = self._store.nearest_named(name, path, limit)
        return own + [entry for entry in stored if entry.path not in self._buffers.paths]

    def sizes_in(self, languages: Sequence[str]) -> list[tuple[str, int]]:
        """(path, bytes) of the stored files in some languages, by path."""
        return self._store.sizes_in(languages)

    def containing(self, name: str, languages: tuple[str, ...], limit: int) -> list[StoredEntry]:
        """Stored entries in files of some languages whose text has a name, or a word with the same stem."""
        terms = word_terms(name)
        if not terms:
            return []
        hits = self._store.text_search([terms[-1]], limit, Filter(languages=languages))
        return [
            entry
            for entry in self._store.entries([number for number, _, _ in hits])
            if entry.path not in self._buffers.paths
        ]

    def count_containing(self, name: str) -> int:
        """How many stored entries have a name, or a word with the same stem, in their text."""
        terms = word_terms(name)
        return self._store.document_frequencies(terms[-1:])[terms[-1]] if terms else 0

    def buffered(self) -> list[str]:
        """The paths of the files with unsaved changes."""
        return sorted(self._buffers.paths)

    def references_of(self, entry: StoredEntry) -> tuple[str, ...]:
        """The names that an entry refers to."""
        return self._buffers.references_of(entry.id) if entry.id < 0 else self._store.references_of(entry.id)

    def members(self, entry: StoredEntry) -> list[StoredEntry]:
        """The definitions directly inside an entry, in order."""
        parent = None if entry.id == WHOLE_FILE else entry.id
        inside = (other for other in self.entries_in(entry.path) if other.part == 0 and other.kind != "block")
        return [other for other in inside if other.parent == parent]
