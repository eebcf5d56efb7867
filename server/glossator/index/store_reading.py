"""Reading an index: searches in the full text and the vectors, and what the manifest says.

It opens the table that the manifest names, and opens the next one when a writer has replaced it. `store` writes both.
"""

from __future__ import annotations

import logging
import threading
from itertools import compress
from typing import TYPE_CHECKING, TypeVar

from glossator.errors import StoreCorruptError
from glossator.index import folders, nearest
from glossator.index.database import note_damage
from glossator.index.followed import IndexPosition
from glossator.index.full_text import ANY_SIZE, FullText, make_segments, open_segments
from glossator.index.globs import files_inside, matcher, one_of
from glossator.index.lookup import Lookup
from glossator.index.nearest import Nearest, Scope
from glossator.index.records import FileSummary, Filter, StoreStatus
from glossator.index.table import Lance, Table, matrix_of
from glossator.index.text_segments import DamagedSegmentError
from glossator.workspace.files import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.full_text import TextHit
    from glossator.index.manifest import Manifest
    from glossator.index.records import FileColumns
    from glossator.index.text_segments import Segment, StoredTerms

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
_Globs = tuple[tuple[str, ...], tuple[str, ...]]
_Inside = tuple[str, "NDArray[np.int64] | None"]
"""The files that some globs select: LanceDB's condition, and their revisions; "" and None for all."""

FEW_SUMMARIES = 200
FEW_SUMMARIES_SHARE = 1 / 8
"""So many summaries of files are read one by one, and a share of all; of more, those of all files are read."""

KEPT_FREQUENCIES = 50_000
"""Terms whose frequencies are kept until the next commit: one search asks for each of its terms several times."""


