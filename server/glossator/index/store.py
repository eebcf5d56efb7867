"""The index on disk: manifest and name graph in SQLite, vectors and full text in LanceDB.

The only importer of lancedb. It knows nothing of how entries are made or of what a query means.

A commit adds rows to LanceDB, then replaces the catalogue's rows in one transaction, then deletes the old rows from
LanceDB. A process killed between two of these steps leaves rows that the catalogue does not know: results that name
them are dropped, and the next writer sweeps them out. Rows that are missing (a power cut, a damaged or deleted `lance`
folder) are found by the next writer too, which marks their files as to be indexed again.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import logging
import os
import re
import shutil
import socket
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from glossator.errors import StoreCorruptError, StoreError, StoreLockedError
from glossator.index.catalogue import ORDINAL_BITS, SCHEMA_VERSION, Catalogue, corrupt_error, full_error
from glossator.index.entries import Skipped
from glossator.index.globs import matcher
from glossator.index.records import FileRecord, FileSummary, FileUpdate, Filter, StoredEntry, StoreStatus
from glossator.index.vectors import VectorCache, cache_path, file_name

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Coroutine, Iterable, Iterator, Mapping, Sequence

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["FileRecord", "FileUpdate", "Filter", "Store", "StoreStatus", "StoredEntry"]

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

VECTOR_INDEX_ROWS = 8_000
"""From this many rows on a vector index is made; below, reading all vectors is as fast."""

PROBES = 20
"""Partitions of the vector index that are searched."""

QUERY_TERMS = 12
"""At most this many terms, the rarest, are looked for: the others cost much and decide little."""

PENDING_COMMITS = 64
"""Commits after which small fragments are merged."""

PENDING_SHARE = 0.1
"""Share of the rows that may wait outside the indexes before these are brought up to date."""

KEEP_VERSIONS = timedelta(minutes=10)
"""How long a version that another process may be reading is kept."""

_TABLE = "entries"


class _Table:
    """The LanceDB table, spoken to through its asynchronous interface on an event loop of its own."""

    def __init__(self, folder: Path, dimensions: int, *, write: bool) -> None:
        self._folder = folder
        self._dimensions = dimensions
        self._write = write
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: Any = None
        self._table: Any = None

    def _run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        loop = self._loop
        if loop is None:
            raise RuntimeError("the loop is not running")
        future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, ValueError, OSError) as error:
            text = str(error)
            if re.search(r"os error (28|27|122)\b|no space left|disk is full|not enough space", text, re.IGNORECASE):
                raise full_error(self._folder.parent) from error
            raise corrupt_error(self._folder.parent, text.splitlines()[0][:200] if text else repr(error)) from error

    def ready(self) -> bool:
        """Open the table, or make it, if this is the writer; False if there is none."""
        with self._lock:
            if self._table is not None:
                return True
            path = self._folder / f"{_TABLE}.lance"
            if not self._write and not path.is_dir():
                return False
            import lancedb

            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="glossator-lancedb", daemon=True).start()

            async def start() -> Any:
                self._connection = await lancedb.connect_async(str(self._folder))
                if path.is_dir():
                    return await self._connection.open_table(_TABLE)
                return await self._connection.create_table(_TABLE, schema=self._schema())

            with self._translated():
                self._table = self._run(start())
            return True

    def _schema(self) -> pa.Schema:
        import pyarrow as pa

        return pa.schema(
            [
                ("id", pa.int64()),
                ("file", pa.int32()),
                ("language", pa.int16()),
                ("kind", pa.int16()),
                ("terms", pa.string()),
                ("vector", pa.list_(pa.float32(), self._dimensions)),
            ]
        )

    def close(self) -> None:
        """Stop the loop."""
        with self._lock:
            if self._table is not None:
                self._table.close()
            if self._connection is not None:
                self._connection.close()
            self._table = self._connection = None
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._loop = None

    def replace(self) -> None:
        """Move the table's files aside and begin a new one."""
        with self._lock:
            if self._table is not None:
                self._table.close()
                self._table = None
        aside = self._folder.with_name(self._folder.name + ".damaged")
        with self._translated():
            if aside.exists():
                shutil.rmtree(aside)
            if self._folder.exists():
                self._folder.rename(aside)
        self.ready()

    def refresh(self) -> None:
        """See the newest version."""
        if self._table is not None:
            with self._translated():
                self._run(self._table.checkout_latest())

    # Writing

    def add(self, rows: _Rows, vectors: NDArray[Any]) -> None:
        """Append rows with their vectors."""
        import numpy as np
        import pyarrow as pa

        schema = self._schema()
        try:
            terms = pa.array(rows.terms, pa.string())
        except UnicodeEncodeError:
            terms = pa.array([text.encode("utf-8", "replace").decode() for text in rows.terms], pa.string())
        numbers = (rows.ids, rows.files, rows.languages, rows.kinds)
        arrays = [pa.array(column, field.type) for column, field in zip(numbers, schema, strict=False)]
        flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1))
        batch = pa.record_batch(
            [*arrays, terms, pa.FixedSizeListArray.from_arrays(flat, self._dimensions)], schema=schema
        )
        with self._translated():
            self._run(self._table.add(batch))

    def delete(self, predicate: str) -> None:
        """Delete the rows that match."""
        with self._translated():
            self._run(self._table.delete(predicate))

    def index(self, rows: int) -> None:
        """Make all indexes anew."""
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
        with self._translated():
            self._run(self._table.create_index("id", config=BTree()))
            self._run(self._table.create_index("terms", config=text))
            if rows >= VECTOR_INDEX_ROWS:
                vectors = IvfFlat(
                    distance_type="dot", num_partitions=max(4, rows // 1000), max_iterations=10, sample_rate=64
                )
                self._run(self._table.create_index("vector", config=vectors))

    def optimize(self, keep: timedelta) -> None:
        """Merge fragments, update the indexes, drop versions older than `keep`."""
        import warnings

        with self._translated(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            self._run(self._table.optimize(cleanup_older_than=keep))

    def indexed(self) -> bool:
        """Whether the full-text index was made."""
        with self._translated():
            return any("terms" in index.columns for index in self._run(self._table.list_indices()))

    def rows(self) -> int:
        """How many rows there are."""
        with self._translated():
            return int(self._run(self._table.count_rows()))

    # Reading

    def read(self, query: Callable[[Any], Any]) -> pa.Table:
        """The result of a query that `query` makes from the table; tried again on the newest version if it fails.

        A version that a writer has cleaned away since fails once.
        """

        async def run() -> pa.Table:
            return await query(self._table).to_arrow()

        try:
            return self._run(run())
        except (RuntimeError, ValueError, OSError) as error:
            _LOG.info("reading %s failed, trying its newest version: %s", self._folder, error)
        self.refresh()
        with self._translated():
            return self._run(run())


class Store:
    """One index. Readers see a commit as soon as they `refresh`; there is at most one writer (held by a lock).

    All methods may be called from any thread; those that write wait for each other.
    """

    def __init__(self, folder: Path, catalogue: Catalogue, table: _Table, cache: VectorCache, lock: Any) -> None:
        """Use `Store.open`."""
        self._folder = folder
        self._catalogue = catalogue
        self._table = table
        self._cache = cache
        self._lock = lock
        self._writing = threading.RLock()
        self._scope: tuple[int, list[tuple[int, str]]] = (-1, [])
        self._reconciled = False

    @staticmethod
    def folder_for(index_dir: Path, root: Path, embedder_id: str) -> Path:
        """Where the index of a root is kept: a folder of the root's own, and in it one for this format and embedder."""
        real = os.path.realpath(root)
        digest = hashlib.blake2b(os.fsencode(os.path.normcase(real)), digest_size=8).hexdigest()
        name = file_name(Path(real).name or "root")
        return index_dir / f"{name}-{digest}" / f"v{SCHEMA_VERSION}-{file_name(embedder_id)}"

    @classmethod
    def open(cls, folder: Path, *, embedder_id: str, dimensions: int, write: bool) -> Store:
        """Open the index in `folder`, creating it when `write`.

        Raises:
            StoreLockedError: `write`, and another process is writing it.
            StoreCorruptError, StoreTooNewError, StoreFullError: see there.
            StoreError: there is no index, and not `write`; or it cannot be used.
        """
        lock = _acquire(folder) if write else None
        catalogue = None
        try:
            if write:
                _make_private(folder)
            identity = {"embedder": embedder_id, "dimensions": dimensions}
            catalogue = Catalogue(folder / "catalogue.sqlite", identity=identity, create=write)
            cache = VectorCache(cache_path(folder.parent.parent, embedder_id), dimensions)
            return cls(folder, catalogue, _Table(folder / "lance", dimensions, write=write), cache, lock)
        except OSError as error:
            raise StoreError(f"cannot open the index in {folder}: {error}") from error
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    @staticmethod
    def replace_corrupt(folder: Path) -> Path | None:
        """Move a damaged index aside, so that `open` starts afresh; gives where it is now, or None if there was none.

        Only the newest damaged index is kept.

        Raises:
            StoreLockedError: a process is writing it.
        """
        lock = _acquire(folder)
        try:
            if not folder.exists():
                return None
            aside = folder.with_name(folder.name + ".damaged")
            if aside.exists():
                shutil.rmtree(aside)
            folder.rename(aside)
            return aside
        except OSError as error:
            raise StoreError(f"cannot move the damaged index {folder} aside: {error}") from error
        finally:
            lock.release()

    # Writing

    def files(self) -> dict[str, FileRecord]:
        """The manifest: path -> record, skipped files included.

        A record with size -1 and no content hash is of a file that has to be indexed again.
        """
        return self._catalogue.files()

    def touch(self, records: Sequence[FileRecord]) -> None:
        """Note the new size and time of files whose contents are as they were."""
        with self._writing:
            self._catalogue.touch(records)

    def commit(self, updates: Sequence[FileUpdate], deleted: Sequence[str] = ()) -> None:
        """Replace what the store holds of these files, all or nothing."""
        import numpy as np

        latest = {update.record.path: update for update in updates}
        paths = [*latest, *(path for path in deleted if path not in latest)]
        if not paths:
            return
        with self._writing:
            self._reconcile()
            old = self._catalogue.revisions(paths)
            stale = [revision for revision, count in old.items() if count]
            changes: Counter[str] = Counter()
            for terms in self._terms_where(_in("file", stale)).values() if stale else ():
                changes.subtract(set(terms.split()))
            numbers = self._catalogue.numbers(
                label for update in latest.values() for label in (update.record.language, *_kinds(update))
            )
            numbered = list(enumerate(latest.values(), self._catalogue.next_file))
            self._catalogue.next_file += len(numbered)
            rows = _Rows()
            for revision, update in numbered:
                rows.append(revision, update, numbers)
            for text in rows.terms:
                changes.update(set(text.split()))
            if rows.ids:
                vectors = np.concatenate([update.vectors for update in latest.values() if len(update.entries)])
                self._table.add(rows, vectors)
            pending = {
                "pending_commits": self._catalogue.get("pending_commits") + 1,
                "pending_rows": self._catalogue.get("pending_rows") + len(rows.ids) + sum(old.values()),
            }
            self._catalogue.replace(numbered, list(old), changes, pending)
            if stale:
                self._table.delete(_in("file", stale))
            if rows.ids:
                keys = [key for update in latest.values() for key in update.keys]
                self._cache.put(dict(zip(keys, vectors.astype(np.float16), strict=True)))

    def _reconcile(self) -> None:
        """Once per writer, before the first write: make the table and the catalogue agree."""
        if self._reconciled:
            return
        try:
            self._table.ready()
            found = set(self._table.read(lambda table: table.query().select(["file", "id"]))["id"].to_pylist())
        except StoreCorruptError as error:
            _LOG.warning("%s", error)
            self._table.replace()
            found = set()
        known: set[int] = set()
        missing = []
        for revision, count in self._catalogue.revisions().items():
            ids = range(revision << ORDINAL_BITS, (revision << ORDINAL_BITS) + count)
            known.update(ids)
            if count and not found.issuperset(ids):
                missing.append(revision)
        orphans = {number >> ORDINAL_BITS for number in found - known}
        if orphans:
            self._table.delete(_in("file", sorted(orphans)))
        if missing:
            self._catalogue.forget_contents(missing)
        self._reconciled = True

    def cached_vectors(self, keys: Sequence[bytes]) -> Mapping[bytes, NDArray[np.float16]]:
        """The vectors of those keys that are known, from this and all other roots."""
        return self._cache.get(keys)

    def maintain(self, *, full: bool = False) -> None:
        """Compact, drop old versions, bring the indexes up to date; cheap when nothing is due."""
        with self._writing:
            commits, pending = self._catalogue.get("pending_commits"), self._catalogue.get("pending_rows")
            rows = self._catalogue.counts()[1]
            if not full and commits < PENDING_COMMITS and pending <= max(1000, PENDING_SHARE * rows):
                return
            if not commits and not full:
                return
            self._reconcile()
            if not self._table.indexed() or pending > 0.5 * rows:
                self._table.index(rows)
            self._table.optimize(KEEP_VERSIONS)
            self._catalogue.put({"pending_commits": 0, "pending_rows": 0})
            self._catalogue.compact(full=full)
            self._cache.trim()

    # Reading

    def refresh(self) -> None:
        """See the newest commit."""
        self._table.refresh()

    def status(self) -> StoreStatus:
        """Counts and skipped files."""
        files, entries, symbols, lines = self._catalogue.counts()
        skipped = tuple(Skipped(path, reason) for path, reason in self._catalogue.skipped())
        return StoreStatus(files, entries, symbols, lines, skipped, _size(self._folder))

    def summaries(self, known: Container[int] = ()) -> tuple[list[int], list[FileSummary]]:
        """The revisions of all files that have entries, in order, and what ranking needs of those not `known`."""
        return self._catalogue.summaries(known)

    def changes(self) -> int:
        """A number that changes with every commit of any process."""
        return self._catalogue.changes()

    def entry_count(self) -> int:
        """How many entries there are."""
        return self._catalogue.counts()[1]

    def briefs(self, ids: Sequence[int]) -> dict[int, tuple[str, str, int, int | None]]:
        """Id -> (name, kind, part, the parent's id) of those entries that are known."""
        return self._catalogue.briefs(ids)

    def terms_from(self, prefix: str, limit: int = 5000) -> dict[str, int]:
        """Terms that begin with the prefix -> in how many entries they occur."""
        return self._catalogue.terms_from(prefix, limit)

    def text_search(self, terms: Sequence[str], limit: int, where: Filter) -> list[tuple[int, float]]:
        """(entry id, BM25 score) of the best entries that contain any of the terms, best first."""
        wanted = list(dict.fromkeys(term for term in terms if term and not term.isspace()))
        predicate = self._predicate(where)
        if not wanted or limit <= 0 or predicate is None or not self._table.ready():
            return []
        from lancedb.query import MatchQuery

        if len(wanted) > QUERY_TERMS:
            frequencies = self.document_frequencies(wanted)
            wanted = sorted((term for term in wanted if frequencies[term]), key=frequencies.__getitem__)[:QUERY_TERMS]

        def query(table: Any) -> Any:
            found = table.query().nearest_to_text(MatchQuery(" ".join(wanted), "terms"))
            found = found.select(["id", "_score"]).limit(limit)
            return found.where(predicate) if predicate else found

        if not wanted:
            return []
        result = self._table.read(query)
        return list(zip(result["id"].to_pylist(), result["_score"].to_pylist(), strict=True))

    def vector_search(self, vector: NDArray[np.float32], limit: int, where: Filter) -> list[tuple[int, float]]:
        """(entry id, dot product) of the nearest entries, best first."""
        import numpy as np

        predicate = self._predicate(where)
        if limit <= 0 or predicate is None or not self._table.ready():
            return []

        def query(table: Any) -> Any:
            found = table.vector_search(np.asarray(vector, dtype=np.float32)).distance_type("dot").nprobes(PROBES)
            found = found.select(["id", "_distance"]).limit(limit)
            return found.where(predicate) if predicate else found

        result = self._table.read(query)
        # LanceDB's "dot" distance is one minus the product.
        return [(number, 1.0 - distance) for number, distance in zip(*map(_list, result.columns[:2]), strict=True)]

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

    def _terms_where(self, predicate: str) -> dict[int, str]:
        if not self._table.ready():
            return {}
        result = self._table.read(lambda table: table.query().where(predicate).select(["id", "terms"]))
        return dict(zip(_list(result["id"]), _list(result["terms"]), strict=True))

    def entries(self, ids: Sequence[int]) -> list[StoredEntry]:
        """The entries with these ids, in that order; unknown ids are left out."""
        return self._catalogue.entries(ids)

    def terms(self, ids: Sequence[int]) -> dict[int, str]:
        """Search terms of entries."""
        return self._terms_where(_in("id", ids)) if ids else {}

    def vectors(self, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """Vectors of entries."""
        import numpy as np

        if not ids or not self._table.ready():
            return {}
        predicate = _in("id", ids)
        result = self._table.read(lambda table: table.query().where(predicate).select(["id", "vector"]))
        column = result["vector"].combine_chunks()
        matrix = np.asarray(column.flatten(), dtype=np.float32).reshape(len(column), -1)
        return dict(zip(_list(result["id"]), matrix, strict=True))

    def entries_in(self, path: str) -> list[StoredEntry]:
        """All entries of a file, in order."""
        return self._catalogue.entries_in(path)

    def entry_at(self, path: str, line: int) -> StoredEntry | None:
        """The innermost definition (part 0, not a block) whose range holds the line; else the block there."""
        return self._catalogue.entry_at(path, line)

    def named(self, name: str, limit: int = 50) -> list[StoredEntry]:
        """Definitions (part 0) of that name: exact case first, then without case.

        `name` may be bare ("close"), qualified ("Session.close") or begin with parts of the path too
        ("requests.sessions.Session.close").
        """
        return self._catalogue.named(name, limit)

    def names_like(self, pattern: str, limit: int = 50) -> list[StoredEntry]:
        """Definitions whose name matches fuzzily: prefix, then humps, then subsequence (for workspace/symbol)."""
        return self._catalogue.names_like(pattern, limit)

    def referring_to(self, name: str, limit: int = 50) -> list[StoredEntry]:
        """Entries (part 0, or blocks) that call or mention the name."""
        return self._catalogue.referring_to(name, limit)

    def reference_count(self, name: str) -> int:
        """How many entries refer to the name."""
        return self._catalogue.reference_counts([name])[name]

    def reference_counts(self, names: Sequence[str]) -> dict[str, int]:
        """How many entries refer to each of the names."""
        return self._catalogue.reference_counts(names)

    def references_of(self, entry_id: int) -> tuple[str, ...]:
        """The names that an entry refers to."""
        return self._catalogue.references_of(entry_id)

    def document_frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many entries each term occurs."""
        return self._catalogue.document_frequencies(terms)

    def close(self) -> None:
        """Release files and the lock."""
        with self._writing:
            self._table.close()
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


def _kinds(update: FileUpdate) -> set[str]:
    return {entry.kind for entry in update.entries}


def _list(column: Any) -> list[Any]:
    return list(column.to_pylist())


def _in(column: str, numbers: Iterable[int]) -> str:
    return f"{column} IN ({','.join(map(str, numbers))})"


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


def _make_private(folder: Path) -> None:
    """Make the folder, for its owner alone. On Windows the user's profile, where it is by default, is private."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix":
            for part in (folder, folder.parent):
                part.chmod(0o700)
    except OSError as error:
        raise _system_error(folder, error) from error


def _system_error(folder: Path, error: OSError) -> StoreError:
    if error.errno == errno.ENOSPC:
        return full_error(folder)
    return StoreError(f"cannot write the index in {folder}: {error}")


def _acquire(folder: Path) -> Any:
    """The lock of the one writer, beside the folder. The system releases it when the process ends, however it does.

    Raises:
        StoreLockedError: it is held.
    """
    from filelock import FileLock, Timeout

    holder = folder.with_name(folder.name + ".writer")
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(folder.name + ".lock"), timeout=0, thread_local=False)
        lock.acquire()
    except Timeout:
        try:
            who = holder.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            who = "another process"
        raise StoreLockedError(f"{who} is writing the index in {folder}: wait for it, or stop it") from None
    except OSError as error:
        raise _system_error(folder, error) from error
    with contextlib.suppress(OSError):
        holder.write_text(f"process {os.getpid()} on {socket.gethostname()}", "utf-8")
    return lock


def _size(folder: Path) -> int:
    """Bytes of all files below the folder."""
    total = 0
    stack = [folder]
    while stack:
        # A writer may remove files and folders while they are counted.
        with contextlib.suppress(OSError), os.scandir(stack.pop()) as found:
            for item in found:
                if item.is_dir(follow_symlinks=False):
                    stack.append(Path(item.path))
                else:
                    with contextlib.suppress(OSError):
                        total += item.stat(follow_symlinks=False).st_size
    return total
