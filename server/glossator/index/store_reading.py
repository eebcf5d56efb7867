"""Reading an index: searches in the full text and the vectors, and what the manifest says.

It opens the table that the manifest names, and opens the next one when a writer has replaced it. `store` writes both.
"""

from __future__ import annotations

import logging
import math
import threading
from typing import TYPE_CHECKING, TypeVar

from glossator.errors import StoreCorruptError
from glossator.index import folders, nearest, text_rows
from glossator.index.database import note_damage
from glossator.index.generations import remove_generation
from glossator.index.globs import files_inside, matcher, one_of
from glossator.index.lookup import Lookup
from glossator.index.nearest import Nearest, Scope
from glossator.index.records import FileSummary, Filter, StoreStatus
from glossator.index.table import Lance, Table, matrix_of
from glossator.workspace.files import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.manifest import Manifest

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
_Hit = TypeVar("_Hit", tuple[int, float], tuple[int, float, str])
_Globs = tuple[tuple[str, ...], tuple[str, ...]]
_Inside = tuple[str, "NDArray[np.int64] | None"]
"""The files that some globs select: LanceDB's condition, and their revisions; "" and None for all."""

EQUALS_READ = 8
"""So many times as many entries are read to find those that have the same score as the last one."""
EQUALS_AHEAD = 50
"""So many more are read at first, but not more than are asked for: mostly no others have that score, and another search
takes as long as the first."""
KEPT_FREQUENCIES = 50_000
"""Terms whose frequencies are kept until the next commit: one search asks for each of its terms several times."""
QUERY_TERMS = 24
"""Only this many of a query's terms are searched, the rarest ones: frequent terms cost much and decide little."""


