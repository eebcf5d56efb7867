"""What Rust's functions take that are handed closures: `fn each(&self, run: impl Fn(&Job))`, or bound elsewhere."""

from __future__ import annotations

import re
from typing import Final

from glossator.index.expressions import split_outside
from glossator.index.facts import EXPRESSION_CHARS, UNKNOWN

MAY_TAKE_CLOSURES: Final = re.compile(rb"\b(?:Fn|FnMut|FnOnce|fn)\s*\(")
_FUNCTION: Final = re.compile(r"\b(?:Fn|FnMut|FnOnce|fn)\s*\(")
_LIFETIME: Final = re.compile(r"'\w+\b(?!')\s*,?\s*")
_WORD: Final = re.compile(r"\b(?:mut|dyn|impl)\s+")
_SELF: Final = re.compile(r"\s*(?:&\s*)?(?:mut\s+)?self\b")
_POINTER: Final = re.compile(r"^(?:&\s*)?(?:mut\s+)?")
_WHERE: Final = re.compile(r"\bwhere\b([^;{]*)")


def closure_types(head: str) -> tuple[str, ...]:
    """The types of the parameters of a function that are closures or pointers to functions, "?" for all others; without
    `self`. Empty if it has none.

    Args:
        head: what follows the function's name.
    """
    text = _LIFETIME.sub("", head)
    bounds: dict[str, str] = {}
    at = 0
    if text[:1] == "<":
        at = _closed(text, 0)
        _note(bounds, text[1 : at - 1])
    start = text.find("(", max(at, 0))
    end = _closed(text, start) if at >= 0 <= start else -1
    if end < 0:
        return ()
    if (where := _WHERE.match(text, text.find("where", end))) is not None and not set("{;") & set(
        text[end : where.start()]
    ):
        _note(bounds, where[1])
    types: list[str] = []
    for part in split_outside(text[start + 1 : end - 1], ","):
        if not part.strip() or _SELF.match(part):
            continue
        kind = part.partition(":")[2].strip()
        types.append(_as_function(bounds.get(_POINTER.sub("", kind), kind)))
    return tuple(types) if any(one != UNKNOWN for one in types) else ()


def _note(bounds: dict[str, str], listed: str) -> None:
    """Note what names of types are bound to that may be functions."""
    for part in split_outside(listed, ","):
        name, _, bound = part.partition(":")
        if _FUNCTION.search(bound) is not None:
            bounds.setdefault(name.strip(), bound)


def _as_function(kind: str) -> str:
    """A type of functions without its result; unknown for any other."""
    found = _FUNCTION.search(kind)
    end = _closed(kind, found.end() - 1) if found is not None else -1
    if found is None or end < 0:
        return UNKNOWN
    made = "".join(_WORD.sub("", kind[found.end() : end - 1]).split())
    return f"({made})->?" if len(made) < EXPRESSION_CHARS else UNKNOWN


def _closed(text: str, at: int) -> int:
    """The place after the bracket that closes the one at `at`; -1 if none does."""
    depth = 0
    for place in range(at, len(text)):
        char = text[place]
        depth += (char in "<([{") - (char in ")]}" or (char == ">" and text[place - 1] not in "-="))
        if depth == 0:
            return place + 1
    return -1
