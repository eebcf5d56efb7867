"""A source of facts that looks at the files near one file only: for answers that must be there at once."""

from __future__ import annotations

import heapq
from functools import partial
from typing import TYPE_CHECKING

from glossator.index.path_index import folders_apart
from glossator.retrieval.resolution.source import language_in, may_have_any, prefetch_in, view_in

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from glossator.index.facts import Facts
    from glossator.index.path_index import PathIndex
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.source import FactsSource


class NearFiles:
    """A source in which a name leads only to the files nearest to a path.

    Attributes:
        cut: whether any were left out so far.
    """

    def __init__(self, source: FactsSource, path: str, most: int) -> None:
        """Look at no more than `most` files that note a name."""
        self._source = source
        self._path = path
        self._most = most
        self.cut = False

    def facts(self, path: str) -> Facts | None:
        """The facts of a file; None if nothing is known of it."""
        return self._source.facts(path)

    def view(self, path: str) -> FileView | None:
        """The facts of a file, arranged for look-ups."""
        return view_in(self._source, path)

    def language(self, path: str) -> str:
        """The language of a file's facts, if it is known without reading them; else ""."""
        return language_in(self._source, path)

    def may_have_any(self, languages: frozenset[str]) -> bool:
        """Whether a file may be in one of some languages."""
        return may_have_any(self._source, languages)

    def prefetch(self, paths: Sequence[str]) -> None:
        """Read the facts of several files at once."""
        prefetch_in(self._source, paths)

    def paths(self) -> PathIndex:
        """All files."""
        return self._source.paths()

    def noting(self, name: str) -> list[str]:
        """The nearest of the files that define, import or mention a name; sorted, if none is left out."""
        return self.noting_any((name,))

    def noting_any(self, names: Collection[str]) -> list[str]:
        """The nearest of the files that define, import or mention one of the names; as `noting`."""
        found = self._source.noting_any(names)
        if len(found) <= self._most:
            return found
        self.cut = True
        return heapq.nsmallest(self._most, found, partial(folders_apart, self._path))