class StoreReader(Lookup):
    """What was committed to one index. All methods may be called from any thread."""

    def __init__(self, folder: Path, manifest: Manifest, lance: Lance) -> None:
        super().__init__(manifest)
        self._folder = folder
        self._manifest = manifest
        self._lance = lance
        self._table: Table | None = None
        self._opening = threading.Lock()
        self._sizes: tuple[object, list[tuple[str, int]]] = None, []
        self._scopes: tuple[int, dict[_Globs, _Inside | None]] = (-1, {})
        self._text_rows: tuple[int, text_rows.TextRows | None] = 0, None
        self._frequencies: tuple[int, dict[str, int]] = (-1, {})
        self._nearest = Nearest(self._nearest_folder, manifest.position, manifest.revisions, self._columns_of)

    def _nearest_folder(self, generation: int) -> Path:
        """The folder of the memory-mapped vectors of a generation."""
        return self._folder / "nearest" / str(generation)

    def _texts_folder(self, generation: int) -> Path:
        """The folder of the memory-mapped terms of a generation."""
        return self._folder / "texts" / str(generation)

    def _derived_folders(self, generation: int) -> tuple[Path, Path]:
        """The folders of the memory-mapped files of a generation."""
        return self._nearest_folder(generation), self._texts_folder(generation)

    def _has_derived(self, generation: int) -> bool:
        """Whether the memory-mapped files of a generation are there and fit together."""
        near, texts = self._derived_folders(generation)
        try:
            return nearest.is_whole(near) and text_rows.open_rows(texts) is not None
        except OSError:
            return False

    def refresh(self) -> None:
        """Make the newest commit visible."""
        if self._current() is not None:
            self._read(Table.refresh)

    def _current(self) -> Table | None:
        """The table of the generation that the manifest names; None if nothing was committed yet."""
        while generation := int(self._manifest.get("table")):
            try:
                with self._opening:
                    if self._table is None or self._table.generation != generation:
                        self._table = self._lance.open(generation)
                    return self._table
            except StoreCorruptError:
                if generation == self._manifest.get("table"):
                    raise
        return None

    def _read(self, query: Callable[[Table], _T]) -> _T | None:
        """The result of a query on the table; None if there is no table.

        The query fails if a writer has replaced the table since it was opened; it is then repeated on the new one.
        """
        failed = 0
        while True:
            generation = 0
            try:
                table = self._table
                generation = table.generation if table is not None else int(self._manifest.get("table"))
                table = table or self._current()
                return query(table) if table is not None else None
            except StoreCorruptError as error:
                if generation == failed:
                    note_damage(self._folder, error)
                    raise
                _LOG.info("trying the newest table: %s", error)
                failed, self._table = generation, None

    def status(self, without: Sequence[str] = ()) -> StoreStatus:
        """Counts and skipped files, excluding the folders `without`, none of which may be inside another."""
        files, entries, symbols, lines = self._manifest.counts()
        for folder in without:
            less = self._manifest.counts(folder)
            files, entries, symbols, lines = files - less[0], entries - less[1], symbols - less[2], lines - less[3]
        starts = tuple(f"{folder}/" for folder in without)
        skipped = tuple(
            Skipped(path, reason) for path, reason in self._manifest.skipped() if not path.startswith(starts)
        )
        size = folders.size_of(self._folder)
        return StoreStatus(files, entries, symbols, lines, skipped, size, self._manifest.uncollected())

    def uncollected(self) -> int:
        """The number of files whose facts have not been collected yet; cheaper than `status`."""
        return self._manifest.uncollected()

    def summaries(self, known: Container[int] = ()) -> tuple[list[int], list[FileSummary]]:
        """The ascending revisions of all files that have entries, and summaries of those not in `known`."""
        return self._manifest.summaries(known)

    def stats(self) -> dict[str, tuple[int, int, str]]:
        """Path -> size, modification time in nanoseconds, and why a file is skipped ("" if it is not), of all files."""
        return self._manifest.stats()

    def sizes_in(self, languages: Sequence[str]) -> list[tuple[str, int]]:
        """(path, bytes) of the indexed files in some languages, by path."""
        changes, key = self._manifest.changes(), tuple(languages)
        known, sizes = self._sizes
        if known != (changes, key):
            sizes = self._manifest.sizes_in(languages)
            self._sizes = (changes, key), sizes
        return sizes

    def changes(self) -> int:
        """A number that changes with every commit of any process."""
        return self._manifest.changes()

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """The number of entries that contain each term."""
        terms = list(terms)
        changes = self._manifest.changes()
        known_at, known = self._frequencies
        if known_at != changes or len(known) > KEPT_FREQUENCIES:
            known = {}
            self._frequencies = changes, known
        missing = [term for term in terms if term not in known]
        if missing:
            known.update(super().document_frequencies(missing))
        return {term: known[term] for term in terms}

    def entry_count(self) -> int:
        """How many entries there are."""
        return self._manifest.counts()[1]

    def text_search(
        self, terms: Sequence[str], limit: int, where: Filter, *, with_equals: bool = False
    ) -> list[tuple[int, float, str]]:
        """(entry id, BM25 score, the entry's terms) of the best entries that contain any of the terms.

        Which of the entries with the same score are found depends on the order in which files were indexed. With
        `with_equals`, all that have the score of the last one are found too, unless `EQUALS_READ` times as many entries
        do not suffice.
        """
        words = list(dict.fromkeys(part for term in terms for part in term.split()))
        condition = self._condition(where)
        if len(words) > QUERY_TERMS:
            counts = self.document_frequencies(words)
            words = sorted((word for word in words if counts[word]), key=counts.__getitem__)[:QUERY_TERMS]
        if not words or limit <= 0 or condition is None:
            return []

        def search(table: Table) -> list[tuple[int, float, str]]:
            rows = self._rows_of(table)
            if rows is not None:
                hits = _best(lambda n: table.search_addresses(words, n, condition), limit, with_equals)
                known = rows.read([address for address, _ in hits])
                if known is not None:
                    later = [address for address, _ in hits if address not in known]
                    known |= table.rows_at(later) if later else {}
                    return [(known[at][0], score, known[at][1]) for at, score in hits if at in known]
                # Damaged: written again by the next maintenance.
                remove_generation(self._texts_folder(table.generation))
                self._text_rows = table.generation, None
            return _best(lambda n: table.search_text(words, n, condition), limit, with_equals)

        return self._read(search) or []

    def _rows_of(self, table: Table) -> text_rows.TextRows | None:
        """The terms of a table's rows; None if they have to be read from the table."""
        if not table.has_addresses:
            return None
        generation, rows = self._text_rows
        if generation != table.generation:
            try:
                rows = text_rows.open_rows(self._texts_folder(table.generation))
            except OSError:  # they may be opened another time
                return None
            if rows is None:  # damaged, if they are there at all: the next maintenance writes them again
                remove_generation(self._texts_folder(table.generation))
            self._text_rows = table.generation, rows
        return rows

    def vector_search(
        self, vector: NDArray[np.float32], limit: int, where: Filter, *, with_equals: bool = False
    ) -> list[tuple[int, float]]:
        """(entry id, dot product) of the nearest entries, best first; `with_equals`: see `Nearest.search`."""
        scope = self._scope(where)
        if limit <= 0 or scope is None:
            return []
        found = self._nearest.search(vector, limit, scope, with_equals=with_equals)
        if found is not None:
            return found
        condition = self._condition(where)
        return self._read(lambda table: table.search_vectors(vector, limit, condition or "")) or []

    def terms(self, ids: Sequence[int]) -> dict[int, str]:
        """Search terms of entries."""
        return self._terms_where(one_of("id", ids)) if ids else {}

    def _terms_where(self, condition: str) -> dict[int, str]:
        found = self._read(lambda table: table.rows_where(condition, "terms"))
        return dict(zip(*(column.to_pylist() for column in found.columns), strict=True)) if found is not None else {}

    def vectors(self, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """Vectors of entries."""
        import numpy as np

        condition = one_of("id", ids)
        found = self._read(lambda table: table.rows_where(condition, "vector")) if ids else None
        if found is None:
            return {}
        matrix = matrix_of(found["vector"]).astype(np.float32)
        return dict(zip(found["id"].to_pylist(), matrix, strict=True))

    def _condition(self, where: Filter) -> str | None:
        """The filter as a condition for LanceDB: "" if everything passes it, None if nothing does."""
        scope = self._scope(where)
        if scope is None:
            return None
        conditions = []
        for column, numbers in (("language", scope.languages), ("kind", scope.kinds)):
            if numbers is not None:
                conditions.append(one_of(column, numbers.tolist()))
        if scope.files is not None:
            inside = self._files_in_scope(where)
            if inside is not None:
                conditions.append(inside[0])
        return " AND ".join(conditions)

    def _scope(self, where: Filter) -> Scope | None:
        """The filter as numbers; None if nothing passes it."""
        import numpy as np

        numbers: list[NDArray[np.int16] | None] = []
        for labels in (where.languages, where.kinds):
            found = np.array(sorted(self._manifest.labels(labels).values()), np.int16) if labels else None
            if found is not None and not len(found):
                return None
            numbers.append(found)
        files = None
        if where.files or where.include or where.exclude:
            inside = self._files_in_scope(where)
            if inside is None:
                return None
            files = inside[1]
        return Scope(numbers[0], numbers[1], files)

    def _files_in_scope(self, where: Filter) -> _Inside | None:
        """The files that a filter selects; None if there are none."""
        import numpy as np

        if where.files:
            return one_of("file", where.files), np.array(sorted(where.files), np.int64)
        globs = where.include, where.exclude
        changes = self._manifest.changes()
        known, conditions = self._scopes
        if known != changes or len(conditions) > 100:
            conditions = {}
            self._scopes = (changes, conditions)
        if globs not in conditions:
            paths = self._manifest.paths()
            matches = matcher(*globs)
            inside = [matches(path) for _, path in paths]
            numbers = [number for number, _ in paths]
            if not any(inside):
                conditions[globs] = None
            elif all(inside):
                conditions[globs] = ("", None)
            else:
                revisions = np.array(numbers, np.int64)[np.array(inside, np.bool_)]
                conditions[globs] = (files_inside(numbers, inside), revisions)
        return conditions[globs]

    def _columns_of(self, revisions: Sequence[int]) -> nearest.Columns | None:
        """The rows of these revisions."""

        def read(table: Table) -> nearest.Columns:
            table.refresh()
            return table.columns(one_of("file", revisions))

        return self._read(read)


def _best(ask: Callable[[int], list[_Hit]], limit: int, with_equals: bool) -> list[_Hit]:
    """The best hits of a search that is asked for a number of hits; see `StoreReader.text_search`.

    With `with_equals`, those of one score are in the order of their numbers, not in one that depends on how many are
    asked for.
    """
    if not with_equals:
        return ask(limit)
    asked = limit + min(EQUALS_AHEAD, limit)
    found = ask(asked)
    if len(found) == asked and found[-1][1] == found[limit - 1][1]:
        found = ask(EQUALS_READ * limit)
    last = found[limit - 1][1] if len(found) > limit else -math.inf
    return sorted((hit for hit in found if hit[1] >= last), key=lambda hit: (-hit[1], hit[0]))