class StoreReader(Lookup):
    """What was committed to one index. All methods may be called from any thread."""

    def __init__(self, folder: Path, manifest: Manifest, lance: Lance) -> None:
        super().__init__(manifest)
        self._folder = folder
        self._manifest = manifest
        self._lance = lance
        self._table: Table | None = None
        self._opening = threading.Lock()
        self._revisions: tuple[int, dict[int, int]] = (-1, {})
        self._skipped: tuple[int, list[tuple[str, str]]] = (-1, [])
        self._forget_findings()
        self._position = IndexPosition(manifest.position, lambda: manifest.transactions)
        self._nearest = Nearest(self._nearest_folder, self._position, self._live, self._columns_of)
        self._full_text = FullText(self._texts_folder, self._position, self._live, self._segments_of)

    def _forget_findings(self) -> None:
        """Forget what was found out about the last commit, but for what each search needs first."""
        self._sizes: tuple[object, list[tuple[str, int]]] = None, []
        self._scopes: tuple[int, dict[_Globs, _Inside | None]] = (-1, {})
        self._frequencies: tuple[int, dict[str, int]] = (-1, {})
        self._columns: tuple[int, FileColumns | None] = (-1, None)
        """What `stats` read, for the first `summaries`, and the number of the change at which it did."""

    def _live(self) -> dict[int, int]:
        """`Manifest.with_entries`; both searches ask for them after each commit, of which most change a file or two."""
        changes = self._manifest.changes()
        known_at, revisions = self._revisions
        if known_at != changes:
            latest = self._manifest.latest
            if latest is not None and latest.changes == changes == known_at + 1:
                revisions = {**revisions, **latest.added}
                for revision in latest.removed:
                    revisions.pop(revision, None)
            else:
                revisions = self._manifest.with_entries()
            self._revisions = changes, revisions
        return revisions

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
            return nearest.is_whole(near) and bool(open_segments(texts))
        except (OSError, DamagedSegmentError):
            return False

    def refresh(self) -> None:
        """Make the newest commit visible."""
        if self._table is not None:
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
            generation = int(self._manifest.get("table"))
            try:
                table = self._current()
                return query(table) if table is not None else None
            except StoreCorruptError as error:
                if generation == failed:
                    note_damage(self._folder, error)
                    raise
                _LOG.info("trying the newest table: %s", str(error))
                failed, self._table = generation, None

    def status(self, without: Sequence[str] = ()) -> StoreStatus:
        """Counts and skipped files, excluding the folders `without`, none of which may be inside another."""
        files, entries, symbols, lines = self._manifest.counts()
        for folder in without:
            less = self._manifest.counts(folder)
            files, entries, symbols, lines = files - less[0], entries - less[1], symbols - less[2], lines - less[3]
        starts = tuple(f"{folder}/" for folder in without)
        skipped = tuple(Skipped(path, reason) for path, reason in self.skipped() if not path.startswith(starts))
        size = folders.size_of(self._folder)
        return StoreStatus(files, entries, symbols, lines, skipped, size, self._manifest.uncollected())

    def skipped(self) -> list[tuple[str, str]]:
        """See `Manifest.skipped`, which reads all files: a server asks after each change, of which few are of such."""
        changes = self._manifest.changes()
        known_at, skipped = self._skipped
        if known_at != changes:
            latest = self._manifest.latest
            if latest is None or latest.is_of_skipped or not latest.changes == changes == known_at + 1:
                skipped = self._manifest.skipped()
            self._skipped = changes, skipped
        return skipped

    def uncollected(self) -> int:
        """The number of files whose facts have not been collected yet; cheaper than `status`."""
        return self._manifest.uncollected()

    def summaries(self) -> list[FileSummary]:
        """Summaries of all files that have entries, by revision."""
        (read_at, columns), self._columns = self._columns, (-1, None)
        if columns is None or read_at != self._manifest.changes():
            columns = self._manifest.file_columns()
        return columns.summaries()

    def summaries_since(self, known: Collection[int]) -> tuple[list[int], list[FileSummary]]:
        """Which of the known revisions are gone, and summaries of the files with entries that are not known."""
        if known:
            live = self._live()
            gone = [revision for revision in known if revision not in live]
            fresh = [revision for revision in live if revision not in known]
            if len(fresh) < FEW_SUMMARIES + FEW_SUMMARIES_SHARE * len(live):
                return gone, self._manifest.summaries_of(fresh)
        found = self.summaries()  # reading the files' rows takes longer than all else
        live = {one.revision: 0 for one in found}
        return [one for one in known if one not in live], [one for one in found if one.revision not in known]

    def stats(self) -> dict[str, tuple[int, int, int, str]]:
        """Path -> size, mtime, ctime (see `Found`), and why a file is skipped ("" if it is not), of all files.

        A search of an unchanged folder follows most of the time: what it needs of the files is read along with it.
        """
        changes = self._manifest.changes()  # before the columns: what is committed in between is read again
        columns = self._manifest.file_columns()
        self._columns = changes, columns
        self._revisions = changes, dict(compress(zip(columns.revisions, columns.entries, strict=True), columns.entries))
        return dict(
            zip(
                columns.paths,
                zip(columns.sizes, columns.mtimes_ns, columns.ctimes_ns, columns.skipped, strict=True),
                strict=True,
            )
        )

    def sizes_in(self, languages: Sequence[str]) -> list[tuple[str, int]]:
        """(path, bytes) of the indexed files in some languages, by path."""
        changes, key = self._manifest.changes(), tuple(languages)
        known, sizes = self._sizes
        if known != (changes, key):
            sizes = self._manifest.sizes_in(languages)
            self._sizes = (changes, key), sizes
        return sizes

    def as_of_now(self) -> AbstractContextManager[None]:
        """While a search runs: it need not see what other processes commit meanwhile."""
        return self._position.keeping()

    def changes(self) -> int:
        """A number that changes with every commit of any process."""
        return self._position.lately()[0]

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """The number of entries that contain each term."""
        terms = list(terms)
        changes = self.changes()
        known_at, known = self._frequencies
        if known_at != changes or len(known) > KEPT_FREQUENCIES:
            known = {}
            self._frequencies = changes, known
        missing = [term for term in terms if term not in known]
        if missing:
            known.update(self._full_text.frequencies(missing))
        return {term: known[term] for term in terms}

    def first_terms(self, revisions: Iterable[int]) -> dict[int, StoredTerms]:
        """The search terms of the first entry of each file, by revision; unknown ones are left out."""
        return self._full_text.first_terms(revisions)

    def terms_from(self, prefix: str, sizes: range = ANY_SIZE) -> set[str]:
        """Terms of so many bytes that begin with the prefix; some may be of entries that are gone."""
        return self._full_text.words(prefix, sizes)

    def entry_count(self) -> int:
        """How many entries there are."""
        return sum(self._live().values())

    def text_search(
        self, terms: Sequence[str], limit: int, where: Filter, *, with_equals: bool = False
    ) -> list[TextHit]:
        """The best entries that contain any of the terms, best first.

        `with_equals`: see `FullText.search`. Without it, which of the entries with the same score are found depends on
        the order in which files were indexed.
        """
        words = list(dict.fromkeys(part for term in terms for part in term.split()))
        scope = self._scope(where)
        if not words or limit <= 0 or scope is None:
            return []
        return self._full_text.search(words, limit, scope, with_equals=with_equals)

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

    def _terms_where(self, condition: str) -> dict[int, str]:
        """Entry id -> search terms, of the table's rows that match."""
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
        changes = self.changes()
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

    def _segments_of(self, revisions: list[int]) -> list[Segment]:
        """Segments of the entries of these revisions."""

        def read(table: Table) -> list[Segment]:
            table.refresh()
            return make_segments(table.texts_of(revisions))

        return self._read(read) or []
