"""When the table of an index is to be compacted: what has come, gone and grown since that was done last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

Upkeep = Literal["rebuild", "fold", ""]
"""What is due: a copy of the table without what is gone, and with indexes of all that is there; fragments of small
commits merged into one; or nothing."""

FOLD_FRAGMENTS: Final = 16
"""Small commits that are merged into one fragment: what reads rows opens each."""

PENDING_ROWS: Final = 1_000
"""Rows that may wait outside the mapped files, plus one per cent of all rows: the first search of a process reads them
and makes a segment of them, which takes some hundredths of a second for so many."""

DEAD_ROWS: Final = 64
DEAD_SHARE: Final = 0.25
"""Deleted rows at which a table is rebuilt: so many, plus a share of the others. This takes 0.04 s of processor time
for a table of 460 rows, and 0.11 s for one of 2,000."""

SIZE_SHARE: Final = 1.25
"""How much larger than after its last rebuild the table may be on disk, as a factor."""

SIZE_SLACK: Final = 64 * 1024
"""Bytes that the table may grow by in any case."""


def needs_mapped_files(rows: int) -> bool:
    """Whether a table of so many rows is to have mapped files: a search reads all of a smaller one as quickly, and they
    would make an index half as large again."""
    return rows > PENDING_ROWS + rows // 100


def upkeep_due(state: Mapping[str, Any], *, full: bool, size: Callable[[], int]) -> Upkeep:
    """What a table needs.

    Args:
        state: what the manifest knows of the table (`Manifest.state`).
        full: whether it is to be rebuilt as soon as that changes anything.
        size: gives its bytes on disk, if these matter.
    """
    rows, pending, dead, fragments = (int(state[key]) for key in ("rows", "pending", "dead", "fragments"))
    if full and (pending or dead or fragments):
        return "rebuild"
    is_mapped = bool(state["indexed_below"])
    waits = pending > PENDING_ROWS + rows // 100 if is_mapped else needs_mapped_files(rows)
    if waits or dead > DEAD_ROWS + DEAD_SHARE * rows:
        return "rebuild"
    if fragments < FOLD_FRAGMENTS:
        return ""
    return "rebuild" if size() > SIZE_SHARE * state["bytes"] + SIZE_SLACK else "fold"
