"""The symbol at a position: the definition there, the one that the word there refers to, or the enclosing one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.index.path_index import folders_apart

if TYPE_CHECKING:
    from lsprotocol import types

    from glossator.index.records import StoredEntry
    from glossator.lsp.editor import Editor
    from glossator.lsp.workspace_folders import WorkspaceFolders
    from glossator.project.root import Root
    from glossator.project.snapshot import Snapshot
    from glossator.project.updates import RootUpdates
    from glossator.retrieval.use_records import UseCount


COUNTED_FILES = 30
"""Files that are looked at to count the uses of a symbol, those nearest to it first: a hover takes milliseconds."""

COUNTED_LINES = 150
"""Lines of the longest symbol whose callees are counted: resolving all names of a large class takes too long."""


@dataclass(frozen=True, slots=True)
class Described:
    """A symbol at a position."""

    root: Root
    entry: StoredEntry

    def counts(self) -> Counts | None:
        """How often it is used, and what it uses; None if that is unknown."""
        snapshot = self.root.snapshot()
        return counts_of(snapshot, self.entry) if snapshot is not None else None


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers in a hover."""

    uses: UseCount
    """The places that use the symbol, or mention its name."""
    callees: int | None
    """Number of symbols that it certainly uses; None for what has more than `COUNTED_LINES` lines."""


def counts_of(snapshot: Snapshot, entry: StoredEntry) -> Counts | None:
    """How often a symbol is used, and how many it uses; None for what has no uses by name."""
    finder = snapshot.use_finder()
    symbol = finder.symbol_at(entry.path, entry.name_line, entry.name)
    if symbol is None or not symbol.definitions:
        return None
    short = symbol.end_line - symbol.start_line < COUNTED_LINES
    callees = finder.count_callees(symbol, COUNTED_FILES) if short and not finder.uncollected else None
    return Counts(finder.count(symbol, COUNTED_FILES), callees)


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
        line, index = document.index_at(position)
        word = document.word_at(position)
        column = len(document.lines[line - 1][:index].encode()) if line <= len(document.lines) else 0
    except OSError:
        return None
    snapshot = live.root.snapshot()
    if snapshot is None:
        return None
    entry = entry_meant(snapshot, path, line, word, column, enclosing=enclosing)
    return (live, Described(live.root, entry)) if entry is not None else None


def entry_meant(
    snapshot: Snapshot, path: str, line: int, word: str, column: int, *, enclosing: bool = False
) -> StoredEntry | None:
    """The entry that a word refers to: the definition of that name there, else what the name is resolved to.

    Where resolution cannot tell, the nearest definition of the name. Without a word, the definition that contains the
    line; with `enclosing`, also for a word that refers to no symbol.

    Args:
        snapshot: the root.
        path: the file.
        line: 1-based.
        word: the identifier at the place; "" for none.
        column: a byte of it in the line, from 0.
        enclosing: see above.
    """
    inside = snapshot.entry_at(path, line)
    entry = None
    if word:
        entry = inside if inside is not None and _is_named(inside, line, word) else None
        if entry is None:
            entry = _resolved(snapshot, path, line, word, column)
    if entry is None and (enclosing or not word) and inside is not None and inside.kind != "block":
        entry = inside
    return entry


def _resolved(snapshot: Snapshot, path: str, line: int, word: str, column: int) -> StoredEntry | None:
    """The entry of the definition that a name is resolved to, or else the nearest one that it may mean."""
    finder = snapshot.use_finder()
    meant = finder.meant_at(path, line, column, word)
    for symbol in meant.symbols:
        entry = snapshot.entry_at(symbol.path, symbol.line)
        if entry is not None and entry.kind != "block" and _is_named(entry, symbol.line, symbol.name):
            return entry
    if meant.symbols:
        return None
    found: list[StoredEntry] = []
    if meant.grade == "possible":
        named = [other for other in snapshot.nearest_named(word, path) if other.kind != "block"]
        found = [one for one in named if finder.may_mean(meant, one.path, one.name_line, one.name)]
    inside = snapshot.entry_at(path, line) if not found else None
    if inside is not None:  # the word may be a part of a name, as in Objective-C
        whole = [name for name in snapshot.graph.references_of(inside) if name != word and word in _words(name)]
        found = [other for name in whole for other in snapshot.nearest_named(name, path)]
    return min(found, key=lambda other: _distance(other, path, line), default=None)


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
    return 1, folders_apart(entry.path, path), entry.stub, entry.id
