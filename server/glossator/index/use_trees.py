"""Reads the tree of names that one import statement of Rust brings in: `a::b::{self, c as d, e::*}`."""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|::|[{},*]|(?:r#)?\w+", re.DOTALL)


class UsedName(NamedTuple):
    """One name of an import.

    Attributes:
        name: what it is called here; "*" for all names of the module.
        module: the path before the last part, with "::"; "" if there is none.
        member: the last part; "" for all names.
        at: where it stands in the text.
    """

    name: str
    module: str
    member: str
    at: int


def used_names(text: str) -> list[UsedName]:
    """The names that a tree brings in; what is malformed is left out."""
    words = [(piece[0], piece.start()) for piece in _TOKEN.finditer(text) if piece[0][:2] not in ("//", "/*")]
    found: list[UsedName] = []
    _read(words, 0, (), found)
    return found


def _read(words: list[tuple[str, int]], at: int, prefix: tuple[str, ...], found: list[UsedName]) -> int:
    """Read one tree, whose path so far is `prefix`, and give the place after it."""
    path = prefix
    start = words[at][1] if at < len(words) else 0
    while at < len(words):
        word, place = words[at]
        if word == "{":
            at += 1
            while at < len(words) and words[at][0] != "}":
                before = at
                at = _read(words, at, path, found)
                if at < len(words) and words[at][0] == ",":
                    at += 1
                if at == before:
                    return len(words)
            return at + 1
        if word == "*":
            found.append(UsedName("*", "::".join(path), "", place))
            return at + 1
        if word in ("}", ","):
            break
        if word == "as":
            alias = words[at + 1][0] if at + 1 < len(words) else ""
            _add(path, prefix, alias, start, found)
            return at + 2
        if word != "::":
            path, start = (*path, word.removeprefix("r#")), place
        at += 1
    _add(path, prefix, "", start, found)
    return at


def _add(path: tuple[str, ...], prefix: tuple[str, ...], alias: str, at: int, found: list[UsedName]) -> None:
    if len(path) > len(prefix) and path[-1] == "self" and prefix:
        path = path[:-1]
    if path and alias != "_":
        found.append(UsedName(alias or path[-1], "::".join(path[:-1]), path[-1], at))
