"""The symbol at a position: the definition there, the one that the word there refers to, or the enclosing one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsprotocol import types

    from glossator.index.records import StoredEntry
    from glossator.lsp.editor import Editor
    from glossator.lsp.workspace_folders import WorkspaceFolders
    from glossator.project.snapshot import Snapshot
    from glossator.project.updates import RootUpdates


@dataclass(frozen=True, slots=True)
class Described:
    """A symbol with the counts for a hover."""

    entry: StoredEntry
    uses: int
    """Number of entries that refer to its name."""
    callees: int
    """Number of names that it refers to and that are defined in the index."""


def symbol_at(
    editor: Editor, folders: WorkspaceFolders, uri: str, position: types.Position, *, enclosing: bool = False
) -> tuple[RootUpdates, Described] | None:
    """The symbol at a position of a document, and the root that it is in.

    With `enclosing`, if the word there refers to no symbol (a local variable, a keyword, white space), the definition
    around it. Never waits for the index: while it is being opened, the result is None.
    """
    located = folders.locate(uri)
    if located is None:
        return None
    live, path = located
    document = editor.document(uri)
    try:
        line, _ = document.index_at(position)
        word = document.word_at(position)
    except OSError:
        return None
    snapshot = live.root.snapshot()
    if snapshot is None:
        return None
    described = describe(snapshot, path, line, word, enclosing=enclosing)
    return (live, described) if described is not None else None


def describe(snapshot: Snapshot, path: str, line: int, word: str, *, enclosing: bool = False) -> Described | None:
    """The symbol that a word at a line refers to: the definition of that name there, or else the nearest one.

    Without a word, the definition that contains the line; with `enclosing`, also for a word that refers to no symbol.
    """
    inside = snapshot.entry_at(path, line)
    entry = None
    if word:
        entry = inside if inside is not None and _is_named(inside, line, word) else None
        if entry is None:
            found = [other for other in snapshot.nearest_named(word, path) if other.kind != "block"]
            if not found and inside is not None:
                whole = [name for name in snapshot.graph.references_of(inside) if name != word and word in _words(name)]
                found = [other for name in whole for other in snapshot.nearest_named(name, path)]
            entry = min(found, key=lambda other: _distance(other, path, line), default=None)
    if entry is None and (enclosing or not word) and inside is not None and inside.kind != "block":
        entry = inside
    if entry is None:
        return None
    return Described(entry, snapshot.reference_count(entry.name), snapshot.callee_count(entry))


def _is_named(entry: StoredEntry, line: int, word: str) -> bool:
    """Whether a word is the name of an entry, or part of it on the line where it is named."""
    return entry.name == word or (line == entry.name_line and word in _words(entry.name))


def _words(name: str) -> list[str]:
    """The words of a name that has several (Objective-C's `add:to:`, Kotlin's names in backticks)."""
    return [] if name.isidentifier() else re.findall(r"\w+", name)


def _distance(entry: StoredEntry, path: str, line: int) -> tuple[int, int, bool, int]:
    """Sort key of a definition's distance from a use: other file, folders apart, whether it is a stub, lines apart."""
    if entry.path == path:
        return 0, 0, entry.stub, abs(entry.name_line - line)
    one, other = entry.path.split("/")[:-1], path.split("/")[:-1]
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    return 1, len(one) + len(other) - 2 * shared, entry.stub, entry.id
