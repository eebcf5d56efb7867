"""What Glossator says about uses, in the form in which `scripts/bench references` compares it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from glossator.retrieval.use_records import CALLING, OVERRIDE

if TYPE_CHECKING:
    from glossator.project.snapshot import Snapshot
    from glossator.retrieval.use_records import NamedSymbol
    from glossator.retrieval.uses import UseFinder


@dataclass(frozen=True, slots=True)
class Found:
    """A use; the line is 1-based, the name as it stands there: an alias, perhaps."""

    path: str
    line: int
    name: str
    kind: str
    resolved: bool
    """Stated as a fact, and not only possible."""


@dataclass(frozen=True, slots=True)
class Callee:
    """A call inside a function: the line and name of the call, and the symbol that it reaches.

    Attributes:
        targets: path and line of the symbol's definitions: several, if it is overloaded or declared apart.
    """

    line: int
    name: str
    targets: tuple[tuple[str, int], ...]
    resolved: bool


class Answerer(Protocol):
    """Answers about a definition, given by the path, line and name."""

    def uses(self, path: str, line: int, name: str, column: int) -> list[Found] | None:
        """Its uses, or None if there is no such definition in the index."""

    def callees(self, path: str, line: int, name: str) -> list[Callee]:
        """The calls inside it."""


class Resolved:
    """The uses that Glossator shows. Each question is asked of a new finder, as a user's is."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def uses(self, path: str, line: int, name: str, column: int) -> list[Found] | None:
        finder = self._snapshot.use_finder()
        symbol = finder.symbol_at(path, line, name)
        if symbol is None or not symbol.definitions:
            symbol = self._declared(finder, path, line, name, column)
        if symbol is None or not symbol.definitions:
            return None
        # What overrides a symbol does not mention it.
        return [
            Found(place.path, place.line, place.name, place.kind, place.resolved)
            for place in finder.uses(symbol).places
            if place.kind != OVERRIDE
        ]

    def _declared(self, finder: UseFinder, path: str, line: int, name: str, column: int) -> NamedSymbol | None:
        """The only symbol that a declaration names which is no definition to Glossator (`class Slice;`): as in an
        editor, what the name there means. In `const size = list.size` the second name says nothing of the first."""
        text = finder.line(path, line)
        for found in re.finditer(rf"\b{re.escape(name)}\b", text):
            before = text[: found.start()]
            if len(before.encode("utf-16-le")) // 2 != column:
                continue
            meant = finder.meant_at(path, line, len(before.encode()), name)
            if meant.grade == "resolved" and len(meant.symbols) == 1:
                return meant.symbols[0]
        return None

    def callees(self, path: str, line: int, name: str) -> list[Callee]:
        finder = self._snapshot.use_finder()
        symbol = finder.symbol_at(path, line, name)
        if symbol is None:
            return []
        return [
            Callee(
                place.line,
                place.name,
                tuple((one.path, one.symbol.line) for one in used.symbol.definitions),
                place.resolved,
            )
            for used in finder.callees(symbol)
            for place in used.places
            if place.kind in CALLING
        ]
