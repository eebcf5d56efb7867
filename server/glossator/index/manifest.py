"""The manifest and the name graph: which files are indexed, what they contain, which names they define and refer to.

One SQLite database in WAL mode. It is the source of truth of an index; the LanceDB table is derived from it. Any number
of threads and processes can read while one connection writes. This module does not know LanceDB, the contents of
vectors, or how queries are understood.

An entry's id is `file << ORDINAL_BITS | ordinal`, where `file` is the number of one *revision* of a file: a file that
changes gets a new number, and numbers are never reused. So the entries of a file are one range of ids, and the id of a
removed entry never refers to another one.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

from glossator.errors import StoreError, StoreTooNewError
from glossator.index.database import Database, corrupt_error, path_in, path_out, put, translated
from glossator.index.fact_tables import (
    FACT_TABLES,
    NOTE_AT,
    add_facts,
    collect_facts,
    count_uncollected,
    note_names,
    remove_facts,
    rewrite_notes,
    unnoted,
)
from glossator.index.records import FileColumns, FileRecord, FileSummary, Replaced
from glossator.index.vectors import packed_mean

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from glossator.index.records import FileUpdate

SCHEMA_VERSION = 40
"""Version of this schema and of the LanceDB table's; part of the index folder's name. Raise it also when files are
parsed into different entries or facts: files that are already indexed would not be read again otherwise."""

ORDINAL_BITS = 20
"""A file has at most 2**20 entries; ids stay below 2**53 (exact in JSON) for the first 8 billion revisions."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE labels (id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE);
CREATE TABLE files (
    id INTEGER PRIMARY KEY, path NOT NULL UNIQUE, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, content_hash BLOB,
    language INTEGER, lines INTEGER, skipped TEXT, has_errors INTEGER, imports TEXT, entries INTEGER, symbols INTEGER,
    centroid BLOB);
CREATE INDEX files_counts ON files (entries, symbols, lines) WHERE skipped = '';
CREATE TABLE entries (
    id INTEGER PRIMARY KEY, kind INTEGER, part INTEGER, parent INTEGER, name INTEGER, start_line INTEGER,
    end_line INTEGER, name_line INTEGER, start_byte INTEGER, end_byte INTEGER, qualified_name TEXT, signature TEXT,
    doc TEXT, refs BLOB, vector_key BLOB, stub INTEGER NOT NULL DEFAULT 0);
