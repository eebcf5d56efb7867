"""Callers, callees, tests and siblings of a symbol, resolved by name.

The index knows names, not types. So a reference counts as a call of a definition if no other definition of that name is
nearer: in the same file, then in the same folder, then anywhere if there are few. References from languages that cannot
call the definition's are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.index.languages import share_names
from glossator.index.records import WHOLE_FILE, Filter, StoredEntry
from glossator.retrieval.buffers import Buffers
from glossator.retrieval.declarations import same_thing
from glossator.retrieval.ranking_features import FUNCTION_KINDS, TYPE_KINDS, is_test, version_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glossator.index.store import Store
    from glossator.retrieval.buffers import ParsedBuffers

LOOKED_AT = 200
"""Maximum references to a name that are examined; for a name with more, any selection would be arbitrary."""
CALLEES = 80
"""Maximum names of a body that are looked up."""
COMMON = 6
"""A name with more definitions than this is ambiguous, unless one of them is near."""


@dataclass(frozen=True, slots=True)
class Relations:
    """The entries related to a symbol; each list has the nearest first."""

    parent: StoredEntry | None
    callers: tuple[StoredEntry, ...]
    callees: tuple[StoredEntry, ...]
    tests: tuple[StoredEntry, ...]
    siblings: tuple[StoredEntry, ...]
    members: tuple[StoredEntry, ...]
    caller_count: int
    """Number of entries outside tests that refer to its name; more than `callers` if the name is common."""
    namesakes: int
    """Number of other definitions of the name: their callers cannot be distinguished from this one's."""


def likelier_first(name: str, entries: Sequence[StoredEntry]) -> list[StoredEntry]:
    """Definitions of a name in the store's order, but among equal matches, declarations follow definitions, then come
    outdated versions ("src/v3" beside "src/v4"), and tests last."""
    newest: dict[str, int] = {}
    for entry in entries:
        if version := version_folder(entry.path):
            newest[version[0]] = max(version[1], newest.get(version[0], 0))
    last = name.replace("::", ".").replace("#", ".").rpartition(".")[2]

    def rank(entry: StoredEntry) -> tuple[int, bool, bool, bool]:
        version = version_folder(entry.path)
        outdated = version is not None and version[1] < newest[version[0]]
        likeness = 0 if entry.name == name else 1 if entry.name == last else 2
        return likeness, is_test(entry.path), outdated, entry.stub

    return sorted(entries, key=rank)


def nearest_to_line(entries: Sequence[StoredEntry], line: int) -> StoredEntry | None:
    """The entry nearest to an empty line, of two equally near the one below; None for a line after all entries."""
    if not entries or line > max(entry.end_line for entry in entries):
        return None
    return min(entries, key=lambda entry: (max(entry.start_line - line, line - entry.end_line), -entry.start_line))


