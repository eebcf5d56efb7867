"""Made-up files for the tests of the store."""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glossator.index.entries import Entry, EntryKind
from glossator.index.facts import Facts, Import, Mention, Symbol, encode_facts, make_facts, noted_names
from glossator.index.store import FileRecord, FileUpdate, Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DIMENSIONS = 16
EMBEDDER = "sample-1"


def entry(name: str, line: int = 1, *, kind: EntryKind = "function", lines: int = 5, **values: object) -> Entry:
    """A definition of that name."""
    given: dict[str, object] = {
        "kind": kind,
        "name": name,
        "qualified_name": name,
        "signature": f"def {name}()",
        "doc": f"Does {name}.",
        "parent": None,
        "part": 0,
        "start_line": line,
        "end_line": line + lines - 1,
        "name_line": line,
        "start_byte": line * 40,
        "end_byte": (line + lines) * 40,
        "references": (),
        "text": f"def {name}(): pass",
    }
    return Entry(**{**given, **values})  # type: ignore[arg-type]


def unit(text: str, dimensions: int = DIMENSIONS) -> np.ndarray:
    """A vector of length 1 that depends on the text alone."""
    seed = int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")
    vector = np.random.default_rng(seed).normal(size=dimensions)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def facts(*symbols: str, mentions: Mapping[str, Sequence[int]] | None = None, imports: Sequence[str] = ()) -> Facts:
    """The facts of a file that defines functions, imports names, and calls others: name -> lines."""
    return make_facts(
        "python",
        "",
        [Symbol(name, "function", -1, place, place, place, 4) for place, name in enumerate(symbols, 1)],
        [Import(name, "module", name) for name in imports],
        [],
        {name: [Mention(0, -1, line, 0) for line in lines] for name, lines in (mentions or {}).items()},
    )


def with_facts(update: FileUpdate, known: Facts) -> FileUpdate:
    """The state of a file together with its facts."""
    return replace(update, facts=encode_facts(known), noted=array("I", noted_names(known)).tobytes())


def update(path: str, *entries: Entry, language: str = "python", terms: str = "", revision: int = 0) -> FileUpdate:
    """The state of a file that holds these entries."""
    record = FileRecord(
        path=path,
        size=100 * len(entries) + revision,
        mtime_ns=1_000_000 + revision,
        ctime_ns=2_000_000 + revision,
        content_hash=f"{path}{revision}".encode("utf-8", "surrogatepass")[:16],
        language=language,
        lines=10 * len(entries),
    )
    vectors = np.array([unit(item.qualified_name) for item in entries], dtype=np.float16).reshape(-1, DIMENSIONS)
    keys = tuple(
        hashlib.blake2b(item.qualified_name.encode("utf-8", "replace"), digest_size=16).digest() for item in entries
    )
    words = tuple(f"{item.name.casefold()} {terms}".strip() for item in entries)
    return FileUpdate(record, tuple(entries), keys, vectors, words)


def open_store(folder: Path, *, write: bool = True) -> Store:
    """The store in a folder, with the samples' embedder."""
    return Store.open(folder, embedder_id=EMBEDDER, dimensions=DIMENSIONS, write=write)
