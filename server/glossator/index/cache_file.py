"""A SQLite database that only caches: losing it costs time, nothing else.

A damaged one is recreated; with a full or read-only disk, or a busy other process, nothing is cached; no failure is an
error. This module does not know what is cached.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from typing import TYPE_CHECKING

from glossator.index.database import in_transaction
from glossator.private_files import make_private_file, make_private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CACHE_BUSY_SECONDS = 5.0
"""Seconds to wait for another process's write before giving up."""

_LOG = logging.getLogger(__name__)


class CacheFile:
    """The database of a cache. Subclasses hold `_lock` and enter `_forgiving` around everything they do with it."""

    def __init__(self, path: Path, what: str, version: int, schema: str, *, shrinks: bool = False) -> None:
        """Nothing is opened yet.

        Args:
            path: the database.
            what: what it is called in logs, such as "vector cache".
            version: of the schema; a cache of another version is recreated.
            schema: the statements that create its tables, if they are missing.
            shrinks: whether `PRAGMA incremental_vacuum` is to give pages back.
        """
        self._path = path
        self._what = what
        self._version = version
        self._schema = schema
        self._shrinks = shrinks
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @property
    def path(self) -> Path:
        """The database."""
        return self._path

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._drop_connection()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            make_private_folder(self._path.parent)
            make_private_file(self._path)  # what SQLite puts beside it gets the same permissions
            connection = sqlite3.connect(
                self._path, timeout=CACHE_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection = connection
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0 and self._shrinks:
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # has an effect before the first table only
            connection.executescript(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 4194304;"
            )
            if version == 0:
                with in_transaction(connection):
                    for statement in self._schema.split(";"):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {self._version}")
            elif version != self._version:
                raise sqlite3.NotSupportedError(f"its version is {version}")
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @contextlib.contextmanager
    def _forgiving(self, action: str) -> Iterator[None]:
        """Ignore failures of the cache, and recreate it if it is damaged."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            _LOG.warning("cannot %s the %s %s: %s", action, self._what, self._path, error)
            self._drop_connection()
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            # SQLITE_ERROR: an intact database without the tables of a cache of this version.
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR):
                self._remove()

    def _remove(self) -> None:
        """Remove the file, which is not open."""
        for suffix in ("", "-wal", "-shm"):
            # On Windows another process may have it open; then that process, or a later run, recreates it.
            with contextlib.suppress(OSError):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
