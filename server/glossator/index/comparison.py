"""Whether an index has everything that is on disk, by the files' sizes and times; no file is read.

It is what most commands find: it has to be quick, so it imports and keeps as little as possible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.workspace.files import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from glossator.workspace.files import Found

UNSETTLED = -1
"""The modification time of a file in the manifest that has to be looked at again in any case, and of one that a rule
skips."""


def is_unchanged(found: Iterable[Found | Skipped], known: Mapping[str, tuple[int, int, int, str]]) -> bool:
    """Whether exactly the files in the manifest are found, as they are there.

    Args:
        found: what a scan finds; nothing more is taken from it after the first difference.
        known: path -> size, mtime, ctime (see `Found`), and why the file is skipped ("" if it is not).
    """
    number = 0
    for item in found:
        number += 1
        state = known.get(item.path)
        if state is None:
            return False
        if isinstance(item, Skipped):
            if state[3] != item.reason or state[1] != UNSETTLED:
                return False
        elif state[:3] != item[1:]:  # size and times
            return False
    return number == len(known)


def also_kept(found: Iterable[Found | Skipped], taken: list[Found | Skipped]) -> Iterator[Found | Skipped]:
    """What a scan finds, each item added to `taken` as well: who takes no more from it can go on from there."""
    for item in found:
        taken.append(item)
        yield item
