"""What files contained before they were changed or removed, so that the way back to it needs no parsing.

Branches are switched back, stashes are taken back, renames are undone: then a file has contents that were indexed
before. When a revision of a file is removed from the index, its entries are packed and kept in a cache beside the
index, by path and content hash, up to a share of the index's size. Vectors are not kept twice: they are in the vector
cache. What is kept is checked when it is read; a file whose contents or vectors are not there is parsed.

This module does not know when files are read; the writer of an index is the only user of its cache.
"""

from __future__ import annotations

import json
import struct
import zlib
from array import array
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from glossator.index import folders
from glossator.index.cache_file import CacheFile
from glossator.index.database import in_transaction, path_in, path_out
from glossator.index.entries import Entry
from glossator.index.facts import decode_facts, noted_names
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.records import FileRecord, FileUpdate
from glossator.index.vectors import KEEP_SHARE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from glossator.index.database import Database
    from glossator.index.vectors import VectorCache

FILE_NAME = "earlier.sqlite"
"""The cache in an index's folder."""

MOST_BYTES = 64 * 1024**2
"""No file's contents are larger, unless their length is damaged."""

LEAST_BYTES = 256 * 1024
SHARE = 0.5
"""Bytes that are kept at most: so many, or this share of the index."""

_HEAD = struct.Struct("<II")
"""Before the packed contents: the checksum and the length of what they were packed from."""

_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS contents (
    id INTEGER PRIMARY KEY, path NOT NULL, hash BLOB NOT NULL, data BLOB NOT NULL, UNIQUE (path, hash));
CREATE TABLE IF NOT EXISTS sizes (id INTEGER PRIMARY KEY, bytes INTEGER NOT NULL)
"""
# contents.id grows with every use, so that the smallest were not used for the longest time. `sizes` has the length of
# each row's data: reading it from `contents` would read what it holds.

_ENTRIES = (
    "SELECT e.id, k.label, n.name, e.qualified_name, e.signature, e.doc, e.parent, e.part, e.start_line, e.end_line, "
    "e.name_line, e.start_byte, e.end_byte, e.refs, e.vector_key, e.stub FROM entries e "
    "JOIN labels k ON k.id = e.kind LEFT JOIN names n ON n.id = e.name WHERE e.id >= ? AND e.id < ? ORDER BY e.id"
)
_FILES = (
    "SELECT f.id, f.path, f.content_hash, l.label, f.lines, f.has_errors, f.imports, d.data FROM json_each(?) w "
    "JOIN files f ON f.id = w.value JOIN labels l ON l.id = f.language LEFT JOIN facts d ON d.file = f.id "
    "WHERE f.skipped = '' AND f.id NOT IN (SELECT file FROM uncollected)"
)

_Row = tuple[str, str, str, str, str, int | None, int, int, int, int, int, int, tuple[str, ...], bool]
Contents = tuple[str, bytes]
"""A file's path and the hash of its contents."""


class _Packed(msgspec.Struct, array_like=True):
    """The contents of one file. `entries`, `keys` and `terms` run parallel; an entry is a row of its attributes."""

    path: str
    content_hash: bytes
    language: str
    lines: int
    has_errors: bool
    imports: tuple[str, ...]
    entries: list[_Row]
    keys: tuple[bytes, ...]
    terms: tuple[str, ...]
    facts: bytes
    noted: bytes


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Packed)


