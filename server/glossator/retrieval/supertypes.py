"""What is above a type: the types that it names as its supertypes, and in Go the interfaces whose methods it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.index.facts import EXTENSION
from glossator.retrieval.go_interfaces import GoComparison, go_comparison, go_interfaces_of
from glossator.retrieval.kinds import TYPE_KINDS
from glossator.retrieval.resolution.values import Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glossator.retrieval.resolution.values import DefinedSymbol, Key
    from glossator.retrieval.use_records import NamedSymbol
    from glossator.retrieval.uses import UseFinder


@dataclass(frozen=True, slots=True)
class NamedSupertype:
    """A supertype.

    Attributes:
        name: as it is written, or the name of what is outside the index.
        symbol: its definition; None if the index has none.
        direct: whether the type itself names it.
        unknown: whether nothing is known of what it is.
    """

    name: str
    symbol: NamedSymbol | None
    direct: bool
    unknown: bool = False


class SupertypeFinder:
    """Finds what is above types."""

    def __init__(self, finder: UseFinder) -> None:
        self._finder = finder
        self.resolver = finder.resolver

    def named(self, symbol: NamedSymbol) -> list[NamedSupertype]:
        """The supertypes that a type names, in the order in which it does, then those that these name, and so on."""
        found: dict[str, NamedSupertype] = {}
        seen: set[Key] = {one.key for one in symbol.definitions}
        level = [symbol]
        direct = True
        while level:
            following: list[NamedSymbol] = []
            for definition in (part for one in level for part in self._parts(one)):
                for base, key, unknown in self._written(definition):
                    if key is None:
                        found.setdefault(base, NamedSupertype(base, None, direct, unknown))
                    elif key not in seen and (one := self.resolver.definition_at(*key)) is not None:
                        named = self._finder.whole(one)
                        seen.update(part.key for part in (one, *named.definitions))
                        following.append(named)
                        found[f"{key}"] = NamedSupertype(base, named, direct)
            level, direct = following, False
        return list(found.values())

    def _parts(self, symbol: NamedSymbol) -> Iterator[DefinedSymbol]:
        """The definitions of a type, and the extensions of it that name supertypes (`impl Door for Gate`)."""
        yield from symbol.definitions
        world = self.resolver.world
        for path in world.likeliest_mentioning(symbol.name):
            view = world.view(path)
            if view is None or view.facts.language != symbol.language:
                continue
            for index in view.outside_members(symbol.name):
                one = view.symbol(index)
                if one.flags & EXTENSION and one.bases:
                    around = world.enclosing_class(path, index)
                    if around is not None and any(around.key == own.key for own in symbol.definitions):
                        yield view.definition(index)

    def _written(self, definition: DefinedSymbol) -> Iterator[tuple[str, Key | None, bool]]:
        """The supertypes that a definition names: as written, the class of the index, whether it is unknown."""
        world = self.resolver.world
        place = Spot(definition.path, definition.symbol.parent)
        for base in definition.symbol.bases:
            values = world.rules(definition.path).base_value(world, base, place)
            classes = [one for one in values if one.kind == "class"]
            unknown = not classes and any(one.kind == "unknown" for one in values)
            yield base, classes[0].key if classes else None, unknown

    def way(self, symbol: NamedSymbol, other: NamedSymbol) -> list[NamedSymbol]:
        """The types from one that a type names to a supertype, that included; empty if that is none."""
        targets = {one.key for one in other.definitions}
        pending: list[tuple[NamedSymbol, list[NamedSymbol]]] = [(symbol, [])]
        seen: set[tuple[str, int]] = set()
        while pending:
            current, before = pending.pop(0)
            for one in self.named(current):
                if one.symbol is None or not one.direct or (key := one.symbol.definitions[0].key) in seen:
                    continue
                seen.add(key)
                path = [*before, one.symbol]
                if targets.intersection(definition.key for definition in one.symbol.definitions):
                    return path
                pending.append((one.symbol, path))
        above = {key for one in symbol.definitions for key in self.resolver.world.ancestors(one.key).classes}
        return [other] if above & targets else []

    def implementing(self, symbol: NamedSymbol, other: NamedSymbol) -> list[NamedSymbol]:
        """The members of a type that override or implement one of a supertype."""
        targets = {one.key for one in other.definitions}
        found: list[NamedSymbol] = []
        for member in self._members(symbol):
            homes = (self.resolver.class_key(one) for one in self.resolver.supers(member))
            if targets.intersection(key for key in homes if key is not None):
                found.append(self._finder.whole(member))
        return list(dict.fromkeys(found))

    def _members(self, symbol: NamedSymbol) -> Iterator[DefinedSymbol]:
        """The members of a type, those of its extensions included."""
        world = self.resolver.world
        keys = {one.key for one in symbol.definitions}
        paths = dict.fromkeys([*(one.path for one in symbol.definitions), *world.likeliest_mentioning(symbol.name)])
        for path in paths:
            view = world.view(path)
            for index, one in enumerate(view.facts.symbols if view is not None else ()):
                if view is None or one.kind in TYPE_KINDS or one.flags & EXTENSION:
                    continue
                definition = view.definition(index)
                if self.resolver.is_member(definition) and self.resolver.class_key(definition) in keys:
                    yield definition

    def missing_members(self, symbol: NamedSymbol, other: NamedSymbol) -> list[str]:
        """The names of members that a type does not have of one that is implemented without being named; none if it may
        have them from outside the index."""
        if not self._finder.is_structural(other):
            return []
        above = [self.resolver.world.ancestors(one.key) for one in symbol.definitions]
        if any(one.externals or one.open for one in above):
            return []
        keys = [key for one in above for key in one.classes]
        names = dict.fromkeys(member.name for member in self._members(other))
        return [name for name in names if not any(self.resolver.world.own_members(key, name) for key in keys)]

    def go_interfaces(self, symbol: NamedSymbol) -> list[GoComparison]:
        """See `go_interfaces_of`; none for other languages, and for interfaces."""
        if symbol.language != "go" or symbol.kind == "interface" or not symbol.definitions:
            return []
        return go_interfaces_of(self.resolver, self._finder.lines, symbol.definitions[0])

    def compared(self, symbol: NamedSymbol, interface: NamedSymbol) -> GoComparison:
        """A type of Go beside an interface."""
        return go_comparison(self.resolver, self._finder.lines, symbol.definitions[0], interface.definitions[0])
