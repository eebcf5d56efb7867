"""The manifest and the name graph: which files are indexed, what is in them, which names they define and refer to.

One SQLite database in WAL mode. It is the truth about an index; the LanceDB table beside it is derived. Any number of
threads and processes read while one connection writes. This module knows nothing of LanceDB, of vectors' contents or of
what a query means.

An entry's id is `file << ORDINAL_BITS | ordinal`, where `file` is the number of one *revision* of a file: a file that
changes gets a new number, and no number is given out twice. So the entries of a file are one range of ids, and an id
that is not here any more can never come to mean something else.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from array import array
from collections import Counter
from contextlib import contextmanager
from itertools import repeat
from typing import TYPE_CHECKING, Any

from glossator.errors import StoreCorruptError, StoreError, StoreFullError, StoreTooNewError
from glossator.index.records import FileRecord, FileSummary, StoredEntry

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from glossator.index.records import FileUpdate

SCHEMA_VERSION = 1
"""Version of this schema and of the LanceDB table's; part of the index folder's name."""

ORDINAL_BITS = 20
"""A file has at most 2**20 entries; ids stay below 2**53 (exact in JSON) for the first 8 billion revisions."""

BUSY_SECONDS = 30.0
"""How long a connection waits for another one's write; far above the longest transaction (about one second)."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE labels (id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE);
CREATE TABLE files (
    id INTEGER PRIMARY KEY, path NOT NULL UNIQUE, size INTEGER, mtime_ns INTEGER, content_hash BLOB, language INTEGER,
    lines INTEGER, skipped TEXT, has_errors INTEGER, imports TEXT, entries INTEGER, symbols INTEGER,
    centroid BLOB);
CREATE TABLE entries (
    id INTEGER PRIMARY KEY, kind INTEGER, part INTEGER, parent INTEGER, name INTEGER, start_line INTEGER,
    end_line INTEGER, name_line INTEGER, start_byte INTEGER, end_byte INTEGER, qualified_name TEXT, signature TEXT,
    doc TEXT, refs BLOB, vector_key BLOB);
CREATE INDEX entries_by_name ON entries (name) WHERE part = 0 AND name IS NOT NULL;
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, folded TEXT, refs INTEGER NOT NULL DEFAULT 0);
CREATE INDEX names_by_folded ON names (folded, name) WHERE folded IS NOT NULL;
CREATE TABLE refs (name INTEGER, entry INTEGER, PRIMARY KEY (name, entry)) WITHOUT ROWID;
CREATE TABLE terms (term TEXT PRIMARY KEY, entries INTEGER NOT NULL) WITHOUT ROWID;
"""
# names.folded is set for names that were ever defined: only those can be looked for without regard to case.
# entries.qualified_name is NULL where it equals the name; entries.parent is the parent's ordinal.

_ENTRY = (
    "SELECT e.id, f.path, l.label, k.label, n.name, e.qualified_name, e.signature, e.doc, e.parent, e.part, "
    "e.start_line, e.end_line, e.name_line, e.start_byte, e.end_byte FROM entries e "
    f"JOIN files f ON f.id = e.id >> {ORDINAL_BITS} JOIN labels l ON l.id = f.language "
    "JOIN labels k ON k.id = e.kind LEFT JOIN names n ON n.id = e.name "
)
_FULL = {sqlite3.SQLITE_FULL}
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}


@contextmanager
def translated(where: Path) -> Iterator[None]:
    """Raise SQLite's and the system's errors as the store's own, with what to do about them."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _FULL or "disk is full" in str(error):
            raise full_error(where) from error
        if code in _CORRUPT:
            raise corrupt_error(where, str(error)) from error
        raise StoreError(f"cannot use the index in {where}: {error}") from error


def full_error(where: Path) -> StoreFullError:
    """The error for a full disk."""
    return StoreFullError(
        f"the disk that holds {where} is full: free some space and index again; what was indexed before is kept"
    )


def corrupt_error(where: Path, why: str) -> StoreCorruptError:
    """The error for damaged files."""
    return StoreCorruptError(
        f"the index in {where} is damaged ({why}): index the folder again to rebuild it; "
        "the damaged files are kept aside"
    )


