"""The index on disk: manifest and name graph in SQLite, vectors and full text in LanceDB.

The only importer of lancedb. It knows nothing of how entries are made or of what a query means.

A commit adds rows to LanceDB, then replaces the catalogue's rows in one transaction, then deletes the old rows from
LanceDB. A process killed between two of these steps leaves rows that the catalogue does not know: results that name
them are dropped, and the next writer sweeps them out. Rows that are missing (a power cut, a damaged or deleted `lance`
folder) are found by the next writer too, which marks their files as to be indexed again.

LanceDB's own `optimize` rewrites nearly everything, needs the writer to wait, and breaks readers of old versions. So
the table is copied instead, with all indexes, into a new one beside it (a *generation*), while commits and searches go
on with the old one; what was committed meanwhile is added, and then the catalogue names the new generation.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import shutil
import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from glossator.errors import StoreCorruptError, StoreError
from glossator.index import database, folders
from glossator.index.catalogue import ORDINAL_BITS, SCHEMA_VERSION, Catalogue
from glossator.index.database import DAMAGE_MARK, corrupt_error, full_error
from glossator.index.entries import Skipped
from glossator.index.globs import matcher
from glossator.index.lookup import Lookup
from glossator.index.records import FileRecord, FileSummary, FileUpdate, Filter, StoredEntry, StoreStatus
from glossator.index.vectors import VectorCache, cache_path

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Coroutine, Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["FileRecord", "FileSummary", "FileUpdate", "Filter", "Store", "StoreStatus", "StoredEntry"]

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

VECTOR_INDEX_ROWS = 8_000
"""From this many rows on a vector index is made; below, reading all vectors is as fast."""

PARTITION_ROWS = 500
"""Rows in a partition of the vector index, on average."""

PROBES = 16
"""Partitions that a vector search looks into."""

QUERY_TERMS = 24
"""At most this many terms, the rarest, are looked for: the others cost much and decide little."""

FOLD_FRAGMENTS = 16
"""Small commits that are merged into one fragment: each costs a search 0.15 ms (measured at 100,000 rows)."""

PENDING_ROWS = 1_000
"""Rows that may wait outside the indexes, besides one in a hundred: they cost a search 3.5 ms (same measurement)."""

DEAD_SHARE = 0.25
"""Share of a table's rows that may be deleted ones before it is written anew."""

SIZE_SHARE = 1.3
"""How much larger than after it was last written anew the table may be on disk."""

SIZE_SLACK = 256 * 1024
"""Bytes that the table may grow by in any case."""

DERIVE_LATER = 500
"""From this many entries on in one commit, references and terms are counted all at once by `Store.maintain`: a third of
the time of doing it commit by commit, measured on the first index of 25,000 entries."""

COPY_ROWS = 10_000
"""Rows that are copied at a time: about 12 MB."""

_SCALARS = {"id": "int64", "file": "int32", "language": "int16", "kind": "int16", "terms": "string"}


