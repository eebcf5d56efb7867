"""The facts of files in the manifest's database, and the names by which they are found.

Four tables belong to this module. `uncollected` has the revisions whose facts have been left out, so that the index
could be searched sooner, and are collected later. `facts` has each revision's encoded facts. `noted` leads from a name,
as a hash, to the revisions that define, import or mention it; a row of it covers many revisions, and is never changed:
those of a removed revision are ignored, since its number is not used again, and disappear when the table is written
again. A revision begins in `unnoted`, with the hashes of its names, and `note_names` moves many from there to `noted`
at once. So a changed file costs one small row, not one for each of its names.
"""

from __future__ import annotations

import json
import threading
from array import array
from bisect import bisect_left
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar, cast

from glossator.index.database import path_out, put
from glossator.index.path_index import PathIndex

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.database import Database
    from glossator.index.facts import Facts
    from glossator.index.records import FileUpdate

_Made = TypeVar("_Made")

FACT_TABLES: Final = """
CREATE TABLE facts (file INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE unnoted (file INTEGER PRIMARY KEY, names BLOB NOT NULL);
CREATE TABLE noted (name INTEGER, first INTEGER, others BLOB, PRIMARY KEY (name, first)) WITHOUT ROWID;
CREATE TABLE uncollected (file INTEGER PRIMARY KEY);
"""
# noted.name is the hash as a signed number, which takes SQLite four bytes; noted.others has the revisions after the
# first, as differences: the bytes of one (1, 2 or 4), then the differences, little-endian. NULL if there are none.

_CHANGES_AND_NOTED: Final = """
SELECT 0, value, NULL FROM meta WHERE key = 'changes'
UNION ALL SELECT 1, first, others FROM noted WHERE name IN"""

NOTE_AT: Final = 256
"""Revisions in `unnoted` at which they are moved: a look-up searches each of them, about 0.7 µs."""

NOTED_AT_ONCE: Final = 10_000
"""Revisions whose names are sorted at a time: about two million names, 100 MB."""

STALE_SHARE: Final = 0.25
STALE_REVISIONS: Final = 250
"""The table `noted` is written again when it covers so many removed revisions, plus a share of all."""

SLICES: Final = 16
"""Parts in which it is written again, by hash, as a bound on memory."""

DECODED_BYTES: Final = 128 * 1024**2
"""Bound on the memory that decoded facts take: those of a million lines fit, of most code those of more."""

DECODED_FACTOR: Final = 11
"""How much larger facts are in memory than encoded, arranged for look-ups: measured on 1.5 million lines of Java and
0.9 of Python, of which the facts take 8.4 and 8.7 times as much, with all tables 9.8 and 10.4."""


def add_facts(connection: sqlite3.Connection, updates: Sequence[tuple[int, FileUpdate]]) -> None:
    """Insert the facts of new revisions within a transaction."""
    found = [(revision, update) for revision, update in updates if update.facts]
    connection.executemany("INSERT INTO facts VALUES (?, ?)", [(number, update.facts) for number, update in found])
    connection.executemany(
        "INSERT INTO unnoted VALUES (?, ?)", [(number, update.noted) for number, update in found if update.noted]
    )
    left = [(number,) for number, update in updates if not update.collected]
    connection.executemany("INSERT INTO uncollected VALUES (?)", left)


def count_uncollected(connection: sqlite3.Connection) -> int:
    """How many revisions are without their facts."""
    return int(connection.execute("SELECT count(*) FROM uncollected").fetchone()[0])


def collect_facts(connection: sqlite3.Connection, found: Iterable[tuple[int, bytes, bytes]]) -> int:
    """Add what was left out, within a transaction: revisions, their facts and the names in them, packed.

    Returns how many revisions it was added to: those that have been replaced meanwhile are ignored.
    """
    added = 0
    for revision, facts, names in found:
        if connection.execute("DELETE FROM uncollected WHERE file = ?", (revision,)).rowcount:
            added += 1
            if facts:
                connection.execute("INSERT INTO facts VALUES (?, ?)", (revision, facts))
            if facts and names:
                connection.execute("INSERT INTO unnoted VALUES (?, ?)", (revision, names))
    if unnoted(connection) >= NOTED_AT_ONCE or not count_uncollected(connection):
        note_names(connection)
    return added


def remove_facts(connection: sqlite3.Connection, revisions: Sequence[int]) -> None:
    """Delete the facts of revisions within a transaction."""
    keys = [(revision,) for revision in revisions]
    connection.executemany("DELETE FROM uncollected WHERE file = ?", keys)
    removed = connection.executemany("DELETE FROM facts WHERE file = ?", keys).rowcount
    stale = removed - connection.executemany("DELETE FROM unnoted WHERE file = ?", keys).rowcount
    if stale > 0:
        connection.execute("UPDATE meta SET value = value + ? WHERE key = 'stale'", (stale,))


