"""The content-addressed vector cache, shared by all roots: the same text is embedded only once.

One SQLite database per embedder in the index folder. It is only a cache (see `cache_file`): no failure stops indexing.
"""

from __future__ import annotations

import hashlib
import re
import time
from typing import TYPE_CHECKING

from glossator.index.cache_file import CacheFile
from glossator.index.database import in_transaction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

SIZE_LIMIT = 2 * 1024**3
"""Maximum bytes of vectors, about four million of 256 dimensions; the least recently used are removed first."""

ROW_OVERHEAD = 80
"""Bytes in the file per vector in addition to the vector: its key twice, and free space in pages (measured)."""

KEEP_SHARE = 0.8
"""Share of the limit that eviction leaves, so that it is rare."""

GENERATION_SECONDS = 7 * 86_400
"""The last use is recorded by week, so that reading seldom writes."""

_CHUNK = 10_000
"""Keys in one query; SQLite allows 32,766 variables."""

_VERSION = 1
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS vectors (id INTEGER PRIMARY KEY, "
    "key BLOB NOT NULL UNIQUE, used INTEGER NOT NULL, vector BLOB NOT NULL)"
)


def file_name(text: str) -> str:
    """`text` in a form that can be part of a file name on any system."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._") or "x"
    if len(safe) <= 60 and safe == text:
        return safe
    return f"{safe[:50]}-{hashlib.blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"


def cache_path(index_dir: Path, embedder_id: str) -> Path:
    """The path of an embedder's vector cache in the folder of all indexes."""
    return index_dir / f"vectors-{file_name(embedder_id)}.sqlite"


def packed_mean(vectors: NDArray[np.floating]) -> bytes:
    """The normalised mean of a file's vectors, shape (entries, dimensions), as float16; b"" if it has none."""
    import numpy as np

    if not len(vectors):
        return b""
    mean = vectors.astype(np.float32).mean(axis=0)
    return bytes((mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float16).tobytes())


class VectorCache(CacheFile):
    """Vectors by key. Safe to use from several threads and processes; problems with its file never raise an error.

    Args:
        path: the database.
        dimensions: length of a vector; 0 if it is unknown until the first vector.
        limit: see `SIZE_LIMIT`.
    """

    def __init__(self, path: Path, dimensions: int, *, limit: int = SIZE_LIMIT) -> None:
        super().__init__(path, "vector cache", _VERSION, _SCHEMA)
        self._row_bytes = dimensions * 2
        self._limit = limit
        self._stale: set[bytes] = set()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """The cached vectors of these keys; each is read-only, of shape (dimensions,)."""
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
        """Those of the keys whose vectors are cached."""
        found: set[bytes] = set()
        with self._lock, self._forgiving("read"):
            connection = self._open()
            for start in range(0, len(keys), _CHUNK):
                chunk = keys[start : start + _CHUNK]
                select = "SELECT key FROM vectors WHERE key IN (?{})".format(", ?" * (len(chunk) - 1))  # noqa: S608 - only marks
                found.update(key for (key,) in connection.execute(select, chunk))
        return found

    def put(self, vectors: Mapping[bytes, NDArray[np.float16]]) -> None:
        """Cache these vectors, and record the use of those that were read."""
        import numpy as np

        generation = _generation()
        rows = [(key, generation, np.asarray(vector, dtype=np.float16).tobytes()) for key, vector in vectors.items()]
        with self._lock, self._forgiving("write"):
            if not rows and not self._stale:
                return
            connection = self._open()
            with in_transaction(connection):
                connection.executemany("INSERT OR IGNORE INTO vectors (key, used, vector) VALUES (?, ?, ?)", rows)
                stale, self._stale = self._stale, set()
                connection.executemany(
                    "UPDATE vectors SET used = ? WHERE key = ?", [(generation, key) for key in stale]
                )

    def trim(self) -> None:
        """Remove the least recently used vectors if the cache is above its limit."""
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
            with in_transaction(connection):
                connection.execute(
                    "DELETE FROM vectors WHERE id IN (SELECT id FROM vectors ORDER BY used, id LIMIT ?)", (surplus,)
                )
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def clear(self) -> bool:
        """Remove all vectors, so that nothing of them stays in the file; False if there are none or it failed."""
        cleared = False
        with self._lock, self._forgiving("clear"):
            connection = self._open()
            if not connection.execute("SELECT count(*) FROM vectors").fetchone()[0]:
                return cleared
            connection.execute("PRAGMA secure_delete = ON")
            with in_transaction(connection):
                connection.execute("DELETE FROM vectors")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            cleared = True
        return cleared  # noqa: RET504 - after an error that was forgiven, too


def _generation() -> int:
    return int(time.time() // GENERATION_SECONDS)