def _encodable(text: str) -> str:
    """`text` without lone surrogates, which neither SQLite nor Arrow can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _path_in(path: str) -> str | bytes:
    """A path as SQLite holds it: text, or bytes where the file's name is not valid Unicode."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return path.encode("utf-8", "surrogatepass")
    return path


def _path_out(path: str | bytes) -> str:
    return path if isinstance(path, str) else path.decode("utf-8", "surrogatepass")


def _stored(row: tuple[Any, ...]) -> StoredEntry:
    """The entry that a row of `_ENTRY` describes."""
    (number, path, language, kind, name, qualified, signature, doc, parent, *rest) = row
    name = name or ""
    return StoredEntry(
        number,
        _path_out(path),
        language,
        kind,
        name,
        name if qualified is None else qualified,
        signature,
        doc,
        None if parent is None else (number >> ORDINAL_BITS << ORDINAL_BITS) + parent,
        *rest,
    )


class Catalogue:
    """The database of one index. All methods may be called from any thread; those that write, from one at a time."""

    def __init__(self, path: Path, *, identity: Mapping[str, object], create: bool) -> None:
        """Open the database at `path`, or make it, if `create`, to hold an index of this `identity`.

        Raises:
            StoreError: there is none, or it is of another identity.
            StoreTooNewError, StoreCorruptError, StoreFullError: see there.
        """
        self.path = path
        self._idle: list[sqlite3.Connection] = []
        self._all: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._closed = False
        self._names: dict[str, int] = {}
        self._labels: dict[str, int] = {}
        if not create and not path.is_file():
            raise StoreError(f"there is no index in {path.parent} yet: index the folder first")
        with translated(path.parent):
            self._writer = self._connect(create=create)
            try:
                self._prepare(identity, create=create)
                if not create:
                    self._writer.execute("PRAGMA query_only = 1")
            except BaseException:
                self.close()
                raise

    def _connect(self, *, create: bool) -> sqlite3.Connection:
        mode = "rwc" if create else "rw"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        with self._guard:
            self._all.append(connection)
        # NORMAL in WAL mode: a killed process loses nothing; a power cut may lose the last commits, never consistency.
        connection.executescript(
            "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;"
            "PRAGMA journal_size_limit = 4194304;"
        )
        return connection

    def _prepare(self, identity: Mapping[str, object], *, create: bool) -> None:
        connection = self._writer
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise StoreTooNewError(
                f"the index in {self.path.parent} was written by a newer Glossator (format {version}, this one reads "
                f"{SCHEMA_VERSION}): update Glossator, or choose another index folder"
            )
        if version == 0:
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise corrupt_error(self.path.parent, "its catalogue has no version")
            if not create:
                raise StoreError(f"there is no index in {self.path.parent} yet: index the folder first")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.executemany("INSERT INTO meta VALUES (?, ?)", [("next_file", 1), *identity.items()])
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
        elif version < SCHEMA_VERSION:
            raise StoreError(f"the index in {self.path.parent} is of an older format: index the folder again")
        found = dict(connection.execute("SELECT key, value FROM meta"))
        for key, value in identity.items():
            if found.get(key) != value:
                raise StoreError(
                    f"the index in {self.path.parent} was made with {key} {found.get(key)!r}, not {value!r}: "
                    "choose another index folder"
                )
        self.next_file = int(found["next_file"])
        self._labels = {label: number for number, label in connection.execute("SELECT id, label FROM labels")}

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection of the calling thread's own, for as long as the context lasts."""
        with translated(self.path.parent):
            with self._guard:
                if self._closed:
                    raise StoreError(f"the index in {self.path.parent} is closed")
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                connection = self._connect(create=False)
                connection.execute("PRAGMA query_only = 1")
            try:
                yield connection
            finally:
                with self._guard:
                    self._idle.append(connection)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The writing connection, in a transaction that is committed at the end, or rolled back on any error."""
        with translated(self.path.parent):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # The numbers that this transaction gave to names are gone with it.
                self._names.clear()
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close all connections; those that are in use fail."""
        with self._guard:
            self._closed = True
            connections, self._all, self._idle = self._all, [], []
        for connection in connections:
            connection.close()

    # Meta

    def get(self, key: str, default: int = 0) -> Any:
        """The value of a meta key."""
        with self.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            return row[0] if row else default

    def put(self, values: Mapping[str, object]) -> None:
        """Set meta keys."""
        with self.transaction() as connection:
            self._put(connection, values)

    @staticmethod
    def _put(connection: sqlite3.Connection, values: Mapping[str, object]) -> None:
        connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))

    # Files

    def files(self) -> dict[str, FileRecord]:
        """The manifest."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT path, size, mtime_ns, content_hash, label, lines, skipped, has_errors, imports "
                "FROM files JOIN labels ON labels.id = language"
            ).fetchall()
        records = {}
        for path, size, mtime_ns, content_hash, language, lines, skipped, has_errors, imports in rows:
            path = _path_out(path)
            found = tuple(json.loads(imports)) if imports else ()
            records[path] = FileRecord(
                path, size, mtime_ns, content_hash, language, lines, skipped, bool(has_errors), found
            )
        return records

    def paths(self) -> list[tuple[int, str]]:
        """(revision, path) of every file that has entries, in order of the revisions."""
        with self.reading() as connection:
            rows = connection.execute("SELECT id, path FROM files WHERE entries ORDER BY id").fetchall()
        return [(number, _path_out(path)) for number, path in rows]

    def revisions(self, paths: Iterable[str] | None = None) -> dict[int, int]:
        """Revision -> number of entries, of these files (those that are known) or of all."""
        with self.reading() as connection:
            if paths is None:
                return dict(connection.execute("SELECT id, entries FROM files"))
            found: dict[int, int] = {}
            for path in paths:
                found.update(connection.execute("SELECT id, entries FROM files WHERE path = ?", (_path_in(path),)))
            return found

    def summaries(self, known: Container[int]) -> tuple[list[int], list[FileSummary]]:
        """The revisions of all files that have entries, in order, and what ranking needs of those not `known`."""
        with self.reading() as connection:
            revisions = [row[0] for row in connection.execute("SELECT id FROM files WHERE entries ORDER BY id")]
            fresh = [revision for revision in revisions if revision not in known]
            select = "SELECT f.id, path, label, lines, centroid FROM files f JOIN labels l ON l.id = language "
            if len(fresh) < 200:
                rows = [row for number in fresh for row in connection.execute(select + "WHERE f.id = ?", (number,))]
            else:
                wanted = set(fresh)
                rows = [row for row in connection.execute(select + "WHERE entries") if row[0] in wanted]
        return revisions, [
            FileSummary(number, _path_out(path), language, lines, centroid or b"")
            for number, path, language, lines, centroid in rows
        ]

    def changes(self) -> int:
        """A number that changes with every commit of any process."""
        return int(self.get("changes"))

    def counts(self) -> tuple[int, int, int, int]:
        """How many files, entries, symbols and lines are indexed."""
        with self.reading() as connection:
            row = connection.execute(
                "SELECT count(*), total(entries), total(symbols), total(lines) FROM files WHERE skipped = ''"
            ).fetchone()
        files, entries, symbols, lines = (int(number) for number in row)
        return files, entries, symbols, lines

    def skipped(self) -> list[tuple[str, str]]:
        """(path, reason) of the files that are not indexed, by path."""
        with self.reading() as connection:
            rows = connection.execute("SELECT path, skipped FROM files WHERE skipped <> ''").fetchall()
        return sorted((_path_out(path), reason) for path, reason in rows)

    def touch(self, records: Iterable[FileRecord]) -> None:
        """Note new sizes and times of files whose contents are as they were."""
        with self.transaction() as connection:
            connection.executemany(
                "UPDATE files SET size = ?, mtime_ns = ? WHERE path = ?",
                [(record.size, record.mtime_ns, _path_in(record.path)) for record in records],
            )

    def forget_contents(self, revisions: Iterable[int] | None = None) -> None:
        """Mark files (all indexed ones by default) as to be indexed again, and keep what is known of them meanwhile."""
        statement = "UPDATE files SET size = -1, mtime_ns = 0, content_hash = x'' WHERE skipped = ''"
        with self.transaction() as connection:
            if revisions is None:
                connection.execute(statement)
            else:
                connection.executemany(f"{statement} AND id = ?", [(number,) for number in revisions])

    def forgotten(self) -> int:
        """How many files wait to be indexed again."""
        with self.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM files WHERE size = -1 AND skipped = ''").fetchone()[0])

    # Writing

    def numbers(self, labels: Iterable[str]) -> dict[str, int]:
        """The numbers of languages and kinds, given out (and committed) when they are first met; perhaps of more."""
        fresh = sorted(set(labels) - self._labels.keys())
        if fresh:
            with self.transaction() as connection:
                connection.executemany("INSERT INTO labels (label) VALUES (?)", [(label,) for label in fresh])
                found = {label: number for number, label in connection.execute("SELECT id, label FROM labels")}
            self._labels = found
        return self._labels

    def labels(self, labels: Iterable[str]) -> dict[str, int]:
        """The numbers of those languages or kinds, without regard to case, that occur in the index."""
        wanted = {label.casefold() for label in labels}
        with self.reading() as connection:
            rows = connection.execute("SELECT label, id FROM labels").fetchall()
        return {label: number for label, number in rows if label.casefold() in wanted}

    def _intern(self, connection: sqlite3.Connection, names: set[str]) -> dict[str, int]:
        """Numbers of names, given out where they are new. The dictionary holds these names and perhaps more."""
        if len(self._names) > 1_000_000:
            self._names.clear()
        known = self._names
        select = "SELECT id FROM names WHERE name = ?"
        fresh = []
        for name in names - known.keys():
            row = connection.execute(select, (name,)).fetchone()
            if row is None:
                fresh.append(name)
            else:
                known[name] = row[0]
        if fresh:
            fresh.sort()
            first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM names").fetchone()[0]
            connection.executemany("INSERT INTO names (id, name) VALUES (?, ?)", enumerate(fresh, first))
            known.update(zip(fresh, range(first, first + len(fresh)), strict=True))
        return known

    def replace(
        self,
        updates: Sequence[tuple[int, FileUpdate]],
        removed: Iterable[int],
        term_changes: Mapping[str, int],
        meta: Mapping[str, object],
    ) -> None:
        """Put in these new revisions of files and take out the `removed` ones, in one transaction.

        `term_changes` says in how many more (or fewer) entries each term occurs. The labels of the updates must have been
        passed to `numbers`.
        """
        with self.transaction() as connection:
            self._remove(connection, list(removed))
            defined: set[str] = set()
            used: set[str] = set()
            for _, update in updates:
                for entry in update.entries:
                    used.update(entry.references)
                    if entry.name:
                        defined.add(entry.name)
            used |= defined
            numbers = self._intern(connection, {_encodable(name) for name in used} if _odd(used) else used)
            files: list[tuple[object, ...]] = []
            entries: list[tuple[object, ...]] = []
            postings: list[tuple[int, int]] = []
            for revision, update in updates:
                record = update.record
                symbols = 0
                base = revision << ORDINAL_BITS
                wholes: dict[str, int] = {}
                lists: list[dict[int, None]] = []
                for ordinal, entry in enumerate(update.entries):
                    found = dict.fromkeys([numbers[_clean(name)] for name in entry.references])
                    lists.append(found)
                    if entry.part == 0:
                        wholes[entry.qualified_name] = ordinal
                        symbols += entry.kind != "block"
                    elif entry.qualified_name in wholes:
                        # A long definition's list is cut short; its windows have the rest.
                        lists[wholes[entry.qualified_name]].update(found)
                for ordinal, (entry, key, found) in enumerate(zip(update.entries, update.keys, lists, strict=True)):
                    name = _clean(entry.name)
                    entries.append(
                        (
                            base + ordinal,
                            self._labels[entry.kind],
                            entry.part,
                            entry.parent,
                            numbers[name] if name else None,
                            entry.start_line,
                            entry.end_line,
                            entry.name_line,
                            entry.start_byte,
                            entry.end_byte,
                            None if entry.qualified_name == entry.name else _clean(entry.qualified_name),
                            _clean(entry.signature),
                            _clean(entry.doc),
                            array("I", found).tobytes() if found else None,
                            key,
                        )
                    )
                    if entry.part == 0:
                        postings.extend(zip(found, repeat(base + ordinal)))
                files.append(
                    (
                        revision,
                        _path_in(record.path),
                        record.size,
                        record.mtime_ns,
                        record.content_hash,
                        self._labels[record.language],
                        record.lines,
                        _clean(record.skipped),
                        record.has_errors,
                        json.dumps(record.imports) if record.imports else None,
                        len(update.entries),
                        symbols,
                        _centroid(update),
                    )
                )
                self.next_file = max(self.next_file, revision + 1)
            connection.executemany(f"INSERT INTO files VALUES ({','.join('?' * 13)})", files)
            connection.executemany(f"INSERT INTO entries VALUES ({','.join('?' * 15)})", entries)
            postings.sort()
            connection.executemany("INSERT INTO refs VALUES (?, ?)", postings)
            counts = Counter(name for name, _ in postings)
            connection.executemany(
                "UPDATE names SET refs = refs + ? WHERE id = ?", [(count, name) for name, count in counts.items()]
            )
            connection.executemany(
                "UPDATE names SET folded = ? WHERE id = ? AND folded IS NULL",
                [(name.casefold(), numbers[name]) for name in sorted(map(_clean, defined))],
            )
            self._count_terms(connection, term_changes)
            self._put(connection, {"next_file": self.next_file, **meta})
            connection.execute(
                "INSERT INTO meta VALUES ('changes', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1"
            )

    @staticmethod
    def _remove(connection: sqlite3.Connection, revisions: list[int]) -> None:
        postings: list[tuple[int, int]] = []
        for revision in revisions:
            span = (revision << ORDINAL_BITS, (revision + 1) << ORDINAL_BITS)
            for number, refs in connection.execute(
                "SELECT id, refs FROM entries WHERE id >= ? AND id < ? AND part = 0 AND refs IS NOT NULL", span
            ):
                postings.extend(zip(array("I", refs), repeat(number)))
            connection.execute("DELETE FROM entries WHERE id >= ? AND id < ?", span)
        connection.executemany("DELETE FROM files WHERE id = ?", [(revision,) for revision in revisions])
        connection.executemany("DELETE FROM refs WHERE name = ? AND entry = ?", postings)
        counts = Counter(name for name, _ in postings)
        connection.executemany(
            "UPDATE names SET refs = refs - ? WHERE id = ?", [(count, name) for name, count in counts.items()]
        )

    @staticmethod
    def _count_terms(connection: sqlite3.Connection, changes: Mapping[str, int]) -> None:
        connection.executemany(
            "INSERT INTO terms VALUES (?, ?) ON CONFLICT (term) DO UPDATE SET entries = entries + excluded.entries",
            sorted((term, change) for term, change in changes.items() if change),
        )

    def compact(self, *, full: bool = False) -> None:
        """Write the log back into the database; if `full`, also forget names and terms that nothing uses any more."""
        with translated(self.path.parent):
            if full:
                with self.transaction() as connection:
                    connection.execute("DELETE FROM terms WHERE entries <= 0")
                    connection.execute(
                        "DELETE FROM names WHERE refs <= 0 AND id NOT IN (SELECT name FROM entries WHERE name IS NOT NULL)"
                    )
                    self._names.clear()
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def check(self) -> None:
        """Read the whole database.

        Raises:
            StoreCorruptError: it is damaged.
        """
        with translated(self.path.parent):
            found = self._writer.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise corrupt_error(self.path.parent, str(found))

    # Reading

    def known(self, ids: Iterable[int]) -> set[int]:
        """Those of the ids that are in the catalogue."""
        with self.reading() as connection:
            return {
                number
                for number in ids
                if connection.execute("SELECT 1 FROM entries WHERE id = ?", (number,)).fetchone()
            }

    def entries(self, ids: Sequence[int]) -> list[StoredEntry]:
        """The entries with these ids, in that order; unknown ids are left out."""
        found = []
        with self.reading() as connection:
            for number in ids:
                row = connection.execute(_ENTRY + "WHERE e.id = ?", (number,)).fetchone()
                if row is not None:
                    found.append(_stored(row))
        return found

    def _select(self, condition: str, values: Sequence[object]) -> list[StoredEntry]:
        with self.reading() as connection:
            return [_stored(row) for row in connection.execute(_ENTRY + condition, values)]

    def entries_in(self, path: str) -> list[StoredEntry]:
        """All entries of a file, in order."""
        found = list(self.revisions([path]))
        if not found:
            return []
        span = (found[0] << ORDINAL_BITS, (found[0] + 1) << ORDINAL_BITS)
        return self._select("WHERE e.id >= ? AND e.id < ? ORDER BY e.id", span)

    def entry_at(self, path: str, line: int) -> StoredEntry | None:
        """The innermost definition whose range holds the line, else the block there."""
        found = list(self.revisions([path]))
        if not found:
            return None
        values = (found[0] << ORDINAL_BITS, (found[0] + 1) << ORDINAL_BITS, line, line)
        matches = self._select(
            "WHERE e.id >= ? AND e.id < ? AND e.start_line <= ? AND e.end_line >= ? AND e.part = 0 "
            "ORDER BY k.label = 'block', e.end_line - e.start_line, e.id DESC LIMIT 1",
            values,
        )
        return matches[0] if matches else None

    def referring_to(self, name: str, limit: int) -> list[StoredEntry]:
        """Entries that refer to the name, in order of their ids."""
        return self._select(
            "WHERE e.id IN (SELECT entry FROM refs WHERE name = (SELECT id FROM names WHERE name = ?) LIMIT ?) "
            "ORDER BY e.id",
            (_clean(name), limit),
        )

    def reference_counts(self, names: Iterable[str]) -> dict[str, int]:
        """How many entries refer to each of the names; 0 for unknown ones."""
        counts = {}
        with self.reading() as connection:
            for name in names:
                row = connection.execute("SELECT refs FROM names WHERE name = ?", (_clean(name),)).fetchone()
                counts[name] = row[0] if row else 0
        return counts

    def references_of(self, entry_id: int) -> tuple[str, ...]:
        """The names that an entry refers to, in order of first use."""
        with self.reading() as connection:
            row = connection.execute("SELECT refs FROM entries WHERE id = ?", (entry_id,)).fetchone()
            if row is None or row[0] is None:
                return ()
            select = "SELECT name FROM names WHERE id = ?"
            found = (connection.execute(select, (number,)).fetchone() for number in array("I", row[0]))
            return tuple(name[0] for name in found if name)

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """In how many entries each term occurs."""
        counts = {}
        with self.reading() as connection:
            for term in terms:
                row = connection.execute("SELECT entries FROM terms WHERE term = ?", (_clean(term),)).fetchone()
                counts[term] = max(0, row[0]) if row else 0
        return counts

    def named(self, name: str, limit: int) -> list[StoredEntry]:
        """Definitions of that name, bare, qualified, or qualified by modules too: exact case first, then without."""
        name = _clean(name.strip())
        if not name:
            return []
        parts = [part for part in _SEPARATORS.split(name) if part]
        found: dict[int, StoredEntry] = {}
        for folded in (False, True):
            column, fold = ("folded", str.casefold) if folded else ("name", str)
            for bare in dict.fromkeys((name, parts[-1] if parts else name)):
                matches = self._select(
                    f"WHERE e.name IN (SELECT id FROM names WHERE {column} = ?) AND e.part = 0 ORDER BY e.id",
                    (fold(bare),),
                )
                wanted = [fold(bare)] if bare == name else [fold(part) for part in parts]
                whole = [entry for entry in matches if fold(entry.qualified_name) == fold(name)]
                rest = [entry for entry in matches if _ends_with(entry, wanted, fold)]
                for entry in (*whole, *rest):
                    found.setdefault(entry.id, entry)
            if len(found) >= limit:
                break
        return list(found.values())[:limit]

    def briefs(self, ids: Iterable[int]) -> dict[int, tuple[str, str, int, int | None]]:
        """Id -> (name, kind, part, the parent's id) of those entries that are known."""
        found: dict[int, tuple[str, str, int, int | None]] = {}
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT e.id, n.name, k.label, e.part, e.parent FROM json_each(?) j JOIN entries e ON e.id = j.value "
                "JOIN labels k ON k.id = e.kind LEFT JOIN names n ON n.id = e.name",
                (json.dumps(list(ids)),),
            )
            for number, name, kind, part, parent in rows:
                above = None if parent is None else (number >> ORDINAL_BITS << ORDINAL_BITS) + parent
                found[number] = (name or "", kind, part, above)
        return found

    def terms_from(self, prefix: str, limit: int) -> dict[str, int]:
        """Terms that begin with the prefix -> in how many entries they occur."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT term, entries FROM terms WHERE term >= ? AND term < ? AND entries > 0 LIMIT ?",
                (_clean(prefix), _clean(prefix) + "\U0010ffff", limit),
            )
            return dict(rows.fetchall())

    def names_like(self, pattern: str, limit: int) -> list[StoredEntry]:
        """Definitions whose name matches fuzzily, best first; parts before a "." must occur in the qualified name."""
        pattern = _clean(pattern.strip())
        *scopes, bare = [part for part in _SEPARATORS.split(pattern) if part] or [""]
        if not bare:
            return []
        folded = bare.casefold()
        loose = "%" + "%".join(_like(char) for char in folded if not char.isspace()) + "%"
        found: dict[int, str] = {}
        with self.reading() as connection:
            # Prefixes first, by the index; then anything that holds the pattern; then its letters in order.
            for condition, value in (
                ("folded >= ? AND folded < ?", (folded, folded + "\U0010ffff")),
                ("folded LIKE ? ESCAPE '\\'", (f"%{_like(folded)}%",)),
                ("folded LIKE ? ESCAPE '\\'", (loose,)),
            ):
                found.update(
                    connection.execute(
                        f"SELECT id, name FROM names WHERE folded IS NOT NULL AND {condition} LIMIT 3000", value
                    )
                )
        ranked = sorted((_likeness(name, bare), len(name), name, number) for number, name in found.items())
        entries: list[StoredEntry] = []
        for *_, number in ranked:
            if len(entries) >= limit:
                break
            matches = self._select("WHERE e.name = ? AND e.part = 0 ORDER BY e.id LIMIT ?", (number, limit))
            entries.extend(entry for entry in matches if _holds(entry.qualified_name, scopes))
        return entries[:limit]


_SEPARATORS = re.compile(r"::|->|[.#/\\]")
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")


def _clean(text: str) -> str:
    return text if text.isascii() else _encodable(text)


def _odd(names: Iterable[str]) -> bool:
    """Whether a name holds what cannot be encoded."""
    try:
        "".join(names).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _centroid(update: FileUpdate) -> bytes | None:
    """The direction of the mean of a file's vectors, as float16; None if it has none."""
    import numpy as np

    if not len(update.vectors):
        return None
    mean = update.vectors.astype(np.float32).mean(axis=0)
    return (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float16).tobytes()


