"""What a function without a name is called with: it follows from what takes it.

`app.get("/", (c) => ...)`: `c` is what `app.get` calls its second argument with. First the type that the call takes
there, `app.get(2:1)`, then what a function of that type is called with, `(:0)`. Where several types come into question,
all have to agree; otherwise what they say is only possible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.index.argument_types import VARIADIC
from glossator.index.facts import STUB, SUPER, UNKNOWN
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS
from glossator.retrieval.resolution.parameters import may_override, takes
from glossator.retrieval.resolution.receivers import arguments_in
from glossator.retrieval.resolution.type_texts import FUNCTION, LIST, OPTIONAL, RECEIVER, REST, TUPLE, TypeText
from glossator.retrieval.resolution.values import NOTHING_KNOWN, UNKNOWN_VALUE, Spot, Value, bounded_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glossator.index.facts import Symbol
    from glossator.retrieval.resolution.rules import LanguageRules, World
    from glossator.retrieval.resolution.values import Key, Values


def handed(world: World, values: Values, step: str, outside: LanguageRules) -> Values:
    """What a call of the values takes, or what they are called with.

    Args:
        step: `(2:1)` or `(:0)`.
        outside: the rules for what lies outside the index.
    """
    if any(value.kind == "external" and value.arguments for value in values):
        # The library's supertype is known well enough.
        values = tuple(value for value in values if value.kind != "missed")
    count, which = arguments_in(step), step[1:-1].partition(":")[2]
    if not which.lstrip("-").isdigit():
        return outside.taken_under(world, values, which)
    number = int(which)
    values = _offered(world, values)
    if count >= 0:
        taken = dict.fromkeys(
            one for value in values for found in _taken(world, value, count, number, outside) for one in found
        )
        return bounded_values(taken) or NOTHING_KNOWN
    return agreed(one for value in values for one in _given(world, value, number, outside))


def _offered(world: World, values: Values) -> Values:
    """The functions that a call may mean: with inherited overloads; or without what implements declared ones, which no
    call sees."""
    if any(value.kind == "function" and world.rules(value.path).overloads for value in values):
        return _with_inherited(world, values)
    declared: set[tuple[str, int, str]] = set()
    implementing: dict[Value, tuple[str, int, str]] = {}
    for value in values if len(values) > 1 else ():
        view = world.view(value.path) if value.kind == "function" else None
        if view is not None:
            symbol = view.symbol(value.number)
            key = (value.path, symbol.parent, symbol.name)
            if symbol.flags & STUB:
                declared.add(key)
            else:
                implementing[value] = key
    return tuple(value for value in values if implementing.get(value) not in declared)


def _with_inherited(world: World, values: Values) -> Values:
    """Functions, and those of their name in the classes above that none of them overrides."""
    known: dict[Value, Symbol] = {}
    for value in values:
        view = world.view(value.path) if value.kind == "function" else None
        if view is not None and view.symbol(value.number).kind != "constructor":
            known[value] = view.symbol(value.number)
    inherited: list[Value] = []
    for home in {(value.path, symbol.parent) for value, symbol in known.items() if symbol.parent >= 0}:
        name = next(symbol.name for value, symbol in known.items() if (value.path, symbol.parent) == home)
        for key in world.ancestors(home).classes[1:]:
            for above in world.held(world.own_members(key, name)):
                view = world.view(above.path) if above.kind == "function" else None
                symbol = view.symbol(above.number) if view is not None else None
                if symbol is not None and not any(may_override(one, symbol) for one in known.values()):
                    known[above] = symbol
                    inherited.append(above)
    return (*values, *inherited)


def agreed(found: Iterable[Values]) -> Values:
    """What all alternatives give; if they differ, what each may give, and that it is not known."""
    distinct = list({frozenset(one): one for one in found}.values())
    if len(distinct) == 1:
        return distinct[0]
    if not distinct:
        return NOTHING_KNOWN
    keys = {tuple((value.kind, value.path, value.number, value.name) for value in one) for one in distinct}
    if len(keys) == 1:
        # They differ in type arguments only.
        return tuple(value._replace(arguments=()) for value in distinct[0])
    merged = dict.fromkeys(value for one in distinct for value in one if value.kind != "unknown")
    return bounded_values((*merged, UNKNOWN_VALUE))


def _taken(world: World, value: Value, count: int, number: int, outside: LanguageRules) -> Iterator[Values]:
    """What each function that a value stands for takes as one of its arguments; nothing for a function that takes no
    function there, or not so many arguments.

    Args:
        count: how many arguments the call has.
        number: which of them is asked about.
    """
    view = world.view(value.path) if value.kind == "class" and outside.own_constructor else None
    if view is not None and view.symbol(value.number).kind == "interface":
        # `Route { request -> ... }`: the lambda is an instance.
        yield (Value("instance", *value.key, arguments=value.arguments),)
        return
    for function in called_functions(world, value):
        if function.kind == "external":
            yield from _taken_outside(world, function, count, number, outside)
            continue
        view = world.view(function.path) if function.kind == "function" else None
        if view is None:
            yield NOTHING_KNOWN
            continue
        symbol = view.symbol(function.number)
        if not takes(symbol, count):
            continue
        if not symbol.types:
            yield NOTHING_KNOWN
        elif (kind := _parameter(world, function, symbol, number, count)) is not None:
            yield from _callable(kind)


def _parameter(world: World, function: Value, symbol: Symbol, number: int, count: int = -1) -> Values | None:
    """What a function of the index takes as one of its arguments; None if it does not take so many."""
    rules = world.rules(function.path)
    if number < 0:  # a lambda after the parentheses
        number = len(symbol.types) - 1
        if symbol.types[-1].endswith(VARIADIC):
            return None
    if count > len(symbol.types) and not symbol.types[-1].endswith(VARIADIC):
        return None
    if rules.marks_optional and 0 <= count < sum(not _may_be_left_out(one) for one in symbol.types):
        return None
    place = Spot(function.path, function.number, function.this)
    written, rest = (symbol.types[number], False) if number < len(symbol.types) else (symbol.types[-1], True)
    if rest and not written.endswith(VARIADIC):
        return None
    bare = written.removesuffix(VARIADIC)
    if bare in (UNKNOWN, "??"):
        return NOTHING_KNOWN
    if (generic := rules.bound_parameter(world, function, bare)) != ():
        return generic
    if bare == written:
        return world.evaluate(f"<{written}>", place)
    kind = rules.read_type(bare)
    if kind.name in (LIST, TUPLE):
        first = len(symbol.types) - 1
        open_ended = kind.name == TUPLE and bool(kind.arguments) and kind.arguments[-1].name == REST
        if kind.name == TUPLE and not open_ended and count >= 0 and count != first + len(kind.arguments):
            return None
        kind = _each_of(kind, number - first)
    return world.type_value(kind, place)


def _may_be_left_out(written: str) -> bool:
    return written.endswith(VARIADIC) or (len(written) > 1 and written.endswith("?"))


def _each_of(kind: TypeText, number: int) -> TypeText:
    """The type of one of any number of arguments: of the elements of a list, or of one of a tuple's."""
    if kind.name == TUPLE and kind.arguments and kind.arguments[-1].name == REST and number >= len(kind.arguments) - 1:
        return kind.arguments[-1].arguments[0]
    if kind.name == TUPLE:
        return kind.arguments[number] if number < len(kind.arguments) else TypeText(UNKNOWN)
    return kind.arguments[0] if kind.name == LIST and kind.arguments else kind


