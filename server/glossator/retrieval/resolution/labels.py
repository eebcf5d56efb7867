"""Which calls of Swift fit which functions, by the labels of their arguments (see `index.swift_labels`)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_MARKS: Final = re.compile(r"\?|\.\.\.")


@lru_cache(maxsize=16_384)
def fits(labels: str, given: str) -> bool:
    """Whether a function takes arguments with these labels; also if either are unknown.

    Args:
        labels: those of the function's parameters.
        given: those of a call.
    """
    if not labels or not given:
        return True
    parameters = [part for part in labels[1:-1].split(",") if part]
    arguments = [part for part in given.rstrip("{")[1:-1].split(",") if part]
    # A closure may be what any of the parameters takes that are left.
    return _takes(tuple(parameters), tuple(arguments), closure=given.endswith("{"))


def _takes(parameters: tuple[str, ...], arguments: tuple[str, ...], *, closure: bool) -> bool:
    if not parameters:
        return not arguments
    if not arguments and closure:
        return True
    label = _MARKS.sub("", parameters[0])
    if arguments and arguments[0] == label:
        if _takes(parameters[1:], arguments[1:], closure=closure):
            return True
        if parameters[0].endswith("..."):
            rest = arguments[1:]
            while rest and rest[0] == "_":
                rest = rest[1:]
                if _takes(parameters[1:], rest, closure=closure):
                    return True
    return label != parameters[0] and _takes(parameters[1:], arguments, closure=closure)


@lru_cache(maxsize=16_384)
def shape(labels: str) -> str:
    """The labels of a function without what says which may be left out, which an overriding function shares."""
    return _MARKS.sub("", labels)


def alike(one: str, other: str) -> bool:
    """Whether functions have the same labels; also if either's are unknown."""
    return not one or not other or shape(one) == shape(other)