class EarlierContents(CacheFile):
    """The contents of files by path and content hash. Safe to use from several threads of one process."""

    def __init__(self, folder: Path) -> None:
        """`folder` is that of the index; the cache is created in it when something is kept."""
        super().__init__(folder / FILE_NAME, "cache of earlier contents", _VERSION, _SCHEMA, shrinks=True)
        self._hashes: dict[str, set[bytes]] | None = None
        self._is_trimmed = False

    def hashes_of(self, path: str) -> tuple[bytes, ...]:
        """The hashes of the contents that are kept of a file."""
        with self._lock:
            return tuple(self._known().get(path, ()))

    def _known(self) -> dict[str, set[bytes]]:
        if self._hashes is None:
            found: dict[str, set[bytes]] = defaultdict(set)
            if self._path.exists():
                with self._forgiving("read"):
                    for path, content_hash in self._open().execute("SELECT path, hash FROM contents"):
                        found[path_out(path)].add(content_hash)
            self._hashes = found
        return self._hashes

    def put(self, packed: Sequence[tuple[Contents, bytes]]) -> None:
        """Keep these files' contents, as `pack` packs them."""
        if not packed:
            return
        with self._lock:
            known = self._known()
            with self._forgiving("write"):
                connection = self._open()
                with in_transaction(connection):
                    for (path, content_hash), data in packed:
                        added = connection.execute(
                            "INSERT OR IGNORE INTO contents (path, hash, data) VALUES (?, ?, ?)",
                            (path_in(path), content_hash, data),
                        )
                        if added.rowcount:
                            connection.execute("INSERT INTO sizes VALUES (?, ?)", (added.lastrowid, len(data)))
                for (path, content_hash), _ in packed:
                    known[path].add(content_hash)
                self._is_trimmed = False

    def forget(self, paths: Iterable[str]) -> None:
        """Remove all that is kept of these files, which must not be indexed any more."""
        with self._lock:
            known = self._known()
            found = [path for path in paths if path in known]
            if not found:
                return
            with self._forgiving("write"):
                connection = self._open()
                with in_transaction(connection):
                    for path in found:
                        key = (path_in(path),)
                        connection.execute(
                            "DELETE FROM sizes WHERE id IN (SELECT id FROM contents WHERE path = ?)", key
                        )
                        connection.execute("DELETE FROM contents WHERE path = ?", key)
            self._hashes = None

    def get(self, wanted: Sequence[Contents], vectors: VectorCache) -> dict[str, FileUpdate]:
        """Path -> contents, of those of the files that are there with all their vectors.

        The sizes and times in their records are not those of files: set them.
        """
        import numpy as np

        found: list[_Packed] = []
        with self._lock, self._forgiving("read"):
            connection = self._open()
            for path, content_hash in wanted:
                select = "SELECT id, data FROM contents WHERE path = ? AND hash = ?"
                row = connection.execute(select, (path_in(path), content_hash)).fetchone()
                packed = _unpacked(row[1]) if row is not None else None
                if packed is not None and (packed.path, packed.content_hash) == (path, content_hash):
                    found.append(packed)
            self._note_use(found)
            self._is_trimmed = False  # the log has grown
        cached = vectors.get([key for packed in found for key in packed.keys])
        updates = {}
        for packed in found:
            rows = [cached.get(key) for key in packed.keys]
            if any(row is None for row in rows):
                continue
            record = FileRecord(
                packed.path, 0, 0, 0, packed.content_hash, packed.language, packed.lines,
                has_errors=packed.has_errors, imports=packed.imports,
            )  # fmt: skip
            entries = tuple(Entry(*row[:-1], "", row[-1]) for row in packed.entries)  # type: ignore[arg-type]
            matrix = np.array(rows, np.float16) if rows else np.zeros((0, 0), np.float16)
            updates[packed.path] = FileUpdate(
                record, entries, packed.keys, matrix, packed.terms, packed.facts, packed.noted
            )
        return updates

    def _note_use(self, used: Sequence[_Packed]) -> None:
        """Make these the most recently used ones. Callers hold the lock and forgive."""
        connection = self._open()
        with in_transaction(connection):
            last = connection.execute("SELECT coalesce(max(id), 0) FROM contents").fetchone()[0]
            for number, packed in enumerate(used, last + 1):
                key = (path_in(packed.path), packed.content_hash)
                old = connection.execute("SELECT id FROM contents WHERE path = ? AND hash = ?", key).fetchone()[0]
                connection.execute("UPDATE contents SET id = ? WHERE id = ?", (number, old))
                connection.execute("UPDATE sizes SET id = ? WHERE id = ?", (number, old))

    def release_memory(self) -> None:
        """Give back what can be read again."""
        self.close()

    def discard(self) -> None:
        """Remove all that is kept, and its file: the space is needed for something else."""
        with self._lock:
            self._drop_connection()
            self._remove()

    def _drop_connection(self) -> None:
        super()._drop_connection()
        self._hashes = None

    def trim(self) -> None:
        """Remove what was not used for the longest time if the cache exceeds its share of the index."""
        with self._lock:
            if self._is_trimmed or not self._path.exists():
                return
            self._is_trimmed = True
            with self._forgiving("trim"):
                connection = self._open()
                total = connection.execute("SELECT total(bytes) FROM sizes").fetchone()[0]
                limit = max(LEAST_BYTES, int(SHARE * (folders.size_of(self._path.parent) - self._path.stat().st_size)))
                if total > limit:
                    surplus = total - KEEP_SHARE * limit
                    last = 0
                    for number, size in connection.execute("SELECT id, bytes FROM sizes ORDER BY id"):
                        last, surplus = number, surplus - size
                        if surplus <= 0:
                            break
                    with in_transaction(connection):
                        connection.execute("DELETE FROM contents WHERE id <= ?", (last,))
                        connection.execute("DELETE FROM sizes WHERE id <= ?", (last,))
                    connection.executescript("PRAGMA incremental_vacuum")  # `execute` would give one page back
                    self._hashes = None
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def pack(
    manifest: Database, revisions: Sequence[int], terms: Mapping[int, str], is_kept: Callable[[str, bytes], bool]
) -> list[tuple[Contents, bytes]]:
    """The contents of these revisions, as the cache keeps them; `terms` has the search terms of all their entries.

    What `is_kept` already (path, content hash), or the index does not have whole, is left out; so is what has no facts
    yet.
    """
    packed = []
    with manifest.reading() as connection:
        files = connection.execute(_FILES, (json.dumps(list(revisions)),)).fetchall()
        files = [row for row in files if row[2] and not is_kept(path_out(row[1]), row[2])]
        rows: dict[int, list[Any]] = {}
        mentioned: set[int] = set()
        for number, *_ in files:
            span = (number << ORDINAL_BITS, (number + 1) << ORDINAL_BITS)
            rows[number] = [(*row, array("I", row[13] or b"")) for row in connection.execute(_ENTRIES, span)]
            for row in rows[number]:
                mentioned.update(row[-1])
        select = "SELECT id, name FROM names WHERE id IN (SELECT value FROM json_each(?))"
        names = dict(connection.execute(select, (json.dumps(sorted(mentioned)),)))
    for number, path, content_hash, language, lines, has_errors, imports, data in files:
        of_file = rows[number]
        found = [terms.get(row[0]) for row in of_file]
        facts = decode_facts(data or b"")
        whole = all(row[14] and names.keys() >= set(row[-1]) for row in of_file) and (facts is not None or not data)
        if not whole or any(text is None for text in found):
            continue
        entries = [
            (
                *(row[1], row[2] or "", (row[2] or "") if row[3] is None else row[3], *row[4:13]),
                tuple(names[one] for one in row[-1]),
                bool(row[15]),
            )
            for row in of_file
        ]
        contents = _Packed(
            path_out(path), content_hash, language, lines, bool(has_errors), tuple(json.loads(imports or "[]")),
            entries, tuple(row[14] for row in of_file), tuple(text or "" for text in found), data or b"",
            array("I", noted_names(facts)).tobytes() if facts is not None else b"",
        )  # fmt: skip
        try:
            packed.append(((contents.path, content_hash), _packed(contents)))
        except UnicodeEncodeError:  # a name that is not valid Unicode
            continue
    return packed


def _packed(contents: _Packed) -> bytes:
    """Contents as they are kept."""
    import pyarrow as pa

    whole = _ENCODER.encode(contents)
    # Two fifths of the time of zlib's quickest level, and 5 % smaller, on 4,912 files of PHP.
    compressed: bytes = pa.compress(whole, codec="zstd", asbytes=True)
    return _HEAD.pack(zlib.crc32(whole), len(whole)) + compressed


def _unpacked(data: bytes) -> _Packed | None:
    """The inverse of `_packed`; None if they are damaged, which their checksum tells."""
    import pyarrow as pa

    try:
        checksum, size = _HEAD.unpack_from(data)
        if size > MOST_BYTES:
            return None
        whole = pa.decompress(data[_HEAD.size :], size, codec="zstd", asbytes=True)
        return _DECODER.decode(whole) if zlib.crc32(whole) == checksum else None
    except (struct.error, pa.ArrowException, OSError, msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return None
