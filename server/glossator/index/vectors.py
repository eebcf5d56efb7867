"""The cache of vectors by content, shared by all roots: text that was embedded once is not embedded again.

One SQLite database in the index folder, for one embedder. It is only a cache: a damaged one is started afresh, a full
disk or a busy neighbour means that vectors are not kept, and nothing of that ever stops an index from being made.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
import sqlite3
import threading
import time
from typing import TYPE_CHECKING

from glossator.private_files import make_private_file, make_private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

SIZE_LIMIT = 2 * 1024**3
"""Bytes of vectors that are kept; the least recently used go first. Some four million vectors of 256 dimensions."""

ROW_OVERHEAD = 80
"""Bytes that a vector takes in the file besides its own: its key twice, and the pages' slack (measured)."""

KEEP_SHARE = 0.8
"""What eviction leaves of the limit, so that it is rare."""

GENERATION_SECONDS = 7 * 86_400
"""Use is noted by the week, so that reading seldom writes."""

CACHE_BUSY_SECONDS = 5.0
"""How long to wait for another process's write before doing without."""

_CHUNK = 10_000
"""Keys in one query; SQLite allows 32,766 variables."""

_VERSION = 1
_LOG = logging.getLogger(__name__)


def file_name(text: str) -> str:
    """`text` as part of a file's name on any system."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._") or "x"
    if len(safe) <= 60 and safe == text:
        return safe
    return f"{safe[:50]}-{hashlib.blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"


def cache_path(index_dir: Path, embedder_id: str) -> Path:
    """Where the vectors of an embedder are kept in the folder of all indexes."""
    return index_dir / f"vectors-{file_name(embedder_id)}.sqlite"


class VectorCache:
    """Vectors by key. Safe to use from several threads and processes; never raises for what happens to its file.

    Args:
        path: the database.
        dimensions: length of a vector; 0 if only the embedder's first vector will tell.
        limit: see `SIZE_LIMIT`.
    """

    def __init__(self, path: Path, dimensions: int, *, limit: int = SIZE_LIMIT) -> None:
        self._path = path
        self._row_bytes = dimensions * 2
        self._limit = limit
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._stale: set[bytes] = set()

    @property
    def path(self) -> Path:
        """The database."""
        return self._path

    def get(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """The vectors of those keys that are known; each is read-only, of shape (dimensions,)."""
        import numpy as np

        found: dict[bytes, NDArray[np.float16]] = {}
        generation = _generation()
        with self._lock, self._forgiving("read"):
            connection = self._open()
            for start in range(0, len(keys), _CHUNK):
                chunk = keys[start : start + _CHUNK]
                select = "SELECT key, used, vector FROM vectors WHERE key IN (?{})".format(", ?" * (len(chunk) - 1))  # noqa: S608 - only marks
                rows = connection.execute(select, chunk)
                for key, used, vector in rows:
                    if len(vector) != (self._row_bytes or len(vector)):
                        continue
                    found[key] = np.frombuffer(vector, dtype=np.float16)
                    if used < generation:
                        self._stale.add(key)
        return found

    def known(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the keys whose vectors are kept."""
        found: set[bytes] = set()
        with self._lock, self._forgiving("read"):
            connection = self._open()
            for start in range(0, len(keys), _CHUNK):
                chunk = keys[start : start + _CHUNK]
                select = "SELECT key FROM vectors WHERE key IN (?{})".format(", ?" * (len(chunk) - 1))  # noqa: S608 - only marks
                found.update(key for (key,) in connection.execute(select, chunk))
        return found

    def put(self, vectors: Mapping[bytes, NDArray[np.float16]]) -> None:
        """Keep these vectors, and note the use of those that were read."""
        import numpy as np

        generation = _generation()
        rows = [(key, generation, np.asarray(vector, dtype=np.float16).tobytes()) for key, vector in vectors.items()]
        with self._lock, self._forgiving("write"):
            if not rows and not self._stale:
                return
            connection = self._open()
            with _transaction(connection):
                connection.executemany("INSERT OR IGNORE INTO vectors (key, used, vector) VALUES (?, ?, ?)", rows)
                stale, self._stale = self._stale, set()
                connection.executemany(
                    "UPDATE vectors SET used = ? WHERE key = ?", [(generation, key) for key in stale]
                )

    def trim(self) -> None:
        """Drop the least recently used vectors if there are more than the limit allows."""
        with self._lock, self._forgiving("trim"):
            connection = self._open()
            count = connection.execute("SELECT count(*) FROM vectors").fetchone()[0]
            row = (self._row_bytes,)
            if not self._row_bytes:
                row = connection.execute("SELECT length(vector) FROM vectors LIMIT 1").fetchone() or (0,)
            capacity = self._limit // (row[0] + ROW_OVERHEAD)
            if count <= capacity:
                return
            surplus = int(count - KEEP_SHARE * capacity)
            with _transaction(connection):
                connection.execute(
                    "DELETE FROM vectors WHERE id IN (SELECT id FROM vectors ORDER BY used, id LIMIT ?)", (surplus,)
                )
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

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
            connection.executescript(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 4194304;"
            )
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                with _transaction(connection):
                    connection.execute(
                        "CREATE TABLE IF NOT EXISTS vectors (id INTEGER PRIMARY KEY, "
                        "key BLOB NOT NULL UNIQUE, used INTEGER NOT NULL, vector BLOB NOT NULL)"
                    )
                    connection.execute(f"PRAGMA user_version = {_VERSION}")
            elif version != _VERSION:
                raise sqlite3.NotSupportedError(f"its version is {version}")
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @contextlib.contextmanager
    def _forgiving(self, action: str) -> Iterator[None]:
        """Do without the cache when it fails; start it afresh when it is damaged."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            _LOG.warning("cannot %s the cache of vectors %s: %s", action, self._path, error)
            self._drop_connection()
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            # SQLITE_ERROR: it is a sound database, but has not the tables of a cache of this version.
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR):
                for suffix in ("", "-wal", "-shm"):
                    # On Windows another process may hold it open; then that one, or a later run, starts it afresh.
                    with contextlib.suppress(OSError):
                        self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _generation() -> int:
    return int(time.time() // GENERATION_SECONDS)