class _Loop:
    """An event loop in a thread of its own, for LanceDB's asynchronous interface."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="glossator-lancedb", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Wait for the coroutine's result."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _Table:
    """One generation of the LanceDB table."""

    def __init__(self, lance: _Lance, generation: int, handle: Any) -> None:
        self._lance = lance
        self.generation = generation
        self._handle = handle

    # Writing

    def add(self, rows: _Rows, vectors: NDArray[Any]) -> None:
        """Append rows with their vectors."""
        import numpy as np
        import pyarrow as pa

        schema = self._lance.schema()
        numbers = (rows.ids, rows.files, rows.languages, rows.kinds)
        arrays = [pa.array(column, field.type) for column, field in zip(numbers, schema, strict=False)]
        flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1))
        vector = pa.FixedSizeListArray.from_arrays(flat, self._lance.dimensions)
        self.append(pa.record_batch([*arrays, pa.array(rows.terms, pa.string()), vector], schema=schema))

    def append(self, batch: Any) -> None:
        """Append a batch of Arrow's."""
        self._lance.run(lambda: self._handle.add(batch))

    def delete(self, condition: str) -> None:
        """Delete the rows that match."""
        self._lance.run(lambda: self._handle.delete(condition))

    def index(self, rows: int) -> None:
        """Make the indexes."""
        from lancedb.index import FTS, BTree, IvfFlat

        text = FTS(
            with_position=False,
            base_tokenizer="whitespace",
            max_token_length=None,
            lower_case=False,
            stem=False,
            remove_stop_words=False,
            ascii_folding=False,
        )
        self._lance.run(lambda: self._handle.create_index("id", config=BTree()))
        self._lance.run(lambda: self._handle.create_index("terms", config=text))
        if rows >= VECTOR_INDEX_ROWS:
            # Few rounds over few samples: more made no difference to recall, measured on clustered vectors.
            partitions = IvfFlat(
                distance_type="dot", num_partitions=rows // PARTITION_ROWS, max_iterations=5, sample_rate=40
            )
            self._lance.run(lambda: self._handle.create_index("vector", config=partitions))

    def fold(self, condition: str) -> None:
        """Write the rows that match anew, as one fragment."""
        rows = self.read(lambda table: table.query().where(condition))
        if len(rows):
            merge = self._handle.merge_insert("id").when_matched_update_all()
            self._lance.run(lambda: merge.execute(rows))

    def version(self) -> int:
        """The number of the table's newest version, which any write raises."""
        return int(self._lance.run(self._handle.version))

    def rows(self) -> int:
        """How many rows there are."""
        return int(self._lance.run(self._handle.count_rows))

    # Reading

    def refresh(self) -> None:
        """See the newest version."""
        self._lance.run(self._handle.checkout_latest)

    def read(self, query: Callable[[Any], Any]) -> pa.Table:
        """The result of the query that `query` makes from LanceDB's table."""

        async def collect() -> pa.Table:
            return await query(self._handle).to_arrow()

        return self._lance.run(collect)

    def copy(self, live: NDArray[np.int64], target: _Table) -> None:
        """Append the rows of these files, as of the version that is seen now, to another table."""
        import numpy as np
        import pyarrow as pa

        stream = self._lance.run(lambda: self._handle.query().to_batches(max_batch_length=COPY_ROWS))
        waiting: list[Any] = []

        def flush() -> None:
            if waiting:
                target.append(pa.Table.from_batches(waiting))
                waiting.clear()

        while True:
            batch = self._lance.run(lambda: anext(stream, None))
            if batch is None:
                break
            kept = np.isin(batch["file"].to_numpy(), live)
            waiting.append(batch if kept.all() else batch.filter(pa.array(kept)))
            if sum(len(part) for part in waiting) >= COPY_ROWS:
                flush()
        flush()


