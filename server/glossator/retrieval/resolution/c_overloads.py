"""Chooses among overloads in C++ by the types of the arguments, as far as these are known.

A prototype and its definition are one overload. One is out of question if an argument certainly does not convert to its
parameter's type. Of several that are left, one is meant if it takes each argument better than every other one. What
templates deduce, and whether a variable is a pointer or may be written to, is not known: then all may be meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from glossator.index.argument_types import BETWEEN, LAMBDA, NULL
from glossator.index.expressions import split_outside
from glossator.index.facts import STUB
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS
from glossator.retrieval.resolution.overloads import (
    IMPOSSIBLE,
    MOST,
    SAME_TYPE,
    UNSURE,
    argument_kind,
    best_of,
    expanded_types,
)
from glossator.retrieval.resolution.parameters import takes
from glossator.retrieval.resolution.values import Spot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glossator.index.facts import Symbol
    from glossator.retrieval.resolution.overloads import ArgumentKind
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import Key, Value

_INTEGERS: Final = frozenset(
    (
        *("int", "char", "short", "long", "longlong", "unsigned", "unsignedchar", "unsignedshort", "unsignedlong"),
        *("unsignedlonglong", "byte", "size_t", "ssize_t", "ptrdiff_t", "intptr_t", "uintptr_t", "wchar_t", "char8_t"),
        *("char16_t", "char32_t", "off_t", "time_t", "socklen_t"),
        *(f"{sign}int{bits}{end}" for sign in ("", "u") for bits in (8, 16, 32, 64) for end in ("", "_t")),
    )
)
_FRACTIONS: Final = frozenset(("double", "float", "longdouble"))
_TRUTH: Final = frozenset(("bool", "boolean"))
_NUMBERS: Final = _INTEGERS | _FRACTIONS | _TRUTH
_TEXTS: Final = frozenset(("string", "string_view", "StringPiece", "StringRef", "wstring", "QString"))
"""Library types that a text in quotes converts to."""

# How well a parameter takes an argument, between `UNSURE` and `SAME_TYPE` (ISO C++, [over.ics.rank]).
_MADE: Final = 1
"""By a constructor or a conversion of a class."""
_CONVERTED: Final = 2
_PROMOTED: Final = 3


class Parameter(NamedTuple):
    """A parameter's type.

    Attributes:
        name: of a type without template arguments and marks.
        marks: `*` for each pointer, "&" or "&&" of a reference that does not only read.
        key: the class of the index that it is.
        generic: whether a template's arguments are in it.
    """

    name: str
    marks: str
    key: Key | None
    generic: bool


def overloads_of(world: World, path: str, functions: Mapping[Value, Symbol]) -> list[list[Value]]:
    """Functions of one name by what they take: a prototype and its definition are one. A macro of the name gives them
    another name, or stands for them. For a file in C, which has no overloads, all are one.

    Args:
        path: the file of the call.
    """
    if world.language(path) == "c":
        return [[*functions]]
    groups: dict[tuple[tuple[str, ...], tuple[int, int]], list[Value]] = {}
    for value, symbol in functions.items():
        if symbol.kind != "macro":
            groups.setdefault((symbol.types, symbol.parameters if not symbol.types else (0, 0)), []).append(value)
    macros = [value for value, symbol in functions.items() if symbol.kind == "macro"]
    if len(groups) < 2:
        return [[*macros, *(value for group in groups.values() for value in group)]]
    found = [[*macros, *group] for group in groups.values()]
    if len(found) == 2:
        # The only prototype and the only definition: they write a type in two ways.
        stubs = [{functions[one].flags & STUB for one in group} for group in found]
        paths = [{one.path for one in group} for group in found]
        # Of functions that are defined in C, parameters are not known.
        known = [functions[one] for group in found for one in group if functions[one].parameters[1] >= 0]
        counts = {len(symbol.types) for symbol in known}
        if sorted(map(sorted, stubs)) == [[0], [STUB]] and not paths[0] & paths[1] and len(counts) <= 1:
            return [[*found[0], *found[1]]]
    return found


def chosen_overloads(
    world: World, place: Spot, given: str, groups: Sequence[Sequence[Value]], functions: Mapping[Value, Symbol]
) -> list[Sequence[Value]]:
    """Those of some overloads that a call may mean: one if the arguments' types decide.

    Args:
        place: where the call stands.
        given: its arguments, as `argument_types` writes them.
        groups: the overloads.
        functions: the symbols of their prototypes and definitions.
    """
    if not given or len(groups) > MOST:
        return list(groups)
    arguments = split_outside(given, BETWEEN)
    types = [expanded_types(functions[group[0]].types, len(arguments)) for group in groups]
    scores: list[list[int]] = [[] for _ in groups]
    for index, argument in enumerate(arguments):
        if len({one[index] for one in types}) == 1:
            for row in scores:
                row.append(SAME_TYPE)
            continue
        kind = None if argument in ("?", NULL, LAMBDA, "<String>") else argument_kind(world, argument, place)
        for row, group, one in zip(scores, groups, types, strict=True):
            parameter = _parameter(world, one[index], group[0], functions[group[0]])
            row.append(_fit(world, argument, kind, parameter))
    alive = [number for number, row in enumerate(scores) if IMPOSSIBLE not in row]
    best = best_of(alive, lambda one, other: _is_better(scores[one], scores[other]))
    return [groups[number] for number in best] or list(groups)


def _is_better(scores: list[int], others: list[int]) -> bool:
    """Whether one function takes each argument as well as another one, and some better. One that takes all of them
    exactly is better than one of which that is not known: that may be a template."""
    if all(score == SAME_TYPE for score in scores):
        return any(other != SAME_TYPE for other in others)
    if UNSURE in scores or UNSURE in others:
        return False
    return scores != others and all(mine >= its for mine, its in zip(scores, others, strict=True))


def _parameter(world: World, text: str, value: Value, symbol: Symbol) -> Parameter:
    bare = text.rstrip("*&")
    marks = text[len(bare) :]
    name, _, arguments = bare.partition("<")
    generic = bare == "?" or name in {one.partition(":")[0] for one in symbol.generics} or _is_parameter(name)
    key: Key | None = None
    if not generic and name not in _NUMBERS:
        rules = world.rules(value.path)
        found = world.type_value(rules.read_type(name), Spot(value.path, value.number))
        if len(found) == 1 and found[0].kind == "instance":
            key = found[0].key
        elif len(found) != 1 or found[0].kind != "external":
            generic = True  # nothing is known of it
    return Parameter(name, marks, key, generic or bool(arguments and key is None and name not in _TEXTS))


def _is_parameter(name: str) -> bool:
    """Whether a type is called as templates' parameters are."""
    return (len(name) == 1 and name.isupper()) or (name[:1] == "T" and name[1:2].isupper()) or name.endswith("Args")


