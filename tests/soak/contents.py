"""What an index says, without what two indexes of the same tree may differ in: revision numbers, times, generations.

It reads the files of an index directly, so that a defect in the code that reads them for searches is not shared.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from glossator.index.embedding import StaticEmbedder
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.nearest import MIN_RESCORED
from glossator.index.records import Filter
from glossator.index.store import Store

VECTOR_TOLERANCE = 0.002
"""How much a component of a vector may differ: a half-precision number near 1 has steps of 0.001."""
SAMPLES = 5
"""Entries that a search has to find."""

_ENTRIES = (
    "SELECT e.id, k.label, e.part, e.parent, n.name, e.start_line, e.end_line, e.name_line, e.start_byte, e.end_byte, "
    "e.qualified_name, e.signature, e.doc, e.refs, e.vector_key, e.stub FROM entries e "
    "JOIN labels k ON k.id = e.kind LEFT JOIN names n ON n.id = e.name ORDER BY e.id"
)
_FILES = (
    "SELECT f.id, path, content_hash, label, lines, skipped, has_errors, imports, entries, symbols, d.data "
    "FROM files f JOIN labels ON labels.id = language LEFT JOIN facts d ON d.file = f.id"
)
_PARTS = (
    "content", "language", "lines", "skipped", "errors", "imports", "number of entries", "symbols", "facts",
    "entries", "noted names",
)  # fmt: skip
"""What is compared of a file."""


@dataclass(slots=True)
class Contents:
    """The contents of an index.

    Attributes:
        changes: the number of the commit that was read.
        files: path -> hashes of what is known about the file, in the order of `_PARTS`.
        vectors: path -> the vectors of its entries, in their order.
        totals: what belongs to no single file, by name: term counts, references, names that lead to files.
        faults: what is wrong with this index by itself.
    """

    changes: int = 0
    files: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    vectors: dict[str, Any] = field(default_factory=dict)
    totals: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def differences(
    found: Contents, expected: Contents, limit: int = 8, *, tolerance: float = VECTOR_TOLERANCE
) -> list[str]:
    """How an index differs from a fresh one; empty if it does not. Components of vectors may differ by `tolerance`."""
    problems = list(found.faults)
    problems += [f"{path}: missing" for path in sorted(expected.files.keys() - found.files.keys())]
    problems += [f"{path}: should be gone" for path in sorted(found.files.keys() - expected.files.keys())]
    for path in sorted(found.files.keys() & expected.files.keys()):
        if found.files[path] != expected.files[path]:
            pairs = zip(_PARTS, found.files[path], expected.files[path], strict=True)
            problems.append(f"{path}: outdated ({', '.join(part for part, one, other in pairs if one != other)})")
        elif found.vectors[path].shape != expected.vectors[path].shape:
            problems.append(f"{path}: has other vectors")
        elif found.vectors[path].size and (np.abs(found.vectors[path] - expected.vectors[path]).max() > tolerance):
            problems.append(f"{path}: its vectors differ")
    for what, value in expected.totals.items():
        if (have := found.totals.get(what)) is not None and value is not None and have != value:
            problems.append(f"{what}: {_first_difference(have, value)}")
    return problems if len(problems) <= limit else [*problems[:limit], f"and {len(problems) - limit} more"]


def _first_difference(found: Any, expected: Any) -> str:
    if not isinstance(found, dict):
        return f"{found!r}, not {expected!r}"
    different = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
    key = min(different, key=str)
    return f"{len(different)} differ, such as {key!r}: {str(found.get(key))[:80]}, not {str(expected.get(key))[:80]}"


def contents_of(index_dir: Path, root: Path) -> Contents:
    """The contents of a root's index with the shipped embedder; see `read_contents`."""
    return read_contents(Store.folder_for(index_dir, root, StaticEmbedder().id))


def read_contents(folder: Path, sample: int = 0) -> Contents:
    """The contents of the index in `folder`, which may be written meanwhile: they are those of one commit.

    `sample` chooses the entries that searches have to find.

    Raises:
        sqlite3.Error, StoreError: it cannot be read.
    """
    while True:
        embedder = StaticEmbedder()
        with Store.open(folder, embedder_id=embedder.id, dimensions=embedder.dimensions, write=False) as store:
            before = store.changes()
            store.refresh()
            contents = _read(folder, store, sample)
            if store.changes() == before:
                contents.changes = before
                return contents


