"""Queries of the manifest: entries by id, location or name, references.

It reads the tables that `manifest.py` writes.
"""

from __future__ import annotations

import json
import re
from array import array
from typing import TYPE_CHECKING, Any, cast

from glossator.index.database import encodable, path_in, path_out
from glossator.index.fact_tables import StoredFacts
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.records import StoredEntry
from glossator.late_patterns import late

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from glossator.index.database import Database

_ENTRY = (
    "SELECT e.id, f.path, f.language, e.kind, n.name, e.qualified_name, e.signature, e.doc, e.parent, e.part, "
    "e.start_line, e.end_line, e.name_line, e.start_byte, e.end_byte, e.stub FROM entries e "
    "JOIN files f ON f.id = e.id >> 20 LEFT JOIN names n ON n.id = e.name "
)
"""Selects the fields of a StoredEntry, languages and kinds by their numbers; 20 is ORDINAL_BITS."""

_NAMED = "WHERE e.name = (SELECT id FROM names WHERE name = ?) AND e.part = 0 ORDER BY e.stub, e.id"
_FOLDED = "WHERE e.name IN (SELECT id FROM names WHERE folded = ?) AND e.part = 0 ORDER BY e.stub, e.id"
_FIRST = (
    "JOIN (SELECT s.id AS first FROM (SELECT id, stub, qualified_name FROM entries "
    "WHERE {} AND part = 0 AND name IS NOT NULL ORDER BY stub, qualified_name IS NOT NULL, id LIMIT 5000) s "
    "JOIN files h ON h.id = s.id >> 20 ORDER BY s.stub, s.qualified_name IS NOT NULL, h.path, s.id LIMIT ?) "
    "ON first = e.id ORDER BY e.stub, e.qualified_name IS NOT NULL, e.id"
)
_FIRST_BY_PATH = (
    "JOIN (SELECT s.id AS first, h.path AS home FROM (SELECT id FROM entries WHERE name = (SELECT id FROM names "
    "WHERE name = ?) AND part = 0 AND name IS NOT NULL ORDER BY id LIMIT 5000) s "
    "JOIN files h ON h.id = s.id >> 20 ORDER BY h.path, s.id LIMIT ?) ON first = e.id ORDER BY home, e.id"
)
"""Among definitions of one name, paths decide. Of more than 5000, those that were indexed first are looked at."""
_FIRST_NAMED = _FIRST.format("name = (SELECT id FROM names WHERE name = ?)")
_FIRST_FOLDED = _FIRST.format("name IN (SELECT id FROM names WHERE folded = ?)")
"""Some of a name's definitions, which may be thousands: those with a body first, then those at the top level."""
_OF_NAMES = (
    "JOIN json_each(?) j ON e.name = j.value AND e.part = 0 "
    "WHERE coalesce(e.qualified_name, n.name) LIKE ? ESCAPE '\\' ORDER BY j.key, e.id LIMIT ?"
)
_LIKE = (
    "SELECT id, name FROM names WHERE folded >= ? AND folded < ? AND folded LIKE ? ESCAPE '\\' "
    "ORDER BY length(folded), name LIMIT ?"
)
_HOMES = (  # noqa: S608 - put together from constants
    "SELECT value, first, last FROM (SELECT j.value, ({0} LIMIT 1) AS first, ({0} DESC LIMIT 1) AS last, "
    "({0} LIMIT 1 OFFSET 2) AS third FROM json_each(?) j) WHERE first IS NOT NULL AND third IS NULL"
).format("SELECT id FROM entries WHERE name = j.value AND part = 0 AND name IS NOT NULL ORDER BY id")
"""The first and last definition of each name with at most two; those of common names are not read."""
_RARELY_DEFINED = (
    "SELECT e.id, e.name FROM json_each(?) j JOIN entries e ON e.id = j.value WHERE e.part = 0 AND e.name IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM entries WHERE name = e.name AND part = 0 AND name IS NOT NULL LIMIT 1 OFFSET 2)"
)
"""Those of some definitions whose names have at most two."""

CANDIDATES = 300
"""Maximum names ranked for each kind of match, the shortest ones: about 3 ms."""


_entry = cast("Callable[[type[StoredEntry], tuple[Any, ...]], StoredEntry]", tuple.__new__)
"""Makes an entry of its fields, in half the time that its constructor takes for arguments."""


