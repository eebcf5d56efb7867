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
    closure = given.endswith("{")
    reached = {0}
    """How many arguments the parameters so far may have taken: all ways at once, since there may be very many."""
    for parameter in parameters:
        if closure and len(arguments) in reached:
            return True  # it may be what any of the parameters takes that are left
        label = _MARKS.sub("", parameter)
        after = set(reached) if label != parameter else set()
        for first in reached:
            if arguments[first : first + 1] != [label]:
                continue
            last = first + 1
            after.add(last)
            while parameter.endswith("...") and arguments[last : last + 1] == ["_"]:
                last += 1
                after.add(last)
        reached = after
    return len(arguments) in reached


@lru_cache(maxsize=16_384)
def shape(labels: str) -> str:
    """The labels of a function without what says which may be left out, which an overriding function shares."""
    return _MARKS.sub("", labels)


def alike(one: str, other: str) -> bool:
    """Whether functions have the same labels; also if either's are unknown."""
    return not one or not other or shape(one) == shape(other)