def _read(folder: Path, store: Store, sample: int) -> Contents:
    contents = Contents()
    uri = f"{(folder / 'manifest.sqlite').absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True)
    try:
        connection.execute("BEGIN")
        meta = dict(connection.execute("SELECT key, value FROM meta"))
        names = dict(connection.execute("SELECT id, name FROM names"))
        files = connection.execute(_FILES).fetchall()
        entries = connection.execute(_ENTRIES).fetchall()
        references = connection.execute("SELECT name, entry FROM refs").fetchall()
        counted = dict(connection.execute("SELECT id, refs FROM names WHERE refs <> 0"))
        noted = connection.execute("SELECT name, first, others FROM noted").fetchall()
        unnoted = connection.execute("SELECT file, names FROM unnoted").fetchall()
    finally:
        connection.close()
    derived = meta["derived_below"] >= meta["next_file"]
    rows = store._read(lambda table: table.rows_where("id >= 0", "terms", "vector", "language", "kind", "file"))
    by_id: dict[int, tuple[str, Any]] = {}
    if rows is not None and len(rows):
        flat = np.asarray(rows["vector"].combine_chunks().flatten(), dtype=np.float32).reshape(len(rows), -1)
        by_id = {number: (text, flat[at]) for at, (number, text) in enumerate(
            zip(rows["id"].to_pylist(), rows["terms"].to_pylist(), strict=True)
        )}  # fmt: skip
        if len(by_id) != len(rows):
            contents.faults.append("the table has an entry twice")
    known = {row[0] for row in entries}
    if lost := known - by_id.keys():
        contents.faults.append(f"{len(lost)} entries have no row in the table")
    if orphans := by_id.keys() - known:
        contents.faults.append(f"{len(orphans)} rows of the table belong to no entry")
    hashes = _noted_names(noted, unnoted)
    in_file: dict[int, list[Any]] = defaultdict(list)
    vectors: dict[int, list[Any]] = defaultdict(list)
    term_counts: Counter[str] = Counter()
    expected_references: set[tuple[int, int]] = set()
    for number, *columns, refs, key, stub in entries:
        file = number >> ORDINAL_BITS
        mentioned = np.frombuffer(refs or b"", np.uint32).tolist()
        text, vector = by_id.get(number, ("", None))
        in_file[file].append(
            (number & (2**ORDINAL_BITS - 1), *columns, [names[one] for one in mentioned], key, stub, text)
        )
        if vector is not None:
            vectors[file].append(vector)
        term_counts.update(set(text.split()))
        if columns[1] == 0 and file < meta["derived_below"]:
            expected_references.update((one, number) for one in mentioned)
    paths: dict[str, Counter[str]] = defaultdict(Counter)
    for file, path, *columns in files:
        path = path if isinstance(path, str) else path.decode("utf-8", "surrogatepass")
        whole = (*columns, in_file.pop(file, []), hashes.get(file, b""))
        contents.files[path] = tuple(_hash(part) for part in whole)
        contents.vectors[path] = np.array(vectors.get(file, []), np.float32)
        paths[columns[4] or "indexed"][path] += 1
    if in_file:
        contents.faults.append(f"the entries of {len(in_file)} files belong to no file")
    if set(references) != expected_references:
        contents.faults.append(f"{len(set(references) ^ expected_references)} references are missing or outdated")
    if derived:
        real = Counter(name for name, _ in expected_references)
        contents.totals["references by name"] = {names[name]: count for name, count in counted.items()}
        if counted != dict(real):
            contents.faults.append("references are miscounted")
    counts = store.document_frequencies(store.terms_from(""))
    terms = {term: count for term, count in counts.items() if count}
    contents.totals["entries by term"] = terms
    if terms != dict(term_counts):
        contents.faults.append(f"terms are miscounted: {_first_difference(terms, dict(term_counts))}")
    contents.faults += _searched(store, entries, by_id, sample)
    return contents


def _hash(part: object) -> bytes:
    return hashlib.blake2b(repr(part).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _noted_names(noted: list[Any], unnoted: list[Any]) -> dict[int, bytes]:
    """Revision -> the hashes of the names by which it is found, sorted and packed."""
    found: dict[int, list[Any]] = defaultdict(list)
    for name, first, others in noted:
        found[first].append(name)
        if others is not None:
            width = others[0]
            file = first
            for step in np.frombuffer(others, f"<u{width}", offset=1).tolist():
                file += step
                found[file].append(name)
    for file, packed in unnoted:
        found[file].extend(np.frombuffer(packed, np.uint32).view(np.int32).tolist())
    return {file: np.unique(np.array(hashes, np.int32)).tobytes() for file, hashes in found.items()}


def _searched(store: Store, entries: list[Any], by_id: dict[int, tuple[str, Any]], sample: int) -> list[str]:
    """Which of some entries their own vector and their own terms do not find."""
    faults = []
    for turn in range(min(SAMPLES, len(entries))):
        number = entries[(sample * 7919 + turn * 104_729) % len(entries)][0]
        text, vector = by_id.get(number, ("", None))
        if vector is None:
            continue
        best = store.vector_search(vector, 20, Filter())
        own = float(vector @ vector)
        # Among very many that are nearly the same, a search may miss some: it is exact for so many entries.
        exact = len(entries) <= MIN_RESCORED
        if number not in dict(best) and (not best or (exact and best[-1][1] < own - 0.01)):
            faults.append(f"the vector of entry {number} does not find it")
        words = sorted(set(text.split()))[:3]
        if words and number not in {one[0] for one in store.text_search(words, len(entries), Filter())}:
            faults.append(f"the terms of entry {number} do not find it")
    return faults
