"""A cache of texts by key in a small SQLite file: explanations that a model wrote.

It is only a cache (see `index.cache_file`): no failure is an error, and nothing depends on what is in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.index.cache_file import CacheFile
from glossator.index.database import in_transaction

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

MAX_EXPLANATIONS = 20_000
"""About 20 MB of text; the oldest go first."""

_VERSION = 1
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS explanation (key BLOB PRIMARY KEY, text TEXT NOT NULL, root BLOB NOT NULL DEFAULT x'')"
)
_HAS_ROOT = "SELECT count(*) FROM pragma_table_info('explanation') WHERE name = 'root'"


class ExplanationCache(CacheFile):
    """Texts by key. Safe for use by several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened or created before it is needed."""
        super().__init__(path, "cache of explanations", _VERSION, _SCHEMA)

    def get(self, key: bytes) -> str | None:
        """The text under a key, if there is one. Takes a fraction of a millisecond."""
        row = None
        with self._lock:
            if self._connection is None and not self._path.exists():
                return None
            with self._forgiving("read"):
                row = self._open().execute("SELECT text FROM explanation WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def put(self, key: bytes, text: str, root: bytes = b"") -> None:
        """Store a text; `root` stands for the folder that it is about."""
        with self._lock, self._forgiving("write"):
            connection = self._open()
            with in_transaction(connection):
                connection.execute(
                    "INSERT OR REPLACE INTO explanation (key, text, root) VALUES (?, ?, ?)", (key, text, root)
                )
                connection.execute(
                    "DELETE FROM explanation WHERE rowid <= (SELECT max(rowid) FROM explanation) - ?",
                    (MAX_EXPLANATIONS,),
                )

    def forget(self, root: bytes) -> int:
        """Delete the texts about a folder, and those of which it is not known what they are about; returns how many.

        Nothing of them stays in the file.
        """
        deleted = 0
        with self._lock, self._forgiving("clear"):
            connection = self._open()
            connection.execute("PRAGMA secure_delete = ON")
            with in_transaction(connection):
                count = connection.execute("DELETE FROM explanation WHERE root IN (?, x'')", (root,)).rowcount
            if count:
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            deleted = count
        return deleted  # noqa: RET504 - after an error that was forgiven, too

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = super()._open()
            if not connection.execute(_HAS_ROOT).fetchone()[0]:  # version 0.1.0 has made it
                connection.execute("ALTER TABLE explanation ADD COLUMN root BLOB NOT NULL DEFAULT x''")
        return super()._open()
