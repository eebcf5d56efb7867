"""Explanations that a model wrote, kept for the next time: a small SQLite file in the user's cache folder.

Only a cache: a file that cannot be read is begun anew, and nothing depends on what is in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import sqlite3
import threading
from typing import TYPE_CHECKING

from glossator.private_files import make_private_file, make_private_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MAX_EXPLANATIONS = 20_000
"""About 20 MB of text; the oldest go first."""

_log = logging.getLogger(__name__)


class Explanations:
    """Texts by key. Safe for use by several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened or made before it is needed."""
        self._path = path
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None

    @staticmethod
    def key(model: str, prompt_version: object, question: str, texts: Sequence[str]) -> bytes:
        """16 bytes that stand for the symbol's text, its context, the model and the prompt."""
        digest = hashlib.blake2b(digest_size=16)
        for part in (model, str(prompt_version), question, *texts):
            digest.update(part.encode("utf-8", "surrogatepass"))
            digest.update(b"\0")
        return digest.digest()

    def get(self, key: bytes) -> str | None:
        """The text kept under a key, if there is one."""
        with self._lock:
            if self._database is None and not self._path.exists():
                return None
            try:
                row = self._open().execute("SELECT text FROM explanation WHERE key = ?", (key,)).fetchone()
            except sqlite3.Error as error:
                self._begin_anew(error)
                return None
        return str(row[0]) if row else None

    def put(self, key: bytes, text: str) -> None:
        """Keep a text."""
        with self._lock:
            try:
                database = self._open()
                with database:
                    database.execute("INSERT OR REPLACE INTO explanation (key, text) VALUES (?, ?)", (key, text))
                    database.execute(
                        "DELETE FROM explanation WHERE rowid <= (SELECT max(rowid) FROM explanation) - ?",
                        (MAX_EXPLANATIONS,),
                    )
            except (sqlite3.Error, OSError) as error:
                self._begin_anew(error)

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            make_private_folder(self._path.parent)
            make_private_file(self._path)
            self._database = sqlite3.connect(self._path, check_same_thread=False, timeout=2.0)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")  # a commit must not keep a hover waiting for the disk
            self._database.execute("CREATE TABLE IF NOT EXISTS explanation (key BLOB PRIMARY KEY, text TEXT NOT NULL)")
        return self._database

    def _begin_anew(self, error: Exception) -> None:
        _log.warning("the cache of explanations cannot be used (%s); it is begun anew", error)
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
