"""What the arguments of generic types tell: `Nodes<Element>` extends `ArrayList<T>`, whose `get` gives an element.

Java, Kotlin, C#, Rust: a type's parameters are bound by position, and handed on to its supertypes as their heads say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.index.facts import EXTENSION
from glossator.retrieval.resolution.file_view import CONTAINER_KINDS
from glossator.retrieval.resolution.type_texts import FUNCTION, LIST, RECEIVER, TUPLE, UNION, TypeText
from glossator.retrieval.resolution.values import NOTHING_KNOWN, Spot, Value, Values, external

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glossator.index.facts import Symbol
    from glossator.retrieval.resolution.rules import LanguageRules, World
    from glossator.retrieval.resolution.values import Key

_BUILT: Final = frozenset((LIST, TUPLE, FUNCTION, RECEIVER, UNION))
MOST_HANDED_ON: Final = 12
"""So often arguments are handed on from a type to its supertypes."""


def parameter_names(symbol: Symbol) -> list[str]:
    """The names of a generic symbol's parameters."""
    return [one.partition(":")[0] for one in symbol.generics]


def bound_of(world: World, name: str, place: Spot) -> Values | None:
    """Instances of the bound of a type's parameter that is visible at a place; None if the name is none."""
    view = world.view(place.path)
    if view is None:
        return None
    rules = world.rules(place.path)
    for around in view.chain(place.owner):
        bounds = dict(_bounds(rules, view.symbol(around)))
        if name in bounds:
            kind = bounds[name]
            if kind is None or kind.name == name:
                return NOTHING_KNOWN
            # `T extends Enum<T>`: T stands for any `Enum` inside. Put into itself again and again, a name of several
            # classes would stand for more and more values.
            spot = Spot(place.path, around)
            circular = [one for one in dict.fromkeys(_names(kind)) if _leads_to(bounds, one, name)]
            return _with(world, rules, kind, {one: _bare(world, bounds[one], spot) for one in circular}, spot)
    return None


def _bounds(rules: LanguageRules, symbol: Symbol) -> Iterator[tuple[str, TypeText | None]]:
    """The parameters of a generic symbol, each with its bound."""
    for one in symbol.generics:
        parameter, _, bound = one.partition(":")
        yield parameter, rules.read_type(bound) if bound else None


def _bare(world: World, kind: TypeText | None, place: Spot) -> Values:
    """Instances of a type whatever its arguments are."""
    if kind is None or kind.name in _BUILT:
        return NOTHING_KNOWN
    return world.type_value(TypeText(kind.name), place)


def _leads_to(bounds: Mapping[str, TypeText | None], name: str, wanted: str) -> bool:
    """Whether a name is a parameter, or one whose bound names it, or a parameter whose bound does, and so on."""
    waiting, seen = [name], {name}
    while waiting:
        name = waiting.pop()
        if name == wanted:
            return True
        if (kind := bounds.get(name)) is not None:
            fresh = set(_names(kind)) - seen
            seen |= fresh
            waiting.extend(fresh)
    return False


def bound_type(world: World, rules: LanguageRules, value: Value) -> Values:
    """What a member gives or holds whose type names parameters of its class; empty if it names none.

    Args:
        value: the member, reached through the class `this` with some type arguments.
    """
    view = world.view(value.path)
    if view is None:
        return ()
    written = view.symbol(value.number).type
    if written[:1] != "<" or written[-1:] != ">" or "|" in written:
        return ()
    return bound(world, rules, value, rules.read_type(written[1:-1]))