def _fit(world: World, argument: str, kind: ArgumentKind | None, parameter: Parameter) -> int:
    name, marks, key, generic = parameter
    if generic or argument == "?":
        return UNSURE
    number = name in _NUMBERS and "*" not in marks
    writes = marks == "&"
    if argument == "<String>":
        if name == "char" and marks == "*":
            return SAME_TYPE
        if writes or (number and name not in _TRUTH):
            return IMPOSSIBLE
        if "*" in marks:
            return _CONVERTED if name == "void" else IMPOSSIBLE
        return _CONVERTED if number else _MADE if name in _TEXTS else UNSURE if _is_made(world, key) else IMPOSSIBLE
    if argument == LAMBDA:
        return IMPOSSIBLE if number or name in _TEXTS or writes else UNSURE
    if argument == NULL:
        return _CONVERTED if "*" in marks else IMPOSSIBLE if writes else UNSURE
    assert kind is not None
    if kind.sort == "class" and kind.key is not None:
        return _fit_class(world, kind.key, parameter)
    given = {"boolean": "bool"}.get(kind.name, kind.name)
    if kind.sort not in ("primitive", "outside") or not given:
        return UNSURE
    if given in ("string", "wstring") and key is None:
        return SAME_TYPE if given == name else IMPOSSIBLE if number else UNSURE
    if given not in _NUMBERS:
        return UNSURE
    # A variable of these types may be a pointer or an array: facts do not tell.
    if given == "char" or ("*" in marks and name in (given, "void")):
        return UNSURE
    if "*" in marks or (writes and not number):
        return IMPOSSIBLE if argument not in ("<int>", "<long>") else UNSURE  # 0 is a pointer too
    if not number:
        return IMPOSSIBLE if name in _TEXTS or not _is_made(world, key) else UNSURE
    return _fit_number(given, name)


def _fit_number(given: str, name: str) -> int:
    """How well a number's type takes another one's. Facts leave out `unsigned`: whole numbers are not told apart."""
    if given in _TRUTH:
        return SAME_TYPE if name in _TRUTH else _PROMOTED if name == "int" else _CONVERTED
    if given in _FRACTIONS:
        return SAME_TYPE if name == given else _PROMOTED if name in _FRACTIONS else _CONVERTED
    return _PROMOTED if name in _INTEGERS else _CONVERTED


def _fit_class(world: World, given: Key, parameter: Parameter) -> int:
    """How well a parameter takes an instance of a class of the index, or a pointer to one."""
    name, marks, key, _ = parameter
    if key is not None and key == given:
        return SAME_TYPE
    hierarchy = world.ancestors(given)
    if key in hierarchy.classes:
        return _CONVERTED
    view = world.view(given[0])
    symbol = view.symbol(given[1]) if view is not None else None
    if hierarchy.open or symbol is None or symbol.kind not in ("class", "struct"):
        return UNSURE
    # By value it may be converted: facts do not tell of conversions (`operator bool`).
    unrelated = ("*" in marks and name != "void") or marks == "&"
    return IMPOSSIBLE if unrelated and (not hierarchy.externals or key is not None) else UNSURE


def _is_made(world: World, key: Key | None) -> bool:
    """Whether a class may be made of one argument of another type: unless all its constructors are known not to be.

    A library's may.
    """
    if key is None or (view := world.view(key[0])) is None:
        return True
    hierarchy = world.ancestors(key)
    if hierarchy.open:
        return True
    symbol = view.symbol(key[1])
    if symbol.kind == "enum":
        return False
    if symbol.kind not in ("class", "struct"):
        return True
    for value in world.own_members(key, symbol.name):
        one = world.view(value.path)
        made = one.symbol(value.number) if one is not None else None
        if made is not None and made.kind in CALLABLE_KINDS and takes(made, 1):
            own = made.types[:1]
            if not own or own[0].rstrip("&*") != symbol.name:
                return True
    return False
