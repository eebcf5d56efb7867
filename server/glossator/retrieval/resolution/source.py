"""The facts that the resolution of names rests on: those of an index, in which unsaved buffers replace their files."""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol

from glossator.index.fact_tables import is_in
from glossator.index.facts import decode_facts, name_hash
from glossator.index.path_index import PathIndex
from glossator.retrieval.resolution.file_view import FileView
from glossator.retrieval.resolution.remembered import SharedResults

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from glossator.index.fact_tables import StoredFacts
    from glossator.index.facts import Facts
    from glossator.retrieval.buffers import ParsedBuffers

__all__ = ["FactsSource", "IndexedFacts", "PathIndex"]

BUFFERS_DECODED: Final = 64
"""States of buffers whose facts are kept decoded; an edit makes a new one."""


class FactsSource(Protocol):
    """The facts of some files. Paths are relative to the root, with "/"."""

    def facts(self, path: str) -> Facts | None:
        """The facts of a file; None if nothing is known of it."""

    def noting(self, name: str) -> list[str]:
        """The files that define, import or mention the name, sorted; some may not, since names are hashed."""

    def noting_any(self, names: Collection[str]) -> list[str]:
        """The files that define, import or mention one of the names; as `noting`."""

    def paths(self) -> PathIndex:
        """All files."""


def shared_results(source: FactsSource) -> SharedResults:
    """What other questions have found out about the facts of a source; nothing if it keeps nothing."""
    shared: Callable[[], SharedResults] | None = getattr(source, "shared_results", None)
    return shared() if shared is not None else SharedResults()


def view_in(source: FactsSource, path: str) -> FileView | None:
    """The facts of a file, arranged for look-ups: as the source keeps them, or else arranged here."""
    kept: Callable[[str], FileView | None] | None = getattr(source, "view", None)
    if kept is not None:
        return kept(path)
    facts = source.facts(path)
    return FileView(path, facts) if facts is not None else None


def language_in(source: FactsSource, path: str) -> str:
    """The language of a file's facts, if the source knows it without reading them; else ""."""
    tell: Callable[[str], str] | None = getattr(source, "language", None)
    return tell(path) if tell is not None else ""


def may_have_any(source: FactsSource, languages: frozenset[str]) -> bool:
    """Whether a file of a source may be in one of some languages."""
    tell: Callable[[frozenset[str]], bool] | None = getattr(source, "may_have_any", None)
    return tell is None or tell(languages)


def prefetch_in(source: FactsSource, paths: Sequence[str]) -> None:
    """Read the facts of several files at once, if the source can."""
    fetch: Callable[[Sequence[str]], None] | None = getattr(source, "prefetch", None)
    if fetch is not None:
        fetch(paths)


def uncollected_in(source: FactsSource) -> int:
    """How many files' facts have not been collected yet, so that they may have any name."""
    counted: Callable[[], int] | None = getattr(source, "uncollected", None)
    return counted() if counted is not None else 0


class IndexedFacts:
    """The facts of an index and of unsaved buffers. Make one for each question; any thread may use it."""

    def __init__(self, stored: StoredFacts, buffers: ParsedBuffers | None = None) -> None:
        self._stored = stored
        self._buffers = buffers or {}
        self._paths: PathIndex | None = None
        stored.refresh()

    def facts(self, path: str) -> Facts | None:
        """The facts of a file; None if nothing is known of it."""
        update = self._buffers.get(path)
        return self._stored.facts(path, fresh=False) if update is None else _decoded(update.facts)

    def view(self, path: str) -> FileView | None:
        """The facts of a file, arranged for look-ups; those of the index are arranged once for all questions."""
        update = self._buffers.get(path)
        return self._stored.arranged(path, FileView) if update is None else _viewed(path, update.facts)

    def shared_results(self) -> SharedResults:
        """What other questions about this state of the index and the buffers have found out."""
        return self._stored.derived(self._buffers or None, SharedResults, lambda results: not results.full)

    def language(self, path: str) -> str:
        """The language of a file's facts, if it is known without reading them; else ""."""
        return "" if path in self._buffers else self._stored.language(path)

    def may_have_any(self, languages: frozenset[str]) -> bool:
        """Whether a file is in one of some languages."""
        if not languages.isdisjoint(self._stored.languages()):
            return True
        return any(update.record.language in languages for update in self._buffers.values())

    def prefetch(self, paths: Iterable[str]) -> None:
        """Read the facts of many files at once; `facts` then has them at hand."""
        self._stored.facts_of_many([path for path in paths if path not in self._buffers], fresh=False)

    def noting(self, name: str) -> list[str]:
        """The files that define, import or mention the name, sorted; some may not, since names are hashed."""
        return self.noting_any((name,))

    def noting_any(self, names: Collection[str]) -> list[str]:
        """The files that define, import or mention one of the names; as `noting`."""
        found = self._stored.noting_any(names)
        if not self._buffers:
            return found
        numbers = [name_hash(name) for name in names]
        noted = {path: array("I", update.noted) for path, update in self._buffers.items()}
        own = [path for path, hashes in noted.items() if any(is_in(hashes, number) for number in numbers)]
        return sorted([*(path for path in found if path not in self._buffers), *own])

    def uncollected(self) -> int:
        """How many files' facts have not been collected yet, so that they may have any name."""
        return self._stored.uncollected()

    def paths(self) -> PathIndex:
        """All files, those of buffers included."""
        if self._paths is None:
            stored = self._stored.paths()
            fresh = [path for path in self._buffers if path not in stored]
            self._paths = PathIndex(fresh, stored) if fresh else stored
        return self._paths


@lru_cache(maxsize=BUFFERS_DECODED)
def _decoded(stored: bytes) -> Facts | None:
    return decode_facts(stored)


@lru_cache(maxsize=BUFFERS_DECODED)
def _viewed(path: str, stored: bytes) -> FileView | None:
    facts = _decoded(stored)
    return FileView(path, facts) if facts is not None else None
