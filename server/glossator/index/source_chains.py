"""Chains of names, calls and qualifiers in source text, where no tree tells them apart."""

from __future__ import annotations

import re
from typing import Final

from glossator.index.argument_types import MAX_LIST

_PARENTHESES: Final = re.compile(rb"[()]|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_UNDERSCORE: Final = 0x5F
_QUESTION_MARK: Final = 0x3F
_OPEN: Final = 0x3C
_CLOSED: Final = 0x3E


def qualified_from(data: bytes, at: int) -> int:
    """Where the qualifiers begin that end at a byte: `a::b<int>::` before `c`."""
    while data[at - 2 : at] == b"::":
        start = at - 2
        if data[start - 1 : start] == b">" and (opened := _before_arguments(data, start)) >= 0:
            start = opened
        while start > 0 and (data[start - 1 : start].isalnum() or data[start - 1] == _UNDERSCORE):
            start -= 1
        if start == at - 2:
            break
        at = start
    return at


def _before_arguments(data: bytes, at: int) -> int:
    """Where the arguments of a template begin that end right before a byte; -1 if they are long."""
    depth = 0
    for place in range(at - 1, max(at - MAX_LIST, 0), -1):
        depth += (data[place] == _CLOSED) - (data[place] == _OPEN)
        if not depth:
            return place
    return -1


def chain_start(data: bytes, at: int) -> int:
    """Where the chain of names, calls and indexes begins that ends at a byte; -1 if it cannot be told."""
    after = -1
    """Where a name stands after two colons, with which a path may begin."""
    while True:
        link = at
        while at > 0 and data[at - 1] in b")]?":
            at = at - 1 if data[at - 1] == _QUESTION_MARK else _opened(data, at)
        while at > 0 and (data[at - 1 : at].isalnum() or data[at - 1] == _UNDERSCORE):
            at -= 1
        if not 0 <= at < link:
            return after
        rest = data[:at].rstrip()
        after = at if rest.endswith(b"::") else -1
        if after >= 0:
            at = len(rest[:-2].rstrip())
        elif rest.endswith(b".") and not rest.endswith(b".."):
            at = len(rest[:-1].rstrip())
        else:
            return at


def _opened(data: bytes, at: int) -> int:
    """Where the bracket is that closes right before a byte; -1 if it is not found."""
    depth = 0
    while at > 0:
        at -= 1
        char = data[at : at + 1]
        if char == b'"':
            at = data.rfind(b'"', 0, at)
            if at < 0:
                return -1
        depth += (char in b")]}") - (char in b"([{")
        if not depth:
            return at
    return -1


def closed_parenthesis(data: bytes, at: int) -> int:
    """The place after the parenthesis that closes the one at a byte; -1 for a long list."""
    depth = 0
    for found in _PARENTHESES.finditer(data, at, at + MAX_LIST):
        char = found[0]
        depth += (char == b"(") - (char == b")")
        if not depth:
            return found.end()
    return -1
