"""A cache of texts by key in a small SQLite file: explanations that a model wrote.

A file that cannot be read is deleted and begun again; nothing depends on what is in it.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from typing import TYPE_CHECKING

from glossator.private_files import make_private_file, make_private_folder

if TYPE_CHECKING:
    from pathlib import Path

MAX_EXPLANATIONS = 20_000
"""About 20 MB of text; the oldest go first."""

_HAS_ROOT = "SELECT count(*) FROM pragma_table_info('explanation') WHERE name = 'root'"

_log = logging.getLogger(__name__)


class ExplanationCache:
    """Texts by key. Safe for use by several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened or created before it is needed."""
        self._path = path
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None

    def get(self, key: bytes) -> str | None:
        """The text under a key, if there is one. Takes a fraction of a millisecond."""
        with self._lock:
            if self._database is None and not self._path.exists():
                return None
            try:
                row = self._open().execute("SELECT text FROM explanation WHERE key = ?", (key,)).fetchone()
            except (sqlite3.Error, OSError) as error:
                self._start_over(error)
                return None
        return str(row[0]) if row else None

    def put(self, key: bytes, text: str, root: bytes = b"") -> None:
        """Store a text; `root` stands for the folder that it is about."""
        with self._lock:
            try:
                database = self._open()
                with database:
                    database.execute(
                        "INSERT OR REPLACE INTO explanation (key, text, root) VALUES (?, ?, ?)", (key, text, root)
                    )
                    database.execute(
                        "DELETE FROM explanation WHERE rowid <= (SELECT max(rowid) FROM explanation) - ?",
                        (MAX_EXPLANATIONS,),
                    )
            except (sqlite3.Error, OSError) as error:
                self._start_over(error)

    def forget(self, root: bytes) -> int:
        """Delete the texts about a folder, and those of which it is not known what they are about; returns how many."""
        with self._lock:
            try:
                database = self._open()
                database.execute("PRAGMA secure_delete = ON")
                with database:
                    count = database.execute("DELETE FROM explanation WHERE root IN (?, x'')", (root,)).rowcount
                if count:
                    database.execute("VACUUM")
                    database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            except (sqlite3.Error, OSError) as error:
                self._start_over(error)
                return 0
        return count

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            make_private_folder(self._path.parent)
            make_private_file(self._path)
            self._database = sqlite3.connect(self._path, check_same_thread=False, timeout=2.0)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")  # a commit must not keep a hover waiting for the disk
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS explanation "
                "(key BLOB PRIMARY KEY, text TEXT NOT NULL, root BLOB NOT NULL DEFAULT x'')"
            )
            if not self._database.execute(_HAS_ROOT).fetchone()[0]:  # an earlier version has made it
                self._database.execute("ALTER TABLE explanation ADD COLUMN root BLOB NOT NULL DEFAULT x''")
        return self._database

    def _start_over(self, error: Exception) -> None:
        _log.warning("the cache of explanations cannot be used (%s); starting over", error)
        if self._database is not None:
            with contextlib.suppress(sqlite3.Error):
                self._database.close()
            self._database = None
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(OSError):
                    self._path.with_name(self._path.name + suffix).unlink()

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None