def _callable(found: Values) -> Iterator[Values]:
    """Of the alternatives that a parameter takes those that may be functions."""
    for one in found:
        if one.kind == "external" and one.name != FUNCTION and not one.arguments and one.name[:1].islower():
            continue  # `string`
        yield (one,)


def _taken_outside(world: World, function: Value, count: int, number: int, outside: LanguageRules) -> Iterator[Values]:
    """The same of a type of functions, or of something of a library."""
    if function.name != FUNCTION:
        yield outside.taken_by_library(world, function, count, number)
        return
    parameters = [_bare(one) for one in parameters_of(function)]
    if parameters and parameters[-1][1] == REST and (each := parameters[-1][0]) and each[0].name == TUPLE:
        # As many as the tuple has.
        parameters = parameters[:-1] + [_bare(one) for one in each[0].arguments]
    required = sum(mark == "" for _, mark in parameters)
    if parameters and parameters[-1][1] == REST:
        if count >= required:
            yield from _callable(parameters[min(number, len(parameters) - 1)][0])
    elif required <= count <= len(parameters):
        yield from _callable(parameters[number][0])


def _bare(taken: Values) -> tuple[Values, str]:
    """What a parameter in a type of functions takes, and whether it may be left out or stands for any number."""
    if len(taken) == 1 and taken[0].name in (REST, OPTIONAL):
        return (taken[0].arguments[0] if taken[0].arguments else NOTHING_KNOWN), taken[0].name
    return taken, ""


