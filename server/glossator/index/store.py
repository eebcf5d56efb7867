"""The index on disk: manifest and name graph in SQLite, vectors and search terms in LanceDB.

It keeps the two consistent, and does not know how entries are made or how queries are understood. What is read of them
is in `store_reading`.

A commit adds rows to LanceDB, then replaces the manifest's rows in one transaction, then deletes the old rows from
LanceDB. A process killed between two of these steps leaves rows that are not in the manifest: searches ignore them, and
the next writer deletes them. If rows are missing (a power cut, a damaged or deleted `lance` folder), the next writer
marks their files to be indexed again.

LanceDB's own `optimize` rewrites nearly everything, blocks the writer, and breaks readers of old versions. Instead, the
table is copied, with all indexes, into a new one (a *generation*), while commits and searches go on with the old one.
The files that searches read (`nearest`, `full_text`) are written from the copy. Then the commits made meanwhile are
added, and the manifest switches to the new generation.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

from glossator.errors import StoreCorruptError, StoreError, StoreFullError
from glossator.index import folders, nearest
from glossator.index.database import DAMAGE_MARK, corrupt_error, note_damage
from glossator.index.full_text import write_segments
from glossator.index.generations import generations_in, is_there, remove_generation
from glossator.index.globs import one_of
from glossator.index.manifest import ORDINAL_BITS, SCHEMA_VERSION, Manifest
from glossator.index.records import (
    FileRecord,
    FileSummary,
    FileUpdate,
    Filter,
    StoredEntry,
    StoreStatus,
    encodable_update,
)
from glossator.index.store_reading import StoreReader
from glossator.index.table import Lance, Rows, Table
from glossator.index.upkeep import Upkeep, needs_mapped_files, upkeep_due
from glossator.index.vectors import VectorCache, cache_path

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from glossator.index.earlier import EarlierContents

__all__ = ["FileRecord", "FileSummary", "FileUpdate", "Filter", "Store", "StoreStatus", "StoredEntry"]

_LOG = logging.getLogger(__name__)

DERIVE_LATER = 500
"""After a commit of more entries than this, references are counted later, all at once, by `Store.maintain`: this takes
a third of the time (measured on a first index of 25,000 entries)."""

KEEP_FROM = 16
"""Contents of files are kept for the way back if a change removes those of so many: fewer are parsed as quickly."""

READ_AT_ONCE = 500
"""Revisions that are removed of which so many are read at a time, as a bound on memory: about 10 MB."""


class Store(StoreReader):
    """One index. Readers see a commit as soon as they `refresh`; there is at most one writer (held by a lock).

    All methods may be called from any thread; those that write wait for each other.
    """

    def __init__(self, folder: Path, manifest: Manifest, lance: Lance, cache: VectorCache, lock: Any) -> None:
        """Use `Store.open`."""
        super().__init__(folder, manifest, lance)
        self._cache = cache
        self._lock = lock
        self._writing = threading.RLock()
        self._maintaining = threading.Lock()

    @cached_property
    def _earlier(self) -> EarlierContents:
        """Contents for the way back. What only reads an index needs neither it nor what it imports."""
        from glossator.index.earlier import EarlierContents

        return EarlierContents(self._folder)

    @staticmethod
    def folder_for(index_dir: Path, root: Path, embedder_id: str) -> Path:
        """The folder of a root's index, for this format and embedder."""
        return folders.folder_for(index_dir, root, f"v{SCHEMA_VERSION}-{embedder_id}")

    @classmethod
    def open(cls, folder: Path, *, embedder_id: str, dimensions: int, write: bool) -> Store:
        """Open the index in `folder`; if `write`, lock it for writing and create it if needed.

        Raises:
            StoreLockedError: `write` is set, and another process is writing the index.
            StoreCorruptError: its files are damaged; `replace_corrupt` makes room for a new one.
            StoreTooNewError: a newer Glossator wrote it.
            StoreFullError: the disk is full.
            StoreError: there is no index and `write` is not set, or the index cannot be used.
        """
        folders.check_path(folder)
        lock = folders.acquire(folder) if write else None
        store = None
        try:
            if write:
                folders.make_private(folder)
            identity = {"embedder": embedder_id, "dimensions": dimensions}
            manifest = Manifest(folder / "manifest.sqlite", identity=identity, write=write)
            cache = VectorCache(cache_path(folder.parent.parent, embedder_id), dimensions)
            store = cls(folder, manifest, Lance(folder / "lance", dimensions), cache, lock)
            if write:
                store._reconcile()
                store._sweep(int(manifest.get("table")))  # of a writer that was killed after it had written a new one
        except BaseException as error:
            if store is not None:
                store.close()
            elif lock is not None:
                lock.release()
            if isinstance(error, OSError):
                raise folders.system_error(folder, error) from error
            raise
        return store

    @staticmethod
    def replace_corrupt(folder: Path) -> Path | None:
        """Move a damaged index aside, so that `open` creates a new one; returns its new folder, None if there was none.

        Only the newest damaged index is kept.

        Raises:
            StoreLockedError: another process is writing it.
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

        A record with size -1 and no content hash belongs to a file that has to be indexed again.
        """
        self.repair()
        return self._manifest.files()

    def files_at(self, paths: Iterable[str]) -> dict[str, FileRecord]:
        """As `files`, of these files; unknown ones are left out. Who writes then has to `repair` the index before."""
        return self._manifest.files(paths)

    def files_inside(self, folder: str) -> dict[str, FileRecord]:
        """As `files_at`, of all files in a folder and the folders in it, skipped ones included; "" for the root."""
        return self._manifest.files_inside(folder)

    def stats(self) -> dict[str, tuple[int, int, int, str]]:
        """See `StoreReader.stats`; files that have to be indexed again are among them, as in `files`."""
        self.repair()
        return super().stats()

    def repair(self) -> None:
        """A writer makes the table agree with the manifest; cheap if it does already."""
        if self._lock is not None:
            with self._writing:
                self._reconcile()

    @contextlib.contextmanager
    def _as_writer(self) -> Iterator[None]:
        """Exclude other writing threads; see `_noting_trouble`."""
        with self._writing:
            if self._lock is None:
                raise StoreError(f"the index in {self._folder} was opened for reading only")
            with self._noting_trouble():
                yield

    @contextlib.contextmanager
    def _noting_trouble(self) -> Iterator[None]:
        """Mark the index as damaged if it turns out to be; on a full disk, give back what can be made again."""
        try:
            yield
        except StoreCorruptError as error:
            note_damage(self._folder, error)
            raise
        except StoreFullError:
            self._earlier.discard()
            raise

    def touch(self, records: Sequence[FileRecord]) -> None:
        """Update the sizes and times of files whose contents have not changed."""
        with self._as_writer():
            self._manifest.touch(records)

    def earlier_hashes(self, path: str) -> tuple[bytes, ...]:
        """The content hashes of the states of a file that `earlier` may still know."""
        return self._earlier.hashes_of(path)

    def earlier(self, wanted: Sequence[tuple[str, bytes]]) -> dict[str, FileUpdate]:
        """Path -> what a file with this (path, content hash) was indexed as before, of those that are still known.

        The sizes and times in their records are not those of files: set them.
        """
        return self._earlier.get(wanted, self._cache)

    def commit(
        self,
        updates: Sequence[FileUpdate],
        deleted: Sequence[str] = (),
        *,
        excluded: Collection[str] = (),
        among: int = 0,
    ) -> None:
        """Replace the entries of these files, all or nothing.

        Args:
            updates: files with their new entries.
            deleted: paths of files that are gone.
            excluded: paths of files of which nothing is kept for later.
            among: how many files have changed in all, if they are committed in parts.

        Raises:
            StoreFullError: the disk is full; nothing was changed.
        """
        latest = {update.record.path: update for update in updates}
        paths = [*latest, *(path for path in deleted if path not in latest)]
        if not paths:
            return
        with self._as_writer():
            excluded = {*excluded, *(path for path, update in latest.items() if update.record.skipped)}
            try:
                self._commit(list(latest.values()), paths, excluded, among)
            except UnicodeEncodeError:
                self._commit([encodable_update(update) for update in latest.values()], paths, excluded, among)

    def _commit(
        self, updates: Sequence[FileUpdate], paths: Sequence[str], excluded: Collection[str], among: int
    ) -> None:
        import numpy as np

        old = self._manifest.revisions(paths)
        stale = [revision for revision, count in old.items() if count]
        entries = sum(len(update.entries) for update in updates)
        derive = self._manifest.underived() is None and entries <= DERIVE_LATER
        packed = self._leave(stale, excluded) if max(among, len(stale)) >= KEEP_FROM else []
        numbers = self._manifest.numbers(
            label for update in updates for label in (update.record.language, *(entry.kind for entry in update.entries))
        )
        numbered = list(enumerate(updates, self._manifest.next_file))
        self._manifest.next_file += len(numbered)
        table = self._current() if stale or entries else None
        meta = {}
        if entries:
            table = table or self._begin()
            rows = Rows()
            for revision, update in numbered:
                rows.append(revision, update, numbers)
            vectors = np.concatenate([update.vectors for update in updates if len(update.entries)])
            version = table.add(rows, vectors)
        elif table is not None:
            version = table.version()
        if table is not None:
            # The version that the table will have once the stale rows are deleted. If the table has another one, the
            # process was killed before that.
            meta["version"] = version + bool(stale)
        try:
            self._manifest.replace(numbered, list(old), meta, derive=derive)
        except BaseException:
            if entries and table is not None:
                with contextlib.suppress(StoreError):
                    table.delete(one_of("file", [revision for revision, _ in numbered]))
            raise
        if stale and table is not None:
            version = table.delete(one_of("file", stale))
            if version != meta["version"]:
                self._manifest.put({"version": version})
        if entries:
            keys = [key for update in updates for key in update.keys]
            self._cache.put(dict(zip(keys, vectors.astype(np.float16, copy=False), strict=True)))
        self._earlier.put(packed)
        self._earlier.forget(excluded)

    def _leave(self, stale: Sequence[int], excluded: Collection[str]) -> list[tuple[tuple[str, bytes], bytes]]:
        """What is to be kept for the way back of revisions that are about to be removed."""
        from glossator.index.earlier import pack

        def is_kept(path: str, content_hash: bytes) -> bool:
            return path in excluded or content_hash in self._earlier.hashes_of(path)

        packed = []
        for start in range(0, len(stale), READ_AT_ONCE):
            part = stale[start : start + READ_AT_ONCE]
            packed += pack(self._manifest, part, self._terms_where(one_of("file", part)), is_kept)
        return packed

    def to_collect(self) -> list[tuple[int, str, bytes, int]]:
        """See `Manifest.to_collect`."""
        return self._manifest.to_collect()

    def collect(self, found: Sequence[tuple[int, bytes, bytes]]) -> None:
        """Add facts that were left out of the files' updates: (revision, facts, noted) of each file.

        Files that have changed since, or are gone, are ignored.

        Raises:
            StoreFullError: the disk is full; nothing was changed.
        """
        with self._as_writer():
            self._manifest.collect(found)

    def cache_vectors(self) -> None:
        """Put the vectors of all entries into the cache, as `commit` does: for an index that was made elsewhere."""

        def put(table: Table) -> None:
            for columns in table.all_columns():
                keys = self._manifest.vector_keys(columns.ids.tolist())
                cached = self._cache.known(list(keys.values()))
                found = ((keys.get(number), row) for row, number in enumerate(columns.ids.tolist()))
                self._cache.put({key: columns.vectors[row] for key, row in found if key and key not in cached})

        self._read(put)
        self._cache.trim()

    def _begin(self) -> Table:
        """Create an empty table."""
        generation = int(self._manifest.get("table")) + 1
        table = self._lance.open(generation, create=True)
        self._manifest.put({"table": generation, "version": table.version(), "indexed_below": 0, "bytes": 0})
        self._table = table
        return table

    def _reconcile(self) -> None:
        """Make the table agree with the manifest again after a kill, a power cut or damage."""
        mark = self._folder / DAMAGE_MARK
        generation = int(self._manifest.get("table"))
        damaged = mark.exists()
        if damaged:
            self._manifest.check()
            self._nearest.forget()
            self._full_text.forget()
            for folder in self._derived_folders(generation):
                remove_generation(folder)
        if not damaged and self._lance.newest_version(generation) == self._manifest.get("version"):
            return
        import numpy as np

        found = np.empty(0, np.int64)
        try:
            if damaged:
                # Reading all rows would not tell whether the indexes, or values in them, are as they were written.
                raise corrupt_error(self._folder, "damage was found before")
            if generation:
                self._table = self._lance.open(generation)
                found = np.sort(self._table.rows_where("id >= 0")["id"].to_numpy())
                if len(np.unique(found)) < len(found):
                    raise corrupt_error(self._folder, "an entry is there twice")
        except StoreCorruptError as error:
            # The table can be rebuilt from the files, the manifest and the vector cache.
            _LOG.warning("rebuilding the search data: %s", error)
            self._table = None
            found = np.empty(0, np.int64)
        revisions = self._manifest.with_entries()
        spans = [np.arange(count) + (revision << ORDINAL_BITS) for revision, count in revisions.items()]
        known = np.concatenate(spans) if spans else np.empty(0, np.int64)
        missing = np.unique(np.setdiff1d(known, found) >> ORDINAL_BITS)
        orphans = np.unique(np.setdiff1d(found, known) >> ORDINAL_BITS)
        if len(missing):
            self._manifest.forget_contents(missing.tolist())
        if self._table is not None:
            if len(orphans):
                self._table.delete(one_of("file", orphans.tolist()))
            self._manifest.put({"version": self._table.version()})
        elif generation:
            generation = self._begin().generation
        if not self._maintaining.locked():
            self._sweep(generation)
        mark.unlink(missing_ok=True)

    # Maintenance

    def maintain(self, *, full: bool = False) -> None:
        """Compact the table, remove old versions and update the indexes; cheap if nothing is due.

        Commits and searches can run meanwhile. A concurrent second call returns immediately.

        Raises:
            StoreCorruptError: the index is damaged; the next update repairs it.
            StoreFullError: the disk is full; the index is as it was.
        """
        if not self._maintaining.acquire(blocking=False):
            return
        try:
            with self._noting_trouble():
                self._maintain(full=full)
        finally:
            self._maintaining.release()

    def _maintain(self, *, full: bool) -> None:
        """See `maintain`."""
        with self._as_writer():
            due = self._due(full=full)
        if due != "rebuild":
            self._derive()
        if due == "fold":
            with self._as_writer():
                self._fold()
        elif due == "rebuild":
            self._rebuild(full=full)
            self._cache.trim()
        if due or full or self._manifest.log_is_long():
            with self._as_writer():
                self._manifest.compact(full=full or due == "rebuild")
        self._earlier.trim()

    def is_in_order(self) -> bool:
        """Whether a writer would find nothing to repair, to finish or to compact. Takes no lock.

        The mapped files are not compared with their checksums: the search that follows does so when it opens them.
        """
        manifest = self._manifest
        agrees = self._lance.newest_version(int(manifest.get("table"))) == manifest.get("version")
        counted = manifest.underived() is None and not manifest.uncollected()
        due = self._due(full=False, compare=False) or manifest.log_is_long()
        return agrees and counted and not due and not self.is_damaged()

    def _derive(self) -> None:
        """Count the references of large commits."""
        with self._as_writer():
            first = self._manifest.underived()
            if first is None:
                self._manifest.note()
            else:
                self._manifest.derive(first)

    def _due(self, *, full: bool, compare: bool = True) -> Upkeep:
        """The maintenance that the table needs; see `upkeep`.

        With `compare`, the mapped files are opened and compared with their checksums.
        """
        state = self._manifest.state()
        if not state["table"]:
            return ""
        if compare and state["rows"] and self._lacks_derived(state["table"]):
            return "rebuild"
        return upkeep_due(state, full=full, size=lambda: folders.size_of(self._lance.path(state["table"])))

    def _lacks_derived(self, generation: int) -> bool:
        """Whether a table should have memory-mapped files that are missing or damaged."""
        return bool(self._manifest.get("indexed_below")) and not self._has_derived(generation)

    def _fold(self) -> None:
        """Merge the fragments of small commits."""
        table = self._current()
        if table is not None:
            table.fold(f"file >= {self._manifest.get('indexed_below')}")
            self._manifest.put({"fragments": 1, "version": table.version()})

    def _rebuild(self, *, full: bool) -> None:
        """Write a copy of the table and switch to it.

        It gets indexes and mapped files if it is large enough, had damaged ones, or with `full`.
        """
        with self._writing:
            generation = int(self._manifest.get("table"))
            self._sweep(generation)
            source = self._lance.open(generation)
            before = self._manifest.with_entries()
            fence = self._manifest.next_file
        is_mapped = full or needs_mapped_files(sum(before.values())) or self._lacks_derived(generation)
        try:
            target = self._lance.open(generation + 1, create=True)
            # What takes longest, the full text, is made meanwhile of the same rows in the table they are copied from.
            with ThreadPoolExecutor(4) as pool:
                counting = pool.submit(self._derive)
                copying = pool.submit(_copied, source, before, target)
                if is_mapped:
                    texts = pool.submit(self._write_texts, source, target.generation, before, copying.result)
                    copying.result()
                    vectors = pool.submit(self._write_vectors, target)
                    target.index()
                    vectors.result()
                    texts.result()
                copying.result()
                counting.result()
            self._change_over(target, before, fence, is_mapped=is_mapped)
        except BaseException:
            self._sweep(int(self._manifest.get("table")))
            raise

    def _write_vectors(self, table: Table) -> None:
        """Write the memory-mapped files of a table's vectors."""
        try:
            folder = self._nearest_folder(table.generation)
            nearest.write(folder, table.all_columns(), table.count(), self._lance.dimensions)
        except OSError as error:
            raise folders.system_error(self._folder, error) from error

    def _write_texts(
        self, table: Table, generation: int, revisions: Mapping[int, int], count: Callable[[], int]
    ) -> None:
        """Write the memory-mapped files of the full text of a generation, whose rows are those that a table has of
        these revisions; `count` tells how many there are, once that is known."""
        if not revisions:
            return
        try:
            earlier, folder = self._texts_folder(generation - 1), self._texts_folder(generation)
            write_segments(folder, earlier, revisions, count, table.texts_of)
        except OSError as error:
            raise folders.system_error(self._folder, error) from error

    def _sweep(self, generation: int) -> None:
        """Remove the files of all other generations."""
        self._lance.sweep(generation)
        for kept in self._derived_folders(generation):
            for path in generations_in(kept.parent):
                if path != kept:
                    remove_generation(path)

    def _change_over(self, target: Table, before: Mapping[int, int], fence: int, *, is_mapped: bool) -> None:
        """Bring a copy of the table up to date and switch to it.

        `before` maps the copied revisions to their numbers of entries; revisions from `fence` on are newer.
        """
        import numpy as np

        with self._as_writer():
            current = self._current()
            if current is None or current.generation != target.generation - 1:
                raise StoreError(f"the index in {self._folder} was repaired meanwhile")
            after = self._manifest.with_entries()
            added = sorted(revision for revision in after if revision >= fence)
            gone = [revision for revision in before if revision not in after]
            if added:
                current.copy(np.array(added, np.int64), target)
            if gone:
                target.delete(one_of("file", gone))
            self._manifest.put(
                {
                    "table": target.generation,
                    "version": target.version(),
                    "indexed_below": fence if is_mapped else 0,
                    "pending": sum(after[revision] for revision in (added if is_mapped else after)),
                    "dead": sum(before[revision] for revision in gone),
                    "fragments": bool(added) + bool(gone),
                    "bytes": folders.size_of(self._lance.path(target.generation)),
                }
            )
            self._table = target
            self._sweep(target.generation)

    def is_damaged(self) -> bool:
        """Whether damage was found, by any process, that the next update or `maintain` repairs."""
        if (self._folder / DAMAGE_MARK).exists():
            return True
        state = self._manifest.state()
        is_indexed = bool(state["table"] and state["indexed_below"] and state["rows"])
        # Who finds damage in these files removes them.
        return is_indexed and not all(map(is_there, self._derived_folders(state["table"])))

    # Closing

    def release_memory(self) -> None:
        """Give back the memory of what can be read again; the next questions take some milliseconds more."""
        self.facts.release_memory()
        self._forget_findings()
        self._nearest.forget()
        self._full_text.forget()
        if "_earlier" in self.__dict__:
            self._earlier.release_memory()
        if self._writing.acquire(blocking=False):  # else the index is in use
            try:
                self._manifest.release_memory()
            finally:
                self._writing.release()

    def stop_writing(self) -> None:
        """Release the lock, so that another process may write; reading still works."""
        with self._writing:
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def close(self) -> None:
        """Close the files and release the lock."""
        with self._writing:
            self._table = None
            self._lance.close()  # a search that reads the table ends
            self._nearest.forget()
            self._full_text.forget()
            self._manifest.close()
            self._cache.close()
            if "_earlier" in self.__dict__:
                self._earlier.close()
            self.stop_writing()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _copied(source: Table, revisions: Collection[int], target: Table) -> int:
    """Append the rows of these revisions to another table; returns how many that has then."""
    import numpy as np

    if revisions:
        source.copy(np.array(sorted(revisions), np.int64), target)
    return target.count()
