"""Templates in C++: versions for certain arguments, `template <> struct hash<Session> {`, and other names of classes.

Each version is a class of its own, with members of its own, and which of them a name means depends on arguments that
are not followed. A name before a member means what the template itself has, or a version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.index.facts import SPECIAL, STUB
from glossator.retrieval.resolution.file_view import CONTAINER_KINDS
from glossator.retrieval.resolution.values import UNKNOWN_VALUE, Value

if TYPE_CHECKING:
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import DefinedSymbol, Values


def with_doubt(world: World, found: Values) -> Values:
    """What a name means, and something unknown too if it is that of a template with versions."""
    if UNKNOWN_VALUE in found or not any(is_version(world, one) for one in found):
        return found
    return (*found, UNKNOWN_VALUE)


def classes_of(found: Values) -> Values:
    """The classes of which some values are instances, as those of another name of a class are (`using Base =
    Pool<Item>;`); empty if one is of no class."""
    if any(one.kind != "instance" for one in found):
        return ()
    return tuple(dict.fromkeys(Value("class", *one.key) for one in found))


def is_version(world: World, value: Value) -> bool:
    """Whether a value is a version of a template."""
    view = world.view(value.path) if value.kind in ("symbol", "class", "instance") else None
    return view is not None and bool(view.symbol(value.number).flags & SPECIAL)


def of_two_versions(world: World, one: DefinedSymbol, other: DefinedSymbol) -> bool:
    """Whether two definitions are, or are members of, two versions of a template, or of one and of the template itself.

    Of what is defined outside its class (`void Pool<int>::run() {`) the class is not known.
    """
    mine, its = _home(world, one), _home(world, other)
    if mine is None or its is None:
        return False
    flags = mine.symbol.flags | its.symbol.flags
    return bool(flags & SPECIAL) and not flags & STUB and mine.key != its.key


def _home(world: World, definition: DefinedSymbol) -> DefinedSymbol | None:
    """The class that a definition is, or stands in; None if it is in none."""
    view = world.view(definition.path)
    if view is None or (definition.symbol.scope and definition.symbol.kind not in CONTAINER_KINDS):
        return None
    for index in view.chain(definition.index):
        if view.symbol(index).kind in CONTAINER_KINDS:
            return view.definition(index)
    return None
