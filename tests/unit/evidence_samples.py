"""Pieces of evidence for tests that need no index."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from glossator.answers.evidence import Evidence
from glossator.answers.packing import unindexed_entry

if TYPE_CHECKING:
    from glossator.answers.evidence import EvidenceForm


def piece(
    name: str,
    text: str = "return 1",
    *,
    number: int = 0,
    lines: tuple[int, int] = (3, 4),
    source: str = "",
    form: EvidenceForm = "source",
    root: Path = Path("/work"),
) -> Evidence:
    """A function in a file named after it."""
    path = f"src/{name}.py"
    start, end = lines
    entry = unindexed_entry(path, start, end)
    return Evidence(
        number, root, path, start, end, (name,), "function", "a sample", text, 0, "match", form, source, entry
    )