class Graph:
    """The name graph of an index, in which unsaved buffers replace the stored entries of their files."""

    def __init__(self, store: Store, overlay: ParsedBuffers | None = None) -> None:
        self._store = store
        self._buffers = Buffers(overlay or {}, Filter())

    def entry(self, number: int) -> StoredEntry | None:
        """The entry with this id."""
        if number < 0:
            return self._buffers.entries.get(number)
        return next(iter(self._store.entries([number])), None)

    def entries_in(self, path: str) -> list[StoredEntry]:
        """The entries of a file."""
        return self._buffers.entries_in(path) if path in self._buffers.paths else self._store.entries_in(path)

    def entry_at(self, path: str, line: int) -> StoredEntry | None:
        """The innermost definition at a line, or else the block there."""
        if path in self._buffers.paths:
            return self._buffers.entry_at(path, line)
        return self._store.entry_at(path, line)

    def named(self, name: str, limit: int = 50) -> list[StoredEntry]:
        """Definitions of a name; those in buffers first."""
        own = [
            entry
            for entry in self._buffers.entries.values()
            if entry.part == 0 and name in (entry.name, entry.qualified_name)
        ]
        own.sort(key=lambda entry: entry.stub)
        stored = [entry for entry in self._store.named(name, limit) if entry.path not in self._buffers.paths]
        return own + likelier_first(name, stored)

    def nearest_named(self, name: str, path: str, limit: int = 20) -> list[StoredEntry]:
        """Definitions of exactly that bare name: those in buffers, then the stored ones closest to a file."""
        own = [entry for entry in self._buffers.entries.values() if entry.part == 0 and entry.name == name]
        stored = self._store.nearest_named(name, path, limit)
        return own + [entry for entry in stored if entry.path not in self._buffers.paths]

    def reference_count(self, name: str) -> int:
        """How many entries refer to a name, in buffers and in files without a buffer."""
        return self._store.reference_count(name, self._buffers.paths) + self._buffers.reference_count(name)

    def callee_count(self, entry: StoredEntry) -> int:
        """How many of the names that an entry refers to are defined in the index."""
        if entry.id < 0:
            return self._store.defined_count(self._buffers.references_of(entry.id))
        return self._store.callee_count(entry.id)

    def references_of(self, entry: StoredEntry) -> tuple[str, ...]:
        """The names that an entry refers to."""
        return self._buffers.references_of(entry.id) if entry.id < 0 else self._store.references_of(entry.id)

    def referring_to(self, name: str, limit: int = LOOKED_AT) -> list[StoredEntry]:
        """Entries that refer to a name; those in buffers first."""
        stored = (entry for entry in self._store.referring_to(name, limit) if entry.path not in self._buffers.paths)
        return [*self._buffers.referring_to(name), *stored]

    def members(self, entry: StoredEntry) -> list[StoredEntry]:
        """The definitions directly inside an entry, in order."""
        parent = None if entry.id == WHOLE_FILE else entry.id
        inside = (other for other in self.entries_in(entry.path) if other.part == 0 and other.kind != "block")
        return [other for other in inside if other.parent == parent]

    def relations(self, entry: StoredEntry) -> Relations:
        """The entries related to an entry."""
        around = self.entries_in(entry.path)
        wholes = [other for other in around if other.part == 0 and other.kind != "block"]
        parent = next((other for other in around if other.id == entry.parent), None)
        members = self.members(entry)
        siblings = [other for other in wholes if other.parent == entry.parent and other.id != entry.id]
        siblings.sort(key=lambda other: abs(other.start_line - entry.start_line))
        if entry.id == WHOLE_FILE:
            siblings = []
        callers, tests, count, namesakes = self._callers(entry)
        return Relations(
            parent=parent,
            callers=tuple(callers),
            callees=tuple(self._callees(entry, members)),
            tests=tuple(tests),
            siblings=tuple(siblings),
            members=tuple(members),
            caller_count=count,
            namesakes=namesakes,
        )

    def _callers(self, entry: StoredEntry) -> tuple[list[StoredEntry], list[StoredEntry], int, int]:
        if not entry.name:
            return [], [], 0, 0
        homes = [
            other
            for other in self.named(entry.name, COMMON * 4)
            if other.name == entry.name and share_names(other.language, entry.language)
        ]
        others = [other for other in homes if other.id != entry.id and not same_thing(other, entry)]
        found: list[StoredEntry] = []
        for other in self.referring_to(entry.name):
            inside = (
                other.path == entry.path and entry.start_byte <= other.start_byte and other.end_byte <= entry.end_byte
            )
            if other.id != entry.id and not inside and share_names(other.language, entry.language):
                found.append(other)
        found = _innermost(found)
        tests = [other for other in found if is_test(other.path) or other.kind == "test"]
        callers = [other for other in found if other not in tests]
        count = len(callers)
        if others:
            # A reference may be to another definition of the name: keep those to which this one is nearest.
            elsewhere = {other.path for other in others}
            callers = [other for other in callers if _nearest(other.path, entry.path, elsewhere)]
        callers.sort(key=lambda other: (other.kind == "block", *_distance(other.path, entry.path), other.id))
        tests.sort(key=lambda other: (other.kind == "block", entry.name.lower() not in other.name.lower()))
        return callers, tests, count, len(others)

    def _callees(self, entry: StoredEntry, members: Iterable[StoredEntry]) -> list[StoredEntry]:
        own = {entry.id, *(member.id for member in members)}
        found: list[tuple[tuple[int, int], int, StoredEntry]] = []
        for place, name in enumerate(self.references_of(entry)[:CALLEES]):
            homes = [
                other
                for other in self.named(name, COMMON * 4)
                if other.name == name
                and other.id not in own
                and other.kind in FUNCTION_KINDS | TYPE_KINDS
                and share_names(other.language, entry.language)
            ]
            if not homes:
                continue
            nearest = min(homes, key=lambda other: (_distance(other.path, entry.path), other.stub, other.id))
            distance = _distance(nearest.path, entry.path)
            if len(homes) > COMMON and distance[0]:
                continue
            found.append((distance, place, nearest))
        found.sort(key=lambda item: item[:2])
        return list({other.id: other for _, _, other in found}.values())


def _innermost(entries: list[StoredEntry]) -> list[StoredEntry]:
    """The entries that do not enclose another one in the list (as a class does whose method refers to the name)."""
    enclosing = {entry.parent for entry in entries if entry.parent is not None}
    return [entry for entry in entries if entry.id not in enclosing and entry.part == 0]


def _distance(path: str, other: str) -> tuple[int, int]:
    """The distance of two files: 0 for the same file, 1 for the same folder, 2 otherwise; then the folders between."""
    if path == other:
        return 0, 0
    left, right = path.split("/")[:-1], other.split("/")[:-1]
    shared = 0
    while shared < min(len(left), len(right)) and left[shared] == right[shared]:
        shared += 1
    apart = len(left) + len(right) - 2 * shared
    return (1, 0) if apart == 0 else (2, apart)


def _nearest(path: str, home: str, elsewhere: set[str]) -> bool:
    """Whether `home` is at least as close to `path` as every other file that defines the name."""
    here = _distance(path, home)
    return all(here <= _distance(path, other) for other in elsewhere)