def bound(world: World, rules: LanguageRules, value: Value, kind: TypeText) -> Values:
    """Instances of a type that a member's declaration writes, if it names parameters; else empty.

    Args:
        value: the member, reached through the class `this` with some type arguments.
    """
    view = world.view(value.path)
    if view is None:
        return ()
    symbol = view.symbol(value.number)
    names = set(_names(kind))
    if own := names.intersection(parameter_names(symbol)):  # what the call decides
        place = Spot(value.path, value.number, value.this)
        return _with(world, rules, kind, dict.fromkeys(own, NOTHING_KNOWN), place)
    if value.this is None or symbol.parent < 0:
        return ()
    place = Spot(value.path, value.number, value.this)
    if (around := view.symbol(symbol.parent)).flags & EXTENSION:
        # `impl<T> Slot<T>`: the type's arguments are named where it is extended.
        own_names = [part.name for part in rules.read_type(around.name).arguments]
        home_class = world.enclosing_class(value.path, symbol.parent)
        reached = home_class is not None and home_class.key == value.this
        if not reached or len(own_names) != len(value.arguments) or not names.intersection(own_names):
            return ()
        return _with(world, rules, kind, dict(zip(own_names, value.arguments, strict=True)), place)
    if around.kind not in CONTAINER_KINDS or not names.intersection(parameter_names(around)):
        return ()
    home = (value.path, symbol.parent)
    binding = _handed_on(world, rules, value.this, value.arguments, home, MOST_HANDED_ON)
    return _with(world, rules, kind, binding, place) if binding else ()


def library_supertypes(
    world: World, rules: LanguageRules, key: Key, arguments: tuple[Values, ...], depth: int = MOST_HANDED_ON
) -> Values:
    """The supertypes of a class that lead out of the index, with their arguments.

    Args:
        arguments: those of the class itself.
    """
    view = world.view(key[0])
    if view is None or depth <= 0:
        return ()
    symbol = view.symbol(key[1])
    binding = _binding(symbol, arguments)
    found: dict[Value, None] = {}
    for base in symbol.bases:
        kind = rules.read_type(base)
        inner: tuple[Values, ...] | None = None
        for one in rules.base_value(world, base, Spot(key[0], symbol.parent)):
            if inner is None:
                inner = tuple(_with(world, rules, part, binding, Spot(*key)) for part in kind.arguments)
            if one.kind == "class" and one.key != key:
                found.update(dict.fromkeys(library_supertypes(world, rules, one.key, inner, depth - 1)))
            elif one.kind == "external":
                found[external(one.name, inner)] = None
    return tuple(found)


def _names(kind: TypeText) -> list[str]:
    """The names in a type."""
    return [kind.name, *(name for part in kind.arguments for name in _names(part))]


def _binding(symbol: Symbol, arguments: tuple[Values, ...]) -> dict[str, Values]:
    names = parameter_names(symbol)
    # The last ones may have defaults.
    return dict(zip(names, arguments, strict=False)) if len(names) >= len(arguments) else {}


def _handed_on(
    world: World, rules: LanguageRules, key: Key, arguments: tuple[Values, ...], wanted: Key, depth: int
) -> dict[str, Values]:
    """What the parameters of a supertype stand for in a class with some arguments; empty if that is not known."""
    view = world.view(key[0])
    if view is None or depth <= 0:
        return {}
    symbol = view.symbol(key[1])
    binding = _binding(symbol, arguments)
    if key == wanted:
        return binding
    for base in symbol.bases:
        for one in rules.base_value(world, base, Spot(key[0], symbol.parent)):
            if one.kind == "class" and one.key != key and wanted in world.ancestors(one.key).classes:
                parts = rules.read_type(base).arguments
                inner = tuple(_with(world, rules, part, binding, Spot(*key)) for part in parts)
                return _handed_on(world, rules, one.key, inner, wanted, depth - 1)
    return {}


def _with(world: World, rules: LanguageRules, kind: TypeText, binding: Mapping[str, Values], place: Spot) -> Values:
    """Instances of a type, some of whose names stand for others."""
    if not kind.arguments:
        return binding[kind.name] if kind.name in binding else world.type_value(kind, place)
    if not binding or not binding.keys() & set(_names(kind)):
        return world.type_value(kind, place)
    inner = tuple(_with(world, rules, part, binding, place) for part in kind.arguments)
    if kind.name == UNION:
        return tuple(dict.fromkeys(one for part in inner for one in part))
    if kind.name in _BUILT:
        return (external(kind.name, inner),)
    inside = rules.unwrapped.get(kind.name.replace("::", ".").rpartition(".")[2], len(inner))
    made = world.type_value(TypeText(kind.name), place)
    if inside < len(inner) and all(one.kind != "instance" for one in made):
        return inner[inside]
    return tuple(one._replace(arguments=inner) if one.kind in ("instance", "external") else one for one in made)
