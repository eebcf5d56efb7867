"""Globs on the paths of an index, as in an editor's search box, and the conditions for LanceDB made from them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


_SPECIAL = "*?[]{},!^\\"
"""Special characters, which a backslash makes literal."""
_SPECIAL_ON_WINDOWS = "[]{},!^"

MOST_RANGES = 8
"""Maximum ranges of files in a search's condition; with more, the files are listed."""


def _pattern(glob: str, *, windows: bool = os.name == "nt") -> str:
    """The regular expression of one glob, for a whole path with "/".

    `*` and `?` match within a name, `**` across folders, `{a,b}` either, `[...]` a class of characters. A glob without
    "/" (except at its end) matches at any depth, others from the root. A glob that matches a folder also matches
    everything below it.

    A backslash makes the special character after it literal, on every platform; before any other character it separates
    folders, like "/". (On Windows names cannot contain `*` or `?`: there, `src\\*.py` means the files in a folder.)
    """
    parts = _parts(glob.strip(), windows=windows)
    while parts[:2] == [".", "/"]:
        parts = parts[2:]
    anchored = parts[:1] == ["/"]
    while parts[:1] == ["/"]:
        parts = parts[1:]
    while parts[-1:] == ["/"]:
        parts.pop()
    anchored = anchored or "/" in parts
    out: list[str] = []
    depth = index = 0
    while index < len(parts):
        part = parts[index]
        if parts[index : index + 2] == ["*", "*"]:
            after = index + 2
            starts = index == 0 or parts[index - 1] == "/"
            if starts and parts[after : after + 1] == ["/"]:
                out.append("(?:[^/]+/)*")
                after += 1
            else:
                out.append(".*")
            index = after
            continue
        if part == "*":
            out.append("[^/]*")
        elif part == "?":
            out.append("[^/]")
        elif part == "[" and (end := _end_of_class(parts, index)) > 0:
            out.append(_class(parts[index + 1 : end]))
            index = end
        elif part == "{" and "}" in parts[index:]:
            out.append("(?:")
            depth += 1
        elif part == "}" and depth:
            out.append(")")
            depth -= 1
        elif part == "," and depth:
            out.append("|")
        else:
            out.append(re.escape(part[-1]))
        index += 1
    out.append(")" * depth)
    body = "".join(out)
    return f"{'' if anchored else '(?:.*/)?'}(?:{body})(?:/.*)?"


def _parts(glob: str, *, windows: bool) -> list[str]:
    """The characters of a glob; an escaped one is a part of two characters, a backslash and itself."""
    parts: list[str] = []
    index = 0
    while index < len(glob):
        char = glob[index]
        if char != "\\":
            parts.append(char)
        elif glob[index + 1 : index + 2] and glob[index + 1] in (_SPECIAL_ON_WINDOWS if windows else _SPECIAL):
            index += 1
            parts.append(f"\\{glob[index]}")
        else:
            parts.append("/")
        index += 1
    return parts


def _end_of_class(parts: list[str], start: int) -> int:
    """Where the class that begins at `start` ends; 0 if it does not end. A "]" at its beginning belongs to it."""
    first = start + (2 if parts[start + 1 : start + 2] in (["!"], ["^"]) else 1)
    try:
        return parts.index("]", first + 1)
    except ValueError:
        return 0


def _class(parts: list[str]) -> str:
    negated = parts[0] in ("!", "^")
    escaped = "".join(
        part if part == "-" else re.sub(r"([\\\[\]&~|^-])", r"\\\1", part[-1]) for part in parts[negated:]
    )
    return f"(?!/)[{'^' if negated else ''}{escaped}]"


def literal_glob(path: str) -> str:
    """A glob that matches exactly a path (relative to the root, with "/") and everything below it."""
    return "/" + re.sub(r"([*?{\[])", r"[\1]", path)


def matcher(include: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    """A function that returns whether a path matches one of `include` (anything, if empty) and none of `exclude`."""
    wanted, unwanted = (
        [_compiled(glob) for glob in globs if glob.strip().strip("/") not in ("", ".")] for globs in (include, exclude)
    )

    def matches(path: str) -> bool:
        if wanted and not any(pattern(path) for pattern in wanted):
            return False
        return not any(pattern(path) for pattern in unwanted)

    return matches


def _compiled(glob: str) -> Callable[[str], re.Match[str] | None]:
    try:
        return re.compile(_pattern(glob), re.DOTALL).fullmatch
    except re.error:
        # A class such as [z-a] is invalid: match the glob literally.
        return re.compile(re.escape(glob.strip("/")) + "(?:/.*)?", re.DOTALL).fullmatch


def one_of(column: str, numbers: Iterable[int]) -> str:
    """The condition that a column has one of these values."""
    return f"{column} IN ({','.join(map(str, numbers))})"


def files_inside(numbers: Sequence[int], inside: Sequence[bool]) -> str:
    """The condition for the files that are `inside`. Files of one folder are mostly consecutive, so it uses ranges.

    With 100,000 rows and 5,000 files, a range costs a search 0.3 ms, a number in a list 0.007 ms (measured).
    """
    ranges = []
    for position, here in enumerate(inside):
        if here and not (position and inside[position - 1]):
            ranges.append([numbers[position], numbers[position]])
        elif here:
            ranges[-1][1] = numbers[position]
    if len(ranges) <= MOST_RANGES:
        return "(" + " OR ".join(f"(file >= {first} AND file <= {last})" for first, last in ranges) + ")"
    wanted = [number for number, here in zip(numbers, inside, strict=True) if here]
    if len(wanted) * 2 <= len(numbers):
        return one_of("file", wanted)
    unwanted = [number for number, here in zip(numbers, inside, strict=True) if not here]
    return f"NOT ({one_of('file', unwanted)})"
