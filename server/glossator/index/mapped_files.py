"""Files that are mapped into memory: whether all of what was mapped is still there.

Reading what was cut off from a mapped file kills the process (SIGBUS). Glossator only ever replaces its files, which
harms no mapping; tools that synchronise or restore folders may write into them. So searches look at the sizes before
they read: what is cut off while a search runs still kills the process. A size is known in less than a microsecond.
"""

from __future__ import annotations

from mmap import mmap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


def mapping_of(array: NDArray[Any]) -> mmap:
    """What numpy has mapped for an array (`numpy.memmap`, `numpy.load` with `mmap_mode`)."""
    base: object = array
    while not isinstance(base, mmap):
        base = getattr(base, "base", None)
        if base is None:
            raise TypeError("the array is not of a mapped file")
    return base


def are_whole(mappings: Iterable[mmap]) -> bool:
    """Whether none of these files has become shorter; files that were removed since are as they were."""
    try:
        return all(mapping.size() >= len(mapping) for mapping in mappings)
    except OSError:  # the disk is gone
        return False
