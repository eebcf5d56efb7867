"""Replaces declarations by their definitions in results: signatures of overloads, prototypes, methods of interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.index.manifest import ORDINAL_BITS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from glossator.index.records import StoredEntry

_FAMILIES = {"c": "c", "cpp": "c", "objc": "c", "tsx": "typescript", "ocaml_interface": "ocaml"}
"""Families of languages in which one may declare what another defines."""
RESOLVED = 20
"""Only this many top-ranked entries are checked for declarations."""


def same_thing(one: StoredEntry, other: StoredEntry) -> bool:
    """Whether two definitions of a name are the same symbol: overloads, or a prototype and its definition."""
    return (
        (one.stub or other.stub)
        and one.qualified_name == other.qualified_name
        and _FAMILIES.get(one.language, one.language) == _FAMILIES.get(other.language, other.language)
    )


def overloads(entry: StoredEntry, others: Sequence[StoredEntry]) -> list[StoredEntry]:
    """Those of the other entries that are overloads of this one, by line."""
    found = [one for one in others if one.stub and one.path == entry.path and same_thing(one, entry)]
    return sorted((one for one in found if one.id != entry.id), key=lambda one: one.start_line)


def definitions_first(
    ranked: Sequence[tuple[float, int, StoredEntry]],
    exact: set[int],
    named: Callable[[str], Sequence[StoredEntry]],
    rows: Mapping[int, int],
) -> list[tuple[float, int, StoredEntry]]:
    """Ranked entries, with each definition moved to the place of its first declaration.

    Overloads in the same file as the definition are left out; prototypes in other files follow it.

    Args:
        ranked: score, row of the entry's file among the candidates, entry.
        exact: ids of the entries that come first because the query spells them; entries that replace them are added.
        named: finds definitions by bare name.
        rows: revision -> row of the candidate files.
    """
    out = list(ranked)
    at = 0
    while at < min(len(out), RESOLVED):
        score, _, entry = out[at]
        at += 1
        if not entry.stub:
            continue
        later = next((item for item in out[at:] if not item[2].stub and same_thing(item[2], entry)), None)
        if later is None:
            earlier = any(not item[2].stub and same_thing(item[2], entry) for item in out[: at - 1])
            homes = [] if earlier else [one for one in named(entry.name) if not one.stub and same_thing(one, entry)]
            homes.sort(key=lambda one: one.path != entry.path)
            home = next((one for one in homes if _revision(one) in rows), None)
            if home is None:
                continue
            later = (score, rows[_revision(home)], home)
        _, row, definition = later
        out = [item for item in out if item[2].id != definition.id]
        place = next(i for i, item in enumerate(out) if item[2].id == entry.id)
        out.insert(place, (score, row, definition))
        if entry.id in exact:
            exact.add(definition.id)
    defined = {(item[2].path, item[2].qualified_name) for item in out if item[2].part == 0 and not item[2].stub}
    return [item for item in out if not item[2].stub or (item[2].path, item[2].qualified_name) not in defined]


def _revision(entry: StoredEntry) -> int:
    return entry.id >> ORDINAL_BITS
