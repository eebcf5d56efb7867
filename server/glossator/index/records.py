"""The values that are written to the store and read from it.

This module does not know how they are stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import compress, repeat
from typing import TYPE_CHECKING, NamedTuple

from glossator.index.database import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.entries import Entry, EntryKind, Skipped


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file in the manifest. `path` is relative to the root, with "/"; for the times see `workspace.files.Found`."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
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
    facts: bytes = b""
    """The file's encoded facts (see `facts.py`); b"" for none."""
    noted: bytes = b""
    """The hashes of the names in its facts (`facts.noted_names`), in ascending order, as `array("I")` packs them."""
    collected: bool = True
    """Whether it has all facts; False if they are to be collected later (see `Indexer.collect_facts`)."""


class FileSummary(NamedTuple):
    """What ranking needs of an indexed file, without its entries.

    There are many of them, and making a tuple takes a quarter of the time of a frozen dataclass.
    """

    revision: int
    """An entry's id shifted right by `ORDINAL_BITS` is the revision of its file."""
    path: str
    language: str
    lines: int
    centroid: bytes | None = None
    """Mean direction of the file's vectors, float16; None if it was not read (`Store.centroids`)."""


class FileColumns(NamedTuple):
    """What is known of all files, skipped ones included, in columns of the same length: that takes less time than an
    object for each file. See `FileRecord`."""

    revisions: Sequence[int]
    paths: Sequence[str]
    sizes: Sequence[int]
    mtimes_ns: Sequence[int]
    ctimes_ns: Sequence[int]
    skipped: Sequence[str]
    languages: Sequence[str]
    lines: Sequence[int]
    entries: Sequence[int]

    def summaries(self) -> list[FileSummary]:
        """Those of the files that have entries, by revision."""
        rows = zip(self.revisions, self.paths, self.languages, self.lines, repeat(None))
        return list(map(partial(tuple.__new__, FileSummary), compress(rows, self.entries)))


class Replaced(NamedTuple):
    """What a commit of this process replaced.

    Attributes:
        changes: the number of the index's last change then.
        added: revision -> number of entries, of the new revisions that have any.
        removed: revisions that are gone.
        is_of_skipped: whether any of all these files is, or was, skipped.
    """

    changes: int
    added: Mapping[int, int]
    removed: Sequence[int]
    is_of_skipped: bool


WHOLE_FILE = -(1 << 62)
"""Id of an entry that represents a whole file; its members are the file's outermost definitions."""


class StoredEntry(NamedTuple):
    """An entry in the manifest, without its text, which is read from the file when needed.

    A search makes hundreds of them, which takes a third of the time that as many frozen dataclasses take.
    """

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
    stub: bool = False
    """See `Entry`."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Restricts a search before it runs. Empty tuples restrict nothing."""

    include: tuple[str, ...] = ()
    """Globs over paths ("server/**", "*.py"); a path must match one of them."""
    exclude: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    files: tuple[int, ...] = ()
    """Revisions of the only files to search in; the globs count no more then."""


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """Counts and skipped files, read from the store."""

    files: int
    entries: int
    symbols: int
    """Entries with part 0 that are not blocks."""
    lines: int
    skipped: tuple[Skipped, ...]
    size_bytes: int
    uncollected: int = 0
    """Files whose facts have not been collected yet."""


def encodable_update(update: FileUpdate) -> FileUpdate:
    """The update without lone surrogates, which neither SQLite nor Arrow can store."""
    import msgspec

    entries = tuple(
        msgspec.structs.replace(
            entry,
            name=encodable(entry.name),
            qualified_name=encodable(entry.qualified_name),
            signature=encodable(entry.signature),
            doc=encodable(entry.doc),
            references=tuple(map(encodable, entry.references)),
        )
        for entry in update.entries
    )
    record = replace(update.record, skipped=encodable(update.record.skipped))
    return replace(update, record=record, entries=entries, terms=tuple(map(encodable, update.terms)))