def _like(text: str) -> str:
    """`text` with LIKE's own characters escaped."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def _ends_with(entry: StoredEntry, wanted: list[str], fold: Any) -> bool:
    """Whether the path and qualified name of the entry, as one list of parts, end with `wanted`."""
    if len(wanted) == 1:
        return bool(fold(entry.name) == wanted[0])
    stem = re.sub(r"(/__init__|/index|/mod)?\.[^./]*$", "", entry.path)
    parts = [fold(part) for part in (*stem.split("/"), *_SEPARATORS.split(entry.qualified_name)) if part]
    return parts[-len(wanted) :] == wanted


def _holds(qualified_name: str, scopes: list[str]) -> bool:
    """Whether the scopes occur in the qualified name in this order, without regard to case."""
    rest = qualified_name.casefold()
    for scope in scopes:
        _, met, rest = rest.partition(scope.casefold())
        if not met:
            return False
    return True


def _likeness(name: str, pattern: str) -> int:
    """How well the name matches: 0 exactly, then case, prefix, humps, a word's start, anywhere, scattered letters."""
    folded, wanted = name.casefold(), pattern.casefold()
    if name == pattern:
        return 0
    if folded == wanted:
        return 1
    if folded.startswith(wanted):
        return 2 if name.startswith(pattern) else 3
    if _matches_humps(name, wanted):
        return 4
    at = folded.find(wanted)
    if at > 0:
        starts = not name[at - 1].isalnum() or (name[at : at + 1].isupper() and not name[at - 1].isupper())
        return 5 if starts else 6
    return 7


def _matches_humps(name: str, wanted: str) -> bool:
    """Whether the pattern is made of prefixes of the name's words, the first included ("gsc" in getSymbolCount)."""
    states = {0}
    for index, hump in enumerate(_HUMPS.findall(name)):
        word = hump.casefold()
        reached = set() if index == 0 else set(states)
        for state in states:
            for length in range(1, len(word) + 1):
                if not wanted.startswith(word[:length], state):
                    break
                reached.add(state + length)
        states = reached
        if len(wanted) in states:
            return True
    return False
