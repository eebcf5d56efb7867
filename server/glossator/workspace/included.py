"""Paths that a user wants indexed although git ignores them, or they are vendored: the setting `include`.

A pattern is a path relative to the root, whose names may hold `*`, `?` and `[...]`; `**` is any number of folders. What
is below a folder that matches is included too. An ignored folder is only entered if a pattern names it, or leads
through it by names before any `**`: `**/generated` alone does not have `node_modules` searched.
"""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_ANY = "**"


class Included:
    """The patterns of the setting. Paths are relative to the root, with "/"."""

    def __init__(self, patterns: Sequence[str], *, fold_case: bool = False) -> None:
        """Blank patterns, and those that lead out of the root, include nothing."""
        flags = re.IGNORECASE if fold_case else 0
        self._patterns: list[list[re.Pattern[str] | None]] = []
        for pattern in patterns:
            names = [name for name in pattern.strip().replace("\\", "/").split("/") if name not in ("", ".")]
            while len(names) > 1 and names[-1] == _ANY:
                names.pop()
            if not names or ".." in names:
                continue
            self._patterns.append(
                [None if name == _ANY else re.compile(fnmatch.translate(name), flags) for name in names]
            )

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def holds(self, path: str) -> bool:
        """Whether a pattern matches a file or folder, or a folder around it."""
        names = path.split("/")
        return any(_matches_beginning(pattern, names) for pattern in self._patterns)

    def leads_through(self, folder: str) -> bool:
        """Whether a pattern may match something below a folder, and names that folder."""
        names = folder.split("/")
        for pattern in self._patterns:
            for index, part in enumerate(pattern):
                if part is None and index > 0:
                    return True
                if part is None or not part.match(names[index]):
                    break
                if index == len(names) - 1:
                    if index < len(pattern) - 1:
                        return True
                    break
        return False


def _matches_beginning(pattern: list[re.Pattern[str] | None], names: list[str]) -> bool:
    """Whether all of a pattern matches the first of the names."""
    reached = {0}
    for name in names:
        after: set[int] = set()
        for at in _past_any(reached, pattern):
            if at == len(pattern):
                return True
            part = pattern[at]
            if part is None:
                after.add(at)
            elif part.match(name):
                after.add(at + 1)
        reached = after
    return len(pattern) in reached


def _past_any(reached: set[int], pattern: list[re.Pattern[str] | None]) -> set[int]:
    """The positions, and those behind each `**`, which may stand for nothing."""
    found = set(reached)
    for at in reached:
        while at < len(pattern) and pattern[at] is None:
            at += 1
            found.add(at)
    return found
