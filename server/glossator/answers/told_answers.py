"""Answers that are put together from facts at once: no model writes them, and nothing in them is guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glossator.answers.evidence import Evidence
    from glossator.retrieval.unused import Unused
    from glossator.retrieval.use_records import SymbolUses

_MARK = re.compile("\x00(\\d+)\x00")


@dataclass(frozen=True, slots=True)
class ToldAnswer:
    """An answer about uses or history.

    Attributes:
        marked: Markdown with a mark in place of each citation, since a conversation numbers its evidence.
        evidence: what it cites, numbered from 1.
        uses: what it tells about the uses of each symbol, with the folder of its root.
        unused: what it tells to be used by nothing, with the folder of the root.
    """

    marked: str
    evidence: tuple[Evidence, ...]
    uses: tuple[tuple[Path, SymbolUses], ...] = ()
    unused: tuple[tuple[Path, Unused], ...] = ()

    def text(self, numbers: Sequence[int]) -> str:
        """The answer in Markdown, in which the evidence has these numbers."""
        return _MARK.sub(lambda found: f"[{numbers[int(found[1]) - 1]}]", self.marked)


def citation_mark(number: int) -> str:
    """What stands for the citation of a piece of evidence (numbered from 1) in an answer's `marked` text."""
    return f"\0{number}\0"
