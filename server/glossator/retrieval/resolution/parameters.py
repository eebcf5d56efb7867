"""What the parameters of functions say: which calls they fit, and which functions may override each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.retrieval.resolution.labels import alike

if TYPE_CHECKING:
    from glossator.index.facts import Symbol

_PARAMETER: Final = re.compile(r"[A-Z][A-Z0-9]?(?:\[\])?|\?")
"""A type's parameter, as it is usually named, or a type that is not known."""

_VALUE_TYPE: Final = re.compile(
    r"(?:bool|byte|char|decimal|double|float|s?byte|n?u?int|u?long|u?short|(?:System\.)?(?:Boolean|Byte|Char|DateOnly|"
    r"DateTime|DateTimeOffset|Decimal|Double|Guid|Half|Int\d+|Single|TimeOnly|TimeSpan|UInt\d+))\?"
)
"""A type of C# whose values may be missing: another type than that without the mark."""


def takes(symbol: Symbol, arguments: int) -> bool:
    """Whether a function takes so many arguments; also if either number is unknown (-1)."""
    least, most = symbol.parameters
    return arguments < 0 or most < 0 or least <= arguments <= most


def may_override(one: Symbol, other: Symbol) -> bool:
    """Whether a method may override another one of its name: they take as many arguments, of the same labels, and of
    the same types as far as their names tell."""
    if not alike(one.labels, other.labels):
        return False
    if -1 in (one.parameters[1], other.parameters[1]):
        return True
    if one.parameters[1] != other.parameters[1] and not _is_array_of_rest(one, other):
        return False
    return all(_same(*pair) for pair in zip(one.types, other.types, strict=False))


def _is_array_of_rest(one: Symbol, other: Symbol) -> bool:
    """Whether one of two functions takes as an array what the other one takes as any number of arguments."""
    ends = [symbol.types[-1].endswith("...") for symbol in (one, other) if symbol.types]
    return len(one.types) == len(other.types) and len(ends) == 2 and ends[0] != ends[1]


def _same(one: str, other: str) -> bool:
    first, second = (_bare(text) for text in (one, other))
    # The parameter of a supertype may be bound to any type.
    return first == second or any(_PARAMETER.fullmatch(text) for text in (first, second))


def _bare(text: str) -> str:
    """A type's last name, without its arguments; any number of arguments is an array. Types of functions, which may
    name their parameters, are not compared."""
    if "->" in text:
        return "?"
    if len(text) > 1 and text[-1] == "?" and not _VALUE_TYPE.fullmatch(text):
        text = text[:-1]  # that a reference may be null is no part of a signature in C#
    array = text.endswith(("...", "[]"))
    name = text.removesuffix("...").replace("[]", "").partition("<")[0].rpartition(".")[2]
    return f"{name}[]" if array else name
