"""Ranges of bytes that nest like brackets: which is the innermost around a byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Range = tuple[int, int]
"""First byte, and one past the last."""
Matched = Mapping[str, Sequence[Range]]
"""What a query has captured: ranges by capture."""


def segments(spans: Sequence[Range]) -> tuple[list[int], list[int]]:
    """Where the innermost of some nested spans changes, and to which (-1: none).

    The spans are sorted by start, the longer first.
    """
    cuts: list[int] = []
    inner: list[int] = []
    open_: list[int] = []
    for index, (start, end) in enumerate(spans):
        if end <= start:
            continue
        while open_ and spans[open_[-1]][1] <= start:
            closed = open_.pop()
            cuts.append(spans[closed][1])
            inner.append(open_[-1] if open_ else -1)
        cuts.append(start)
        inner.append(index)
        open_.append(index)
    while open_:
        closed = open_.pop()
        cuts.append(spans[closed][1])
        inner.append(open_[-1] if open_ else -1)
    return cuts, inner


def innermost(cuts: Sequence[int], inner: Sequence[int], places: Sequence[int] | NDArray[np.int64]) -> list[int]:
    """The innermost span at each place, from what `segments` gives."""
    if not len(cuts):
        return [-1] * len(places)
    found = np.searchsorted(np.asarray(cuts, np.int64), np.asarray(places, np.int64), "right")
    owners: list[int] = np.asarray([-1, *inner], np.int64)[found].tolist()
    return owners
