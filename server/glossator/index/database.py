"""A SQLite database that many threads and processes read while one connection writes.

It handles connections, transactions and the translation of errors, and does not know the contents of the tables.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import threading
from contextlib import contextmanager, suppress
from pathlib import PurePath, PureWindowsPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_from_bytes

from glossator.errors import StoreCorruptError, StoreError, StoreFullError
from glossator.private_files import make_private_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

BUSY_SECONDS = 30.0
"""Seconds for which a connection waits for another one's write; the longest transaction takes about one second."""

CHECKPOINT_PAGES = 10_000
"""Pages (of 4 KiB) at which SQLite itself checkpoints, in the middle of a commit; `Database.checkpoint` precedes it."""

LOG_BYTES = 128 * 1024
LOG_SHARE = 0.1
"""Maximum size of the log, in bytes or as a share of the database: writing it back takes about 10 ms."""

FREE_BYTES = 128 * 1024
FREE_SHARE = 1 / 3
"""Free space, in bytes and as a share of the file, above which a database is written again, which takes 4 ms for one
of a megabyte."""

LEAST_SPARE_BYTES = 128 * 1024
"""With less than this on its disk, a database cannot even be opened: its index of the log takes 32 KiB."""

_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}


def full_error(where: Path) -> StoreFullError:
    """The error for a full disk."""
    return StoreFullError(
        f"the disk that holds {where} is full: free some space and index again; what was indexed before is kept"
    )


DAMAGE_MARK = "damaged"
"""Name of the file in an index's folder that marks it as damaged: the next writer checks everything."""


def corrupt_error(where: Path, why: str) -> StoreCorruptError:
    """The error for damaged files."""
    return StoreCorruptError(
        f"the index in {where} is damaged ({why}): index the folder again to rebuild it; "
        "what cannot be repaired is moved aside"
    )


def note_damage(where: Path, error: object) -> None:
    """Mark the index as damaged, so that the next writer checks and repairs it."""
    with suppress(OSError):
        make_private_file(where / DAMAGE_MARK)
        (where / DAMAGE_MARK).write_text(str(error), "utf-8", "replace")


def _is_full(where: Path) -> bool:
    """Whether hardly anything can be written any more to the disk that holds a folder."""
    with suppress(OSError):
        return shutil.disk_usage(where if where.exists() else where.parent).free < LEAST_SPARE_BYTES
    return False