def unnoted(connection: sqlite3.Connection) -> int:
    """How many revisions are not in `noted` yet."""
    return int(connection.execute("SELECT count(*) FROM unnoted").fetchone()[0])


def note_names(connection: sqlite3.Connection) -> None:
    """Move all revisions from `unnoted` to `noted`, in the order in which SQLite stores them, within a transaction."""
    import numpy as np

    while rows := connection.execute(
        "SELECT file, names FROM unnoted ORDER BY file LIMIT ?", (NOTED_AT_ONCE,)
    ).fetchall():
        names = np.frombuffer(b"".join(packed for _, packed in rows), np.uint32).view(np.int32)
        files = np.repeat([file for file, _ in rows], [len(packed) // 4 for _, packed in rows])
        _insert(connection, names, files)
        connection.execute("DELETE FROM unnoted WHERE file <= ?", (rows[-1][0],))


def rewrite_notes(connection: sqlite3.Connection) -> None:
    """Write `noted` without removed revisions, if it covers many, within a transaction."""
    import numpy as np

    stale = connection.execute("SELECT value FROM meta WHERE key = 'stale'").fetchone()[0]
    live = np.array([row[0] for row in connection.execute("SELECT file FROM facts ORDER BY file")], np.int64)
    if stale <= STALE_REVISIONS + STALE_SHARE * len(live):
        return
    step = 2**32 // SLICES
    for low in range(-(2**31), 2**31, step):
        span = (low, low + step)
        rows = connection.execute("SELECT name, first, others FROM noted WHERE name >= ? AND name < ?", span).fetchall()
        if not rows:
            continue
        lists = [_unpacked(first, others) for _, first, others in rows]
        names = np.repeat(np.array([row[0] for row in rows], np.int32), [len(found) for found in lists])
        files = np.concatenate(lists)
        kept = np.isin(files, live)
        connection.execute("DELETE FROM noted WHERE name >= ? AND name < ?", span)
        _insert(connection, names[kept], files[kept])
    put(connection, {"stale": 0})


def _insert(connection: sqlite3.Connection, names: NDArray[np.int32], files: NDArray[np.int64]) -> None:
    """Insert pairs of a name and a revision."""
    import numpy as np

    if not len(names):
        return
    order = np.lexsort((files, names))
    names, files = names[order], files[order]
    begins = np.flatnonzero(np.concatenate(([True], names[1:] != names[:-1])))
    ends = np.append(begins[1:], len(names))
    steps = np.diff(files, prepend=0)
    steps[begins] = 0
    widest = np.maximum.reduceat(steps, begins)
    widths = np.where(widest < 2**8, 1, np.where(widest < 2**16, 2, 4))
    packed = {width: (steps % 256**width).astype(f"<u{width}").tobytes() for width in (1, 2, 4)}
    columns = (column.tolist() for column in (names[begins], files[begins], begins + 1, ends, widths))
    connection.executemany(
        "INSERT OR REPLACE INTO noted VALUES (?, ?, ?)",
        (
            (name, first, bytes((width,)) + packed[width][start * width : end * width] if start < end else None)
            for name, first, start, end, width in zip(*columns, strict=True)
        ),
    )


def _unpacked(first: int, others: bytes | None) -> NDArray[np.int64]:
    """The revisions of a row of `noted`; only the first if the rest is damaged."""
    import numpy as np

    if not others or others[0] not in (1, 2, 4) or (len(others) - 1) % others[0]:
        return np.array([first], np.int64)
    steps = np.frombuffer(others, f"<u{others[0]}", offset=1)
    return np.cumsum(np.concatenate(([first], steps)), dtype=np.int64)


class _Decoded:
    """Facts of a revision that are kept: None for none, their size in bytes, and what was made of them."""

    __slots__ = ("arranged", "facts", "size")

    def __init__(self, facts: Facts | None, size: int) -> None:
        self.facts = facts
        self.size = size
        self.arranged: object = None


class StoredFacts:
    """The facts in an index, by path and by name. Any thread may use it; it sees each commit.

    It keeps the paths of all files in memory once it was used, and the facts that were read last, decoded: those of a
    revision never change.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._guard = threading.RLock()
        self._changes = -1
        self._next = 0
        """Revisions from this one on are new since the last look."""
        self._revisions: dict[str, int] = {}
        self._by_revision: dict[int, str] = {}
        self._languages: dict[str, str] = {}
        self._paths = PathIndex(())
        self._unnoted: dict[int, array[int]] = {}
        self._waiting: set[int] = set()
        """The hashes in `_unnoted`, and maybe some that were there before."""
        self._present: frozenset[str] | None = None
        self._uncollected = 0
        self._decoded: OrderedDict[int, _Decoded] = OrderedDict()
        self._decoded_bytes = 0
        self._derived: tuple[int, object, object] | None = None

    def facts(self, path: str, *, fresh: bool = True) -> Facts | None:
        """The facts of a file; None if there are none, or they are damaged.

        Without `fresh`, those of the commit that was seen last, if that state of the file still exists: this saves a
        look at the database.
        """
        return self.facts_of_many((path,), fresh=fresh).get(path)

    def facts_of_many(self, paths: Iterable[str], *, fresh: bool = True) -> dict[str, Facts]:
        """Path -> facts, of those of the files that have any (see `facts`); quicker than one by one."""
        if fresh:
            self.refresh()
        uncollected = self._uncollected
        found: dict[str, Facts] = {}
        missing = self._kept(paths, found)
        self._read(missing, found)
        if missing:
            # These are not indexed, have no facts, or another state of them was committed since that look.
            self.refresh()
            missing = self._kept(missing, found)
            self._read(missing, found)
        if not uncollected:  # else they may have facts later
            self._keep({revision: _Decoded(None, 0) for revision in missing.values() if revision is not None})
        return found

    def arranged(self, path: str, arrange: Callable[[str, Facts], _Made]) -> _Made | None:
        """What `arrange` makes of a file's path and facts, which is kept with them; None if there are no facts.

        The facts are those of the commit that was seen last. There may be only one `arrange` for an object of this
        class.
        """
        with self._guard:
            revision = self._revisions.get(path)
            kept = self._decoded.get(revision) if revision is not None else None
            if kept is not None and kept.arranged is not None:
                assert revision is not None
                self._decoded.move_to_end(revision)
                return cast("_Made", kept.arranged)
        facts = self.facts(path, fresh=False)
        if facts is None:
            return None
        made = arrange(path, facts)
        with self._guard:
            revision = self._revisions.get(path)
            kept = self._decoded.get(revision) if revision is not None else None
            if kept is not None and kept.facts is facts:
                kept.arranged = made
        return made

    def derived(self, beside: object, make: Callable[[], _Made], usable: Callable[[_Made], bool]) -> _Made:
        """What was derived from the commit that was seen last and from something `beside` it: the same object as long
        as both stay as they are and it is `usable`; else a new one, which `make` makes.

        There may be only one `make` for an object of this class.
        """
        with self._guard:
            known = self._derived
            if (
                known is not None
                and known[0] == self._changes
                and known[1] is beside
                and usable(cast("_Made", known[2]))
            ):
                return cast("_Made", known[2])
            made = make()
            self._derived = self._changes, beside, made
            return made

    def release_memory(self) -> None:
        """Forget what can be read or found out again."""
        with self._guard:
            self._decoded.clear()
            self._decoded_bytes = 0
            self._derived = None

    def language(self, path: str) -> str:
        """The language of a file in the commit that was seen last, which is that of its facts; "" if it is unknown."""
        return self._languages.get(path, "")

    def languages(self) -> frozenset[str]:
        """The languages of the files in the commit that was seen last."""
        with self._guard:
            if self._present is None:
                self._present = frozenset(self._languages.values())
            return self._present

    def refresh(self) -> None:
        """See the newest commit."""
        with self._guard, self._looking():
            pass

    def noting(self, name: str) -> list[str]:
        """The files that define, import or mention the name, sorted; some may not, since names are hashed."""
        return self.noting_any((name,))

    def noting_any(self, names: Collection[str]) -> list[str]:
        """The files that define, import or mention one of the names; as `noting`."""
        from glossator.index.facts import name_hash

        numbers = [name_hash(name) for name in names]
        signed = [number - 2**32 if number >= 2**31 else number for number in numbers]
        # One statement sees one commit. Mostly that is the one that was seen last, and nothing else needs to be asked.
        query = f"{_CHANGES_AND_NOTED} ({', '.join('?' * len(signed))})"
        with self._guard:
            with self._database.reading() as connection:
                rows = connection.execute(query, signed).fetchall()
            if (0, self._changes, None) not in rows:
                with self._looking() as connection:
                    rows = connection.execute(query, signed).fetchall()
            files = self._by_revision
            found: set[int] = set()
            if not self._waiting.isdisjoint(numbers):
                for revision, noted in self._unnoted.items():
                    if any(is_in(noted, number) for number in numbers):
                        found.add(revision)
            for is_noted, first, others in rows:
                if is_noted:
                    found.add(first)
                    if others:
                        found.update(_unpacked(first, others).tolist())
            return sorted(files[revision] for revision in found if revision in files)

    def uncollected(self) -> int:
        """The number of files whose facts have not been collected yet, as of the commit that was seen last."""
        return self._uncollected

    def paths(self) -> PathIndex:
        """All indexed files. It may grow while it is in use, when files are committed."""
        with self._guard, self._looking():
            return self._paths

    def _kept(self, paths: Iterable[str], found: dict[str, Facts]) -> dict[str, int | None]:
        """Add the facts that are decoded already to `found`; returns the other files' revisions."""
        missing: dict[str, int | None] = {}
        with self._guard:
            if self._changes < 0:
                self.refresh()
            for path in paths:
                revision = self._revisions.get(path)
                kept = self._decoded.get(revision) if revision is not None else None
                if revision is None or kept is None:
                    missing[path] = revision
                    continue
                self._decoded.move_to_end(revision)
                if kept.facts is not None:
                    found[path] = kept.facts
        return missing

    def _read(self, missing: dict[str, int | None], found: dict[str, Facts]) -> None:
        """Read facts of these revisions, add them to `found`, and remove them from `missing`."""
        paths = {revision: path for path, revision in missing.items() if revision is not None}
        if not paths:
            return
        from glossator.index.facts import decode_facts  # most searches need no facts, nor the decoder, which takes 6 ms

        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT file, data FROM json_each(?) JOIN facts ON file = value", (json.dumps(list(paths)),)
            ).fetchall()
        decoded: dict[int, _Decoded] = {}
        for revision, data in rows:
            facts = decode_facts(data)
            decoded[revision] = _Decoded(facts, len(data) * DECODED_FACTOR)
            del missing[paths[revision]]
            if facts is not None:
                found[paths[revision]] = facts
        self._keep(decoded)

    def _keep(self, decoded: Mapping[int, _Decoded]) -> None:
        """Keep the facts of revisions."""
        with self._guard:
            for revision, item in decoded.items():
                if revision not in self._decoded:
                    self._decoded[revision] = item
                    self._decoded_bytes += item.size
            while self._decoded_bytes > DECODED_BYTES and len(self._decoded) > 1:
                self._decoded_bytes -= self._decoded.popitem(last=False)[1].size

    @contextmanager
    def _looking(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees the state of one commit, for which the fields have been updated."""
        with self._database.reading() as connection:
            connection.execute("BEGIN")
            try:
                changes = connection.execute("SELECT value FROM meta WHERE key = 'changes'").fetchone()[0]
                if changes != self._changes:
                    self._look(connection)
                    self._changes = changes
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _look(self, connection: sqlite3.Connection) -> None:
        """Update the fields after commits."""
        select = "SELECT id, path, language FROM files WHERE id >= ? AND skipped = ''"
        labels = dict(connection.execute("SELECT id, label FROM labels"))
        fresh = []
        rows = connection.execute(select, (self._next,)).fetchall()
        for number, stored, language in rows:
            path = path_out(stored)
            fresh.append((number, path))
            self._languages[path] = labels.get(language, "")
        count = connection.execute("SELECT count(*) FROM files WHERE skipped = ''").fetchone()[0]
        known = self._revisions
        if len(known) + sum(1 for _, path in fresh if path not in known) == count and self._next:
            added = []
            for number, path in fresh:
                if (old := known.get(path)) is None:
                    added.append(path)
                else:
                    del self._by_revision[old]
                known[path] = number
                self._by_revision[number] = path
            self._paths.extend(added)
        else:
            # Files were removed; or this is the first look.
            if self._next:
                rows = connection.execute(select, (0,)).fetchall()
            self._by_revision = {number: path_out(path) for number, path, _ in rows}
            self._revisions = {path: number for number, path in self._by_revision.items()}
            self._languages = {self._by_revision[number]: labels.get(language, "") for number, _, language in rows}
            self._paths = PathIndex(self._revisions)
        self._present = None
        self._next = connection.execute("SELECT value FROM meta WHERE key = 'next_file'").fetchone()[0]
        self._uncollected = count_uncollected(connection)
        waiting = [row[0] for row in connection.execute("SELECT file FROM unnoted")]
        before = self._unnoted
        self._unnoted = {}
        if not waiting:
            self._waiting = set()
        for number in waiting:
            names = before.get(number)
            if names is None:
                packed = connection.execute("SELECT names FROM unnoted WHERE file = ?", (number,)).fetchone()[0]
                names = array("I", packed[: len(packed) // 4 * 4])
                self._waiting.update(names)
            self._unnoted[number] = names


def is_in(numbers: Sequence[int], number: int) -> bool:
    """Whether ascending numbers have this one."""
    place = bisect_left(numbers, number)
    return place < len(numbers) and numbers[place] == number
