"""How one text becomes another, line by line, in bounded time: most of two versions of a file is the same."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ALIGNED_LINES = 5_000
"""Lines between the first and the last difference that are compared with each other; more count as replaced."""


def line_differences(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """How the lines `before` become those `after`, as difflib's opcodes: the tag, and the half-open ranges of both.

    What both begin and end with is not compared again. Ranges may be empty.
    """
    shorter = min(len(before), len(after))
    head = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    tail = next((at for at in range(shorter - head) if before[-1 - at] != after[-1 - at]), shorter - head)
    end, to = len(before) - tail, len(after) - tail
    found: list[tuple[str, int, int, int, int]] = [("equal", 0, head, 0, head)]
    if max(end, to) - head <= MOST_ALIGNED_LINES:
        opcodes = difflib.SequenceMatcher(None, before[head:end], after[head:to], autojunk=False).get_opcodes()
        found += [(tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in opcodes]
    else:
        found.append(("insert" if end == head else "delete" if to == head else "replace", head, end, head, to))
    return [*found, ("equal", end, len(before), to, len(after))]
