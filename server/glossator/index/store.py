"""The index on disk: manifest and name graph in SQLite, vectors and full text in LanceDB.

The only importer of lancedb. It knows nothing of how entries are made or of what a query means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.entries import Entry, EntryKind, Skipped


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What the manifest says of one file. `path` is relative to the root, with "/"."""

    path: str
    size: int
    mtime_ns: int
    content_hash: bytes
    language: str
    lines: int
    skipped: str = ""
    """Why the file is not indexed; "" if it is."""
    has_errors: bool = False
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileUpdate:
    """A file's new state, to be committed: `keys`, `vectors` and `terms` run parallel to `entries`."""

    record: FileRecord
    entries: tuple[Entry, ...]
    keys: tuple[bytes, ...]
    vectors: NDArray[np.float16]
    """Shape (len(entries), dimensions)."""
    terms: tuple[str, ...]
    """Search terms of each entry (`terms.analyze`), joined with spaces."""


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as the manifest knows it (all but its text, which is read from the file when it is needed)."""

    id: int
    path: str
    language: str
    kind: EntryKind
    name: str
    qualified_name: str
    signature: str
    doc: str
    parent: int | None
    """Id of the enclosing entry."""
    part: int
    start_line: int
    end_line: int
    name_line: int
    start_byte: int
    end_byte: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Restricts a search before it runs. Empty tuples restrict nothing."""

    include: tuple[str, ...] = ()
    """Globs over paths ("server/**", "*.py"); a path must match one of them."""
    exclude: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """What the store holds, counted from the store itself."""

    files: int
    entries: int
    symbols: int
    """Entries with part 0 that are not blocks."""
    lines: int
    skipped: tuple[Skipped, ...]
    size_bytes: int


class Store:
    """One index. Readers see a commit as soon as they `refresh`; there is at most one writer (held by a lock)."""

    @classmethod
    def open(cls, folder: Path, *, embedder_id: str, dimensions: int, write: bool) -> Store:
        """Open the index in `folder`, creating it when `write`.

        Raises:
            StoreLockedError: `write`, and another process is writing it.
            StoreCorruptError, StoreTooNewError, StoreFullError: see there.
        """
        raise NotImplementedError

    # Writing
    def files(self) -> dict[str, FileRecord]:
        """The manifest: path -> record, skipped files included."""
        raise NotImplementedError

    def commit(self, updates: Sequence[FileUpdate], deleted: Sequence[str] = ()) -> None:
        """Replace what the store holds of these files, all or nothing."""
        raise NotImplementedError

    def touch(self, records: Sequence[FileRecord]) -> None:
        """Take over the stats of files whose content is still what the manifest says; their entries stay."""
        raise NotImplementedError

    def cached_vectors(self, keys: Sequence[bytes]) -> Mapping[bytes, NDArray[np.float16]]:
        """The vectors of those keys that are known, from this and all other roots."""
        raise NotImplementedError

    def maintain(self, *, full: bool = False) -> None:
        """Compact, drop old versions, bring the indexes up to date; cheap when nothing is due."""
        raise NotImplementedError

    # Reading
    def refresh(self) -> None:
        """See the newest commit."""
        raise NotImplementedError

    def status(self) -> StoreStatus:
        """Counts and skipped files."""
        raise NotImplementedError

    def text_search(self, terms: Sequence[str], limit: int, where: Filter) -> list[tuple[int, float]]:
        """(entry id, BM25 score) of the best entries that contain any of the terms, best first."""
        raise NotImplementedError

    def vector_search(self, vector: NDArray[np.float32], limit: int, where: Filter) -> list[tuple[int, float]]:
        """(entry id, dot product) of the nearest entries, best first."""
        raise NotImplementedError

    def entries(self, ids: Sequence[int]) -> list[StoredEntry]:
        """The entries with these ids, in that order; unknown ids are left out."""
        raise NotImplementedError

    def terms(self, ids: Sequence[int]) -> dict[int, str]:
        """Search terms of entries."""
        raise NotImplementedError

    def vectors(self, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """Vectors of entries."""
        raise NotImplementedError

    def entries_in(self, path: str) -> list[StoredEntry]:
        """All entries of a file, in order."""
        raise NotImplementedError

    def entry_at(self, path: str, line: int) -> StoredEntry | None:
        """The innermost definition (part 0, not a block) whose range holds the line; else the block there."""
        raise NotImplementedError

    def named(self, name: str, limit: int = 50) -> list[StoredEntry]:
        """Definitions (part 0) whose name or qualified name is `name`: exact case first, then without case."""
        raise NotImplementedError

    def names_like(self, pattern: str, limit: int = 50) -> list[StoredEntry]:
        """Definitions whose name matches fuzzily: prefix, then humps, then subsequence (for workspace/symbol)."""
        raise NotImplementedError

    def referring_to(self, name: str, limit: int = 50) -> list[StoredEntry]:
        """Entries (part 0, or blocks) that call or mention the name."""
        raise NotImplementedError

    def reference_count(self, name: str) -> int:
        """How many entries refer to the name."""
        raise NotImplementedError

    def references_of(self, entry_id: int) -> tuple[str, ...]:
        """The names that an entry refers to."""
        raise NotImplementedError

    def document_frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many entries each term occurs."""
        raise NotImplementedError

    def close(self) -> None:
        """Release files and the lock."""
        raise NotImplementedError
