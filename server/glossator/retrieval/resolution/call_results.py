"""What a call of values gives, an index into them, or a loop over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.index.facts import STUB, SUPER
from glossator.retrieval.resolution.handed_functions import agreed
from glossator.retrieval.resolution.type_texts import FUNCTION, TUPLE
from glossator.retrieval.resolution.values import MAX_VALUES, NOTHING_KNOWN, UNKNOWN_VALUE, Spot, Value, bounded_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.retrieval.resolution.rules import LanguageRules, World
    from glossator.retrieval.resolution.values import Values

TUPLES: Final = frozenset(("tuple", "Tuple", TUPLE, "Entry", "Pair", "Triple", "pair"))
"""Types whose arguments are the types of their items."""


def called(world: World, values: Values, outside: LanguageRules) -> Values:
    """What a call of the values results in.

    Args:
        outside: the rules for what lies outside the index.
    """
    if len(values) > 1 and (overloaded := _overloaded(world, values, outside)):
        return overloaded
    if len(values) > 1 and any(one.kind == "external" and one.arguments for one in values):
        # The library's supertype is known well enough.
        values = tuple(one for one in values if one.kind != "missed")
    found: dict[Value, None] = {}
    for value in values:
        found.update(dict.fromkeys(_call(world, value, outside)))
    return bounded_values(found)


def _overloaded(world: World, values: Values, outside: LanguageRules) -> Values:
    """What a call of an overloaded function results in; empty if the values are something else.

    The definition's own type covers all; if it says nothing, the overloads' types do, if they agree.
    """
    definition: Value | None = None
    stubs: list[Value] = []
    names: set[tuple[str, int, str]] = set()
    for value in values:
        view = world.view(value.path) if value.kind == "function" else None
        if view is None:
            return ()
        symbol = view.symbol(value.number)
        names.add((value.path, symbol.parent, symbol.name))
        if symbol.flags & STUB:
            stubs.append(value)
        else:
            definition = value
    if len(names) > 1 or not stubs:
        return ()
    found = _call(world, definition, outside) if definition is not None else NOTHING_KNOWN
    if any(one.kind != "unknown" for one in found):
        return found
    agreed = tuple(dict.fromkeys(one for stub in stubs for one in _call(world, stub, outside)))
    return agreed if len({one.key for one in agreed}) == 1 else (*agreed, UNKNOWN_VALUE)[-MAX_VALUES:]


def _call(world: World, value: Value, outside: LanguageRules) -> Values:
    if value.kind == "class":
        return (Value("instance", value.path, value.number, arguments=value.arguments),)
    if value.kind == "function":
        view = world.view(value.path)
        symbol = view.symbol(value.number) if view else None
        if view is None or symbol is None:
            return NOTHING_KNOWN
        place = Spot(value.path, value.number, value.this)
        if symbol.kind == "constructor" and (made := world.enclosing_class(value.path, value.number)):
            return _call(world, made, outside)
        result = world.evaluate(symbol.type, place) if symbol.type else NOTHING_KNOWN
        return world.rules(value.path).result(world, value, result or NOTHING_KNOWN)
    if value.kind == "instance" and value.name == SUPER:
        return (value,)
    if value.kind == "instance":
        rules = world.rules(value.path)
        if rules.calls_keep:
            return (value,)
        functions = rules.functions_of(world, value)
        if functions and all(one.name == FUNCTION for one in functions):
            return agreed(one.arguments[0] for one in functions)
        return _through(world, value, rules.call_members, rules.external_call)
    if value.kind == "external":
        return outside.external_call(world, value)
    if value.kind == "symbol":
        return called(world, world.held((value,)), outside)
    if value.kind == "module":
        return called(world, world.rules(value.path).module_value(world, value.path), outside)
    return NOTHING_KNOWN


def elements(world: World, values: Values, outside: LanguageRules) -> Values:
    """The elements of the values, by index or in a loop; `outside` as in `called`."""
    found: dict[Value, None] = {}
    for value in values:
        if value.kind == "instance":
            rules = world.rules(value.path)
            inner = _through(world, value, rules.element_members, rules.element)
            found.update(dict.fromkeys(rules.pointed_to(world, value) if inner == NOTHING_KNOWN else inner))
        elif value.kind == "class":
            # `Generic[T]`, or a loop over an enum.
            found[value] = None
        elif value.kind == "external":
            found.update(dict.fromkeys(outside.element(world, value)))
        else:
            found[UNKNOWN_VALUE] = None
    return bounded_values(found)


def items(world: World, values: Values, place: int, outside: LanguageRules) -> Values:
    """The items of tuples, by index; `outside` as in `called`."""
    found: dict[Value, None] = {}
    for value in values:
        if value.kind == "external" and value.name.rpartition(".")[2] in TUPLES and value.arguments:
            known = value.arguments[place : place + 1]
            found.update(dict.fromkeys(known[0] if known and len(value.arguments) > 1 else NOTHING_KNOWN))
        else:
            found.update(dict.fromkeys(elements(world, (value,), outside)))
    return bounded_values(found)


def _through(
    world: World, value: Value, names: tuple[str, ...], of_library: Callable[[World, Value], Values]
) -> Values:
    """What the first of some members of an instance gives when it is called; else what a library's supertype gives,
    whose type arguments are known."""
    for name in names:
        found = world.member(value, name, Spot(value.path))
        if any(one.kind == "symbol" for one in found):
            return world.called(world.held(found))
    for library in world.rules(value.path).library_supertypes(world, value):
        if library.arguments:
            return of_library(world, library)
    return NOTHING_KNOWN