CREATE INDEX entries_by_name ON entries (name) WHERE part = 0 AND name IS NOT NULL;
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, folded TEXT, refs INTEGER NOT NULL DEFAULT 0);
CREATE INDEX names_by_folded ON names (folded, name) WHERE folded IS NOT NULL;
CREATE TABLE refs (name INTEGER, entry INTEGER, PRIMARY KEY (name, entry)) WITHOUT ROWID;
"""
# More tables are described in `fact_tables`.

_RECORDS: Final = """SELECT path, size, mtime_ns, ctime_ns, content_hash, label, lines, skipped, has_errors, imports
FROM files JOIN labels ON labels.id = language"""
# names.folded is set for names that were ever defined: only those can be looked for without regard to case.
# entries.qualified_name is NULL where it equals the name; entries.parent is the parent's ordinal.

NO_ID = 2**53
"""Above all ids."""

NAMES_KEPT = 500_000
"""How many name ids the writer caches in memory, about 100 bytes each."""

DERIVED_AT_ONCE = 100_000
"""Entries whose references are sorted at a time: about a million references, 20 MB."""

_COUNTERS = (
    "changes",
    "derived_below",
    "table",
    "version",
    "indexed_below",
    "bytes",
    "fragments",
    "pending",
    "dead",
    "stale",
)
# `derived_below` is the first revision whose references are not counted yet. The others are of the LanceDB
# table: its generation and version, the first revision that its indexes do not know, its size when it was written, and
# what was committed since: how often, how many entries, how many that are gone. `stale` is the number of removed
# revisions in the table `noted`.


class Manifest(Database):
    """The database of one index. Any thread may read; only one thread at a time may write."""

    def __init__(self, path: Path, *, identity: Mapping[str, object], write: bool) -> None:
        """Open the database at `path`; if `write`, create it if needed.

        `identity` is what the index was made with, such as the embedder; it is stored, and compared when opening.

        Raises:
            StoreError: there is none, or its identity differs.
            StoreTooNewError: a newer Glossator wrote it.
            StoreCorruptError: it is damaged.
            StoreFullError: the disk is full.
        """
        if not write and not path.is_file():
            raise StoreError(f"there is no index in {path.parent} yet: index the folder first")
        super().__init__(path, write=write)
        self._names: dict[str, int] = {}
        self._labels: dict[str, int] = {}
        self.next_file = 1
        self.latest: Replaced | None = None
        """The last call of `replace`."""
        try:
            with translated(path.parent):
                self._prepare(identity, write=write)
        except BaseException:
            self.close()
            raise

    def _prepare(self, identity: Mapping[str, object], *, write: bool) -> None:
        connection, folder = self._main, self.path.parent
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise StoreTooNewError(
                f"the index in {folder} was written by a newer Glossator (format {version}, this one reads "
                f"{SCHEMA_VERSION}): update Glossator, or choose another index folder"
            )
        if version == 0:
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise corrupt_error(folder, "its manifest has no version")
            if not write:
                raise StoreError(f"there is no index in {folder} yet: index the folder first")
            connection.execute("PRAGMA journal_mode = WAL")
            with self.transaction():
                for statement in (_SCHEMA + FACT_TABLES).split(";"):
                    connection.execute(statement)
                put(connection, {"next_file": 1, **dict.fromkeys(_COUNTERS, 0), "derived_below": 1, **identity})
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        found = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        if version not in (0, SCHEMA_VERSION) or "next_file" not in found:
            raise StoreError(f"the index in {folder} is of an older format: index the folder again")
        for key, value in identity.items():
            if found.get(key) != value:
                raise StoreError(
                    f"the index in {folder} was made with {key} {found.get(key)!r}, not {value!r}: "
                    "choose another index folder"
                )
        self.next_file = int(found["next_file"])
        self._labels = {label: number for number, label in connection.execute("SELECT id, label FROM labels")}

    # Files

    def files(self, paths: Iterable[str] | None = None) -> dict[str, FileRecord]:
        """Path -> record, of these files (unknown ones are left out) or of all."""
        with self.reading() as connection:
            if paths is None:
                return _records(connection.execute(_RECORDS))
            one = f"{_RECORDS} WHERE path = ?"
            return _records(row for path in paths for row in connection.execute(one, (path_in(path),)))

    def files_inside(self, folder: str) -> dict[str, FileRecord]:
        """Path -> record, of all files in a folder and the folders in it, skipped ones included; "" for the root."""
        if not folder:
            return self.files()
        # What is no text comes after all texts; "0" comes after "/".
        texts = (f"{folder}/", f"{folder}0") if isinstance(path_in(folder), str) else ()
        encoded = folder.encode("utf-8", "surrogatepass")
        every = [bounds for bounds in (texts, (encoded + b"/", encoded + b"0")) if bounds]
        select = f"{_RECORDS} WHERE path >= ? AND path < ?"
        with self.reading() as connection:
            return _records(row for bounds in every for row in connection.execute(select, bounds))

    def file_columns(self) -> FileColumns:
        """What is known of all files, by revision."""
        with self.reading() as connection:
            labels = dict(connection.execute("SELECT id, label FROM labels"))
            rows = connection.execute(
                "SELECT id, path, size, mtime_ns, ctime_ns, skipped, language, lines, entries FROM files ORDER BY id"
            ).fetchall()
        if not rows:
            return FileColumns((), (), (), (), (), (), (), (), ())
        revisions, paths, sizes, mtimes, ctimes, skipped, languages, lines, entries = zip(*rows, strict=True)
        if bytes in set(map(type, paths)):
            paths = tuple(map(path_out, paths))
        return FileColumns(
            revisions,
            paths,
            sizes,
            mtimes,
            ctimes,
            skipped,
            tuple(map(labels.__getitem__, languages)),
            lines,
            entries,
        )

    def sizes_in(self, languages: Sequence[str]) -> list[tuple[str, int]]:
        """(path, bytes) of the indexed files in some languages, by path."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT path, size FROM files JOIN labels ON labels.id = language "
                "WHERE skipped = '' AND label IN (SELECT value FROM json_each(?)) ORDER BY path",
                (json.dumps(list(languages)),),
            ).fetchall()
        return [(path_out(path), size) for path, size in rows]

    def paths(self) -> list[tuple[int, str]]:
        """(revision, path) of every file that has entries, by revision."""
        with self.reading() as connection:
            rows = connection.execute("SELECT id, path FROM files WHERE entries ORDER BY id").fetchall()
        return [(number, path_out(path)) for number, path in rows]

    def with_entries(self) -> dict[int, int]:
        """Revision -> number of entries, of all files that have any, ascending."""
        # What is skipped has none: said so, all that is asked for is in an index of a twentieth of the table's size.
        with self.reading() as connection:
            return dict(sorted(connection.execute("SELECT id, entries FROM files WHERE skipped = '' AND entries")))

    def revisions(self, paths: Iterable[str]) -> dict[int, int]:
        """Revision -> number of entries, of these files; unknown ones are left out."""
        with self.reading() as connection:
            found: dict[int, int] = {}
            for path in paths:
                found.update(connection.execute("SELECT id, entries FROM files WHERE path = ?", (path_in(path),)))
            return found

    def vector_keys(self, ids: Sequence[int]) -> dict[int, bytes]:
        """Entry -> the key of its vector, of those of these entries that are there."""
        with self.reading() as connection:
            select = "SELECT id, vector_key FROM entries WHERE id IN (SELECT value FROM json_each(?))"
            return dict(connection.execute(select, (json.dumps(list(ids)),)))

    def summaries_of(self, revisions: Iterable[int]) -> list[FileSummary]:
        """Summaries of some files, in that order; those that are gone are left out."""
        select = "SELECT id, path, language, lines FROM files WHERE id = ?"
        with self.reading() as connection:
            labels = dict(connection.execute("SELECT id, label FROM labels"))
            rows = [row for number in revisions for row in connection.execute(select, (number,))]
        return [FileSummary(number, path_out(path), labels[language], lines) for number, path, language, lines in rows]

    def state(self) -> dict[str, int]:
        """The counters of the LanceDB table, and its number of rows as `rows`."""
        with self.reading() as connection:
            found = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        return {"rows": self.counts()[1], **{key: int(found[key]) for key in _COUNTERS}}

    def changes(self) -> int:
        """A number that changes with every commit of any process."""
        return int(self.get("changes"))

    def position(self) -> tuple[int, int]:
        """`changes`, and the generation of the LanceDB table."""
        with self.reading() as connection:
            found = dict(connection.execute("SELECT key, value FROM meta WHERE key IN ('changes', 'table')").fetchall())
        return int(found["changes"]), int(found["table"])

    def counts(self, below: str = "") -> tuple[int, int, int, int]:
        """Numbers of indexed files, entries, symbols and lines; with `below`, only in that folder."""
        select = "SELECT count(*), total(entries), total(symbols), total(lines) FROM files WHERE skipped = ''"
        with self.reading() as connection:
            if below:
                select += " AND path >= ? || '/' AND path < ? || '0'"  # "0" comes after "/"
            row = connection.execute(select, (below, below) if below else ()).fetchone()
        files, entries, symbols, lines = (int(number) for number in row)
        return files, entries, symbols, lines

    def skipped(self) -> list[tuple[str, str]]:
        """(path, reason) of the files that are not indexed, by path."""
        with self.reading() as connection:
            rows = connection.execute("SELECT path, skipped FROM files WHERE skipped <> ''").fetchall()
        return sorted((path_out(path), reason) for path, reason in rows)

    def touch(self, records: Iterable[FileRecord]) -> None:
        """Update the sizes and times of files whose contents have not changed."""
        with self.transaction() as connection:
            connection.executemany(
                # Size -1 marks a file that is to be indexed again in any case.
                "UPDATE files SET size = ?, mtime_ns = ?, ctime_ns = ? WHERE path = ? AND size >= 0",
                [(record.size, record.mtime_ns, record.ctime_ns, path_in(record.path)) for record in records],
            )

    def forget_contents(self, revisions: Iterable[int] | None = None) -> None:
        """Mark files (by default all indexed ones) to be indexed again; their entries are kept until then."""
        statement = "UPDATE files SET size = -1, mtime_ns = 0, content_hash = x'' WHERE skipped = ''"
        with self.transaction() as connection:
            if revisions is None:
                connection.execute(statement)
            else:
                connection.executemany(f"{statement} AND id = ?", [(number,) for number in revisions])

    # Writing

    def numbers(self, labels: Iterable[str]) -> dict[str, int]:
        """The numbers of languages and kinds; new ones are added and committed. The result may contain others too."""
        fresh = sorted(set(labels) - self._labels.keys())
        if fresh:
            with self.transaction() as connection:
                connection.executemany("INSERT INTO labels (label) VALUES (?)", [(label,) for label in fresh])
                found = {label: number for number, label in connection.execute("SELECT id, label FROM labels")}
            self._labels = found
        return self._labels

    def labels(self, labels: Iterable[str]) -> dict[str, int]:
        """The numbers of the languages or kinds that occur in the index, ignoring case."""
        wanted = {label.casefold() for label in labels}
        with self.reading() as connection:
            rows = connection.execute("SELECT label, id FROM labels").fetchall()
        return {label: number for label, number in rows if label.casefold() in wanted}

    def release_memory(self) -> None:
        """See `Database.release_memory`; nobody may be writing."""
        super().release_memory()
        self._names.clear()

    def _intern(self, connection: sqlite3.Connection, names: set[str], defined: set[str]) -> dict[str, int]:
        """The ids of names; new names are added. The result may contain other names too."""
        known = self._names
        if len(known) > NAMES_KEPT:
            known.clear()
        if not known and len(names) > 1000:
            # Reading all names is quicker than looking for a thousand.
            known.update(connection.execute("SELECT name, id FROM names LIMIT ?", (NAMES_KEPT,)))
        missing = names - known.keys()
        # Counting reads a whole index: only many look-ups take longer.
        count = connection.execute("SELECT count(*) FROM names").fetchone()[0] if len(missing) > 100 else -1
        everything = count == len(known)
        fresh = []
        for name in missing:
            row = None if everything else connection.execute("SELECT id FROM names WHERE name = ?", (name,)).fetchone()
            if row is None:
                fresh.append(name)
            else:
                known[name] = row[0]
        if fresh:
            fresh.sort()
            first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM names").fetchone()[0]
            connection.executemany(
                "INSERT INTO names (id, name, folded) VALUES (?, ?, ?)",
                [
                    (number, name, name.casefold() if name in defined else None)
                    for number, name in enumerate(fresh, first)
                ],
            )
            known.update(zip(fresh, range(first, first + len(fresh)), strict=True))
        connection.executemany(
            "UPDATE names SET folded = ? WHERE id = ? AND folded IS NULL",
            [(name.casefold(), known[name]) for name in sorted(defined.difference(fresh))],
        )
        return known

    def replace(
        self,
        updates: Sequence[tuple[int, FileUpdate]],
        removed: Sequence[int],
        meta: Mapping[str, object],
        *,
        derive: bool,
    ) -> None:
        """Insert these new revisions of files and delete the `removed` ones, in one transaction.

        If `derive` is false, the references of the new entries are not counted: the method `derive` does that later.
        The labels of the updates must have been passed to `numbers`.

        Raises:
            UnicodeEncodeError: a text has lone surrogates; nothing is changed.
        """
        try:
            with self.transaction() as connection:
                was_skipped = "SELECT 1 FROM files WHERE id = ? AND skipped <> ''"
                skipped = any(connection.execute(was_skipped, (revision,)).fetchone() for revision in removed)
                dead = self._remove(connection, removed)
                added = self._add(connection, updates)
                if derive:
                    _derive_references(connection, updates[0][0] << ORDINAL_BITS if updates else NO_ID)
                    put(connection, {"derived_below": self.next_file})
                put(connection, {"next_file": self.next_file, **meta})
                connection.executemany(
                    "UPDATE meta SET value = value + ? WHERE key = ?",
                    [(1, "changes"), (1, "fragments"), (added, "pending"), (dead, "dead")],
                )
                changes = connection.execute("SELECT value FROM meta WHERE key = 'changes'").fetchone()[0]
            counts = {revision: len(update.entries) for revision, update in updates if len(update.entries)}
            skipped = skipped or any(update.record.skipped for _, update in updates)
            self.latest = Replaced(int(changes), counts, tuple(removed), skipped)
        except BaseException:
            # The name ids that the transaction added were rolled back.
            self._names.clear()
            raise

    def _add(self, connection: sqlite3.Connection, updates: Sequence[tuple[int, FileUpdate]]) -> int:
        """Insert revisions; returns their number of entries."""
        defined: set[str] = set()
        used: set[str] = set()
        for _, update in updates:
            for entry in update.entries:
                used.update(entry.references)
                defined.add(entry.name)
        defined.discard("")
        numbers = self._intern(connection, used | defined, defined)
        files = []
        entries = []
        for revision, update in updates:
            record = update.record
            base = revision << ORDINAL_BITS
            references = _references(update, numbers)
            files.append(
                (
                    revision,
                    path_in(record.path),
                    record.size,
                    record.mtime_ns,
                    record.ctime_ns,
                    record.content_hash,
                    self._labels[record.language],
                    record.lines,
                    record.skipped,
                    record.has_errors,
                    json.dumps(record.imports) if record.imports else None,
                    len(update.entries),
                    sum(1 for entry in update.entries if entry.part == 0 and entry.kind != "block"),
                    packed_mean(update.vectors) or None,
                )
            )
            entries += [
                (
                    base + ordinal,
                    self._labels[entry.kind],
                    entry.part,
                    entry.parent,
                    numbers[entry.name] if entry.name else None,
                    entry.start_line,
                    entry.end_line,
                    entry.name_line,
                    entry.start_byte,
                    entry.end_byte,
                    None if entry.qualified_name == entry.name else entry.qualified_name,
                    entry.signature,
                    entry.doc,
                    found,
                    key,
                    entry.stub,
                )
                for ordinal, (entry, key, found) in enumerate(zip(update.entries, update.keys, references, strict=True))
            ]
            self.next_file = max(self.next_file, revision + 1)
        add_facts(connection, updates)
        connection.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", files)
        connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", entries)
        return len(entries)

    def _remove(self, connection: sqlite3.Connection, revisions: Sequence[int]) -> int:
        """Delete revisions; returns their number of entries."""
        below = connection.execute("SELECT value FROM meta WHERE key = 'derived_below'").fetchone()[0]
        postings: list[tuple[int, int]] = []
        dead = 0
        for revision in revisions:
            span = (revision << ORDINAL_BITS, (revision + 1) << ORDINAL_BITS)
            if revision < below:
                for number, refs in connection.execute(
                    "SELECT id, refs FROM entries WHERE id >= ? AND id < ? AND part = 0 AND refs IS NOT NULL", span
                ):
                    postings.extend(zip(array("I", refs), repeat(number)))
            dead += connection.execute("DELETE FROM entries WHERE id >= ? AND id < ?", span).rowcount
        connection.executemany("DELETE FROM files WHERE id = ?", [(revision,) for revision in revisions])
        remove_facts(connection, revisions)
        connection.executemany("DELETE FROM refs WHERE name = ? AND entry = ?", postings)
        counts = Counter(name for name, _ in postings)
        connection.executemany(
            "UPDATE names SET refs = refs - ? WHERE id = ?", [(count, name) for name, count in counts.items()]
        )
        return dead

    def underived(self) -> int | None:
        """The first revision whose references are not counted yet; None if all are."""
        below = int(self.get("derived_below"))
        return below if below < int(self.get("next_file")) else None

    def derive(self, first: int) -> None:
        """Count the references of the entries from revision `first` on."""
        with self.transaction() as connection:
            _derive_references(connection, first << ORDINAL_BITS)
            note_names(connection)
            connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'changes'")
            connection.execute(
                "UPDATE meta SET value = (SELECT value FROM meta WHERE key = 'next_file') WHERE key = 'derived_below'"
            )

    def uncollected(self) -> int:
        """The number of files whose facts have not been collected yet."""
        with self.reading() as connection:
            return count_uncollected(connection)

    def to_collect(self) -> list[tuple[int, str, bytes, int]]:
        """(revision, path, content hash, bytes) of the files whose facts have not been collected yet, by revision."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT id, path, content_hash, size FROM uncollected JOIN files ON id = file ORDER BY id"
            ).fetchall()
        return [(number, path_out(path), digest, size) for number, path, digest, size in rows]

    def collect(self, found: Sequence[tuple[int, bytes, bytes]]) -> int:
        """Add facts that were left out: see `collect_facts`."""
        with self.transaction() as connection:
            added = collect_facts(connection, found)
            connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'changes'")
        return added

    def note(self) -> None:
        """Sort in the names of changed files, if they are many."""
        with self.reading() as connection:
            due = unnoted(connection) >= NOTE_AT
        if due:
            with self.transaction() as connection:
                note_names(connection)

    def compact(self, *, full: bool = False) -> None:
        """Write the log back into the database; if `full`, also delete unused names and notes of names."""
        if full:
            with self.transaction() as connection:
                if self.underived() is None:  # else names may be unused only because their uses are not counted yet
                    connection.execute(
                        "DELETE FROM names WHERE refs <= 0 "
                        "AND id NOT IN (SELECT name FROM entries WHERE name IS NOT NULL)"
                    )
                    self._names.clear()
                rewrite_notes(connection)
            self.give_back_pages()
        self.checkpoint()


def _records(rows: Iterable[tuple[Any, ...]]) -> dict[str, FileRecord]:
    """Path -> record, from rows of `_RECORDS`."""
    records = {}
    for path, size, mtime_ns, ctime_ns, content_hash, language, lines, skipped, has_errors, imports in rows:
        path = path_out(path)
        found = tuple(json.loads(imports)) if imports else ()
        records[path] = FileRecord(
            path, size, mtime_ns, ctime_ns, content_hash, language, lines, skipped, bool(has_errors), found
        )
    return records


def _references(update: FileUpdate, numbers: Mapping[str, int]) -> list[bytes | None]:
    """The ids of the names that each entry refers to, packed."""
    lists = [[numbers[name] for name in entry.references] for entry in update.entries]
    wholes: dict[str, int] = {}
    for ordinal, entry in enumerate(update.entries):
        if entry.part == 0:
            wholes[entry.qualified_name] = ordinal
        elif entry.qualified_name in wholes:
            # A long definition's list is cut short; its windows have the rest.
            whole = wholes[entry.qualified_name]
            lists[whole] = list(dict.fromkeys(lists[whole] + lists[ordinal]))
    return [array("I", found).tobytes() if found else None for found in lists]


def _derive_references(connection: sqlite3.Connection, first: int) -> None:
    """Insert the references of the entries from id `first` on into `refs`, in the order in which SQLite stores them."""
    import numpy as np

    rows = connection.execute(
        "SELECT id, refs FROM entries WHERE id >= ? AND part = 0 AND refs IS NOT NULL ORDER BY id", (first,)
    )
    while chunk := rows.fetchmany(DERIVED_AT_ONCE):
        names = np.frombuffer(b"".join(refs for _, refs in chunk), np.uint32)
        entries = np.repeat([number for number, _ in chunk], [len(refs) // 4 for _, refs in chunk])
        order = np.lexsort((entries, names))
        connection.executemany(
            "INSERT OR IGNORE INTO refs VALUES (?, ?)",
            zip(names[order].tolist(), entries[order].tolist(), strict=True),
        )
        counts = zip(*(part.tolist() for part in np.unique(names, return_counts=True)), strict=True)
        connection.executemany(
            "UPDATE names SET refs = refs + ? WHERE id = ?", [(count, name) for name, count in counts]
        )
