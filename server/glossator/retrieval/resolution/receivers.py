"""Reads the expressions of `facts` (receivers, values of variables, results) into chains of steps."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from glossator.index.expressions import split_outside

CALL: Final = "()"
ELEMENT: Final = "[]"

_ITEM = re.compile(r"\[\d+\]|\(\d*(?::(?:-?\d+|\w+|\*))?\)")


HEAD: Final = re.compile(r"[^\W\d]\w*(?=[.(\[]|$)")
"""A bare name with which an expression begins."""


class Chain(NamedTuple):
    """One alternative of an expression: what it begins with, and what is done to it.

    Attributes:
        head: a name, `#12`, `$`, `$cls`, `$super`, `<Type>`, `%` or `?`.
        steps: member names, `CALL`, calls with a number of arguments (`(2)`), `ELEMENT`, items of tuples (`[1]`), what
            a call takes (`(2:1)`; `(2:-1)` as its last parameter, `(1:run)` under a label), and what functions are
            called with (`(:0)`), in order.
    """

    head: str
    steps: tuple[str, ...]


def is_handed(step: str) -> bool:
    """Whether a step leads to what a call takes, or to what a function is called with."""
    return step[0] == "(" and ":" in step


def arguments_in(step: str) -> int:
    """How many arguments the call has that a step stands for; -1 if that is not known."""
    count = step[1:-1].partition(":")[0]
    return int(count) if count else -1


@lru_cache(maxsize=16_384)
def chains(text: str) -> tuple[Chain, ...]:
    """The alternatives of an expression."""
    return tuple(_chain(part) for part in split_outside(text, "|") if part)


def _chain(text: str) -> Chain:
    at = _end_of_type(text) if text[0] == "<" else _end_of_name(text, 0)
    head = text[:at]
    steps: list[str] = []
    while at < len(text):
        if (item := _ITEM.match(text, at)) is not None:
            steps.append(item[0])
            at = item.end()
        elif text.startswith((CALL, ELEMENT), at):
            steps.append(text[at : at + 2])
            at += 2
        elif text[at] == ".":
            end = _end_of_name(text, at + 1)
            steps.append(text[at + 1 : end])
            at = end
        else:
            return Chain("?", ())
    return Chain(head, tuple(steps))


def _end_of_name(text: str, at: int) -> int:
    end = at
    while end < len(text) and text[end] not in ".([":
        end += 1
    return end


def _end_of_type(text: str) -> int:
    depth = 0
    for at, char in enumerate(text):
        if char in "<([{":
            depth += 1
        elif char in ")]}" or (char == ">" and text[at - 1 : at] not in ("-", "=")):
            depth -= 1
            if depth == 0:
                return at + 1
    return len(text)