class Lookup:
    """Queries of one manifest, from any thread. `facts` has what the resolution of names rests on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._labels: dict[int, str] = {}
        self.facts = StoredFacts(database)

    def entries(self, ids: Sequence[int]) -> list[StoredEntry]:
        """The entries with these ids, in that order; unknown ids are left out."""
        found = {entry.id: entry for entry in self._select("JOIN json_each(?) j ON e.id = j.value", (_json(ids),))}
        return [found[number] for number in ids if number in found]

    def content_hash(self, path: str) -> bytes | None:
        """The hash of a file's bytes when it was indexed; None if it is not indexed."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT content_hash FROM files WHERE path = ?", (path_in(path),)).fetchone()
        return row[0] if row else None

    def _select(self, condition: str, values: Sequence[object]) -> list[StoredEntry]:
        """The entries that a condition on `_ENTRY` selects."""
        with self._database.reading() as connection:
            return self._decoded(connection, connection.execute(_ENTRY + condition, values).fetchall())

    def _decoded(self, connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> list[StoredEntry]:
        """The entries that rows of `_ENTRY` describe."""
        labels = self._labels_of(connection, {row[2] for row in rows} | {row[3] for row in rows})
        entries: list[StoredEntry] = []
        for number, path, language, kind, name, qualified, signature, doc, parent, *others, stub in rows:
            name = name or ""
            qualified = name if qualified is None else qualified
            parent = None if parent is None else (number >> ORDINAL_BITS << ORDINAL_BITS) + parent
            path = path if isinstance(path, str) else path_out(path)
            fields = path, labels[language], labels[kind], name, qualified, signature, doc, parent, *others
            entries.append(_entry(StoredEntry, (number, *fields, stub != 0)))
        return entries

    def _labels_of(self, connection: sqlite3.Connection, numbers: set[int]) -> dict[int, str]:
        """Number -> label, of these languages and kinds and of others. No label ever changes."""
        if not numbers <= self._labels.keys():
            self._labels = dict(connection.execute("SELECT id, label FROM labels").fetchall())
        return self._labels

    def _span(self, path: str) -> tuple[int, int] | None:
        """The half-open range of ids of a file's entries."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT id FROM files WHERE path = ?", (path_in(path),)).fetchone()
        return (row[0] << ORDINAL_BITS, (row[0] + 1) << ORDINAL_BITS) if row else None

    def entries_in(self, path: str) -> list[StoredEntry]:
        """All entries of a file, in order."""
        span = self._span(path)
        if span is None:
            return []
        return self._select("WHERE e.id >= ? AND e.id < ? ORDER BY e.id", span)

    def entry_at(self, path: str, line: int) -> StoredEntry | None:
        """The innermost definition that contains the line, or else the block there."""
        span = self._span(path)
        if span is None:
            return None
        values = (*span, line, line)
        matches = self._select(
            "WHERE e.id >= ? AND e.id < ? AND e.start_line <= ? AND e.end_line >= ? AND e.part = 0 "
            "ORDER BY e.kind = (SELECT id FROM labels WHERE label = 'block'), e.end_line - e.start_line, e.id DESC "
            "LIMIT 1",
            values,
        )
        return matches[0] if matches else None

    def reference_counts(self, names: Iterable[str]) -> dict[str, int]:
        """How many entries refer to each of the names; 0 for unknown ones."""
        counts = {}
        with self._database.reading() as connection:
            for name in names:
                row = connection.execute("SELECT refs FROM names WHERE name = ?", (encodable(name),)).fetchone()
                counts[name] = row[0] if row else 0
        return counts

    def references_of(self, entry_id: int) -> tuple[str, ...]:
        """The names that an entry refers to, in order of first use."""
        return self.references_of_all([entry_id]).get(entry_id, ())

    def references_of_all(self, ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
        """Id -> the names that the entry refers to, in order of first use; those without any may be left out."""
        with self._database.reading() as connection:
            select = "SELECT e.id, e.refs FROM json_each(?) j JOIN entries e ON e.id = j.value WHERE e.refs IS NOT NULL"
            refs = {number: array("I", packed) for number, packed in connection.execute(select, (_json(ids),))}
            select = "SELECT n.id, n.name FROM json_each(?) j JOIN names n ON n.id = j.value"
            names = dict(connection.execute(select, (_json(set().union(*refs.values())),)).fetchall())
        return {number: tuple(names[one] for one in found if one in names) for number, found in refs.items()}

    def centroids(self, revisions: Iterable[int]) -> dict[int, bytes]:
        """The mean directions of files' vectors, float16; unknown revisions and files without vectors are left out."""
        with self._database.reading() as connection:
            select = (
                "SELECT files.id, centroid FROM json_each(?) JOIN files ON files.id = value WHERE centroid IS NOT NULL"
            )
            return dict(connection.execute(select, (_json(revisions),)).fetchall())

    def named(self, name: str, limit: int = 50, *, any_case: bool = True) -> list[StoredEntry]:
        """Definitions of a name (bare, qualified, or qualified by modules too): exact case first, then any case.

        Without `any_case`, those in another case only if none has exactly that bare name.
        """
        name = encodable(name.strip())
        if not name:
            return []
        parts = [part for part in _SEPARATORS.split(name) if part]
        found: dict[int, StoredEntry] = {}
        for folded in (False, True):
            named, first, fold = (_FOLDED, _FIRST_FOLDED, str.casefold) if folded else (_NAMED, _FIRST_NAMED, str)
            last = parts[-1] if parts else name
            private = (f"#{last}",) if "#" in name else ()  # JavaScript's `#name` has the mark in its name
            for bare in dict.fromkeys((name, *private, last)):
                # Among equals by path, not in the order in which files were indexed.
                if parts == [name]:
                    matches = self._select(first, (fold(bare), limit))
                    matches.sort(key=lambda one: (one.stub, one.qualified_name != one.name, one.path, one.id))
                else:
                    matches = self._select(named, (fold(bare),))
                    matches.sort(key=lambda one: (one.stub, one.path, one.id))
                wanted = [fold(bare)] if bare == name else [fold(part) for part in parts]
                whole = [entry for entry in matches if fold(entry.qualified_name) == fold(name)]
                rest = [entry for entry in matches if _ends_with(entry, wanted, fold)]
                for entry in (*whole, *rest):
                    found.setdefault(entry.id, entry)
            if len(found) >= limit or (not any_case and any(entry.name == name for entry in found.values())):
                break
        return list(found.values())[:limit]

    def unnamed(self, names: Iterable[str]) -> set[str]:
        """Those of some names that no definition has, whatever the case; of qualified names nothing is said."""
        folded = {name: encodable(name).casefold() for name in names if not _SEPARATORS.search(name)}
        select = "SELECT value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM names WHERE folded = value)"
        with self._database.reading() as connection:
            rows = connection.execute(select, (json.dumps(list(folded.values())),)).fetchall()
        absent = {row[0] for row in rows}
        return {name for name, one in folded.items() if one in absent}

    def nearest_named(self, name: str, path: str, limit: int = 20) -> list[StoredEntry]:
        """Definitions of exactly that bare name: those in the file, then those in files indexed at about the same time.

        Where the index has no such file ("" for none), the first ones by path.

        Only `limit` rows are read even if there are thousands, so this is fast enough for a hover.
        """
        span = self._span(path) if path else None
        if span is None:  # near to nothing: paths decide, not the order in which files were indexed
            return self._select(_FIRST_BY_PATH, (encodable(name), limit))
        start, end = span
        return self._select(
            "JOIN (SELECT id, min(max(? - id, id - ?, 0), 1) AS elsewhere, abs(id - ?) AS apart FROM entries "
            "WHERE name = (SELECT id FROM names WHERE name = ?) AND part = 0 AND name IS NOT NULL "
            "ORDER BY elsewhere, apart LIMIT ?) near ON near.id = e.id ORDER BY near.elsewhere, near.apart",
            (start, end - 1, start, encodable(name), limit),
        )

    def rare_homes(self, ids: Iterable[int], known: dict[int, frozenset[int]] | None = None) -> dict[int, set[int]]:
        """Id -> the definitions that it refers to by names with at most two definitions.

        `known` has what earlier calls found out about names since the last commit, and is added to.
        """
        known = {} if known is None else known
        with self._database.reading() as connection:
            select = "SELECT e.id, e.refs FROM json_each(?) j JOIN entries e ON e.id = j.value WHERE e.refs IS NOT NULL"
            names = {number: array("I", refs) for number, refs in connection.execute(select, (_json(ids),))}
            missing = sorted(set().union(*names.values()) - known.keys())
            if missing:
                known.update(dict.fromkeys(missing, frozenset[int]()))
                homes = connection.execute(_HOMES, (_json(missing),))
                known.update((name, frozenset((first, last))) for name, first, last in homes)
        return {number: set().union(*map(known.__getitem__, found)) for number, found in names.items()}

    def references_among(self, ids: Iterable[int], homes: Iterable[int]) -> dict[int, set[int]]:
        """What `rare_homes` finds, but only those of some definitions; ids that refer to none may be left out."""
        of_name: dict[int, set[int]] = {}
        with self._database.reading() as connection:
            for home, name in connection.execute(_RARELY_DEFINED, (_json(homes),)):
                of_name.setdefault(name, set()).add(home)
            if not of_name:
                return {}
            select = "SELECT e.id, e.refs FROM json_each(?) j JOIN entries e ON e.id = j.value WHERE e.refs IS NOT NULL"
            met = {
                number: of_name.keys() & array("I", refs) for number, refs in connection.execute(select, (_json(ids),))
            }
        return {number: set().union(*(of_name[name] for name in names)) for number, names in met.items() if names}

    def names_like(self, pattern: str, limit: int = 50) -> list[StoredEntry]:
        """Definitions whose name matches fuzzily, best first; parts before a "." must occur in the qualified name."""
        pattern = encodable(pattern.strip())
        *scopes, bare = [part for part in _SEPARATORS.split(pattern) if part] or [""]
        if not bare:
            return []
        folded = bare.casefold()
        inside = f"%{_like(folded)}%"
        loose = "%" + "%".join(_like(char) for char in folded if not char.isspace()) + "%"
        enough = max(CANDIDATES, limit)
        found: dict[int, str] = {}
        with self._database.reading() as connection:
            # From narrow to wide: prefix; the letters in order, from the first on; substring; the letters in order.
            for start, like in ((folded, inside), (folded[0], loose), ("", inside), ("", loose)):
                found.update(connection.execute(_LIKE, (start, start + "\U0010ffff", like, enough)))
                if len(found) >= limit and not scopes:
                    break
        ranked = sorted((_likeness(name, bare), len(name), name, number) for number, name in found.items())
        scope = "%" + "%".join(map(_like, scopes)) + "%"
        return self._select(_OF_NAMES, (_json(number for *_, number in ranked), scope, limit))


_SEPARATORS = late(r"::|->|[.#/\\]")
_HUMPS = late(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")


def _json(numbers: Iterable[int]) -> str:
    return json.dumps(list(map(int, numbers)))


def _like(text: str) -> str:
    """`text` with LIKE's special characters escaped."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def _ends_with(entry: StoredEntry, wanted: list[str], fold: Any) -> bool:
    """Whether the path and qualified name of the entry, as one list of parts, end with `wanted`."""
    if len(wanted) == 1:
        return bool(fold(entry.name) == wanted[0])
    stem = re.sub(r"(/__init__|/index|/mod)?\.[^./]*$", "", entry.path)
    parts = [fold(part) for part in (*stem.split("/"), *_SEPARATORS.split(entry.qualified_name)) if part]
    return parts[-len(wanted) :] == wanted


def _likeness(name: str, pattern: str) -> int:
    """How well the name matches: 0 exactly, then by case, prefix, word prefixes, a word's start, substring, letters."""
    folded, wanted = name.casefold(), pattern.casefold()
    if name == pattern:
        return 0
    if folded == wanted:
        return 1
    if folded.startswith(wanted):
        return 2 if name.startswith(pattern) else 3
    if folded[:1] == wanted[:1] and _matches_humps(name, wanted):
        return 4
    at = folded.find(wanted)
    if at > 0:
        starts = not name[at - 1].isalnum() or (name[at : at + 1].isupper() and not name[at - 1].isupper())
        return 5 if starts else 6
    return 7


def _matches_humps(name: str, wanted: str) -> bool:
    """Whether the pattern is made of prefixes of the name's words, the first included ("gsc" in getSymbolCount)."""
    states = {0}
    for index, hump in enumerate(_HUMPS.findall(name)):
        word = hump.casefold()
        reached = set() if index == 0 else set(states)
        for state in states:
            for length in range(1, len(word) + 1):
                if not wanted.startswith(word[:length], state):
                    break
                reached.add(state + length)
        states = reached
        if len(wanted) in states:
            return True
    return False