def _given(world: World, value: Value, number: int, outside: LanguageRules) -> Iterator[Values]:
    """What each function that a value stands for is called with as one of its arguments."""
    for function in called_functions(world, value):
        if function.kind == "external":
            if function.name == FUNCTION:
                yield _argument_of(function, number)
            elif function.name != "%":
                found = outside.given_by_library(world, function, number)
                if found is not None:
                    yield found
            continue
        view = world.view(function.path) if function.kind == "function" else None
        symbol = view.symbol(function.number) if view is not None else None
        if symbol is None or not symbol.types:
            yield NOTHING_KNOWN
        else:
            yield _parameter(world, function, symbol, number) or NOTHING_KNOWN


def _argument_of(function: Value, number: int) -> Values:
    """What a type of functions says of one of the arguments."""
    parameters = [_bare(one) for one in parameters_of(function)]
    if parameters and number >= len(parameters) - 1 and parameters[-1][1] == REST:
        return parameters[-1][0]
    return parameters[number][0] if number < len(parameters) else NOTHING_KNOWN


def called_functions(world: World, value: Value) -> Iterator[Value]:
    """The functions that a call of a value may call, each a function of the index, or a type of functions; unknown
    beside them if it may be another."""
    if value.kind in ("function", "external"):
        yield value
    elif value.kind == "class" or value.name == SUPER:
        yield from _constructors(world, value) or NOTHING_KNOWN
    elif value.kind == "instance":
        found = world.rules(value.path).functions_of(world, value)
        hierarchy = world.ancestors(value.key) if not found else None
        # What is certainly no function may stand beside one: `Options | Handler`.
        yield from found or (NOTHING_KNOWN if hierarchy and (hierarchy.open or hierarchy.externals) else ())
    else:
        yield UNKNOWN_VALUE


def parameters_of(function: Value) -> tuple[Values, ...]:
    """What each parameter of a type of functions takes, without its receiver."""
    first = 2 if receiver_of(function) else 1
    return function.arguments[first:]


def receiver_of(function: Value) -> Values:
    """What a type of functions has as its receiver; empty if it has none."""
    for one in function.arguments[1:2]:
        if len(one) == 1 and one[0].name == RECEIVER and one[0].kind == "external":
            return one[0].arguments[0]
    return ()


def _constructors(world: World, value: Value) -> list[Value]:
    """The constructors of a class, which may have its name."""
    view = world.view(value.path)
    rules = world.rules(value.path)
    names = tuple(rules.constructors) or (() if view is None else (view.symbol(value.number).name,))
    if rules.own_constructor:
        names = ("constructor",)
    members = (one for name in names for one in world.held(world.member(value, name, Spot(value.path))))
    found = [one for one in members if one.kind == "function"]
    if not rules.own_constructor or view is None or view.symbol(value.number).kind != "class":
        return found
    if view.symbol(value.number).types:
        # The class's head is its first constructor.
        return [*found, Value("function", *value.key, arguments=value.arguments, this=value.this or value.key)]
    return [*found, UNKNOWN_VALUE] if found else found


def called_as(world: World, key: Key) -> Values:
    """How instances of an interface are called, as it says itself: types of functions."""
    view = world.view(key[0])
    symbol = view.symbol(key[1]) if view is not None else None
    if symbol is None or symbol.kind in CALLABLE_KINDS:
        return ()
    place = Spot(*key)
    return tuple(dict.fromkeys(one for text in symbol.types for one in world.evaluate(f"<{text}>", place)))
