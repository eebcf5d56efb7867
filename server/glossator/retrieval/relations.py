"""The entries related to a symbol: what encloses it, what is in it and beside it, its uses, callees and tests.

What is stated of uses rests on resolved names. For evidence, which states nothing, places that only have a fitting name
are better than none: they are used where nothing is resolved, if they are few.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.index.path_index import folders_apart
from glossator.index.records import WHOLE_FILE
from glossator.retrieval.kinds import FUNCTION_KINDS, TYPE_KINDS, is_test
from glossator.retrieval.use_records import DEPENDING, OVERRIDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glossator.index.records import StoredEntry
    from glossator.retrieval.graph import Graph
    from glossator.retrieval.use_records import NamedSymbol, UsePlace
    from glossator.retrieval.uses import UseFinder

USES_LOOKED_UP = 200
"""Places of uses whose entries are looked up, those in the nearest files first."""
FEW_PLACES = 30
"""Up to this many possible places are taken for evidence; among more, any selection would be arbitrary."""


@dataclass(frozen=True, slots=True)
class Relations:
    """The entries related to a symbol; each list has the nearest first.

    Attributes:
        callers, tests: what uses it, outside tests and in them.
        callees: the functions and types that it uses.
        overridden, overriding: of a member those that it overrides or implements, and those that do so to it.
        likely_callers, likely_callees: the same of places that are only possible, where nothing is resolved.
        places: number of places that certainly use it, imports and overriding members not counted; those in tests count
            only if it stands in a test itself.
        possible: number of places that mention the name, and may or may not mean it.
        more: whether there are files that were not looked at.
        unused: whether it can be said that nothing uses it.
    """

    parent: StoredEntry | None
    siblings: tuple[StoredEntry, ...]
    members: tuple[StoredEntry, ...]
    callers: tuple[StoredEntry, ...] = ()
    callees: tuple[StoredEntry, ...] = ()
    tests: tuple[StoredEntry, ...] = ()
    likely_callers: tuple[StoredEntry, ...] = ()
    likely_callees: tuple[StoredEntry, ...] = ()
    overridden: tuple[StoredEntry, ...] = ()
    overriding: tuple[StoredEntry, ...] = ()
    places: int = 0
    possible: int = 0
    more: bool = False
    unused: bool = False


def relations_of(entry: StoredEntry, graph: Graph, finder: UseFinder) -> Relations:
    """The entries related to an entry."""
    in_file = graph.entries_in(entry.path)
    parent = next((other for other in in_file if other.id == entry.parent), None)
    siblings: list[StoredEntry] = []
    if entry.id != WHOLE_FILE:
        wholes = (other for other in in_file if other.part == 0 and other.kind != "block")
        siblings = [other for other in wholes if other.parent == entry.parent and other.id != entry.id]
        siblings.sort(key=lambda other: abs(other.start_line - entry.start_line))
    members = tuple(graph.members(entry))
    symbol = finder.symbol_at(entry.path, entry.name_line, entry.name) if entry.name else None
    if symbol is None or not symbol.definitions:
        return Relations(parent, tuple(siblings), members)
    told = finder.uses(symbol)
    using = [use for use in told.places if use.kind in DEPENDING and use.kind != OVERRIDE]
    resolved = [use for use in using if use.resolved]
    possible = [use for use in using if not use.resolved]
    tested = is_test(entry.path) or entry.kind == "test"
    outside = {(use.path, use.line) for use in resolved if tested or not use.test}
    around = _entries_around(resolved, entry, graph)
    in_tests = _of_tests_alone(resolved, entry, graph) if not tested else set()
    tests = [] if tested else [other for other in around if other.id in in_tests or is_test(other.path)]
    tests.sort(key=lambda other: (other.kind == "block", entry.name.lower() not in other.name.lower()))
    callers = [other for other in around if other not in tests]
    callees, likely = _callees(symbol, entry, graph, finder, members)
    above, below = ((), ()) if symbol.kind in TYPE_KINDS else (finder.overridden(symbol), finder.overriding(symbol))
    return Relations(
        parent,
        tuple(siblings),
        members,
        callers=tuple(callers),
        callees=tuple(callees),
        tests=tuple(tests),
        likely_callers=tuple(_entries_around(possible, entry, graph))
        if not around and len(possible) <= FEW_PLACES
        else (),
        likely_callees=tuple(likely) if not callees else (),
        overridden=tuple(_entries_of(above, entry, graph)),
        overriding=tuple(_entries_of(below, entry, graph)),
        places=len(outside),
        possible=len({(use.path, use.line) for use in possible}),
        more=told.unread > 0,
        unused=told.unused,
    )


def _of_tests_alone(uses: Sequence[UsePlace], entry: StoredEntry, graph: Graph) -> set[int]:
    """The entries around uses that are all in tests, which may stand beside other code (`#[cfg(test)] mod tests`)."""
    inside = {other.id: other.kind for other in _entries_around([use for use in uses if use.test], entry, graph)}
    others = {other.id for other in _entries_around([use for use in uses if not use.test], entry, graph)}
    return {one for one, kind in inside.items() if kind == "test" or one not in others}


def _entries_of(symbols: Iterable[NamedSymbol], entry: StoredEntry, graph: Graph) -> list[StoredEntry]:
    """The entries of some symbols, the nearest first."""
    near = sorted(symbols, key=lambda one: (_distance(one.path, entry.path), one.path, one.line))[:USES_LOOKED_UP]
    found = {
        other.id: other for one in near if (other := graph.entry_at(one.path, one.line)) and other.name == one.name
    }
    return [other for other in found.values() if other.id != entry.id]


def _entries_around(uses: Iterable[UsePlace], entry: StoredEntry, graph: Graph) -> list[StoredEntry]:
    """The innermost entries around some places, without the entry itself and what is in it, the nearest first."""
    near = sorted(uses, key=lambda use: (_distance(use.path, entry.path), use.path, use.line))[:USES_LOOKED_UP]
    found: dict[int, StoredEntry] = {}
    for use in near:
        other = graph.entry_at(use.path, use.line)
        if other is None or other.id in found:
            continue
        inside = other.path == entry.path and entry.start_line <= other.start_line and other.end_line <= entry.end_line
        if not inside:
            found[other.id] = other
    return sorted(found.values(), key=lambda other: (other.kind == "block", _distance(other.path, entry.path)))


def _callees(
    symbol: NamedSymbol, entry: StoredEntry, graph: Graph, finder: UseFinder, members: Iterable[StoredEntry]
) -> tuple[list[StoredEntry], list[StoredEntry]]:
    """The functions and types that a symbol certainly uses, and those that it may use; the nearest first."""
    own = {entry.id, *(member.id for member in members)}
    found: tuple[dict[int, StoredEntry], dict[int, StoredEntry]] = ({}, {})
    for used in finder.callees(symbol):
        target = used.symbol
        if target.kind not in FUNCTION_KINDS | TYPE_KINDS:
            continue
        other = graph.entry_at(target.path, target.line)
        if other is not None and other.name == target.name and other.id not in own:
            found[used.grade != "resolved"].setdefault(other.id, other)
    certain, likely = (sorted(group.values(), key=lambda other: _distance(other.path, entry.path)) for group in found)
    return certain, likely


def _distance(path: str, other: str) -> tuple[int, int]:
    """The distance of two files: 0 for the same file, 1 for the same folder, 2 otherwise; then the folders between."""
    if path == other:
        return 0, 0
    apart = folders_apart(path, other)
    return (1, 0) if apart == 0 else (2, apart)