@contextmanager
def translated(where: Path) -> Iterator[None]:
    """Turn SQLite's errors into StoreErrors, which say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        # A write that exceeds a quota or the file size limit is reported as an IO error without a specific cause.
        if code == sqlite3.SQLITE_FULL or getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_WRITE:
            raise full_error(where) from error
        # So is one that cannot extend the file in which readers and writer find the log.
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _is_full(where):
            raise full_error(where) from error
        if code in _CORRUPT:
            note_damage(where, error)
            raise corrupt_error(where, str(error)) from error
        raise StoreError(f"cannot use the index in {where}: {error}") from error


@contextmanager
def in_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Begin a transaction that may write; it is committed at the end, or rolled back on any error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class Database:
    """The database in one file. Any thread may read; only one thread at a time may write."""

    def __init__(self, path: Path, *, write: bool) -> None:
        """Open the file; if `write`, create it if needed."""
        self.path = path
        self._idle: list[sqlite3.Connection] = []
        self._all: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._closed = False
        self.transactions = 0
        """How many were committed by this object."""
        with translated(path.parent):
            self._main = self._connect(write=write)

    def _connect(self, *, write: bool) -> sqlite3.Connection:
        if write:
            with suppress(OSError):  # SQLite says what is wrong
                make_private_file(self.path)  # what SQLite puts beside it gets the same permissions
        connection = sqlite3.connect(
            f"{sqlite_uri(self.path.absolute())}?mode={'rwc' if write else 'rw'}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        try:
            # NORMAL in WAL mode: a killed process loses nothing; a power cut may lose the last commits, never
            # consistency.
            connection.executescript(
                "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;"
                f"PRAGMA journal_size_limit = {4 * 1024**2}; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};"
            )
            if not write:
                connection.execute("PRAGMA query_only = 1")
            with self._guard:
                if self._closed:
                    raise StoreError(f"the index in {self.path.parent} is closed")
                self._all.append(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that no other thread uses inside the context."""
        with translated(self.path.parent):
            with self._guard:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                connection = self._connect(write=False)
            try:
                yield connection
            finally:
                with self._guard:
                    if self._closed:
                        connection.close()
                    else:
                        self._idle.append(connection)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The writing connection, in a transaction that is committed at the end, or rolled back on any error."""
        with translated(self.path.parent):
            with in_transaction(self._main):
                yield self._main
            self.transactions += 1

    def checkpoint(self) -> None:
        """Write the log back into the database, except for the part that readers need."""
        with translated(self.path.parent):
            self._main.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def give_back_pages(self) -> None:
        """Write the file again if much of it is free, as after a switch from a much larger branch.

        Without the disk space for that, it stays as it is.
        """
        with translated(self.path.parent), self._shrinking() as connection:
            free, pages, size = (
                int(connection.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("freelist_count", "page_count", "page_size")
            )
            if free * size > FREE_BYTES and free > FREE_SHARE * pages:
                with suppress(sqlite3.OperationalError):
                    connection.execute("VACUUM")

    @contextmanager
    def _shrinking(self) -> Iterator[sqlite3.Connection]:
        """The writing connection, with temporary files on disk: in memory they would be as large as the database."""
        self._main.execute("PRAGMA temp_store = FILE")
        try:
            yield self._main
        finally:
            self._main.execute("PRAGMA temp_store = MEMORY")

    def log_is_long(self) -> bool:
        """Whether the log is large compared to the database."""
        try:
            log = self.path.with_name(self.path.name + "-wal").stat().st_size
            return log > max(LOG_BYTES, LOG_SHARE * self.path.stat().st_size)
        except OSError:  # there is none, or another process has just removed it
            return False

    def check(self) -> None:
        """Read the whole database.

        Raises:
            StoreCorruptError: it is damaged.
        """
        with translated(self.path.parent):
            found = str(self._main.execute("PRAGMA quick_check(1)").fetchone()[0])
        if found != "ok":
            raise corrupt_error(self.path.parent, " ".join(found.split())[:200])

    def get(self, key: str, default: Any = 0) -> Any:
        """The value of a key of the table `meta`."""
        with self.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            return row[0] if row else default

    def put(self, values: Mapping[str, object]) -> None:
        """Set keys of the table `meta`."""
        with self.transaction() as connection:
            put(connection, values)

    def release_memory(self) -> None:
        """Close the connections that nobody uses, and empty the cache of the one that writes."""
        with self._guard:
            if self._closed:
                return
            free, self._idle = self._idle, []
            self._all = [connection for connection in self._all if all(connection is not other for other in free)]
            for connection in free:
                connection.close()
        with translated(self.path.parent):
            self._main.execute("PRAGMA shrink_memory")

    def close(self) -> None:
        """Close all connections; running queries fail.

        SQLite crashes if a connection is closed while another thread uses it, so those connections are interrupted, and
        closed by their users.
        """
        with self._guard:
            if self._closed:
                return
            self._closed = True
            free = [self._main, *self._idle]
            for connection in self._all:
                if all(connection is not other for other in free):
                    connection.interrupt()
            self._all, self._idle = [], []
            for connection in free:
                connection.close()


def sqlite_uri(path: PurePath) -> str:
    """The URI with which SQLite opens an absolute path, whatever characters it contains.

    `Path.as_uri` makes the server of a Windows share the URI's host, which SQLite rejects: it expects it in the path,
    after two more slashes (https://sqlite.org/uri.html).
    """
    text = str(path)
    if isinstance(path, PureWindowsPath):
        text = text.replace("\\", "/")
        # Prefixes of paths that Windows must not interpret; SQLite's handling of long paths adds them again.
        text = re.sub(r"^//[?.]/UNC/", "//", text, flags=re.IGNORECASE)
        text = re.sub(r"^//[?.]/", "/", text)
        encoded = text.encode("utf-8", "surrogatepass")
    else:
        encoded = os.fsencode(text)
    return f"file://{'' if text.startswith('/') else '/'}{quote_from_bytes(encoded, safe='/:')}"


def put(connection: sqlite3.Connection, values: Mapping[str, object]) -> None:
    """Set keys of the table `meta` within a transaction."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))


def encodable(text: str) -> str:
    """`text` without lone surrogates, which neither SQLite nor Arrow can store."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def path_in(path: str) -> str | bytes:
    """A path as stored in the database: text, or bytes if the file's name is not valid Unicode."""
    if not path.isascii():
        try:
            path.encode("utf-8")
        except UnicodeEncodeError:
            return path.encode("utf-8", "surrogatepass")
    return path


def path_out(path: str | bytes) -> str:
    """The inverse of `path_in`."""
    return path if isinstance(path, str) else path.decode("utf-8", "surrogatepass")