class _Lance:
    """The folder of LanceDB's tables."""

    def __init__(self, folder: Path, dimensions: int) -> None:
        self.folder = folder
        self.dimensions = dimensions
        self._lock = threading.Lock()
        self._loop: _Loop | None = None
        self._connection: Any = None

    def run(self, start: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """The result of a coroutine, which is made and run in the loop; LanceDB's errors become the store's own."""
        with self._lock:
            if self._loop is None:
                self._loop = _Loop()
            loop = self._loop

        async def run() -> _T:
            return await start()

        try:
            return loop.run(run())
        except (RuntimeError, ValueError, OSError) as error:
            text = str(error)
            if re.search(r"os error (28|27|122)\b|no space left|disk is full|not enough space", text, re.IGNORECASE):
                raise full_error(self.folder.parent) from error
            raise corrupt_error(self.folder.parent, " ".join((text or repr(error)).split())[:200]) from error

    def schema(self) -> pa.Schema:
        """The columns of the table."""
        import pyarrow as pa

        scalars = [(name, pa.type_for_alias(kind)) for name, kind in _SCALARS.items()]
        return pa.schema([*scalars, ("vector", pa.list_(pa.float32(), self.dimensions))])

    def path(self, generation: int) -> Path:
        """The folder of a generation."""
        return self.folder / f"entries-{generation}.lance"

    def open(self, generation: int, *, create: bool = False) -> _Table:
        """Open the table of a generation; `create` makes it anew."""
        import lancedb

        if create and self.path(generation).exists():
            shutil.rmtree(self.path(generation))

        async def start() -> Any:
            if self._connection is None:
                self._connection = await lancedb.connect_async(str(self.folder))
            name = self.path(generation).stem
            if create:
                return await self._connection.create_table(name, schema=self.schema())
            return await self._connection.open_table(name)

        return _Table(self, generation, self.run(start))

    def newest_version(self, generation: int) -> int:
        """The newest version of a generation, by the names of its files, without LanceDB; 0 if there is none."""
        newest = 0
        with contextlib.suppress(OSError):
            for path in (self.path(generation) / "_versions").glob("*.manifest"):
                if path.stem.isdigit():
                    # Names count down from the largest number of 64 bits, so that the newest comes first.
                    number = int(path.stem)
                    newest = max(newest, 2**64 - 1 - number if number > 2**63 else number)
        return newest

    def sweep(self, generation: int) -> None:
        """Remove all generations but this one; files that a reader holds open (Windows) stay until the next time."""
        for path in self.folder.glob("*.lance"):
            if path != self.path(generation):
                shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """End the loop."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            if self._loop is not None:
                self._loop.close()
                self._loop = None


class Store:
    """One index. Readers see a commit as soon as they `refresh`; there is at most one writer (held by a lock).

    All methods may be called from any thread; those that write wait for each other.
    """

    def __init__(self, folder: Path, catalogue: Catalogue, lance: _Lance, cache: VectorCache, lock: Any) -> None:
        """Use `Store.open`."""
        self._folder = folder
        self._catalogue = catalogue
        self._lookup = Lookup(catalogue)
        self._lance = lance
        self._cache = cache
        self._lock = lock
        self._table: _Table | None = None
        self._opening = threading.Lock()
        self._writing = threading.RLock()
        self._maintaining = threading.Lock()
        self._scope: tuple[int, list[tuple[int, str]]] = (-1, [])

    @staticmethod
    def folder_for(index_dir: Path, root: Path, embedder_id: str) -> Path:
        """Where the index of a root is kept for this format and embedder."""
        return folders.folder_for(index_dir, root, f"v{SCHEMA_VERSION}-{embedder_id}")

    @classmethod
    def open(cls, folder: Path, *, embedder_id: str, dimensions: int, write: bool) -> Store:
        """Open the index in `folder`, creating it when `write`.

        Raises:
            StoreLockedError: `write`, and another process is writing it.
            StoreCorruptError: its files are damaged: `replace_corrupt` makes room for a new one.
            StoreTooNewError, StoreFullError: see there.
            StoreError: there is no index, and not `write`; or it cannot be used.
        """
        lock = folders.acquire(folder) if write else None
        catalogue = None
        try:
            if write:
                folders.make_private(folder)
            identity = {"embedder": embedder_id, "dimensions": dimensions}
            catalogue = Catalogue(folder / "catalogue.sqlite", identity=identity, write=write)
            cache = VectorCache(cache_path(folder.parent.parent, embedder_id), dimensions)
            store = cls(folder, catalogue, _Lance(folder / "lance", dimensions), cache, lock)
            if write:
                store._reconcile()
        except BaseException as error:
            if catalogue is not None:
                catalogue.close()
            if lock is not None:
                lock.release()
            if isinstance(error, OSError):
                raise folders.system_error(folder, error) from error
            raise
        return store

    @staticmethod
    def replace_corrupt(folder: Path) -> Path | None:
        """Move a damaged index aside, so that `open` starts afresh; gives where it is now, or None if there was none.

        Only the newest damaged index is kept.

        Raises:
            StoreLockedError: a process is writing it.
            StoreError: it cannot be moved.
        """
        lock = folders.acquire(folder)
        try:
            return folders.move_aside(folder)
        except OSError as error:
            raise StoreError(f"cannot move the damaged index {folder} aside: {error}") from error
        finally:
            lock.release()

    # Writing

    def files(self) -> dict[str, FileRecord]:
        """The manifest: path -> record, skipped files included.

        A record with size -1 and no content hash is of a file that has to be indexed again.
        """
        if self._lock is not None:
            with self._writing:
                self._reconcile()
        return self._catalogue.files()

    def touch(self, records: Sequence[FileRecord]) -> None:
        """Take over the size and time of files whose contents are as they were."""
        with self._writing:
            self._catalogue.touch(records)

    def commit(self, updates: Sequence[FileUpdate], deleted: Sequence[str] = ()) -> None:
        """Replace what the store holds of these files, all or nothing.

        Raises:
            StoreFullError: the disk is full; everything is as it was before.
        """
        latest = {update.record.path: update for update in updates}
        paths = [*latest, *(path for path in deleted if path not in latest)]
        if not paths:
            return
        with self._writing:
            try:
                self._commit(list(latest.values()), paths)
            except UnicodeEncodeError:
                self._commit([_encodable(update) for update in latest.values()], paths)

    def _commit(self, updates: Sequence[FileUpdate], paths: Sequence[str]) -> None:
        import numpy as np

        old = self._catalogue.revisions(paths)
        stale = [revision for revision, count in old.items() if count]
        entries = sum(len(update.entries) for update in updates)
        underived = self._catalogue.underived()
        derive = underived is None and entries <= DERIVE_LATER
        changes: Counter[str] = Counter()
        if derive:
            changes.update(term for update in updates for text in update.terms for term in set(text.split()))
        counted = [revision for revision in stale if underived is None or revision < underived]
        for terms in self._terms_where(_of_files(counted)).values() if counted else ():
            changes.subtract(set(terms.split()))
        numbers = self._catalogue.numbers(
            label for update in updates for label in (update.record.language, *(entry.kind for entry in update.entries))
        )
        numbered = list(enumerate(updates, self._catalogue.next_file))
        self._catalogue.next_file += len(numbered)
        meta = {}
        if entries:
            rows = _Rows()
            for revision, update in numbered:
                rows.append(revision, update, numbers)
            vectors = np.concatenate([update.vectors for update in updates if len(update.entries)])
            target = self._current() or self._begin()
            target.add(rows, vectors)
            meta["version"] = target.version()
        try:
            self._catalogue.replace(numbered, list(old), changes, meta, derive=derive)
        except BaseException:
            if entries:
                with contextlib.suppress(StoreError):
                    target.delete(_in("file", [revision for revision, _ in numbered]))
            raise
        if stale and (table := self._current()) is not None:
            table.delete(_of_files(stale))
            self._catalogue.put({"version": table.version()})
        if entries:
            keys = [key for update in updates for key in update.keys]
            self._cache.put(dict(zip(keys, vectors.astype(np.float16, copy=False), strict=True)))

    def _begin(self) -> _Table:
        """Make the first table."""
        generation = int(self._catalogue.get("table")) + 1
        table = self._lance.open(generation, create=True)
        self._catalogue.put({"table": generation, "version": table.version(), "indexed_below": 0, "bytes": 0})
        self._table = table
        return table

    def _reconcile(self) -> None:
        """Make the table agree with the catalogue, if a kill, a power cut or damage has parted them."""
        mark = self._folder / DAMAGE_MARK
        generation = int(self._catalogue.get("table"))
        damaged = mark.exists()
        if damaged:
            self._catalogue.check()
        if not damaged and self._lance.newest_version(generation) == self._catalogue.get("version"):
            return
        import numpy as np

        found = np.empty(0, np.int64)
        try:
            if generation:
                self._table = self._lance.open(generation)
                if damaged:
                    for name in (*_SCALARS, "vector"):
                        self._table.read(lambda table, name=name: table.query().select([name]))  # type: ignore[misc]
                found = np.sort(self._table.read(lambda table: table.query().select(["id"]))["id"].to_numpy())
                if len(np.unique(found)) < len(found):
                    raise corrupt_error(self._folder, "an entry is there twice")
        except StoreCorruptError as error:
            _LOG.warning("making the search data anew: %s", error)
            self._table = None
            self._lance.close()
            folders.move_aside(self._lance.folder)
            found = np.empty(0, np.int64)
        revisions = self._catalogue.revisions()
        spans = [np.arange(count) + (revision << ORDINAL_BITS) for revision, count in revisions.items() if count]
        known = np.concatenate(spans) if spans else np.empty(0, np.int64)
        missing = np.unique(np.setdiff1d(known, found) >> ORDINAL_BITS)
        orphans = np.unique(np.setdiff1d(found, known) >> ORDINAL_BITS)
        if len(missing):
            self._catalogue.forget_contents(missing.tolist())
        if self._table is not None:
            if len(orphans):
                self._table.delete(_of_files(orphans.tolist()))
            self._lance.sweep(generation)
            self._catalogue.put({"version": self._table.version()})
        elif generation:
            self._begin()
        mark.unlink(missing_ok=True)

    def cached_vectors(self, keys: Sequence[bytes]) -> Mapping[bytes, NDArray[np.float16]]:
        """The vectors of those keys that are known, from this and all other roots."""
        return self._cache.get(keys)

    def maintain(self, *, full: bool = False) -> None:
        """Compact, drop old versions, bring the indexes up to date; cheap when nothing is due.

        Commits and searches go on meanwhile. A second call at the same time returns at once.
        """
        if not self._maintaining.acquire(blocking=False):
            return
        try:
            with self._writing:
                self._derive()
            due = self._due(full=full)
            if due == "fold":
                with self._writing:
                    self._fold()
            elif due == "rebuild":
                self._rebuild()
                self._cache.trim()
            if due or full:
                with self._writing:
                    self._catalogue.compact(full=full)
        finally:
            self._maintaining.release()

    def _derive(self) -> None:
        """Count the references and terms of large commits."""
        first = self._catalogue.underived()
        if first is not None:
            found = self._read(lambda table: table.query().where(f"file >= {first}").select(["terms"]))
            self._catalogue.derive(first, _frequencies(found["terms"]) if found is not None else {})

    def _due(self, *, full: bool) -> str:
        """What the table needs: "rebuild", "fold" or "" for nothing."""
        state = self._catalogue.state()
        if not state["table"]:
            return ""
        rows, pending, dead, fragments = (int(state[key]) for key in ("rows", "pending", "dead", "fragments"))
        if full and (pending or dead or fragments):
            return "rebuild"
        if pending > PENDING_ROWS + rows // 100 or dead > PENDING_ROWS + DEAD_SHARE * rows:
            return "rebuild"
        if fragments < FOLD_FRAGMENTS:
            return ""
        allowed = SIZE_SHARE * state["bytes"] + SIZE_SLACK
        return "rebuild" if folders.size_of(self._lance.path(state["table"])) > allowed else "fold"

    def _fold(self) -> None:
        """Merge the fragments of small commits."""
        table = self._current()
        if table is not None:
            table.fold(f"file >= {self._catalogue.get('indexed_below')}")
            self._catalogue.put({"fragments": 1, "version": table.version()})

    def _rebuild(self) -> None:
        """Write the table anew, with its indexes, beside the present one, and change over to it."""
        import numpy as np

        with self._writing:
            generation = int(self._catalogue.get("table"))
            self._lance.sweep(generation)
            source = self._lance.open(generation)
            before = {revision: count for revision, count in self._catalogue.revisions().items() if count}
            fence = self._catalogue.next_file
        target = self._lance.open(generation + 1, create=True)
        source.copy(np.array(list(before), np.int64), target)
        target.index(sum(before.values()))
        with self._writing:
            current = self._current()
            if current is None or current.generation != generation:
                return
            after = {revision: count for revision, count in self._catalogue.revisions().items() if count}
            added = [revision for revision in after if revision >= fence]
            gone = [revision for revision in before if revision not in after]
            if added:
                current.copy(np.array(added, np.int64), target)
            if gone:
                target.delete(_of_files(gone))
            self._catalogue.put(
                {
                    "table": target.generation,
                    "version": target.version(),
                    "indexed_below": fence,
                    "pending": sum(after[revision] for revision in added),
                    "dead": sum(before[revision] for revision in gone),
                    "fragments": bool(added) + bool(gone),
                    "bytes": folders.size_of(self._lance.path(target.generation)),
                }
            )
            self._table = target
            self._lance.sweep(target.generation)

    # Reading

    def refresh(self) -> None:
        """See the newest commit."""
        table = self._current()
        if table is not None:
            table.refresh()

    def _current(self) -> _Table | None:
        """The table of the generation that the catalogue names; None if nothing was committed yet."""
        generation = int(self._catalogue.get("table"))
        if not generation:
            return None
        with self._opening:
            if self._table is None or self._table.generation != generation:
                self._table = self._lance.open(generation)
            return self._table

    def _read(self, query: Callable[[Any], Any]) -> pa.Table | None:
        """The result of the query that `query` makes from LanceDB's table; None if there is no table.

        A writer may have replaced the table since it was opened, which fails once.
        """
        try:
            table = self._table or self._current()
            return table.read(query) if table is not None else None
        except StoreCorruptError as error:
            _LOG.info("trying the newest table: %s", error)
        self._table = None
        table = self._current()
        result = table.read(query) if table is not None else None
        (self._folder / DAMAGE_MARK).unlink(missing_ok=True)
        return result

    def status(self) -> StoreStatus:
        """Counts and skipped files."""
        files, entries, symbols, lines = self._catalogue.counts()
        skipped = tuple(Skipped(path, reason) for path, reason in self._catalogue.skipped())
        return StoreStatus(files, entries, symbols, lines, skipped, folders.size_of(self._folder))

    def summaries(self, known: Container[int] = ()) -> tuple[list[int], list[FileSummary]]:
        """The revisions of all files that have entries, in order, and what ranking needs of those not `known`."""
        return self._catalogue.summaries(known)

    def changes(self) -> int:
        """A number that changes with every commit of any process."""
        return self._catalogue.changes()

    def entry_count(self) -> int:
        """How many entries there are."""
        return self._catalogue.counts()[1]

    def text_search(self, terms: Sequence[str], limit: int, where: Filter) -> list[tuple[int, float]]:
        """(entry id, BM25 score) of the best entries that contain any of the terms, best first."""
        wanted = list(dict.fromkeys(part for term in terms for part in term.split()))
        predicate = self._predicate(where)
        if len(wanted) > QUERY_TERMS:
            frequencies = self.document_frequencies(wanted)
            wanted = sorted((term for term in wanted if frequencies[term]), key=frequencies.__getitem__)[:QUERY_TERMS]
        if not wanted or limit <= 0 or predicate is None:
            return []

        def query(table: Any) -> Any:
            from lancedb.query import MatchQuery

            match = MatchQuery(" ".join(wanted), "terms")  # type: ignore[call-arg]
            found = table.query().nearest_to_text(match).select(["id", "_score"]).limit(limit)
            return found.where(predicate) if predicate else found

        return _pairs(self._read(query), "_score")

    def vector_search(self, vector: NDArray[np.float32], limit: int, where: Filter) -> list[tuple[int, float]]:
        """(entry id, dot product) of the nearest entries, best first."""
        import numpy as np

        predicate = self._predicate(where)
        if limit <= 0 or predicate is None:
            return []

        def query(table: Any) -> Any:
            found = table.vector_search(np.asarray(vector, dtype=np.float32)).distance_type("dot").nprobes(PROBES)
            found = found.select(["id", "_distance"]).limit(limit)
            return found.where(predicate) if predicate else found

        # LanceDB's "dot" distance is one minus the product.
        return [(number, 1.0 - distance) for number, distance in _pairs(self._read(query), "_distance")]

    def _predicate(self, where: Filter) -> str | None:
        """The filter as LanceDB's condition: "" if it lets everything through, None if nothing."""
        conditions = []
        for column, labels in (("language", where.languages), ("kind", where.kinds)):
            if labels:
                numbers = self._catalogue.labels(labels).values()
                if not numbers:
                    return None
                conditions.append(_in(column, sorted(numbers)))
        if where.include or where.exclude:
            changes = self._catalogue.changes()
            if self._scope[0] != changes:
                self._scope = (changes, self._catalogue.paths())
            paths = self._scope[1]
            matches = matcher(where.include, where.exclude)
            inside = [matches(path) for _, path in paths]
            if not any(inside):
                return None
            if not all(inside):
                conditions.append(_runs([number for number, _ in paths], inside))
        return " AND ".join(conditions)

    def _terms_where(self, condition: str) -> dict[int, str]:
        result = self._read(lambda table: table.query().where(condition).select(["id", "terms"]))
        return dict(_pairs(result, "terms"))

    def entries(self, ids: Sequence[int]) -> list[StoredEntry]:
        """The entries with these ids, in that order; unknown ids are left out."""
        return self._lookup.entries(ids)

    def briefs(self, ids: Sequence[int]) -> dict[int, tuple[str, str, int, int | None]]:
        """Id -> (name, kind, part, the parent's id) of those entries that are known."""
        return self._lookup.briefs(ids)

    def terms(self, ids: Sequence[int]) -> dict[int, str]:
        """Search terms of entries."""
        return self._terms_where(_in("id", ids)) if ids else {}

    def vectors(self, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """Vectors of entries."""
        import numpy as np

        condition = _in("id", ids)
        result = self._read(lambda table: table.query().where(condition).select(["id", "vector"])) if ids else None
        if result is None:
            return {}
        column = result["vector"].combine_chunks()
        matrix = np.asarray(column.flatten(), dtype=np.float32).reshape(-1, self._lance.dimensions)
        return dict(zip(result["id"].to_pylist(), matrix, strict=True))

    def entries_in(self, path: str) -> list[StoredEntry]:
        """All entries of a file, in order."""
        return self._lookup.entries_in(path)

    def entry_at(self, path: str, line: int) -> StoredEntry | None:
        """The innermost definition (part 0, not a block) whose range holds the line; else the block there."""
        return self._lookup.entry_at(path, line)

    def named(self, name: str, limit: int = 50) -> list[StoredEntry]:
        """Definitions (part 0) of that name: exact case first, then without case.

        `name` may be bare ("close"), qualified ("Session.close") or begin with parts of the path too
        ("requests.sessions.Session.close").
        """
        return self._lookup.named(name, limit)

    def names_like(self, pattern: str, limit: int = 50) -> list[StoredEntry]:
        """Definitions whose name matches fuzzily: prefix, then humps, then subsequence (for workspace/symbol)."""
        return self._lookup.names_like(pattern, limit)

    def referring_to(self, name: str, limit: int = 50) -> list[StoredEntry]:
        """Entries (part 0, or blocks) that call or mention the name."""
        return self._lookup.referring_to(name, limit)

    def reference_count(self, name: str) -> int:
        """How many entries refer to the name."""
        return self._lookup.reference_counts([name])[name]

    def reference_counts(self, names: Sequence[str]) -> dict[str, int]:
        """How many entries refer to each of the names."""
        return self._lookup.reference_counts(names)

    def references_of(self, entry_id: int) -> tuple[str, ...]:
        """The names that an entry refers to."""
        return self._lookup.references_of(entry_id)

    def document_frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many entries each term occurs."""
        return self._lookup.document_frequencies(terms)

    def terms_from(self, prefix: str, limit: int = 5000) -> dict[str, int]:
        """Terms that begin with the prefix -> in how many entries they occur."""
        return self._lookup.terms_from(prefix, limit)

    def close(self) -> None:
        """Release files and the lock."""
        with self._writing:
            self._table = None
            self._lance.close()
            self._catalogue.close()
            self._cache.close()
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Rows:
    """The columns of new rows, but for the vectors."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.files: list[int] = []
        self.languages: list[int] = []
        self.kinds: list[int] = []
        self.terms: list[str] = []

    def append(self, revision: int, update: FileUpdate, numbers: Mapping[str, int]) -> None:
        """Add the rows of one file's new revision."""
        count = len(update.entries)
        base = revision << ORDINAL_BITS
        self.ids.extend(range(base, base + count))
        self.files.extend([revision] * count)
        self.languages.extend([numbers[update.record.language]] * count)
        self.kinds.extend([numbers[entry.kind] for entry in update.entries])
        self.terms.extend(update.terms)


def _pairs(result: pa.Table | None, column: str) -> list[tuple[int, Any]]:
    """Rows of a result: the id, and the value in that column."""
    if result is None:
        return []
    return list(zip(result["id"].to_pylist(), result[column].to_pylist(), strict=True))


def _frequencies(column: Any) -> Counter[str]:
    """In how many rows of a column of terms each term occurs."""
    import numpy as np
    import pyarrow.compute as pc

    counts: Counter[str] = Counter()
    for start in range(0, len(column), COPY_ROWS):
        lists = pc.split_pattern(column.slice(start, COPY_ROWS).combine_chunks(), " ")
        words = lists.flatten().dictionary_encode()
        size = len(words.dictionary)
        rows = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
        # Each row counts a word once.
        pairs = np.unique(rows * size + words.indices.to_numpy())
        found = np.bincount(pairs % size, minlength=size) if size else ()
        counts.update(dict(zip(words.dictionary.to_pylist(), map(int, found), strict=True)))
    counts.pop("", None)
    return counts


def _encodable(update: FileUpdate) -> FileUpdate:
    """The update without lone surrogates, which neither SQLite nor Arrow can hold."""
    clean = database.encodable
    entries = tuple(
        replace(
            entry,
            name=clean(entry.name),
            qualified_name=clean(entry.qualified_name),
            signature=clean(entry.signature),
            doc=clean(entry.doc),
            references=tuple(map(clean, entry.references)),
        )
        for entry in update.entries
    )
    record = replace(update.record, skipped=clean(update.record.skipped))
    return replace(update, record=record, entries=entries, terms=tuple(map(clean, update.terms)))


def _in(column: str, numbers: Iterable[int]) -> str:
    return f"{column} IN ({','.join(map(str, numbers))})"


def _of_files(revisions: Sequence[int]) -> str:
    """The condition for the rows of these revisions; of one, by the index of the ids."""
    if len(revisions) == 1:
        return f"id >= {revisions[0] << ORDINAL_BITS} AND id < {(revisions[0] + 1) << ORDINAL_BITS}"
    return _in("file", revisions)


def _runs(numbers: Sequence[int], inside: Sequence[bool]) -> str:
    """The condition for those files that are `inside`: files of one folder mostly follow each other."""
    runs: list[str] = []
    single: list[int] = []
    start: int | None = None
    for position in range(len(numbers) + 1):
        if position < len(numbers) and inside[position]:
            start = position if start is None else start
        elif start is not None:
            first, last = numbers[start], numbers[position - 1]
            if first == last:
                single.append(first)
            else:
                runs.append(f"(file >= {first} AND file <= {last})")
            start = None
    if single:
        runs.append(_in("file", single))
    return f"({' OR '.join(runs)})"
